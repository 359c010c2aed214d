"""A framework over PyPI's pymesos: computes squares in a custom executor, and sums them up.

usage: pymesos_framework.py MASTER ROLE PRINCIPAL SECRET EXECUTOR_COMMAND
Prints one JSON line at the end; exits with 1 where anything went another way.
"""
import json
import sys
import threading

from pymesos import MesosSchedulerDriver, Scheduler, decode_data, encode_data

NUMBERS = range(1, 6)


class Squares(Scheduler):
    def __init__(self, command):
        self.executor = {
            'executor_id': {'value': 'squares'},
            'name': 'squares',
            'command': {'value': command},
            'resources': [scalar('mem', 64), scalar('cpus', 0.1)],
        }
        self.waiting = list(NUMBERS)
        self.results = {}
        self.states = {}
        self.done = threading.Event()
        self.agent = None
        self.error_text = None

    def resourceOffers(self, driver, offers):
        for offer in offers:
            agent = offer['agent_id']['value']
            if not self.waiting or self.agent not in (None, agent):
                driver.declineOffer(offer['id'], {'refuse_seconds': 600})
                continue
            self.agent = agent
            # Two at a time: the second launch finds the executor running.
            now, self.waiting = self.waiting[:2], self.waiting[2:]
            driver.launchTasks(offer['id'], [self.task(n, agent) for n in now], {'refuse_seconds': 0})

    def task(self, number, agent):
        return {
            'name': 'square',
            'task_id': {'value': 'square-%d' % number},
            'agent_id': {'value': agent},
            'executor': self.executor,
            'resources': [scalar('cpus', 0.1), scalar('mem', 16)],
            'data': encode_data(str(number).encode()),
        }

    def statusUpdate(self, driver, update):
        task = update['task_id']['value']
        self.states.setdefault(task, []).append(update['state'])
        if update['state'] == 'TASK_FINISHED':
            self.results[task] = int(decode_data(update['data']))
        elif update['state'] not in ('TASK_STARTING', 'TASK_RUNNING'):
            self.fail('%s: %s %s' % (task, update['state'], update.get('message')))
        if len(self.results) == len(NUMBERS):
            agent = {'value': self.agent}
            driver.sendFrameworkMessage(self.executor['executor_id'], agent, encode_data(b'sum?'))

    def frameworkMessage(self, driver, executor_id, agent_id, message):
        self.total = int(decode_data(message))
        self.done.set()

    def error(self, driver, message):
        self.fail(message)

    def fail(self, text):
        self.error_text = text
        self.done.set()


def scalar(name, value):
    return {'name': name, 'type': 'SCALAR', 'scalar': {'value': value}}


def main():
    master, role, principal, secret, command = sys.argv[1:]
    squares = Squares(command)
    framework = {
        'user': '',
        'name': 'pymesos-squares',
        'principal': principal,
        'role': role,
        'checkpoint': True,
        'failover_timeout': 10,
    }
    driver = MesosSchedulerDriver(
        squares, framework, master, principal=principal, secret=secret)
    driver.start()
    in_time = squares.done.wait(180)
    driver.stop()
    driver.join()
    text = squares.error_text or (None if in_time else 'not done in time')
    if text:
        print(json.dumps({'error': text, 'states': squares.states}))
        sys.exit(1)
    print(json.dumps({'results': squares.results, 'total': squares.total, 'states': squares.states}))


main()

"""A framework over PyPI's avmesos: runs a pipeline of two commands, the second after the first.

usage: avmesos_framework.py MASTER_URL ROLE PRINCIPAL SECRET
Prints one JSON line at the end; exits with 1 where anything went another way.
"""
import json
import sys
import threading

from avmesos.client import MesosClient

STEPS = [('first', 'echo made here > result; test -s result'), ('second', 'exit 0')]


class Pipeline(object):
    def __init__(self, url, role, principal, secret):
        self.client = MesosClient(mesos_urls=[url], frameworkName='avmesos-pipeline', frameworkUser='')
        self.client.set_role(role)
        self.client.principal = principal
        # What its requests are authenticated with; the library has a setter for DC/OS alone.
        self.client.requests_auth = (principal, secret)
        self.waiting = list(STEPS)
        self.running = None
        self.states = {}
        self.text = None
        self.done = threading.Event()
        self.driver = None
        self.client.on(MesosClient.SUBSCRIBED, self.subscribed)
        self.client.on(MesosClient.OFFERS, self.offers)
        self.client.on(MesosClient.UPDATE, self.update)
        self.client.on(MesosClient.ERROR, self.fail)

    def subscribed(self, driver):
        self.driver = driver

    def offers(self, offers):
        for offer in offers:
            if self.running is not None or not self.waiting:
                offer.decline({'filters': {'refuse_seconds': 1}})
                continue
            (name, command) = self.waiting.pop(0)
            self.running = name
            task = {
                'name': name,
                'task_id': {'value': name},
                'agent_id': offer.get_offer()['agent_id'],
                'resources': [scalar('cpus', 0.1), scalar('mem', 32)],
                'command': {'value': command},
            }
            offer.accept([task], {'filters': {'refuse_seconds': 0}})

    def update(self, update):
        status = update['status']
        name = status['task_id']['value']
        self.states.setdefault(name, []).append(status['state'])
        if status['state'] == 'TASK_FINISHED':
            self.running = None
            self.driver.revive()
            if not self.waiting:
                self.done.set()
        elif status['state'] not in ('TASK_STARTING', 'TASK_RUNNING'):
            self.fail('%s: %s %s' % (name, status['state'], status.get('message')))

    def fail(self, text):
        self.text = str(text)
        self.done.set()


def scalar(name, value):
    return {'name': name, 'type': 'SCALAR', 'scalar': {'value': value}}


def main():
    pipeline = Pipeline(*sys.argv[1:])
    thread = threading.Thread(target=pipeline.client.register)
    thread.daemon = True
    thread.start()
    in_time = pipeline.done.wait(180)
    if pipeline.driver:
        pipeline.driver.tearDown()
    text = pipeline.text or (None if in_time else 'not done in time')
    print(json.dumps({'error': text, 'states': pipeline.states}))
    sys.exit(1 if text else 0)


main()

"""The executor of pymesos_framework.py: squares numbers, and tells their sum when asked."""
from pymesos import Executor, MesosExecutorDriver, decode_data, encode_data


class Squares(Executor):
    def __init__(self):
        self.total = 0

    def launchTask(self, driver, task):
        self.update(driver, task, 'TASK_RUNNING')
        square = int(decode_data(task['data'])) ** 2
        self.total += square
        self.update(driver, task, 'TASK_FINISHED', data=encode_data(str(square).encode()))

    def frameworkMessage(self, driver, message):
        driver.sendFrameworkMessage(encode_data(str(self.total).encode()))

    def update(self, driver, task, state, **more):
        driver.sendStatusUpdate(dict(task_id=task['task_id'], state=state, **more))


driver = MesosExecutorDriver(Squares())
driver.run()

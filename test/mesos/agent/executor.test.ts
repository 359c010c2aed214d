/** Custom executors: real programs that speak the executor API with a real agent. */
import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { processOf } from '../../../src/mesos/agent/shell/procfs.js';
import type { AgentMessage } from '../../../src/wire/agent-link.js';
import type { ExecutorEvent } from '../../../src/wire/mesos/executor.js';
import type { ExecutorInfo, TaskInfo } from '../../../src/wire/mesos/task.js';
import { aTask, framework, World } from '../../helpers/agent-world.js';
import { root } from '../../helpers/paths.js';

const world = await new World().open();
await world.start();
t.teardown(() => world.close());
const framework_id = { value: 'framework-1' };
const program = join(world.dir, 'executor.mjs');
copyFileSync(join(root, 'test/helpers/programs/executor.mjs'), program);

let count = 0;
/** An executor and how to give it tasks and look at what it heard. */
function anExecutor(flags = '', more: Partial<ExecutorInfo> = {}) {
  count += 1;
  const id = `executor-${count}`;
  const executor: ExecutorInfo = {
    type: 'CUSTOM',
    executor_id: { value: id },
    command: { value: `exec node ${program} ${flags}` },
    resources: [
      { name: 'mem', type: 'SCALAR', scalar: { value: 32 }, allocation_info: { role: 'test' } },
    ],
    ...more,
  };
  const task = (name = 'run'): TaskInfo => {
    const { command: _none, ...rest } = aTask('', { executor });
    return { ...rest, name };
  };
  return {
    id,
    executor,
    task,
    run: (name?: string, launch_executor?: boolean): string => {
      const info = task(name);
      const order = {
        framework,
        task: info,
        ...(launch_executor === false ? { launch_executor } : {}),
      };
      world.order({ type: 'RUN_TASK', ...order });
      return info.task_id.value;
    },
    events: (): ExecutorEvent[] => {
      const file = join(world.sandbox(id), 'events');
      const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
      return lines.filter((line) => line !== '').map((line) => JSON.parse(line));
    },
    environment: () => JSON.parse(readFileSync(join(world.sandbox(id), 'environment'), 'utf8')),
  };
}
type Executor = ReturnType<typeof anExecutor>;
const types = (executor: Executor): string[] => executor.events().map(({ type }) => type);
const exits = (id: string): Extract<AgentMessage, { type: 'EXECUTOR_EXITED' }>[] =>
  world.messages
    .filter((each) => each.type === 'EXECUTOR_EXITED')
    .filter(({ executor_id }) => executor_id.value === id);
const message = (id: string, text: string): void =>
  world.order({
    type: 'FRAMEWORK_MESSAGE',
    framework_id,
    executor_id: { value: id },
    data: Buffer.from(text).toString('base64'),
  });
const heard = (text: string): boolean =>
  world.messages.some(
    (each) =>
      each.type === 'FRAMEWORK_MESSAGE' && Buffer.from(each.data, 'base64').toString() === text,
  );
interface State {
  readonly frameworks: readonly {
    readonly executors: readonly { readonly id: string; readonly tasks: readonly unknown[] }[];
  }[];
}
const shown = async (id: string) => {
  const { frameworks } = (await world.get('/state')).json as State;
  return frameworks.flatMap(({ executors }) => executors).find((each) => each.id === id);
};

t.test('executor › runs several tasks, tells of them, takes messages and kills', async (t) => {
  const executor = anExecutor();
  const first = executor.run();
  const running = await world.status(first, 'TASK_RUNNING');
  t.match(running, {
    source: 'SOURCE_EXECUTOR',
    executor_id: { value: executor.id },
    agent_id: { value: 'agent-S0' },
    container_status: { network_infos: [{ ip_addresses: [{ ip_address: '127.0.0.1' }] }] },
  });
  const pid = running.container_status?.executor_pid ?? 0;
  t.ok(processOf(pid), 'the executor is a process');
  const second = executor.run('finish', false);
  await world.status(second, 'TASK_FINISHED');
  t.same(
    world.statuses(second).map(({ state }) => state),
    ['TASK_RUNNING', 'TASK_FINISHED'],
  );
  t.equal((await world.status(second, 'TASK_RUNNING')).container_status?.executor_pid, pid);
  t.same((await shown(executor.id))?.tasks.length, 1);
  message(executor.id, 'hello');
  await world.until(() => heard('heard hello'));
  world.kill(first, 700);
  const killed = await world.status(first, 'TASK_KILLED');
  t.equal(killed.message, 'as you like');
  const kill = executor.events().find(({ type }) => type === 'KILL');
  t.match(kill, { kill: { kill_policy: { grace_period: { nanoseconds: 700e6 } } } });
  await world.until(() => types(executor).filter((each) => each === 'ACKNOWLEDGED').length === 4);
  t.match(executor.events()[0], {
    type: 'SUBSCRIBED',
    subscribed: {
      executor_info: { executor_id: { value: executor.id }, framework_id },
      framework_info: { id: framework_id },
      agent_info: { id: { value: 'agent-S0' }, hostname: '127.0.0.1', port: world.port },
    },
  });
  t.ok(processOf(pid), 'it outlives its tasks');
  world.order({ type: 'SHUTDOWN_EXECUTOR', framework_id, executor_id: { value: executor.id } });
  await world.until(() => exits(executor.id).length === 1);
  t.equal(exits(executor.id)[0]?.status, 0);
  t.ok(types(executor).includes('SHUTDOWN'));
});

t.test('executor › finds what Mesos puts into its environment', async (t) => {
  const executor = anExecutor('', { shutdown_grace_period: { nanoseconds: 90e9 } });
  await world.status(executor.run(), 'TASK_RUNNING');
  const environment = executor.environment();
  t.match(environment, {
    MESOS_FRAMEWORK_ID: 'framework-1',
    MESOS_EXECUTOR_ID: executor.id,
    MESOS_SLAVE_ID: 'agent-S0',
    MESOS_AGENT_ENDPOINT: `127.0.0.1:${world.port}`,
    MESOS_SLAVE_PID: `slave(1)@127.0.0.1:${world.port}`,
    MESOS_CHECKPOINT: '1',
    MESOS_RECOVERY_TIMEOUT: '15mins',
    MESOS_SUBSCRIPTION_BACKOFF_MAX: '2secs',
    MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD: '90secs',
    MESOS_ALLOCATION_ROLE: 'test',
    LIBPROCESS_PORT: '0',
  });
  t.equal(environment.MESOS_DIRECTORY, environment.MESOS_SANDBOX);
  t.equal(environment.SECRET_OF_AGENT, undefined, 'nothing of the agent reaches it');
  message(executor.id, 'exit');
  await world.until(() => exits(executor.id).length === 1);
});

t.test('executor › its end takes its tasks along', async (t) => {
  const executor = anExecutor();
  const task = executor.run();
  await world.status(task, 'TASK_RUNNING');
  message(executor.id, 'exit');
  t.match(await world.status(task, 'TASK_FAILED'), {
    source: 'SOURCE_AGENT',
    reason: 'REASON_EXECUTOR_TERMINATED',
    message: 'Executor terminated',
  });
  await world.until(() => exits(executor.id).length === 1);
  t.equal(exits(executor.id)[0]?.status, 7 * 256);
  const late = executor.run('run', false);
  const dropped = await world.status(late, 'TASK_LOST');
  t.match(dropped, { reason: 'REASON_EXECUTOR_TERMINATED', source: 'SOURCE_AGENT' });
  t.equal(dropped.uuid, undefined);
  await world.status(executor.run(), 'TASK_RUNNING');
  message(executor.id, 'exit');
  await world.until(() => exits(executor.id).length === 2);
});

t.test(
  'executor › kill -9 of the agent: it goes on, subscribes again, loses nothing',
  async (t) => {
    const executor = anExecutor();
    const [first, second] = [executor.run(), executor.run()];
    const pid = (await world.status(first, 'TASK_RUNNING')).container_status?.executor_pid ?? 0;
    await world.status(second, 'TASK_RUNNING');
    await world.end('SIGKILL');
    await world.start();
    const again = world.registrations.at(-1);
    t.ok(again?.executors.some((each) => each.executor.executor_id.value === executor.id));
    t.ok(again?.tasks.some(({ task }) => task.task_id.value === first));
    world.kill(first);
    await world.status(first, 'TASK_KILLED');
    const third = executor.run('finish', false);
    await world.status(third, 'TASK_FINISHED');
    t.equal((await world.status(third, 'TASK_FINISHED')).container_status?.executor_pid, pid);
    t.same(
      world.statuses(second).map(({ state }) => state),
      ['TASK_RUNNING'],
      'what it had is neither lost nor told twice',
    );
    t.ok(types(executor).filter((each) => each === 'SUBSCRIBED').length >= 2);
    message(executor.id, 'exit');
    await world.status(second, 'TASK_FAILED');
  },
);

t.test(
  'executor › one that knows no token is known by its process, a stranger is not',
  async (t) => {
    const executor = anExecutor('--no-token');
    const task = executor.run();
    await world.status(task, 'TASK_RUNNING');
    const other = anExecutor();
    await world.status(other.run(), 'TASK_RUNNING');
    const call = async (token: string | undefined, body: unknown) => {
      const answer = await fetch(`http://127.0.0.1:${world.port}/api/v1/executor`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        },
        body: JSON.stringify(body),
      });
      return { status: answer.status, text: await answer.text() };
    };
    const ids = { framework_id, executor_id: { value: executor.id } };
    const killed = {
      ...ids,
      type: 'UPDATE',
      update: {
        status: {
          task_id: { value: task },
          state: 'TASK_KILLED',
          source: 'SOURCE_EXECUTOR',
          uuid: Buffer.alloc(16).toString('base64'),
        },
      },
    };
    t.equal((await call(undefined, killed)).status, 401);
    t.equal((await call('a.b.c', killed)).status, 401);
    const token = other.environment().MESOS_EXECUTOR_AUTHENTICATION_TOKEN;
    t.equal((await call(token, killed)).status, 403, 'one executor may not speak for another');
    const [head, , signature] = token.split('.');
    const claims = Buffer.from(JSON.stringify({ cid: 'x' })).toString('base64url');
    t.equal((await call(`${head}.${claims}.${signature}`, killed)).status, 401);
    t.same(
      world.statuses(task).map(({ state }) => state),
      ['TASK_RUNNING'],
    );
    const own = { framework_id, executor_id: { value: other.id } };
    const refusals: [unknown, number, string][] = [
      [{ type: 'UPDATE', ...own }, 400, "Expecting 'update' to be present"],
      [{ ...own, type: 'NONE' }, 400, "Expecting 'type' to be present"],
      [{ type: 'SUBSCRIBE', subscribe: {} }, 400, "Expecting 'executor_id' to be present"],
      [{ ...killed, framework_id: { value: 'no' } }, 400, 'Framework cannot be found'],
      [{ ...killed, executor_id: { value: 'no' } }, 400, 'Executor cannot be found'],
      [
        { ...killed, update: { status: { ...killed.update.status, source: 'SOURCE_MASTER' } } },
        400,
        "with invalid source, expecting 'SOURCE_EXECUTOR'",
      ],
      [
        { ...killed, update: { status: { ...killed.update.status, uuid: 'aGk=' } } },
        400,
        'Not a valid UUID',
      ],
    ];
    for (const [body, status, text] of refusals) {
      const answer = await call(token, body);
      t.equal(answer.status, status);
      t.match(answer.text, text);
    }
    for (const path of ['/state', '/files/debug']) {
      const answer = await fetch(`http://127.0.0.1:${world.port}${path}`, {
        headers: { authorization: `Bearer ${token}` },
      });
      t.equal(answer.status, 403, `an executor may not see ${path}`);
    }
    for (const { id } of [executor, other]) message(id, 'exit');
    await world.until(() => exits(executor.id).length + exits(other.id).length === 2);
  },
);

t.test('executor › a group comes whole; several groups run in one default executor', async (t) => {
  const executor = anExecutor();
  const bare = (task: TaskInfo): TaskInfo => {
    const { executor: _none, ...rest } = task;
    return rest;
  };
  const tasks = [bare(executor.task()), bare(executor.task())];
  world.order({ type: 'RUN_TASK_GROUP', framework, executor: executor.executor, tasks });
  for (const { task_id } of tasks) await world.status(task_id.value, 'TASK_RUNNING');
  t.match(executor.events()[1], { type: 'LAUNCH_GROUP' });
  message(executor.id, 'exit');
  await world.until(() => exits(executor.id).length === 1);

  const pod: ExecutorInfo = { type: 'DEFAULT', executor_id: { value: 'pod-many' } };
  const launch = (infos: TaskInfo[]): void =>
    world.order({ type: 'RUN_TASK_GROUP', framework, executor: pod, tasks: infos });
  const one = [aTask('sleep 300'), aTask('while [ ! -e go ]; do sleep 0.05; done; exit 3')];
  launch(one);
  for (const { name } of one) await world.status(name, 'TASK_RUNNING');
  const two = [aTask('sleep 300')];
  launch(two);
  const kept = await world.status(two[0]?.name ?? '', 'TASK_RUNNING');
  const parent = (name: string): unknown => {
    const container = world.statuses(name).at(-1)?.container_status?.container_id;
    return container?.parent ?? t.fail('it has a parent');
  };
  t.same(parent(two[0]?.name ?? ''), parent(one[0]?.name ?? ''), 'in one executor');
  world.kill(one[0]?.name ?? '');
  for (const { name } of one) await world.status(name, 'TASK_KILLED');
  t.equal(exits('pod-many').length, 0, 'the other group goes on');
  t.ok(processOf(kept.container_status?.executor_pid ?? 0));
  world.kill(two[0]?.name ?? '');
  await world.until(() => exits('pod-many').length === 1);
});

t.test('executor › a deaf one is destroyed after its grace', async (t) => {
  const executor = anExecutor('--deaf', { shutdown_grace_period: { nanoseconds: 200e6 } });
  const task = executor.run();
  const { container_status } = await world.status(task, 'TASK_RUNNING');
  world.order({ type: 'SHUTDOWN_EXECUTOR', framework_id, executor_id: { value: executor.id } });
  await world.status(task, 'TASK_FAILED');
  t.notOk(processOf(container_status?.executor_pid ?? 0));
  await world.until(() => exits(executor.id).length === 1);
  t.equal(exits(executor.id)[0]?.status, 9);
});

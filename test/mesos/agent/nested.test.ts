/** Containers inside the containers of tasks, over the agent's own API, with real processes. */
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import * as http from 'node:http';
import { join } from 'node:path';
import t from 'tap';
import { containerIdOf, nameOf } from '../../../src/mesos/agent/nested.js';
import { processOf } from '../../../src/mesos/agent/shell/procfs.js';
import {
  type ContainerId,
  dataMessage,
  exitCodeOf,
  type ProcessIo,
  resizeMessage,
} from '../../../src/wire/mesos/process-io.js';
import { encodeRecord, RecordDecoder } from '../../../src/wire/recordio.js';
import { aTask, framework, World } from '../../helpers/agent-world.js';

const world = await new World().open();
t.teardown(() => world.close());

const call = (type: string, fields: object) =>
  world.get('/api/v1', { type, [type.toLowerCase()]: fields });

let counter = 0;
const inside = (parent: ContainerId): ContainerId => {
  counter += 1;
  return { value: `inner-${counter}`, parent };
};

async function aParent(command = 'sleep 300', more = {}): Promise<ContainerId & { task: string }> {
  const task = aTask(command, more);
  world.run(task);
  const running = await world.status(task.name, 'TASK_RUNNING');
  const id = running.container_status?.container_id as { value: string };
  return { ...id, task: task.name };
}

/** A session as a client sees it. */
class Session {
  readonly id: ContainerId;
  out = '';
  err = '';
  messages: ProcessIo[] = [];
  ended = false;
  response: http.IncomingMessage | undefined;
  request: http.ClientRequest;

  constructor(id: ContainerId, type: string, more: object) {
    this.id = id;
    this.request = this.post({ accept: 'application/recordio', 'message-accept': '*/*' });
    this.request.end(
      JSON.stringify({ type, [type.toLowerCase()]: { container_id: this.id, ...more } }),
    );
  }

  post(headers: Record<string, string>): http.ClientRequest {
    return http.request(`http://127.0.0.1:${world.port}/api/v1`, {
      method: 'POST',
      agent: false,
      headers: {
        authorization: world.authorization,
        'content-type': 'application/json',
        ...headers,
      },
    });
  }

  async open(): Promise<this> {
    const [response] = (await once(this.request, 'response')) as [http.IncomingMessage];
    this.response = response;
    const decoder = new RecordDecoder();
    response.on('data', (chunk: Buffer) => {
      if (response.statusCode !== 200) return;
      for (const record of decoder.push(chunk)) this.#take(JSON.parse(record.toString()));
    });
    response.on('close', () => {
      this.ended = true;
    });
    return this;
  }

  #take(message: ProcessIo): void {
    this.messages.push(message);
    const text = Buffer.from(message.data?.data ?? '', 'base64').toString();
    if (message.data?.type === 'STDOUT') this.out += text;
    if (message.data?.type === 'STDERR') this.err += text;
  }

  /** A connection for input, with the container's name sent. */
  input(): { send: (message: ProcessIo) => void; end: () => Promise<number> } {
    const request = this.post({
      'content-type': 'application/recordio',
      'message-content-type': 'application/json',
    });
    const answered = once(request, 'response') as Promise<[http.IncomingMessage]>;
    const write = (attach_container_input: object): void => {
      const type = 'ATTACH_CONTAINER_INPUT';
      request.write(encodeRecord(JSON.stringify({ type, attach_container_input })));
    };
    write({ type: 'CONTAINER_ID', container_id: this.id });
    return {
      send: (process_io) => write({ type: 'PROCESS_IO', process_io }),
      end: async () => {
        request.end();
        const [response] = await answered;
        response.resume();
        return response.statusCode ?? 0;
      },
    };
  }

  stdin(text: string): ProcessIo {
    return dataMessage('STDIN', Buffer.from(text));
  }
}

const session = (parent: ContainerId, value: string, more: object = {}): Promise<Session> =>
  new Session(inside(parent), 'LAUNCH_NESTED_CONTAINER_SESSION', {
    command: { shell: true, value },
    ...more,
  }).open();

t.test('nested › names are read as Mesos reads them', (t) => {
  const id = containerIdOf({ value: 'c', parent: { value: 'p' } }, 'x.container_id');
  t.equal(nameOf(id), 'p.c');
  for (const value of ['a.b', 'a b', '../x', '']) {
    t.throws(() => containerIdOf({ value }, 'x'), { message: /is invalid/ });
  }
  t.equal(exitCodeOf(1280), 5);
  t.equal(exitCodeOf(9), 137);
  t.end();
});

t.test('nested › launched, launched again, killed, waited for and removed', async (t) => {
  await world.start();
  const parent = await aParent();
  const container_id = inside({ value: parent.value });
  const launch = {
    container_id,
    command: { shell: true, value: 'echo $MESOS_SANDBOX; sleep 100' },
  };
  t.match(await call('LAUNCH_CONTAINER', launch), { status: 200, text: '' });
  t.match(await call('LAUNCH_CONTAINER', launch), { status: 202, text: '' });
  const shown = await call('GET_CONTAINERS', { show_nested: true });
  t.match((shown.json as { get_containers: unknown }).get_containers, {
    containers: [
      { executor_id: { value: parent.task } },
      {
        container_id: { value: container_id.value },
        container_status: { container_id, executor_pid: Number },
        resource_statistics: { timestamp: Number },
      },
    ],
  });
  t.match(await call('REMOVE_CONTAINER', { container_id }), { status: 500 });
  const waiting = call('WAIT_CONTAINER', { container_id });
  t.match(await call('KILL_CONTAINER', { container_id }), { status: 200, text: '' });
  t.same((await waiting).json, { type: 'WAIT_CONTAINER', wait_container: { exit_status: 9 } });
  const own = join(world.sandbox(parent.task), 'containers', container_id.value);
  t.match(readFileSync(join(own, 'stdout'), 'utf8'), container_id.value);
  t.match(await call('REMOVE_CONTAINER', { container_id }), { status: 200, text: '' });
  t.notOk(existsSync(own));
  const unknown = { container_id: { value: 'nope', parent: { value: parent.value } } };
  t.match(await call('WAIT_CONTAINER', unknown), {
    status: 404,
    text: `Container ${parent.value}.nope cannot be found`,
  });
  t.match(await call('KILL_NESTED_CONTAINER', unknown), {
    status: 404,
    text: `Container '${parent.value}.nope' cannot be found (or is already killed)`,
  });
  const rootless = { container_id: { value: 'x', parent: { value: 'gone' } } };
  t.match(await call('REMOVE_CONTAINER', rootless), {
    status: 500,
    text: 'Unknown root container',
  });
  t.match(await call('LAUNCH_NESTED_CONTAINER', { container_id: inside({ value: 'gone' }) }), {
    status: 400,
    text: 'Parent container gone does not exist',
  });
  t.match(await call('LAUNCH_NESTED_CONTAINER', { container_id: { value: 'a' } }), { status: 400 });
  const mad = { container_id: inside({ value: parent.value }), command: { value: 'a\0b' } };
  t.match(await call('LAUNCH_NESTED_CONTAINER_SESSION', mad), { status: 500 });
  world.kill(parent.task);
  await world.status(parent.task, 'TASK_KILLED');
});

t.test(
  'nested › a session gets input, tells output by stream, and its status is kept',
  async (t) => {
    const parent = await aParent('sleep 300', {
      command: {
        value: 'echo mine > file; sleep 300',
        environment: { variables: [{ name: 'GIVEN', value: 'to the task' }] },
      },
    });
    await world.until(() => existsSync(join(world.sandbox(parent.task), 'file')));
    const value = 'cat file; echo $GIVEN; echo er > /dev/stderr; read x; echo got $x; cat; exit 5';
    const it = await session({ value: parent.value }, value);
    t.match(it.response?.headers, {
      'content-type': 'application/recordio',
      'message-content-type': 'application/json',
      'transfer-encoding': 'chunked',
    });
    await world.until(() => it.out === 'mine\nto the task\n' && it.err === 'er\n');
    const input = it.input();
    input.send(it.stdin('abc\n'));
    await world.until(() => it.out.endsWith('got abc\n'));
    const second = it.input();
    t.equal(await second.end(), 409, 'one writer at a time');
    const much = 'x'.repeat(300_000);
    input.send(it.stdin(much));
    input.send(it.stdin(''));
    t.equal(await input.end(), 200);
    await world.until(() => it.ended);
    t.ok(it.out.endsWith(much), 'all of it came back');
    const waited = await call('WAIT_NESTED_CONTAINER', { container_id: it.id });
    t.same(waited.json, {
      type: 'WAIT_NESTED_CONTAINER',
      wait_nested_container: { exit_status: 1280 },
    });
    const refused = await call('ATTACH_CONTAINER_INPUT', {});
    t.equal(refused.status, 415);
  },
);

t.test('nested › a session dies with its connection and with its parent', async (t) => {
  const parent = await aParent();
  const loop = 'echo $$; sh -c "sleep 300" & wait';
  const cut = await session({ value: parent.value }, loop);
  const other = await session({ value: parent.value }, loop);
  await world.until(() => cut.out !== '' && other.out !== '');
  cut.request.destroy();
  await world.until(() => processOf(Number(cut.out)) === undefined, 'end of the session');
  t.ok(processOf(Number(other.out)));
  const watcher = await new Session(other.id, 'ATTACH_CONTAINER_OUTPUT', {}).open();
  t.equal(watcher.response?.statusCode, 200);
  world.kill(parent.task);
  await world.status(parent.task, 'TASK_KILLED');
  t.equal(processOf(Number(other.out)), undefined, 'gone before the task is said to be');
  await world.until(() => other.ended && watcher.ended);
});

t.test('nested › a slow reader holds the container back, not memory', async (t) => {
  const parent = await aParent();
  const it = await session({ value: parent.value }, 'head -c 30000000 /dev/zero; echo >&2 done');
  it.response?.pause();
  const before = residentOf(world.process?.pid ?? 0);
  await world.until(() => (it.response?.readableLength ?? 0) > 0);
  await new Promise((resolve) => setTimeout(resolve, 300));
  t.ok(residentOf(world.process?.pid ?? 0) - before < 30e6);
  t.equal(it.err, '');
  it.response?.resume();
  await world.until(() => it.ended);
  t.equal(it.out.length, 30_000_000);
  t.equal(it.err, 'done\n');
  const stuck = await session({ value: parent.value }, 'cat /dev/zero');
  stuck.response?.pause();
  await world.until(() => (stuck.response?.readableLength ?? 0) > 0);
  world.kill(parent.task);
  await world.status(parent.task, 'TASK_KILLED');
  stuck.request.destroy();
});

t.test('nested › a terminal has a size, tells of another one, and passes ctrl-C', async (t) => {
  const parent = await aParent();
  const tty_info = { window_size: { rows: 31, columns: 91 } };
  const it = await session(
    { value: parent.value },
    'trap "stty size" WINCH; trap "echo stopped; exit 7" INT; tty; stty size; ' +
      'while :; do sleep 0.05; done',
    { container: { type: 'MESOS', tty_info } },
  );
  await world.until(() => it.out.includes('31 91'));
  t.match(it.out, /\/dev\/pts\/\d+/);
  const input = it.input();
  input.send(resizeMessage({ rows: 40, columns: 120 }));
  await world.until(() => it.out.includes('40 120'));
  input.send(it.stdin('\x03'));
  await world.until(() => it.ended);
  t.match(it.out, /stopped/);
  const waited = await call('WAIT_CONTAINER', { container_id: it.id });
  t.same(waited.json, { type: 'WAIT_CONTAINER', wait_container: { exit_status: 7 * 256 } });
  await input.end();
});

t.test('nested › tasks of groups and their executor are parents too', async (t) => {
  const task = aTask('sleep 300');
  const executor = { type: 'DEFAULT', executor_id: { value: 'pod-x' } } as const;
  world.order({ type: 'RUN_TASK_GROUP', framework, executor, tasks: [task] });
  const running = await world.status(task.name, 'TASK_RUNNING');
  const id = running.container_status?.container_id as ContainerId;
  const inTask = await session(id, 'echo $MESOS_TASK_ID; pwd');
  const inExecutor = await session(id.parent as ContainerId, 'pwd');
  await world.until(() => inTask.ended && inExecutor.ended);
  t.ok(inTask.out.startsWith(`${task.name}\n${inExecutor.out.trim()}/containers/${id.value}`));
  const deeper = await session(inside(id), 'true');
  t.equal(deeper.response?.statusCode, 400);
  const alone = { container_id: { value: 'alone' }, command: { value: 'sleep 300' } };
  t.match(await call('LAUNCH_CONTAINER', alone), { status: 200 });
  await world.end('SIGKILL');
  await world.start();
  t.match(await call('WAIT_CONTAINER', alone), { status: 404 });
  world.kill(task.name);
  await world.status(task.name, 'TASK_KILLED');
});

function residentOf(pid: number): number {
  return processOf(pid)?.residentBytes ?? 0;
}

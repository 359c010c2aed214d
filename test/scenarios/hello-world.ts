/**
 * The life of a small service, hurt in every way that the issue names. It is the same on every
 * engine: that it passes on a real Apache Mesos proves that nothing reaches into our own.
 */
import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Incident } from '../../src/wire/incidents.js';
import type { Operation } from '../../src/wire/operations.js';
import { leavesOf, procOf, signal, taskProcs } from '../helpers/procfs.js';
import { until } from '../helpers/wait.js';
import type { Engine } from '../live/engine.js';
import { ask } from '../live/gateway.js';
import type { Live } from '../live/live.js';
import { holdings, runningTasks, type StateTask } from '../live/state.js';

const podTasks = ['hello-0-server', 'world-0-server', 'world-1-server'];

/** Runs the scenario; throws where something does not hold. */
export async function helloWorld(live: Live, engine: Engine): Promise<void> {
  const step = live.step.bind(live);
  await step(`up on ${engine.name}`, () => engine.up());
  await step('install hello-world', () => install(live, engine));
  await step("the package's own commands", () => ownCommands(live));
  await step('kill -9 of a task: it is back, on its volume', () => taskKilled(live, engine));
  await step('a plan of its own runs beside the server', () => ownPlan(live, engine));
  await step('kill -9 of an agent: its tasks go on', () => agentKilled(live, engine));
  await step('an agent frozen: apps are replaced, one incident', () => agentFrozen(live, engine));
  await step('kill -9 of the master: no task restarts', () => masterKilled(live, engine));
  await step('kill -9 of the control plane in an install', () => controlKilled(live, engine));
  await step('an update: refused whole, or done', () => updated(live, engine));
  await step('a replaced pod begins by the plan for that', () => replaced(live, engine));
  await step('uninstall asks for an order about data', () => uninstallRefused(live, engine));
  await step('uninstall leaves nothing', () => uninstalled(live, engine));
}

async function running(engine: Engine, name: string): Promise<StateTask> {
  const what = `${name} running`;
  return until(async () => runningTasks(await engine.state()).get(name), { what });
}

/** The pid of what does the work of a task. */
function leafPid(live: Live, name: string): number {
  const [leaf] = leavesOf(taskProcs(live.dir, name));
  assert.ok(leaf, `no process belongs to ${name}`);
  return leaf.pid;
}

const pids = (live: Live): number[] => podTasks.map((name) => leafPid(live, name));

async function install(live: Live, engine: Engine): Promise<void> {
  const { stderr } = await live.ok(['package', 'install', 'hello-world', '--yes']);
  assert.doesNotMatch(stderr, /\n\s+at .+:\d+:\d+/, 'no stack trace');
  const plan = await live.json<{ status: string }>(['hello-world', 'plan', 'show', 'deploy']);
  assert.equal(plan.status, 'COMPLETE');
  const tasks = runningTasks(await engine.state());
  for (const name of podTasks) assert.ok(tasks.has(name), `${name} runs`);
  const agents = ['world-0-server', 'world-1-server'].map((name) => tasks.get(name)?.slave_id);
  assert.notEqual(agents[0], agents[1], 'the world pods are in racks of their own');
  const again = await live.ok(['package', 'install', 'hello-world', '--yes']);
  assert.match(again.stdout + again.stderr, /nothing/i, 'the same install again does nothing');
}

async function ownCommands(live: Live): Promise<void> {
  const greeted = { times: 1, greeting: 'hello from hello-0' };
  assert.deepEqual(await live.json(['hello-world', 'greet']), [greeted]);
  const all = [{ instance: 'hello-0', greeting: greeted.greeting }];
  assert.deepEqual(await live.json(['hello-world', 'greetings']), all);
  const raw = await live.dcos(['hello-world', 'sh', 'sh', '-c', 'cat; exit 3'], { input: 'x; y' });
  assert.deepEqual([raw.status, raw.stdout], [3, 'x; y']);
  const file = join(live.dir, 'upload');
  writeFileSync(file, Buffer.alloc(3_000_001, 'x'));
  const { stdout } = await live.ok(['hello-world', 'measure', file, '--lines']);
  assert.equal(stdout.trim(), '0 3000001', 'a file of ours, to its last byte');
}

async function taskKilled(live: Live, engine: Engine): Promise<void> {
  const before = await running(engine, 'hello-0-server');
  signal(leafPid(live, 'hello-0-server'), 'SIGKILL');
  const after = await until(
    async () => {
      const task = runningTasks(await engine.state()).get('hello-0-server');
      return task !== undefined && task.id !== before.id && task;
    },
    { what: 'hello-0-server started again' },
  );
  assert.equal(after.slave_id, before.slave_id, 'on the same agent');
  await until(
    async () => {
      const { stdout } = await live.ok(['task', 'log', after.id, 'stdout', '--lines', '10']);
      return stdout.match(/^hello from/gm)?.length === 2;
    },
    { what: 'both greetings in the log of the volume', everyMs: 300 },
  );
}

const exec = (live: Live, ...words: string[]) =>
  live.ok(['task', 'exec', 'hello-0-server', ...words]);

async function planComplete(live: Live, plan: string): Promise<void> {
  await until(
    async () => {
      const shown = await live.json<{ status: string }>(['hello-world', 'plan', 'show', plan]);
      return shown.status === 'COMPLETE';
    },
    { what: `plan ${plan} complete`, everyMs: 200 },
  );
}

async function ownPlan(live: Live, engine: Engine): Promise<void> {
  const server = await running(engine, 'hello-0-server');
  const prepared = await exec(live, 'cat', 'hello-data/prepared');
  assert.equal(prepared.stdout, 'prepared as hello-0-prepare\n', 'once, before the server');
  for (const note of ['first', 'second; $(exit 1)']) {
    await live.ok(['hello-world', 'plan', 'start', 'note', '-p', `NOTE=${note}`]);
    await planComplete(live, 'note');
  }
  const { stdout } = await exec(live, 'cat', 'hello-data/notes');
  assert.equal(stdout, 'first\nsecond; $(exit 1)\n', 'both on the volume of the server');
  assert.equal((await running(engine, 'hello-0-server')).id, server.id, 'the server went on');
}

async function updated(live: Live, engine: Engine): Promise<void> {
  const server = await running(engine, 'hello-0-server');
  const update = ['hello-world', 'update', 'start', '--yes', '--set'];
  const refused = await live.dcos([...update, 'hello.disk=99', '--set', 'hello.placement=a:b:c']);
  assert.equal(refused.status, 2);
  assert.match(refused.stderr, /volumes.* have to stay hello-data of 16 MB/);
  assert.match(refused.stderr, /placement.*Operator must be one of/);
  assert.equal((await running(engine, 'hello-0-server')).id, server.id, 'nothing was changed');
  const world = (await running(engine, 'world-0-server')).id;
  await live.ok([...update, 'greeting=hallo']);
  const status = await live.json<{ status: string }>(['hello-world', 'update', 'status']);
  assert.equal(status.status, 'COMPLETE');
  assert.notEqual((await running(engine, 'world-0-server')).id, world);
  const options = await live.json<{ greeting: string }>(['hello-world', 'describe']);
  assert.equal(options.greeting, 'hallo');
  const again = await live.ok([...update, 'greeting=hallo']);
  assert.match(again.stderr, /nothing to do/);
  const target = await live.json<string[]>(['hello-world', 'debug', 'config', 'target_id']);
  assert.equal(target.length, 1);
}

async function replaced(live: Live, engine: Engine): Promise<void> {
  const server = await running(engine, 'hello-0-server');
  await live.ok(['hello-world', 'pod', 'replace', 'hello-0']);
  await until(async () => (await running(engine, 'hello-0-server')).id !== server.id, {
    what: 'a new server',
  });
  await planComplete(live, 'recovery');
  const { stdout } = await exec(live, 'ls', 'hello-data');
  assert.equal(stdout, 'output\nprepared\n', 'a new volume, prepared');
}

async function agentKilled(live: Live, engine: Engine): Promise<void> {
  const task = await running(engine, 'hello-0-server');
  const before = pids(live);
  const agent = await engine.agentOf(task.slave_id);
  await engine.killAgent(agent);
  await until(
    async () => {
      const state = await engine.state();
      const back = state.slaves.find(({ id }) => id === task.slave_id)?.active;
      return back && podTasks.every((name) => runningTasks(state).has(name));
    },
    { what: 'the agent registered again with its tasks' },
  );
  assert.equal((await running(engine, 'hello-0-server')).id, task.id, 'the same task');
  assert.deepEqual(pids(live), before, 'the same processes');
}

const wanted = ['hello-world', ...podTasks, 'web', 'web', 'web'].sort();
const web = { id: '/web', cmd: 'exec sleep 100000', cpus: 0.1, mem: 32, instances: 3 };

async function webTasks(engine: Engine): Promise<StateTask[]> {
  const state = await engine.state();
  const tasks = state.frameworks.flatMap((framework) => framework.tasks);
  return tasks.filter(({ id, state: now }) => /^web\./.test(id) && now === 'TASK_RUNNING');
}

async function agentFrozen(live: Live, engine: Engine): Promise<void> {
  const file = join(live.dir, 'web.json');
  writeFileSync(file, JSON.stringify(web));
  await live.ok(['marathon', 'app', 'add', file]);
  const three = await until(
    async () => {
      const tasks = await webTasks(engine);
      return tasks.length === 3 && tasks;
    },
    { what: 'three instances of /web' },
  );
  const victim = three[0]?.slave_id ?? '';
  const lost = three.filter(({ slave_id }) => slave_id === victim);
  const lostPids = lost.map(({ id }) => webPid(live, id));
  const pid = engine.agentPid(await engine.agentOf(victim));
  const [begun, frozenAt] = [performance.now(), Date.now()];
  signal(pid, 'SIGSTOP');
  try {
    await until(
      async () => {
        const tasks = (await webTasks(engine)).filter(({ slave_id }) => slave_id !== victim);
        return tasks.length === 3;
      },
      { what: 'three instances elsewhere', timeoutMs: engine.detectionMs + 20_000 },
    );
    const took = performance.now() - begun;
    assert.ok(took < engine.detectionMs + 8000, `replaced after ${Math.round(took)} ms`);
    await oneIncident(live, victim, lost, frozenAt);
  } finally {
    signal(pid, 'SIGCONT');
  }
  await until(() => lostPids.every((old) => procOf(old) === undefined), {
    what: 'the old copies to end once the agent is back',
    timeoutMs: 40_000,
  });
  await allRunning(engine, victim);
}

/**
 * Waits until the agent is back and each task runs as often as wanted. All of them: one that is
 * only staged would look like a new one to the next step.
 */
async function allRunning(engine: Engine, agentId: string): Promise<void> {
  await until(
    async () => {
      const state = await engine.state();
      const back = state.slaves.find(({ id }) => id === agentId)?.active;
      const tasks = state.frameworks.flatMap((framework) => framework.tasks);
      const names = tasks.map((task) => (task.state === 'TASK_RUNNING' ? task.name : task.id));
      return back && JSON.stringify(names.sort()) === JSON.stringify(wanted);
    },
    { what: 'each task running as often as wanted', timeoutMs: 60_000 },
  );
}

/** The process of one instance of /web. */
function webPid(live: Live, taskId: string): number {
  const [found] = leavesOf(taskProcs(live.dir, taskId, 'MESOS_TASK_ID'));
  assert.ok(found, `no process belongs to ${taskId}`);
  return found.pid;
}

async function oneIncident(
  live: Live,
  agentId: string,
  lost: StateTask[],
  since: number,
): Promise<void> {
  const incident = await until(
    async () => {
      const answer = await live.json<Incident[] | { incidents: Incident[] }>(['failures', '--all']);
      const incidents = Array.isArray(answer) ? answer : answer.incidents;
      const found = incidents.filter(
        ({ agent, startedAt }) => agent?.id === agentId && startedAt >= since,
      );
      const [only] = found.filter(({ kind }) => kind === 'agent' || kind === 'rack');
      const service = only?.services.find((entry) => entry.service === '/web');
      return service?.wholeAt !== undefined && { found, only, service };
    },
    { what: 'an incident that says when /web was whole again', everyMs: 300 },
  );
  assert.equal(incident.found.length, 1, 'one incident, not one for each task');
  assert.match(incident.only?.agent?.rack ?? '', /^rack-\d$/);
  const named = new Set(incident.only?.lost.map(({ taskId }) => taskId));
  for (const { id } of lost) assert.ok(named.has(id), `${id} is among what was lost`);
  assert.ok((incident.service.wholeAt ?? 0) > (incident.only?.startedAt ?? 0));
}

async function masterKilled(live: Live, engine: Engine): Promise<void> {
  const before = pids(live);
  const tasks = [...runningTasks(await engine.state()).values()].map(({ id }) => id).sort();
  await engine.killMaster();
  await until(
    async () => {
      const state = await engine.state();
      const active = state.frameworks.filter((framework) => framework.active);
      const now = [...runningTasks(state).values()].map(({ id }) => id).sort();
      assert.deepEqual(active.map(({ name }) => name).sort(), ['hello-world', 'services']);
      assert.deepEqual(now, tasks);
      return true;
    },
    { what: 'agents and frameworks registered again', timeoutMs: 60_000 },
  );
  assert.deepEqual(pids(live), before, 'the same processes');
}

async function controlKilled(live: Live, engine: Engine): Promise<void> {
  const before = pids(live);
  const options = join(live.dir, 'second.json');
  const given = { service: { name: 'second' }, hello: { count: 2 }, tls: { enabled: true } };
  writeFileSync(options, JSON.stringify(given));
  const args = ['package', 'install', 'hello-world', '--options', options, '--yes'];
  const first = live.dcos(args);
  await until(
    async () => {
      const { operations } = await ask<{ operations: Operation[] }>(live, '/operations');
      return operations.some(({ appId }) => appId === '/second');
    },
    { what: 'the operation to be recorded', everyMs: 20 },
  );
  await engine.killControl();
  await first;
  await live.ok(args);
  const plan = await live.json<{ status: string }>(['second', 'plan', 'show', 'deploy']);
  assert.equal(plan.status, 'COMPLETE');
  const state = await engine.state();
  const tasks = state.frameworks.find(({ name }) => name === 'second')?.tasks ?? [];
  const names = tasks.filter(({ state: now }) => now === 'TASK_RUNNING').map(({ name }) => name);
  assert.deepEqual(names.sort(), [
    'hello-0-server',
    'hello-1-server',
    'world-0-server',
    'world-1-server',
  ]);
  const hello = tasks.find(({ name }) => name === 'hello-1-server');
  await certified(live, hello?.id ?? '');
  for (const pid of before) assert.ok(procOf(pid), 'nothing else restarted');
  await live.ok(['package', 'uninstall', 'hello-world', '--app-id', '/second', ...forGood]);
}

/** The task has a key of its own, signed by the authority that anybody may ask for. */
async function certified(live: Live, taskId: string): Promise<void> {
  const read = async (file: string): Promise<string> =>
    (await live.ok(['task', 'exec', taskId, 'cat', file])).stdout;
  const authority = new X509Certificate(await read('hello.ca'));
  const certificate = new X509Certificate(await read('hello.crt'));
  assert.ok(certificate.verify(authority.publicKey));
  assert.ok(certificate.checkPrivateKey(createPrivateKey(await read('hello.key'))));
  assert.match(certificate.subject, /O=second/);
}

const forGood = ['--delete-volumes', '--yes'];

async function uninstallRefused(live: Live, engine: Engine): Promise<void> {
  const ran = await live.dcos(['package', 'uninstall', 'hello-world', '--yes']);
  assert.ok(ran.status === 2 || ran.status === 8, `it ended with ${ran.status}`);
  assert.match(ran.stderr, /--delete-volumes/);
  assert.equal(runningTasks(await engine.state()).has('hello-0-server'), true, 'untouched');
}

async function uninstalled(live: Live, engine: Engine): Promise<void> {
  await live.ok(['package', 'uninstall', 'hello-world', ...forGood]);
  await live.ok(['marathon', 'app', 'remove', '/web']);
  const left = async (): Promise<string[]> => holdings(await engine.state(), engine.ownFrameworks);
  await until(async () => (await left()).length === 0, { what: 'nothing to be left' }).catch(
    async () => assert.deepEqual(await left(), []),
  );
  assert.deepEqual(taskProcs(live.dir, 'hello-0-server'), []);
}

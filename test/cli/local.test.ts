/**
 * `up` and `down` with real processes: the loops, stale files, locks, ports, and what cannot be
 * written. The servers are small stand-ins that keep the contract of docs/architecture.md.
 */

import { spawn } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { liveProcessOf, startTimeOf } from '../../src/cli/local/processes.js';
import type { LocalCluster } from '../../src/wire/local-cluster.js';
import { startAnswers } from '../helpers/answers.js';
import { installBeside, makeFolder, type Run, runDcos } from '../helpers/command-line.js';
import { until } from '../helpers/wait.js';

/** Keeps pid and ready files, answers logins and the list of agents, ends at SIGTERM. */
const standIn = `
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync, existsSync } from 'node:fs';
import { createServer } from 'node:http';
const [role, , dir, , index] = process.argv.slice(2);
const name = role === 'agent' ? 'agent-' + index : role;
const folder = dir + '/' + name;
mkdirSync(folder, { recursive: true });
const stat = readFileSync('/proc/self/stat', 'utf8');
const started = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
if (existsSync(dir + '/die-' + name)) {
  process.stderr.write(JSON.stringify({ level: 'error', message: name + ' has no luck' }) + '\\n');
  process.exit(9);
}
writeFileSync(folder + '/pid', process.pid + ' ' + started + '\\n');
const cluster = JSON.parse(readFileSync(dir + '/cluster.json', 'utf8'));
const place = role === 'agent' ? cluster.agents[index - 1] : cluster[role];
const server = createServer((request, response) => {
  response.setHeader('content-type', 'application/json');
  if (request.url === '/acs/api/v1/auth/login') return response.end('{"token":"t"}');
  const slaves = cluster.agents.map(() => ({ active: true }));
  response.end(JSON.stringify({ slaves }));
});
server.listen(place.port, place.host, () => {
  const ready = { pid: process.pid, host: place.host, port: place.port };
  writeFileSync(folder + '/ready.tmp', JSON.stringify(ready));
  renameSync(folder + '/ready.tmp', folder + '/ready');
});
process.on('SIGTERM', () => {
  if (existsSync(dir + '/deaf-' + name)) return;
  rmSync(folder + '/ready', { force: true });
  process.exit(0);
});
`;

interface World {
  readonly home: string;
  readonly local: string;
  readonly dcos: (...args: string[]) => Promise<Run>;
  readonly names: readonly string[];
  cluster(): LocalCluster;
  pid(server: string): number;
}

function world(t: Test): World {
  const folder = makeFolder(t);
  const program = installBeside(join(folder, 'app'), standIn);
  const home = join(folder, 'home');
  const local = join(home, 'local');
  const dcos = (...args: string[]): Promise<Run> => runDcos(args, { home, program });
  const names = ['master', 'agent-1', 'agent-2', 'control'];
  t.teardown(async () => {
    for (const name of names) killAll(local, name);
    await dcos('down', '--purge', '--yes');
    // On a Mesos that answers wrongly, down erases nothing and leaves the control plane running.
    for (const name of names) killAll(local, name);
  });
  return {
    home,
    local,
    dcos,
    names,
    cluster: () => JSON.parse(readFileSync(join(local, 'cluster.json'), 'utf8')) as LocalCluster,
    pid: (server) => liveProcessOf(join(local, server, 'pid'))?.pid ?? 0,
  };
}

/** Kills a server and its loop, as a crash of the machine would. */
function killAll(local: string, name: string): void {
  for (const file of ['loop', 'pid']) {
    const found = liveProcessOf(join(local, name, file));
    if (found !== undefined) process.kill(found.pid, 'SIGKILL');
  }
}

t.test('up, down › make a cluster, stop it, start the same one again', async (t) => {
  const { home, local, dcos, names, cluster, pid } = world(t);
  const up = await dcos('up', '--agents', '2');
  t.match(up, { status: 0, stdout: '', stderr: /is up: 2 agents in 2 racks, control plane http:/ });
  const made = cluster();
  for (const name of [
    'credential',
    'cluster.json',
    ...readdirSync(join(local, 'keys')).map((key) => `keys/${key}`),
  ]) {
    t.equal(statSync(join(local, name)).mode & 0o777, 0o600, name);
  }
  t.equal(statSync(local).mode & 0o777, 0o700);
  t.match(readFileSync(join(local, 'keys/cluster.key'), 'utf8'), /^[0-9a-f]{64}$/);
  const [first, second] = made.agents;
  t.ok(first && second && first.ports[1] < second.ports[0] !== second.ports[1] < first.ports[0]);
  t.match(await dcos('up'), { status: 0, stderr: /is up already/ });
  t.match(await dcos('up', '--agents', '3'), { status: 5, stderr: /has 2 agents, not 3/ });
  const list = JSON.parse((await dcos('cluster', 'list', '--json')).stdout);
  t.match(list, [{ attached: true, name: 'local', cluster_id: made.id }]);

  process.kill(pid('control'), 'SIGKILL');
  const before = pid('control');
  await until(() => pid('control') > 0 && pid('control') !== before, {
    what: 'a new control plane',
  });

  t.match(await dcos('down'), { status: 0, stderr: /is stopped/ });
  for (const name of names) {
    t.notOk(liveProcessOf(join(local, name, 'pid')), `${name} is gone`);
    t.notOk(liveProcessOf(join(local, name, 'loop')), `the loop of ${name} is gone`);
  }
  t.match(await dcos('down'), { status: 0, stderr: /is not running/ });
  const again = await dcos('up');
  t.match(
    again,
    { status: 0, stderr: /^The local cluster is up:/ },
    'nothing to be said about a clean stop',
  );
  t.same(cluster(), made);
  const asked = await dcos('down', '--purge');
  t.match(asked, { status: 2, stderr: /--yes/ });
  t.ok(pid('master') > 0, 'nothing was touched');
  t.match(await dcos('down', '--purge', '--yes'), { status: 0, stderr: /erased/ });
  t.notOk(existsSync(local));
  t.same(readdirSync(join(home, 'clusters')), []);
});

t.test('up › repairs what a crash, a reboot or a kill left behind', async (t) => {
  const { local, dcos, names, pid, cluster } = world(t);
  await dcos('up', '--agents', '2');
  const made = cluster();
  for (const name of names) killAll(local, name);
  writeFileSync(join(local, 'cluster.json.77.tmp'), '{"sche');
  const crash = await dcos('up');
  t.match(crash, { status: 0, stderr: /half-written files: cluster\.json\.77\.tmp/ });
  t.match(crash.stderr, /Not stopped cleanly .*master, agent-1, agent-2, control/);
  t.same(cluster(), made);

  // A pid that lives, but with another start time, is a stranger: it is left alone.
  for (const name of names) killAll(local, name);
  writeFileSync(join(local, 'master', 'pid'), `${process.pid} 1\n`);
  writeFileSync(join(local, 'master', 'loop'), `${process.pid} 1\n`);
  t.match(await dcos('up'), { status: 0, stderr: /Not stopped cleanly .*master/ });
  t.not(pid('master'), process.pid);

  const loop = liveProcessOf(join(local, 'agent-1', 'loop'));
  if (loop !== undefined) process.kill(loop.pid, 'SIGKILL');
  const agent = pid('agent-1');
  t.match(await dcos('up'), { status: 0, stderr: /Running unwatched, .*agent-1/ });
  t.equal(pid('agent-1'), agent, 'the agent itself goes on');
  process.kill(agent, 'SIGKILL');
  await until(() => pid('agent-1') > 0 && pid('agent-1') !== agent, { what: 'a new agent' });
});

t.test('up › two at once make one cluster; a dead owner holds no lock', async (t) => {
  const { home, dcos, cluster } = world(t);
  mkdirSync(home, { recursive: true });
  writeFileSync(join(home, 'local.lock'), `${process.pid} 1\n`);
  const runs = await Promise.all([
    dcos('up', '--agents', '2'),
    dcos('up', '--agents', '2'),
    dcos('up', '--agents', '2'),
  ]);
  t.same(
    runs.map(({ status }) => status),
    [0, 0, 0],
  );
  t.equal(runs.filter(({ stderr }) => stderr.includes('is up already')).length, 2);
  t.equal(cluster().agents.length, 2);
  t.notOk(existsSync(join(home, 'local.lock')));
});

t.test('up › refuses with a reason, and leaves nothing running', async (t) => {
  const { home, local, dcos, names, cluster, pid } = world(t);
  await dcos('up', '--agents', '2');
  await dcos('down');
  const { host, port } = cluster().control;
  const squatter = createServer();
  await new Promise<void>((resolve) => squatter.listen(port, host, resolve));
  const taken = await dcos('up');
  t.match(taken, { status: 5, stderr: new RegExp(`port ${host}:${port} of control is in use`) });
  await new Promise((resolve) => squatter.close(resolve));
  t.same(
    names.map((name) => pid(name)),
    [0, 0, 0, 0],
  );

  writeFileSync(join(local, 'die-agent-2'), '');
  const dead = await dcos('up');
  t.match(dead, {
    status: 1,
    stderr: /agent-2 ends at once \(status 9\)\n {2}agent-2 has no luck/,
  });
  await until(() => names.every((name) => pid(name) === 0), { what: 'everything to be stopped' });

  writeFileSync(join(local, 'cluster.json'), '{"schema": 1, "id"');
  const corrupt = await dcos('up');
  t.match(corrupt, { status: 1, stderr: /cluster\.json is damaged[\s\S]*dcos down --purge/ });
  t.match(await dcos('down', '--purge', '--yes'), { status: 0, stderr: /erased/ });

  const file = join(home, 'file');
  writeFileSync(file, '');
  const folders: [string, RegExp][] = [
    [join(file, 'below'), /a part of the path is a file, not a folder\n.*DCOS_DIR/],
    [file, /file: is not a folder\n.*DCOS_DIR/],
    ['/dev/null/x', /a part of the path is a file, not a folder\n.*DCOS_DIR/],
    ['/proc/x/y', /\/proc\/x: no folder can be made there\n.*DCOS_DIR/],
    ['/proc/self', /no file can be made there\n.*DCOS_DIR/],
  ];
  for (const [folder, text] of folders) {
    const run = await runDcos(['up'], { home: folder, timeoutMs: 15_000 });
    t.match(run, { status: 1, stdout: '', stderr: text }, folder);
  }
  if (process.getuid?.() === 0) return;
  chmodSync(home, 0o500);
  t.match(await dcos('up'), { status: 1, stderr: /permission denied\n.*DCOS_DIR/ });
  chmodSync(home, 0o700);
});

t.test('down › kills what does not listen, frozen or deaf, and only that', async (t) => {
  const { local, dcos, pid } = world(t);
  await dcos('up', '--agents', '2');
  process.kill(pid('agent-1'), 'SIGSTOP');
  t.match(await dcos('down'), { status: 0, stderr: /^The local cluster is stopped\.\n$/ });
  await dcos('up');
  writeFileSync(join(local, 'deaf-control'), '');
  const down = await dcos('down');
  t.match(down, { status: 0, stderr: /control did not end within 10 s: killed/ });
  t.equal(pid('control'), 0);
});

t.test('up --mesos › asks the master first, and starts without it later', async (t) => {
  const { home, local, dcos } = world(t);
  const answers = await startAnswers(t, {});
  const up = (...more: string[]): Promise<Run> =>
    dcos('up', '--mesos', answers.url, '--advertise', '127.0.0.1', ...more);
  const nobody = await dcos('up', '--mesos', 'http://127.0.0.1:1', '--advertise', '127.0.0.1');
  t.match(nobody, {
    status: 6,
    stdout: '',
    stderr: /no Mesos master answers at http:\/\/127\.0\.0\.1:1: nothing listens there\n/,
  });
  t.match(await up(), { status: 2, stderr: /is not a Mesos master: .* no Mesos \(404/ });
  answers.answers['GET /version'] = { status: 401 };
  t.match(await up(), { status: 3, stderr: /asks for a login/ });
  answers.answers['GET /version'] = { body: { version: '1.11.0' } };
  t.match(await up(), { status: 2, stderr: /what answers there is a Mesos agent/ });
  answers.answers['GET /version'] = 'hang';
  t.match(await up(), { status: 6, stderr: /no answer within 3 s/ });
  t.notOk(existsSync(home), 'nothing is left behind');
  answers.answers['GET /version'] = { body: { version: '1.11.0' } };
  answers.answers['GET /master/redirect'] = { status: 307 };
  t.match(await up(), { status: 0, stderr: /^The local cluster is up: control plane http:/ });
  t.match(await dcos('down'), { status: 0 });
  answers.answers['GET /version'] = 'hang';
  const away = await dcos('up');
  t.match(away, { status: 0, stderr: /is up: .*\nWarning: no Mesos master answers at .*\n.*back/ });
  t.ok(liveProcessOf(join(local, 'control', 'pid')));
  answers.answers['GET /version'] = { status: 500 };
});

t.test('down › stops the tasks of an agent that is dead at that moment', async (t) => {
  const { local, dcos, pid } = world(t);
  await dcos('up', '--agents', '2');
  const orderly = startTask(t, local, 'agent-1', 'orderly', 'sleep 600');
  const stubborn = startTask(t, local, 'agent-2', 'stubborn', 'trap "" TERM; sleep 600');
  const headless = startTask(t, local, 'agent-2', 'headless', 'sleep 600 & sleep 600 & wait');
  await until(() => membersOf(headless).length >= 3, { what: 'all of the tasks to run' });
  process.kill(headless, 'SIGKILL');
  for (const name of ['agent-1', 'agent-2']) process.kill(pid(name), 'SIGKILL');
  const stop = await dcos('down');
  t.match(stop, { status: 0, stderr: /^Stopping 3 tasks whose agent was not there/ });
  for (const task of [orderly, stubborn, headless]) t.same(membersOf(task), []);
  const left = startTask(t, local, 'agent-1', 'left', 'sleep 600');
  t.match(await dcos('down'), { status: 0, stderr: /^Stopping 1 task .*\n.*is stopped/ });
  t.same(membersOf(left), [], 'even where nothing else runs');
});

/** Starts a session as an agent would, with its claim; gives its leader's pid. */
function startTask(t: Test, local: string, agent: string, name: string, script: string): number {
  const folder = join(local, agent, 'work', 'meta', name);
  mkdirSync(folder, { recursive: true });
  const shell = `trap : TERM; ( ${script} ); true`;
  const child = spawn('/bin/sh', ['-c', shell], { cwd: folder, detached: true, stdio: 'ignore' });
  child.unref();
  const leader = child.pid ?? 0;
  writeFileSync(join(folder, 'claim'), `${leader} ${startTimeOf(leader)}\n`);
  t.teardown(() => {
    for (const member of membersOf(leader)) process.kill(member, 'SIGKILL');
  });
  return leader;
}

/** The live processes of a session. */
function membersOf(session: number): number[] {
  return readdirSync('/proc').flatMap((name) => {
    const pid = Number(name);
    if (!Number.isInteger(pid) || startTimeOf(pid) === undefined) return [];
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return Number(fields[3]) === session ? [pid] : [];
  });
}

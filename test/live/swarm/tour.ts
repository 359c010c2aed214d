/** All that people do with a docker client, against a swarm of two nodes; nothing is left. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../../helpers/wait.js';
import { image } from '../docker.js';
import type { Live } from '../live.js';
import type { SwarmClient } from './clients.js';

/** What the tour goes by. */
export interface Tour {
  readonly live: Live;
  readonly client: SwarmClient;
  /** A folder of its own. */
  readonly folder: string;
  /** Names of both nodes. */
  readonly nodes: readonly [string, string];
  /** `host:port` of a registry that takes pushes; absent: none is here. */
  readonly registry: string | undefined;
}

const forever = ['sh', '-c', 'echo begun; while :; do sleep 1; done'];
const on = (node: string): string[] => ['-e', `constraint:node==${node}`];

/** Runs, looks, talks to containers. */
async function containers({ live, client, folder }: Tour): Promise<void> {
  await client.text(['run', '-d', '--name', 'web', image, ...forever]);
  assert.match(await client.text(['ps', '--format', '{{.Names}}']), /^([^/\s]+\/)?web$/);
  await until(async () => (await client.text(['logs', 'web'])) === 'begun', { what: 'its log' });
  assert.match(await client.text(['logs', '-t', '--tail', '1', 'web']), /^\d{4}-\S+Z begun$/);
  const ended = await client.run(['exec', 'web', 'sh', '-c', 'echo out; echo err >&2; exit 9']);
  assert.deepEqual([ended.status, ended.stdout, ended.stderr], [9, 'out\n', 'err\n']);
  const fed = await client.text(['exec', '-i', 'web', 'cat'], { input: 'to and fro' });
  assert.equal(fed, 'to and fro', 'the end of the input comes through');
  const sized = 'until [ "$(stty size)" = "33 101" ]; do sleep .1; done; echo ok';
  const size = `exec -it web sh -c '${sized}'`;
  assert.match(await client.onTerminal(size), /^ok$/m);
  assert.match(await client.onTerminal(`run -it --rm ${image} tty`), /^\/dev\/pts\/0$/m);
  const piped = ['run', '-i', '--rm', image, 'cat'];
  assert.equal(await client.text(piped, { input: 'piped' }), 'piped');
  await attach(client);
  assert.match(await client.text(['top', 'web']), /sleep 1/);
  assert.match(await client.text(['stats', '--no-stream', 'web']), /\d%/);
  const file = join(folder, 'file');
  writeFileSync(file, 'carried\n');
  await client.text(['cp', file, 'web:/tmp/file']);
  assert.equal(await client.text(['exec', 'web', 'cat', '/tmp/file']), 'carried');
  await client.text(['cp', 'web:/tmp/file', `${file}.back`]);
  assert.equal(readFileSync(`${file}.back`, 'utf8'), 'carried\n');
  assert.match(await client.text(['diff', 'web']), /^A \/tmp\/file$/m);
  await client.text(['export', 'web', '-o', `${file}.tar`]);
  const listed = await live.exec('tar', ['-tf', `${file}.tar`]);
  assert.match(listed.stdout, /^tmp\/file$/m);
}

/** What is said after the client has attached comes through, and the end of it. */
async function attach(client: SwarmClient): Promise<void> {
  const waits = 'until [ -e /tmp/go ]; do sleep .1; done; echo gone; exit 3';
  await client.text(['run', '-d', '--name', 'waits', image, 'sh', '-c', waits]);
  const attached = client.run(['attach', '--no-stdin', 'waits']);
  const seen = ['events', '--since', '10m', '--until', '0s', '--filter', 'container=waits'];
  await until(async () => (await client.text([...seen, '--filter', 'event=attach'])) !== '', {
    what: 'the attach',
  });
  await client.text(['exec', 'waits', 'sh', '-c', 'echo > /tmp/go']);
  const { stdout, status } = await attached;
  assert.deepEqual([stdout, status], ['gone\n', 3]);
  assert.equal(await client.text(['wait', 'waits']), '3');
  await client.text(['rm', 'waits']);
}

/** What changes a container: paused, updated, renamed, stopped, killed, started; its events. */
async function changes({ client }: Tour): Promise<void> {
  const status = () => client.text(['ps', '-a', '--filter', 'name=^w', '--format', '{{.Status}}']);
  await client.text(['pause', 'web']);
  assert.match(await status(), /Paused/);
  await client.text(['unpause', 'web']);
  await client.text(['update', '--memory', '64m', '--memory-swap', '64m', 'web']);
  const memory = ['inspect', 'web', '--format', '{{.HostConfig.Memory}}'];
  assert.equal(await client.text(memory), String(64 * 1048576));
  await client.text(['rename', 'web', 'wall']);
  assert.match((await client.run(['inspect', 'web'])).stderr, /No such object/i);
  assert.equal(await client.text(['inspect', 'wall', '--format', '{{.Name}}']), '/wall');
  await client.text(['restart', '-t', '0', 'wall']);
  await client.text(['kill', 'wall']);
  assert.equal(await client.text(['wait', 'wall']), '137');
  await client.text(['start', 'wall']);
  await client.text(['stop', '-t', '0', 'wall']);
  assert.match(await status(), /^Exited \(137\)/);
  const id = await client.text(['inspect', 'wall', '--format', '{{.Id}}']);
  const all = ['--since', '10m', '--until', '0s', '--filter', `container=${id}`];
  const events = await client.text(['events', ...all, '--format', '{{.Action}}']);
  for (const action of ['create', 'pause', 'update', 'rename', 'restart', 'kill', 'die', 'stop']) {
    assert.match(events, new RegExp(`^${action}$`, 'm'));
  }
  await client.text(['create', '--name', 'made', image, 'echo', 'late']);
  assert.equal(await client.text(['start', '-a', 'made']), 'late');
  await client.text(['container', 'prune', '-f']);
  assert.equal(await client.text(['ps', '-aq']), '');
}

/** Built on one node, used on both; an image that is built anew is the new one on both. */
async function images({ client, folder, nodes }: Tour): Promise<void> {
  const context = join(folder, 'context');
  mkdirSync(context, { recursive: true });
  const build = async (text: string): Promise<void> => {
    const lines = [`FROM ${image}`, 'ARG WORD', 'RUN echo "$WORD" > /word', 'COPY page /page'];
    writeFileSync(join(context, 'Dockerfile'), lines.join('\n'));
    writeFileSync(join(context, 'page'), text);
    const args = ['--build-arg', `WORD=${text}`, '--build-arg', `constraint:node==${nodes[0]}`];
    await client.text(['build', '-q', '-t', 'built:1', ...args, context]);
  };
  const run = (node: string, name: string) =>
    client.text(['run', '--rm', ...on(node), name, 'cat', '/word', '/page']);
  await build('first');
  for (const node of nodes) assert.equal(await run(node, 'built:1'), 'first\nfirst');
  await build('second');
  for (const node of nodes) assert.equal(await run(node, 'built:1'), 'second\nsecond');
  assert.match(await client.text(['history', 'built:1']), /echo "\$WORD"/);
  await client.text(['run', '--name', 'changed', 'built:1', 'sh', '-c', 'echo third > /page']);
  await client.text(['commit', '-m', 'a change', 'changed', 'built:2']);
  await client.text(['rm', 'changed']);
  await client.text(['tag', 'built:2', 'built:3']);
  const archive = join(folder, 'images.tar');
  await client.text(['save', '-o', archive, 'built:3']);
  await client.text(['rmi', 'built:1', 'built:2', 'built:3']);
  assert.match(await client.text(['load', '-i', archive]), /^Loaded image: built:3$/m);
  for (const node of nodes) assert.equal(await run(node, 'built:3'), 'second\nthird');
  const missing = await client.run(['run', '--rm', 'built:1', 'true']);
  assert.equal(missing.status, 125);
  await client.text(['rmi', 'built:3']);
  assert.equal(await client.text(['images', '-q', 'built']), '');
}

/** Pushed to a registry and pulled from it, on all nodes and on the one that needs it. */
async function registry({ client, nodes, registry: host }: Tour): Promise<void> {
  if (host === undefined) return;
  const name = `${host}/there:1`;
  await client.text(['tag', image, name]);
  assert.match(await client.text(['push', name]), /digest: sha256:/);
  await client.text(['rmi', name]);
  const pulled = await client.text(['pull', name]);
  assert.match(pulled, /downloaded on/);
  for (const node of nodes) {
    assert.ok(pulled.includes(node), `${node} is named: ${pulled}`);
    await client.text(['run', '--rm', ...on(node), name, 'true']);
  }
  await client.text(['rmi', name]);
  await client.text(['run', '--rm', ...on(nodes[1]), name, 'true']);
  await client.text(['rmi', name]);
  const none = await client.run(['pull', `${host}/none:1`]);
  assert.equal(none.status, 1);
  assert.match(none.stderr, /manifest unknown/);
}

/** Networks and volumes bind what uses them to their node; what is left over is pruned. */
async function places({ client }: Tour): Promise<void> {
  await client.text(['network', 'create', 'back']);
  const serve = 'echo served > /index.html; exec httpd -f -p 80';
  await client.text(['run', '-d', '--name', 'srv', '--net', 'back', image, 'sh', '-c', serve]);
  const get = ['run', '--rm', '--net', 'back', image, 'wget', '-qO-', 'http://srv/'];
  await until(async () => (await client.run(get)).stdout === 'served\n', { what: 'the page' });
  const members = ['network', 'inspect', 'back', '--format', '{{len .Containers}} {{.Labels}}'];
  assert.equal(await client.text(members), '1 map[]');
  await client.text(['network', 'disconnect', 'back', 'srv']);
  await client.text(['network', 'connect', '--alias', 'again', 'back', 'srv']);
  await client.text(['rm', '-f', 'srv']);
  const kept = ['run', '--rm', '-v', 'data:/data', image, 'sh', '-c'];
  await client.text(['volume', 'create', 'data']);
  await client.text([...kept, 'echo kept > /data/file']);
  assert.equal(await client.text([...kept, 'cat /data/file']), 'kept');
  assert.match(await client.text(['volume', 'ls', '-q']), /^\S+\/data$/);
  await client.text(['volume', 'rm', 'data']);
  assert.match(await client.text(['system', 'df']), /^Images +[1-9]/m);
  await client.text(['system', 'prune', '-f']);
  assert.equal(await client.text(['network', 'ls', '-q', '--filter', 'type=custom']), '');
  assert.equal(await client.text(['volume', 'ls', '-q']), '');
}

/** What is refused says why, with the status that scripts know. */
async function refusals({ client }: Tour): Promise<void> {
  const refused = async (args: readonly string[], status: number, text: RegExp) => {
    const ran = await client.run(args);
    assert.equal(ran.status, status, args.join(' '));
    assert.match(ran.stderr, text);
  };
  const run = ['run', '--rm'];
  await refused([...run, '--privileged', image, 'true'], 125, /allow_privileged/);
  await refused([...run, '-v', '/:/host', image, 'true'], 125, /allow_host_paths/);
  await refused([...run, '--net', 'host', image, 'true'], 125, /allow_host_network/);
  await refused([...run, ...on('nowhere'), image, 'true'], 125, /\[node==nowhere\]/);
  await refused(['service', 'ls'], 1, /not a swarm manager/);
  await refused(['logs', 'nobody'], 1, /No such container: nobody/);
  assert.equal(await client.text(['ps', '-aq']), '');
}

/** The steps, in their order. */
export const steps: readonly (readonly [name: string, step: (tour: Tour) => Promise<void>])[] = [
  ['run, logs, exec, attach, cp', containers],
  ['pause, update, rename, kill, events', changes],
  ['build, commit, save, load', images],
  ['push and pull', registry],
  ['networks, volumes, prune', places],
  ['what is refused', refusals],
];

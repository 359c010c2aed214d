/** A project of compose against a swarm: up, scaled, made anew on the same port, down. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../../helpers/wait.js';
import { image } from '../docker.js';
import type { SwarmClient } from './clients.js';
import type { Tour } from './tour.js';

const file = (port: number) => `version: "3.3"
services:
  web:
    build: ./web
    image: shop-web:1
    command: [httpd, -f, -p, "80", -h, /www]
    ports: ["${port}:80"]
    volumes: ["data:/data"]
    depends_on: [store]
  store:
    image: ${image}
    command: [sh, -c, "mkdir /www; echo stored > /www/index.html; exec httpd -f -p 81 -h /www"]
    stop_grace_period: 0s
volumes: {data: {}}
`;

/** Takes a project through its days; `compose` may be of either line. */
export async function composeProject(
  compose: SwarmClient,
  { client, folder }: Pick<Tour, 'client' | 'folder'>,
  port: number,
): Promise<void> {
  mkdirSync(join(folder, 'web'), { recursive: true });
  writeFileSync(join(folder, 'compose.yaml'), file(port));
  const lines = [`FROM ${image}`, 'RUN mkdir /www && echo page > /www/index.html'];
  writeFileSync(join(folder, 'web', 'Dockerfile'), lines.join('\n'));
  const words = ['-f', join(folder, 'compose.yaml'), '-p', 'shop'];
  const run = (...args: string[]) => compose.text([...words, ...args], { timeoutMs: 180_000 });
  const quiet = async (...args: string[]): Promise<void> => {
    const { status, stderr } = await compose.run([...words, ...args], { timeoutMs: 180_000 });
    assert.equal(status, 0, stderr);
    assert.doesNotMatch(stderr, /has changed/);
  };
  await run('up', '-d', '--build');
  const address = (await run('port', 'web', '80')).trim();
  assert.match(address, new RegExp(`^[\\d.]+:${port}$`));
  const page = () => fetch(`http://${address}/`).then((answer) => answer.text());
  await until(async () => (await page()) === 'page\n', { what: 'the page' });
  const store = ['exec', '-T', 'web', 'wget', '-qO-', 'http://store:81/'];
  assert.equal(await run(...store), 'stored', 'services know each other by name');
  await quiet('up', '-d', '--scale', 'store=3');
  assert.equal((await run('ps', '-q', 'store')).split('\n').length, 3);
  const before = await run('ps', '-q', 'web');
  await quiet('up', '-d', '--force-recreate', '-t', '1');
  assert.notEqual(await run('ps', '-q', 'web'), before, 'it is another container');
  await until(async () => (await page()) === 'page\n', { what: 'the page, on the same port' });
  assert.match(await run('run', '--rm', 'store', 'echo', 'once'), /once/);
  for (const verb of ['stop', 'start', 'restart']) {
    await run(verb, ...(verb === 'start' ? [] : ['-t', '0']));
  }
  await until(async () => (await page()) === 'page\n', { what: 'the page again' });
  await run('pause');
  await run('unpause');
  assert.match(await run('top'), /httpd/);
  await run('down', '-v', '-t', '0');
  assert.equal(await client.text(['ps', '-aq']), '');
  assert.equal(await client.text(['network', 'ls', '-q', '--filter', 'type=custom']), '');
  assert.equal(await client.text(['volume', 'ls', '-q']), '');
  await client.text(['rmi', 'shop-web:1']);
}

/** A registry of images on loopback, for pushes and pulls of a check. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { signal } from '../../helpers/procfs.js';
import { until } from '../../helpers/wait.js';
import type { Live } from '../live.js';
import { hasProgram } from './clients.js';

/** Starts it; gives its `host:port`, or nothing where this machine has none. */
export async function startRegistry(live: Live): Promise<string | undefined> {
  if (!hasProgram('docker-registry')) return undefined;
  const folder = join(live.dir, 'registry');
  mkdirSync(folder);
  const host = `127.0.0.1:${await freePort()}`;
  const storage = { filesystem: { rootdirectory: join(folder, 'data') } };
  // YAML takes JSON.
  const config = { version: 0.1, log: { level: 'error' }, storage, http: { addr: host } };
  writeFileSync(join(folder, 'config.yml'), JSON.stringify(config));
  const args = ['serve', join(folder, 'config.yml')];
  const child = spawn('docker-registry', args, { cwd: folder, env: live.env, stdio: 'ignore' });
  const ended = once(child, 'exit');
  live.onTidy(async () => {
    if (child.pid !== undefined) signal(child.pid, 'SIGTERM');
    await ended;
  });
  await until(async () => (await fetch(`http://${host}/v2/`)).ok, { what: 'the registry' });
  return host;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  await new Promise((done) => server.close(done));
  return port;
}

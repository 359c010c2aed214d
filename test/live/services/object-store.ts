/** An S3-like store of somebody else's making, for backups: npm's s3rver, started for one check. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { signal } from '../../helpers/procfs.js';
import { until } from '../../helpers/wait.js';
import type { Live } from '../live.js';

/** Where it answers, and how one logs in. */
export interface ObjectStore {
  readonly endpoint: string;
  readonly bucket: string;
  /** `key:secret`. It looks at the key, not at the signature of an upload. */
  readonly key: string;
}

const bucket = 'backups';
const program = `
const S3rver = require('s3rver');
const configureBuckets = [{ name: '${bucket}' }];
const options = { port: 0, address: '127.0.0.1', silent: true, directory: process.argv[2] };
new S3rver({ ...options, configureBuckets }).run().then(({ port }) => console.log(port));
`;

/** Installs it below the folder of the check and starts it; it is ended with the check. */
export async function startObjectStore(live: Live): Promise<ObjectStore> {
  const folder = join(live.dir, 'store');
  mkdirSync(join(folder, 'data'), { recursive: true });
  const quiet = ['--no-audit', '--no-fund', '--no-progress', '--silent', '--ignore-scripts'];
  const npm = ['install', ...quiet, '--prefix', folder, 's3rver@3.7.1'];
  const ran = await live.exec('npm', npm, { timeoutMs: 300_000 });
  assert.equal(ran.status, 0, ran.stderr);
  writeFileSync(join(folder, 'store.cjs'), program);
  const child = spawn(process.execPath, ['store.cjs', join(folder, 'data')], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  live.onTidy(async () => {
    signal(child.pid ?? 0, 'SIGKILL');
    await until(() => child.exitCode !== null || child.signalCode !== null, { what: 'its end' });
  });
  const [port] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  assert.match(port, /^\d+$/);
  return { endpoint: `http://127.0.0.1:${port}`, bucket, key: 'S3RVER:S3RVER' };
}

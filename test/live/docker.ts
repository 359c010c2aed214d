/** What checks of Docker's API over the cluster need: an image, the machine's own client. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Live, Ran } from './live.js';
import { mayMount } from './small-disks.js';

/** The image that `importImage` makes: a static busybox with the programs of `applets`. */
export const image = 'dcos-check:1';

/** What the image has. */
const applets = 'sh echo sleep true cat tty stty httpd wget seq head tail wc md5sum dd yes';

/** Why this machine can run no Docker engines for a check. */
export function dockerObstacle(): string | undefined {
  if (!mayMount()) return 'needs root, for Docker engines of its own';
  const lacking = ['dockerd', 'docker', 'busybox'].find((program) => !answers(program));
  if (lacking !== undefined) return `no ${lacking}`;
  return isStatic(busybox()) ? undefined : 'busybox is not static';
}

function answers(program: string): boolean {
  const args = program === 'busybox' ? ['true'] : ['--version'];
  return spawnSync(program, args, { stdio: 'ignore', timeout: 10_000 }).status === 0;
}

const busybox = (): string =>
  spawnSync('sh', ['-c', 'command -v busybox'], { encoding: 'utf8' }).stdout.trim();

/** The linker says of a static program that it is none of its own. */
const isStatic = (path: string): boolean => spawnSync('ldd', [path]).status !== 0;

/** Runs the docker client of this machine against the swarm, whatever its status. */
export function docker(live: Live, args: readonly string[]): Promise<Ran> {
  return live.dcos(['swarm', 'docker', ...args]);
}

/** What the docker client says; it must succeed. */
export async function dockerText(live: Live, args: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await docker(live, args);
  assert.equal(status, 0, `docker ${args.join(' ')}: ${stderr}`);
  return stdout.trim();
}

/** A file system of one program, on each of `nodes` nodes: nothing is fetched. */
export async function importImage(live: Live, nodes: number): Promise<void> {
  const folder = join(live.dir, 'image');
  mkdirSync(join(folder, 'bin'), { recursive: true });
  mkdirSync(join(folder, 'etc'));
  mkdirSync(join(folder, 'tmp'));
  writeFileSync(join(folder, 'etc', 'passwd'), 'root:x:0:0:root:/:/bin/sh\n');
  const script = `cp "$(command -v busybox)" bin/busybox
    for name in ${applets}; do ln -s busybox "bin/$name"; done
    tar -cf ../image.tar .`;
  const { status, stderr } = await live.exec('sh', ['-ec', script], { cwd: folder });
  assert.equal(status, 0, stderr);
  await dockerText(live, ['import', join(live.dir, 'image.tar'), image]);
  const there = await dockerText(live, ['images', '-q']);
  assert.equal(there.split('\n').length, nodes, 'one on each node');
}

/** Real clients of Docker's API, each through all that it can, against a swarm of two engines. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { docker, dockerObstacle, image, importImage } from '../docker.js';
import type { Live, LiveCheck } from '../live.js';
import {
  builtWithGo,
  dockerClients,
  hasProgram,
  newestCompose,
  newestDocker,
  SwarmClient,
} from '../swarm/clients.js';
import { composeProject } from '../swarm/compose.js';
import { startRegistry } from '../swarm/registry.js';
import { steps, type Tour } from '../swarm/tour.js';

/** Each docker client on the PATH: every command of a working day. */
export const swarmDocker: LiveCheck = {
  name: 'swarm: docker clients',
  seconds: 100,
  kind: 'rotating',
  obstacle: dockerObstacle,
  run: async (live) => {
    const registry = await begin(live);
    for (const { path, version } of dockerClients()) {
      await wholeTour(live, path, version, registry);
    }
    await end(live);
  },
};

/** The newest docker client and compose 2, built from their modules. */
export const swarmNewest: LiveCheck = {
  name: 'swarm: newest clients',
  seconds: 240,
  kind: 'rotating',
  obstacle: () => dockerObstacle() ?? (hasProgram('go', ['version']) ? undefined : 'no go'),
  run: async (live) => {
    const path = await live.step('build docker', () => builtWithGo(live, newestDocker));
    const compose = await live.step('build compose', () => builtWithGo(live, newestCompose));
    const registry = await begin(live);
    const made = await wholeTour(live, path, newestDocker.version, registry);
    await live.step('compose 2: a project', async () => {
      await composeProject(await SwarmClient.open(live, compose), made, 18_081);
    });
    await end(live);
  },
};

/** Compose 1, and the client libraries of Python and Node. */
export const swarmLibraries: LiveCheck = {
  name: 'swarm: compose and libraries',
  seconds: 100,
  kind: 'rotating',
  obstacle: dockerObstacle,
  run: async (live) => {
    await begin(live);
    const folder = join(live.dir, 'work');
    const client = await SwarmClient.open(live, 'docker');
    const has = (program: string): boolean => hasProgram(program, ['version']);
    if (has('docker-compose')) {
      await live.step('docker-compose: a project', async () => {
        const compose = await SwarmClient.open(live, 'docker-compose');
        await composeProject(compose, { client, folder }, 18_081);
      });
    }
    await live.step('docker of PyPI', () => python(live, client));
    await live.step('dockerode of npm', () => dockerode(live, client));
    await end(live);
  },
};

const slow = { timeoutMs: 300_000 };

/** Gives the registry, where there is one. */
async function begin(live: Live): Promise<string | undefined> {
  await live.ok(['up', '--docker=engine-per-agent', '--agents', '2']);
  await live.step('install', () => live.ok(['package', 'install', 'swarm', '--yes'], slow));
  await importImage(live, 2);
  return startRegistry(live);
}

async function wholeTour(
  live: Live,
  path: string,
  version: string,
  registry: string | undefined,
): Promise<Tour> {
  const folder = join(live.dir, `tour-${version}`);
  mkdirSync(folder);
  const client = await SwarmClient.open(live, path);
  const info = await client.text(['info']);
  const [first = '', second = ''] = [...info.matchAll(/^ {2}(\S+): \S+:\d+$/gm)].map(
    ([, name]) => name,
  );
  const about = { live, client, folder, nodes: [first, second] as const, registry };
  for (const [name, step] of steps) {
    await live.step(`docker ${version}: ${name}`, () => step(about));
  }
  return about;
}

async function end(live: Live): Promise<void> {
  await live.step('uninstall leaves nothing', async () => {
    const left = await docker(live, ['ps', '-aq']);
    assert.equal(left.stdout, '');
    await live.ok(['package', 'uninstall', 'swarm', '--yes', '--delete-volumes'], slow);
  });
}

async function python(live: Live, client: SwarmClient): Promise<void> {
  const target = join(live.dir, 'python');
  const pip = ['-m', 'pip', 'install', '--quiet', '--target', target, 'docker==7.1.0'];
  const installed = await live.exec('python3', pip, slow);
  assert.equal(installed.status, 0, installed.stderr);
  // The library reads the configuration's headers only where it is handed its name.
  const env = { ...client.env, PYTHONPATH: target };
  const program = join(process.cwd(), 'test/live/swarm/programs/sdk.py');
  const ran = await live.exec('python3', [program, image], { env });
  assert.equal(ran.status, 0, ran.stderr);
}

async function dockerode(live: Live, client: SwarmClient): Promise<void> {
  const target = join(live.dir, 'node');
  mkdirSync(target);
  const npm = ['install', '--prefix', target, '--ignore-scripts', '--no-audit', '--no-fund'];
  const installed = await live.exec('npm', [...npm, '--silent', 'dockerode@5.0.1'], slow);
  assert.equal(installed.status, 0, installed.stderr);
  const context = join(live.dir, 'context');
  mkdirSync(context);
  writeFileSync(join(context, 'Dockerfile'), `FROM ${image}\nRUN echo x > /x\n`);
  const program = join(process.cwd(), 'test/live/swarm/programs/dockerode.mjs');
  const args = [program, target, image, context];
  const ran = await live.exec(process.execPath, args, { env: client.env });
  assert.equal(ran.status, 0, ran.stderr);
}

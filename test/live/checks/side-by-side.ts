/**
 * No silos: every service that there is, installed on one cluster at once, each used by its own
 * client, and each removed again without a trace.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { until } from '../../helpers/wait.js';
import { embedded } from '../engine.js';
import type { Live, LiveCheck } from '../live.js';
import { services } from '../services/index.js';
import { installPackage, type ServiceUnderTest, type Workload } from '../services/service.js';
import { swarmOn } from '../services/swarm.js';
import { holdings } from '../state.js';

const installMs = 600_000;
const agents = 5;

/** What the machine itself and the servers of the cluster need, in MB. */
const keptMb = 4096;

/**
 * Containers of docker clients, and all that is drilled. The containers' image is put on every
 * node, which a swarm only knows while something of it is free: it comes first.
 */
const everyService: readonly ServiceUnderTest[] = [swarmOn(agents), ...services];

/** Kafka, Cassandra, HDFS… beside containers, a second Marathon and plain apps. */
export const sideBySide: LiveCheck = {
  name: 'side by side',
  seconds: 120 + everyService.reduce((sum, { seconds }) => sum + 2 * seconds.install + 50, 0),
  kind: 'rotating',
  run: async (live) => {
    const engine = embedded(live);
    const able = everyService.filter(({ name, obstacle }) => {
      const why = obstacle?.();
      if (why !== undefined) process.stdout.write(`  left out: ${name}: ${why}\n`);
      return why === undefined;
    });
    const engines = able.some(({ name }) => name === 'swarm') ? ['--docker=engine-per-agent'] : [];
    await live.step(`up with ${agents} agents`, () =>
      live.ok(['up', '--agents', `${agents}`, ...engines]),
    );
    await live.step('an app and a second marathon', () => apps(live));
    for (const wave of waves(able, totalmem() / 1024 / 1024 - keptMb)) await ride(live, wave);
    await live.step('uninstall leaves nothing', async () => {
      await live.ok(['package', 'uninstall', 'marathon', '--yes']);
      await live.ok(['app', 'remove', '/web']);
      const left = async (): Promise<string[]> =>
        holdings(await engine.state(), engine.ownFrameworks);
      await until(async () => (await left()).length === 0, {
        what: 'nothing to be left',
        timeoutMs: 60_000,
      }).catch(async () => assert.deepEqual(await left(), []));
    });
  },
};

/**
 * Services in the order in which they are installed, in as many waves as memory forces: what a
 * service needs is in its own wave.
 */
export function waves(all: readonly ServiceUnderTest[], memMb: number): ServiceUnderTest[][] {
  const byName = new Map(all.map((service) => [service.name, service]));
  const found: ServiceUnderTest[][] = [];
  let wave: ServiceUnderTest[] = [];
  for (const service of all) {
    const needed = service.needs.flatMap((name) => byName.get(name) ?? []);
    const group = [...needed, service].filter((one) => !wave.includes(one));
    const sum = [...wave, ...group].reduce((total, one) => total + one.memMb, 0);
    if (wave.length > 0 && sum > memMb) {
      found.push(wave);
      wave = [...needed, service];
    } else if (found.flat().includes(service) === false) wave.push(...group);
  }
  return [...found, wave];
}

async function apps(live: Live): Promise<void> {
  const file = join(live.dir, 'web.json');
  const web = { id: '/web', cmd: 'exec sleep 100000', cpus: 0.1, mem: 32, instances: 5 };
  writeFileSync(file, JSON.stringify(web));
  await live.ok(['app', 'add', file]);
  await live.ok(['package', 'install', 'marathon', '--yes']);
}

/** Installs a wave, has every client work at the same time, and removes it, the last one first. */
async function ride(live: Live, wave: readonly ServiceUnderTest[]): Promise<void> {
  const workloads: Workload[] = [];
  try {
    for (const service of wave) {
      await live.step(`install ${service.name}`, () =>
        installPackage(live, service.name, service.options, installMs),
      );
      workloads.push(await service.begin(live));
    }
    await live.step('every client gets on', async () => {
      for (const workload of workloads) await workload.progress(10, 180_000);
    });
    await live.step('dcos status shows who shares what', () => shared(live, wave));
    await live.step('each client finds all that was acknowledged', async () => {
      for (const workload of workloads) await workload.verify();
    });
  } finally {
    for (const workload of workloads) await workload.stop();
  }
  for (const { name } of wave.toReversed()) {
    await live.step(`uninstall ${name}`, () =>
      live.ok(['package', 'uninstall', name, '--delete-volumes', '--yes'], {
        timeoutMs: installMs,
      }),
    );
  }
}

interface Shown {
  readonly services: readonly {
    readonly service: string;
    readonly used?: { readonly memMb: number };
  }[];
  readonly sharing: { readonly machines: number; readonly separate: number };
}

async function shared(live: Live, wave: readonly ServiceUnderTest[]): Promise<void> {
  const status = await live.json<Shown>(['status']);
  for (const { name } of wave) {
    const used = status.services.find(({ service }) => service === name)?.used;
    assert.ok((used?.memMb ?? 0) > 0, `${name} is shown with what it holds`);
  }
  const { machines, separate } = status.sharing;
  assert.ok(machines <= agents && separate > machines, JSON.stringify(status.sharing));
  process.stdout.write(`       ${machines} machines instead of ${separate}\n`);
}

/** Every drill of one service as one live check: installed once, hurt in every way, in use. */
import assert from 'node:assert/strict';
import { embedded } from '../engine.js';
import type { Live, LiveCheck } from '../live.js';
import { services } from '../services/index.js';
import { installPackage, type ServiceUnderTest } from '../services/service.js';
import { makeSmallDisks } from '../small-disks.js';
import { holdings } from '../state.js';
import type { Drill, Ward } from './drill.js';
import { agentLost, diskFull, rackLost } from './machines.js';
import { agentKilled, controlKilled, schedulerKilled } from './servers.js';
import { slowStart, tasksKilled } from './tasks.js';

/** Every drill, the one that takes a machine away at the end. */
export const drills: readonly Drill[] = [
  tasksKilled,
  schedulerKilled,
  agentKilled,
  controlKilled,
  slowStart,
  rackLost,
  diskFull,
  agentLost,
];

/** So many machines, two in each rack: one may go for good and its rack still has another. */
const up = ['up', '--agents', '6', '--racks', '3'];
const installMs = 400_000;

/** Services that have passed every drill. */
const proven: ReadonlySet<string> = new Set(['hello-world', 'zookeeper']);

/** The check of one service. */
export function drillsOf(service: ServiceUnderTest): LiveCheck {
  const kills = service.tasks.length * service.seconds.recover;
  const others = (drills.length - 1) * (service.seconds.recover + 12);
  return {
    name: `drills of ${service.name}`,
    seconds: Math.ceil(30 + service.seconds.install + kills + others),
    kind: proven.has(service.name) ? 'rotating' : 'drill',
    run: (live) => runDrills(live, service),
  };
}

/** One check for each service. */
export const drillChecks: readonly LiveCheck[] = services.map(drillsOf);

async function runDrills(live: Live, service: ServiceUnderTest): Promise<void> {
  const engine = embedded(live);
  await live.step('up', async () => {
    await live.ok(up);
    makeSmallDisks(live);
  });
  for (const need of service.needs) {
    await live.step(`install ${need}`, () =>
      install(live, need, servicesByName.get(need)?.options),
    );
  }
  await live.step(`install ${service.name}`, () => install(live, service.name, service.options));
  const workload = await service.begin(live);
  try {
    await live.step('a client uses it', () => workload.progress(10, 120_000));
    const ward: Ward = { live, engine, service, workload };
    for (const drill of drills) await runDrill(ward, drill);
    await live.step('nothing acknowledged is lost', () => workload.verify());
  } finally {
    await workload.stop();
  }
  await live.step('uninstall leaves nothing', async () => {
    for (const name of [service.name, ...service.needs.toReversed()]) {
      await live.ok(['package', 'uninstall', name, '--delete-volumes', '--yes'], {
        timeoutMs: installMs,
      });
    }
    assert.deepEqual(holdings(await engine.state(), engine.ownFrameworks), []);
  });
}

const servicesByName: ReadonlyMap<string, ServiceUnderTest> = new Map(
  services.map((service) => [service.name, service]),
);

function install(live: Live, name: string, options: object = {}): Promise<unknown> {
  return installPackage(live, name, options, installMs);
}

async function runDrill(ward: Ward, drill: Drill): Promise<void> {
  const why = drill.obstacle?.(ward.service);
  if (why === undefined) await ward.live.step(drill.name, () => drill.run(ward));
  else process.stdout.write(`  left out: ${drill.name}: ${why}\n`);
}

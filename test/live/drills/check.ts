/** Every drill of one service as one live check: installed once, hurt in every way, in use. */
import assert from 'node:assert/strict';
import { apacheMesos, type Engine, embedded } from '../engine.js';
import type { Live, LiveCheck } from '../live.js';
import { mesosInstall, mesosObstacle, mesosScripts } from '../mesos-install.js';
import { services } from '../services/index.js';
import { installPackage, type ServiceUnderTest } from '../services/service.js';
import { makeSmallDisks } from '../small-disks.js';
import { holdings } from '../state.js';
import { passedCells, recordCell } from './cells.js';
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
const machines = 6;
const installMs = 400_000;

/** The engine of a check, started once it is asked for; it may be one that this machine lacks. */
interface EngineKind {
  /** Put behind the name of the check. */
  readonly suffix: string;
  readonly obstacle?: () => string | undefined;
  readonly of: (live: Live) => Engine;
}

const embeddedKind: EngineKind = { suffix: '', of: embedded };

const apacheKind: EngineKind = {
  suffix: ' on Apache Mesos',
  obstacle: mesosObstacle,
  of: (live) => apacheMesos(live, mesosScripts, mesosInstall()),
};

/** The check of one service on one engine. */
function drillsOf(service: ServiceUnderTest, kind: EngineKind): LiveCheck {
  const kills = service.tasks.length * service.seconds.recover;
  const others = (drills.length - 1) * (service.seconds.recover + 12);
  return {
    name: `drills of ${service.name}${kind.suffix}`,
    seconds: Math.ceil(30 + service.seconds.install + kills + others),
    kind: 'rotating',
    obstacle: () => kind.obstacle?.() ?? service.obstacle?.(),
    run: (live) => runDrills(live, service, kind.of(live)),
  };
}

/** One check for each service on each engine. */
export const drillChecks: readonly LiveCheck[] = [embeddedKind, apacheKind].flatMap((kind) =>
  services.map((service) => drillsOf(service, kind)),
);

async function runDrills(live: Live, service: ServiceUnderTest, engine: Engine): Promise<void> {
  live.onTidy(() => engine.stop());
  await live.step(`up on ${engine.name}`, async () => {
    await engine.up(machines);
    makeSmallDisks(engine);
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

function install(
  live: Live,
  name: string,
  options: ServiceUnderTest['options'] = {},
): Promise<unknown> {
  return installPackage(live, name, options, installMs);
}

async function runDrill(ward: Ward, drill: Drill): Promise<void> {
  const why = drill.obstacle?.(ward.service);
  if (why !== undefined) {
    process.stdout.write(`  left out: ${drill.name}: ${why}\n`);
  } else if (passedCells().has(drill.name)) {
    process.stdout.write(`  passed before: ${drill.name}\n`);
  } else {
    const begun = performance.now();
    await ward.live.step(drill.name, () => drill.run(ward));
    recordCell({ drill: drill.name, ms: performance.now() - begun });
  }
}

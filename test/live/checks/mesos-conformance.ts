/**
 * The embedded cluster and a real Apache Mesos play the same scenarios; whatever differs is known,
 * with its reason, or fails.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import type { Live, LiveCheck } from '../live.js';
import { compare, type Difference, describe } from '../mesos/compare.js';
import { known } from '../mesos/known.js';
import { passed } from '../mesos/passed.js';
import { play } from '../mesos/play.js';
import { groups } from '../mesos/scenarios/index.js';
import type { Scenario } from '../mesos/steps.js';
import { apacheTarget, embeddedTarget, type Target } from '../mesos/target.js';
import { mesosInstall, mesosObstacle } from '../mesos-install.js';

/** `DCOS_SCENARIOS` is a regular expression of names: only those are played. */
const wanted = new RegExp(process.env.DCOS_SCENARIOS ?? '');

/** What a group takes that has not passed yet. */
const longSeconds = 150;

/** A check for each group of scenarios. */
export const mesosConformance: readonly LiveCheck[] = Object.entries(groups).map(
  ([group, scenarios]): LiveCheck => ({
    name: `conformance: ${group}`,
    seconds: passed[group] ?? longSeconds,
    kind: passed[group] === undefined ? 'drill' : 'rotating',
    obstacle: mesosObstacle,
    run: (live) =>
      both(
        live,
        scenarios.filter(({ name }) => wanted.test(name)),
      ),
  }),
);

async function both(live: Live, scenarios: readonly Scenario[]): Promise<void> {
  const embedded = await embeddedTarget(live);
  const apache = apacheTarget(live, mesosInstall());
  const targets: readonly Target[] = [embedded, apache];
  for (const target of targets) live.onTidy(() => target.stop());
  await live.step('one master and three agents of each', async () => {
    await Promise.all(targets.map((target) => target.start()));
  });
  const differences: Difference[] = [];
  const failures: string[] = [];
  for (const scenario of scenarios) {
    await live
      .step(scenario.name, async () => {
        const shown = await Promise.all(targets.map((target) => play(target, scenario)));
        const found = compare(scenario.name, shown[0] ?? [], shown[1] ?? [], known);
        differences.push(...found);
        const unknown = found.filter((one) => one.known === undefined);
        assert.equal(unknown.length, 0, unknown.map(describe).join('\n    '));
      })
      .catch((error) => {
        const text = error instanceof Error ? error.message : String(error);
        failures.push(scenario.name);
        process.stdout.write(`    ${text.slice(0, 4000)}\n`);
      });
  }
  const file = process.env.DCOS_SCENARIOS_REPORT;
  if (file !== undefined) writeFileSync(file, JSON.stringify(differences, null, 1));
  assert.equal(failures.length, 0, failures.join('\n'));
}

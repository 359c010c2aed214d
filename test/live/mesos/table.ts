/** The page that says which scenarios there are, and which differences are known. */
import { known } from './known.js';
import { passed } from './passed.js';
import { groups } from './scenarios/index.js';

const kinds = {
  own: 'ours',
  version: '1.12 against 1.11',
  'stand-in': 'the other’s executor is a stand-in',
} as const;

/** `docs/mesos-conformance.md`, whole. */
export function conformancePage(): string {
  const count = Object.values(groups).flat().length;
  const rows = Object.entries(groups).map(([group, scenarios]) => {
    const about = [...new Set(scenarios.flatMap((scenario) => scenario.about))].sort();
    const whole = passed[group] === undefined ? 'not yet' : 'yes';
    const names = about.map((name) => `\`${name}\``).join(', ');
    return `| ${group} | ${scenarios.length} | ${whole} | ${names} |`;
  });
  const reasons = known.map(({ about, kind, why }) => `| ${about} | ${kinds[kind]} | ${why} |`);
  return [
    '# The embedded cluster and Apache Mesos, side by side',
    '',
    `${count} scenarios are played on both at once: an embedded master with three agents, and`,
    'an Apache Mesos 1.11.0 with three of the same resources, racks and users. Status, headers,',
    'shape, enums, texts and the order of events of each step must be equal; ids, times, sizes',
    'and addresses aside. What differs is in the second table, or the check fails. Where a',
    'recording of Mesos 1.12 says otherwise than the 1.11, the recording is right.',
    '',
    'Groups that have passed as a whole are played by CI in turn, all of them by `npm run drills`.',
    '',
    '    node scripts/live.js "conformance: tasks"',
    '    DCOS_SCENARIOS="KILL" node scripts/live.js "conformance: calls"',
    '',
    '| group | scenarios | passed | calls, events and paths |',
    '|---|---|---|---|',
    ...rows,
    '',
    '| about | whose | difference, and why |',
    '|---|---|---|',
    ...reasons,
    '',
    'The scenarios are data: `test/live/mesos/scenarios`. What each call has of recordings is in',
    '[mesos-api.md](mesos-api.md).',
    '',
  ].join('\n');
}

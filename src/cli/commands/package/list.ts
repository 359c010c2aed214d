/** `dcos package list` */
import { listPackages } from '../../../client/packages.js';
import { DcosError } from '../../../core/errors.js';
import { type Command, outputFlags, quietFlag } from '../../command.js';
import { formatOf, printList } from '../../output/list.js';

/** Lists what is installed. */
export const list: Command = {
  summary: 'list installed packages',
  words: [['[query]', 'a part of the name']],
  flags: [
    { flags: '--app-id <id>', text: 'only the package of this app' },
    { flags: '--cli', text: 'only packages with a command line', isHidden: true },
    ...outputFlags,
    quietFlag,
  ],
  examples: ['dcos package list', 'dcos package list --json'],
  run: async (context, given) => {
    const appId = given.text('appId');
    const installed = await listPackages(
      await context.http(),
      appId === undefined ? {} : { appId },
    );
    const wanted = installed.filter(({ definition }) =>
      String(definition.name).includes(given.word(0)),
    );
    const rows = groupByRelease(wanted);
    if (rows.length === 0 && formatOf(given) === 'table') {
      throw new DcosError('failed', 'no package is installed', {
        hint: 'See: dcos package search',
      });
    }
    await printList(context.io, given, rows, {
      name: ({ name }) => name,
      columns: [
        { heading: 'NAME', value: ({ name }) => name },
        { heading: 'VERSION', value: ({ version }) => version },
        { heading: 'CERTIFIED', value: ({ selected }) => String(selected) },
        { heading: 'APP', value: ({ apps }) => apps.join(', ') || '---' },
        { heading: 'COMMAND', value: () => '---' },
        { heading: 'DESCRIPTION', value: ({ description }) => description, maxWidth: 70 },
      ],
    });
  },
};

interface Row {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly selected: boolean;
  readonly apps: string[];
}

function groupByRelease(
  installed: readonly { appId: string; definition: Readonly<Record<string, unknown>> }[],
): Row[] {
  const rows = new Map<string, Row>();
  for (const { appId, definition } of installed) {
    const name = String(definition.name ?? '');
    const version = String(definition.version ?? '');
    const key = `${name} ${version}`;
    const row = rows.get(key);
    if (row !== undefined) {
      row.apps.push(appId);
      continue;
    }
    rows.set(key, {
      ...definition,
      name,
      version,
      description: String(definition.description ?? ''),
      selected: definition.selected === true,
      apps: [appId],
    });
  }
  return [...rows.values()];
}

/** `dcos package search` */
import { searchPackages } from '../../../client/packages.js';
import { DcosError } from '../../../core/errors.js';
import { type Command, outputFlags, quietFlag } from '../../command.js';
import { formatOf, printList } from '../../output/list.js';

/** Finds packages. */
export const search: Command = {
  summary: 'find packages by name, description or tag',
  words: [['[query]', 'a part of it, or a pattern with *; all packages if left out']],
  flags: [...outputFlags, quietFlag],
  examples: ['dcos package search', 'dcos package search kafka --json'],
  run: async (context, given) => {
    const packages = await searchPackages(await context.http(), given.word(0) || undefined);
    if (packages.length === 0 && formatOf(given) === 'table') {
      throw new DcosError('failed', `no package matches '${given.word(0)}'`, {
        hint: 'All of them: dcos package search',
      });
    }
    await printList(context.io, given, packages, {
      name: ({ name }) => name,
      columns: [
        { heading: 'NAME', value: ({ name }) => name },
        { heading: 'VERSION', value: ({ currentVersion }) => currentVersion },
        { heading: 'CERTIFIED', value: ({ selected }) => String(selected) },
        { heading: 'FRAMEWORK', value: ({ framework }) => String(framework) },
        { heading: 'DESCRIPTION', value: ({ description }) => description, maxWidth: 80 },
      ],
      json: { packages },
    });
  },
};

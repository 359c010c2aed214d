/** `dcos task list` */
import { listTasks } from '../../../client/tasks.js';
import { DcosError } from '../../../core/errors.js';
import { type Command, type Given, outputFlags, quietFlag } from '../../command.js';
import { printList } from '../../output/list.js';

/** The flags that say whether ended tasks are meant. */
export const kindFlags = [
  { flags: '--all', text: 'running and ended ones' },
  { flags: '--completed', text: 'ended ones only' },
];

/** Which tasks those flags mean. Throws `usage` where both are given. */
export function kindOf(given: Given): 'active' | 'completed' | 'all' {
  if (given.has('all') && given.has('completed')) {
    throw new DcosError('usage', '--all and --completed cannot be given together');
  }
  if (given.has('all')) return 'all';
  return given.has('completed') ? 'completed' : 'active';
}

/** Lists tasks. */
export const list: Command = {
  summary: 'list tasks',
  words: [['[filter]', 'part of an id, or a pattern with * over the whole id']],
  flags: [
    ...kindFlags,
    { flags: '--agent-id <id>', text: 'only those on this agent' },
    ...outputFlags,
    quietFlag,
  ],
  examples: ['dcos task list', 'dcos task list kafka --json', 'dcos task list --completed'],
  run: async (context, given) => {
    const kind = kindOf(given);
    const tasks = await listTasks(await context.http(), {
      word: given.word(0) || undefined,
      kind,
      agentId: given.text('agentId'),
    });
    await printList(context.io, given, tasks, {
      name: ({ id }) => id,
      json: tasks.map(({ task }) => task),
      columns: [
        { heading: 'NAME', value: ({ name }) => name },
        { heading: 'HOST', value: ({ hostname }) => hostname },
        { heading: 'USER', value: ({ user }) => user },
        { heading: 'STATE', value: ({ state }) => state },
        { heading: 'ID', value: ({ id }) => id },
        { heading: 'AGENT ID', value: ({ agentId }) => agentId },
        { heading: 'REGION', value: ({ region }) => region || '---' },
        { heading: 'ZONE', value: ({ zone }) => zone || '---' },
        { heading: 'FRAMEWORK ID', value: ({ frameworkId }) => frameworkId, isWide: true },
      ],
    });
  },
};

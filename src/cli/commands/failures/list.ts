/** `dcos failures` */
import { listIncidents } from '../../../client/failures.js';
import type { Incident } from '../../../wire/incidents.js';
import { type Command, outputFlags, quietFlag } from '../../command.js';
import { printList } from '../../output/list.js';
import { timeText } from '../../output/time.js';

/** Lists incidents. */
export const list: Command = {
  summary: 'what has failed, what it took down, and whether all is whole again',
  flags: [{ flags: '--all', text: 'healed ones as well' }, ...outputFlags, quietFlag],
  examples: [
    'dcos failures',
    'dcos failures --all',
    'dcos failures --all --json',
    'dcos failures show <id>',
  ],
  run: async (context, given) => {
    const isAll = given.has('all');
    const incidents = await listIncidents(await context.http(), isAll);
    if (incidents.length === 0 && !given.has('json') && given.text('output') === undefined) {
      context.io.say(
        isAll ? 'Nothing has failed.' : 'Nothing is broken. What was healed: dcos failures --all',
      );
      return;
    }
    await printList(context.io, given, incidents, {
      name: ({ id }) => id,
      columns: [
        { heading: 'ID', value: ({ id }) => id },
        { heading: 'STATUS', value: ({ status }) => status },
        { heading: 'SINCE', value: ({ startedAt }) => timeText(startedAt) },
        { heading: 'WHOLE AGAIN', value: wholeText },
        { heading: 'LOST', value: ({ lost }) => lost.length },
        { heading: 'SUMMARY', value: ({ summary }) => summary, maxWidth: 100 },
        { heading: 'CAUSE', value: ({ cause }) => cause ?? '', isWide: true },
      ],
    });
  },
};

function wholeText({ status, startedAt, endedAt }: Incident): string {
  if (status === 'open' || endedAt === undefined) return 'not yet';
  return `after ${((endedAt - startedAt) / 1000).toFixed(1)} s`;
}

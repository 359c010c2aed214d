/** `dcos failures show` */
import { getIncident, listIncidents } from '../../../client/failures.js';
import { DcosError } from '../../../core/errors.js';
import type { Incident } from '../../../wire/incidents.js';
import { type Command, outputFlags } from '../../command.js';
import { clean } from '../../output/clean.js';
import { formatOf, printValue } from '../../output/list.js';
import { lengthText, timeText } from '../../output/time.js';
import { didYouMean } from '../../suggest.js';

/** Shows one incident. */
export const show: Command = {
  summary: 'show one incident: cause, evidence, what was lost, what was done',
  words: [['<id>', 'its id']],
  flags: [...outputFlags],
  examples: ['dcos failures show <id>', 'dcos failures show <id> --json'],
  run: async (context, given) => {
    const http = await context.http();
    const id = given.word(0);
    const incident = await getIncident(http, id).catch(async (error: unknown) => {
      if (!(error instanceof DcosError) || error.code !== 'not-found') throw error;
      const ids = (await listIncidents(http, true)).map((one) => one.id);
      throw new DcosError('not-found', `there is no incident '${id}'`, {
        hint: didYouMean(id, ids) ?? 'See: dcos failures --all',
      });
    });
    const format = formatOf(given);
    if (format === 'json' || format === 'yaml') await printValue(context.io, incident, format);
    else context.io.result(format === 'name' ? incident.id : clean(incidentText(incident)));
  },
};

/** An incident in a person's words. */
function incidentText(incident: Incident): string {
  const { summary, cause, evidence, lost, actions, services, startedAt, endedAt } = incident;
  const end =
    endedAt === undefined
      ? 'open'
      : `healed ${timeText(endedAt)}, after ${lengthText(endedAt - startedAt)}`;
  const section = (title: string, lines: readonly string[]): string[] =>
    lines.length === 0 ? [] : ['', `${title}:`, ...lines.map((line) => `  ${line}`)];
  return [
    summary,
    `since ${timeText(startedAt)}, ${end}`,
    ...(cause === undefined ? [] : [`cause: ${cause}`]),
    ...section('Evidence', evidence),
    ...section(
      'Lost',
      lost.map((one) => `${one.taskName} of ${one.service} (${one.state}) ${one.taskId}`),
    ),
    ...section(
      'Done',
      actions.map(({ at, text }) => `${timeText(at)} ${text}`),
    ),
    ...section(
      'Services',
      services.map(({ service, missing, wholeAt }) =>
        wholeAt === undefined
          ? `${service}: ${missing} missing`
          : `${service}: whole again after ${lengthText(wholeAt - startedAt)}`,
      ),
    ),
  ].join('\n');
}

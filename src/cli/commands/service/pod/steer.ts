/** `dcos <service> pod restart|replace|pause|resume` */
import { callService } from '../../../../client/services.js';
import type { Command, Flag } from '../../../command.js';
import { formatJson } from '../../../output/list.js';
import { askService, serviceWords } from '../../../service-words.js';

const tasksFlag = {
  flags: '-t, --tasks <task>',
  text: 'only this task of it; may be repeated',
  isList: true,
};

const forceFlag = {
  flags: '--force',
  text: 'also while another one of its kind is not well, whose data may be lost with it',
};

function steering(verb: string, summary: string, flags: readonly Flag[] = []): Command {
  const hasTasks = flags.includes(tasksFlag);
  return {
    summary,
    words: [['<words...>', '<pod> <service>']],
    flags,
    examples: [`dcos kafka pod ${verb} broker-1`, `dcos service pod ${verb} broker-1 kafka`],
    run: async (context, given) => {
      const { service, words } = serviceWords(given, ['pod'], 1);
      const http = await context.http();
      const rest = `pod/${encodeURIComponent(words[0] ?? '')}/${verb}`;
      const query = given.has('force') ? { query: { force: 'true' } } : {};
      const body = hasTasks ? { body: given.list('tasks') } : {};
      const { data } = await askService(http, service, () =>
        callService(http, service, { method: 'POST', rest, ...query, ...body }),
      );
      context.io.result(formatJson(data, 2));
    },
  };
}

/** Kills the tasks of a pod; they start again where they were. */
export const restart = steering('restart', 'restart the tasks of a pod in place, on their volumes');

/** Gives a pod up and makes it anew elsewhere. */
export const replace = steering(
  'replace',
  'make a pod anew on another place; its volumes are given up',
  [forceFlag],
);

/** Lets a pod's tasks do nothing, for repairs. */
export const pause = steering('pause', 'let the tasks of a pod do nothing, for repairs', [
  tasksFlag,
]);

/** Ends a pause. */
export const resume = steering('resume', 'let a paused pod work again', [tasksFlag]);

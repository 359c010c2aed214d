/** `dcos <service> plan show` */
import { getPlan } from '../../../../client/services.js';
import type { Command } from '../../../command.js';
import { formatJson } from '../../../output/list.js';
import { planTree } from '../../../output/plan.js';
import { askService, serviceWords } from '../../../service-words.js';

/** Shows a plan as a tree. */
export const show: Command = {
  summary: 'show a plan of a service with its phases and steps',
  words: [['<words...>', '[plan] <service>; the plan is deploy if left out']],
  flags: [{ flags: '--json', text: "print the scheduler's own JSON" }],
  examples: ['dcos kafka plan show deploy', 'dcos service plan show deploy kafka --json'],
  run: async (context, given) => {
    const { service, words } = serviceWords(given, ['plan'], 0);
    const http = await context.http();
    const { plan, raw } = await askService(http, service, () =>
      getPlan(http, service, words[0] ?? 'deploy'),
    );
    context.io.result(given.has('json') ? formatJson(raw) : planTree(plan));
  },
};

/** `dcos <service> endpoints` */
import { callService } from '../../../client/services.js';
import type { Command } from '../../command.js';
import { clean } from '../../output/clean.js';
import { formatJson } from '../../output/list.js';
import { askService, serviceWords } from '../../service-words.js';

/** Shows how to reach a service. */
export const endpoints: Command = {
  summary: 'how to reach a service',
  words: [['<words...>', '[endpoint] <service>']],
  flags: [{ flags: '--json', text: 'print JSON' }],
  examples: [
    'dcos kafka endpoints',
    'dcos kafka endpoints broker',
    'dcos service endpoints broker kafka',
  ],
  run: async (context, given) => {
    const { service, words } = serviceWords(given, ['endpoint'], 0);
    const [name] = words;
    const http = await context.http();
    const rest = name === undefined ? 'endpoints' : `endpoints/${encodeURIComponent(name)}`;
    const { data } = await askService(http, service, () =>
      callService(http, service, { method: 'GET', rest }),
    );
    // Some endpoints are files of the service, given as they are.
    if (typeof data === 'string' && !given.has('json')) context.io.result(clean(data));
    else context.io.result(formatJson(data, given.has('json') ? 4 : 2));
  },
};

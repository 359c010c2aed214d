/** `dcos <service> debug …`: answers of the scheduler as it gives them. */
import { callService } from '../../../../client/services.js';
import type { Command } from '../../../command.js';
import { formatJson } from '../../../output/list.js';
import { askService, serviceWords } from '../../../service-words.js';

function showing(
  summary: string,
  example: string,
  names: readonly string[],
  rest: (words: readonly string[]) => string,
  method: 'GET' | 'PUT' = 'GET',
): Command {
  const form = [...names, 'service'].map((name) => `<${name}>`).join(' ');
  return {
    summary,
    words: [['<words...>', form]],
    flags: [{ flags: '--json', text: 'print JSON (as it does anyway)' }],
    examples: [`dcos kafka debug ${example}`, `dcos service debug ${example} kafka`],
    run: async (context, given) => {
      const { service, words } = serviceWords(given, names, names.length);
      const http = await context.http();
      const { data } = await askService(http, service, () =>
        callService(http, service, { method, rest: rest(words) }),
      );
      context.io.result(formatJson(data));
    },
  };
}

const first = (words: readonly string[]): string => encodeURIComponent(words[0] ?? '');

/** Ids of the configurations that its tasks were made from. */
export const configList = showing(
  'the ids of the configurations that are in use',
  'config list',
  [],
  () => 'configurations',
);

/** One configuration. */
export const configShow = showing(
  'one configuration',
  'config show 0123',
  ['id'],
  (words) => `configurations/${first(words)}`,
);

/** The configuration that it is to have. */
export const configTarget = showing(
  'the configuration that the service is to have',
  'config target',
  [],
  () => 'configurations/target',
);

/** Its id. */
export const configTargetId = showing(
  'the id of the configuration that the service is to have',
  'config target_id',
  [],
  () => 'configurations/targetId',
);

/** The framework id. */
export const frameworkId = showing(
  'the id of the framework in Mesos',
  'state framework_id',
  [],
  () => 'state/frameworkId',
);

/** Names of what the scheduler keeps besides. */
export const properties = showing(
  'the names of what the scheduler keeps of itself',
  'state properties',
  [],
  () => 'state/properties',
);

/** One of them. */
export const property = showing(
  'one of the properties',
  'state property deployed',
  ['name'],
  (words) => `state/properties/${first(words)}`,
);

/** Kept for scripts: nothing is cached. */
export const refreshCache = showing(
  'read the state anew (it always is)',
  'state refresh_cache',
  [],
  () => 'state/refresh',
  'PUT',
);

/** Why what waits was placed nowhere. */
export const offers = showing(
  'what waits for resources, and why each agent was refused',
  'offers',
  [],
  () => 'debug/offers',
);

/** The newest state of each task. */
export const tasks = showing(
  'the newest state of each task',
  'tasks',
  [],
  () => 'debug/taskStatuses',
);

/** What is held on agents. */
export const reservations = showing(
  'what the service holds on agents',
  'reservations',
  [],
  () => 'debug/reservations',
);

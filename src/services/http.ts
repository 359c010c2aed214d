/** Marathon's HTTP API over the state of `services` (reference: marathon docs/docs/rest-api). */
import { DcosError } from '../core/errors.js';
import type { Answer, Route } from '../core/http/server.js';
import { route } from './answers.js';
import { appRoutes } from './http-apps.js';
import { groupRoutes } from './http-groups.js';
import { taskRoutes } from './http-tasks.js';
import type { Running } from './run.js';

/** The Marathon whose API this is. */
const marathonVersion = '1.11.0';

/** Every route; paths begin with `/v2/` or are `/ping`. */
export function marathonRoutes(running: Running): Route[] {
  return [
    route('GET', '/ping', () => ({ status: 200, text: 'pong' }), 'open'),
    route('GET', '/v2/info', ({ headers }) => ({
      status: 200,
      json: info(running, headers.host ?? ''),
    })),
    route('GET', '/v2/leader', ({ headers }) => ({
      status: 200,
      json: { leader: headers.host ?? '' },
    })),
    route('GET', '/v2/events', (request): Answer | undefined => {
      if (!(request.headers.accept ?? '').includes('text/event-stream')) {
        throw new DcosError('usage', 'Accept must be text/event-stream', { status: 405 });
      }
      const types = new Set(request.query.getAll('event_type'));
      if (running.events.attach(request, types)) return undefined;
      throw new DcosError('refused', 'there are too many listeners', { status: 503 });
    }),
    ...appRoutes(running),
    ...taskRoutes(running),
    ...groupRoutes(running),
  ];
}

function info({ state, options }: Running, leader: string): object {
  return {
    name: options.frameworkName,
    version: marathonVersion,
    buildref: 'dcos',
    elected: true,
    leader,
    frameworkId: state.frameworkId ?? null,
    marathon_config: {
      master: options.mesosUrl,
      framework_name: options.frameworkName,
      mesos_role: options.role,
      mesos_authentication_principal: options.principal,
      failover_timeout: 604_800,
      checkpoint: true,
      ha: false,
    },
    zookeeper_config: {},
    http_config: {},
  };
}

/** Requests to an agent, at `/` and under `/slave(1)/` (recordings: agent/). */
import { principalOf } from '../../core/credentials.js';
import { type Server, startServer } from '../../core/http/server.js';
import type { Logger } from '../../core/logger.js';
import type { AgentState } from './state.js';

/** What the server shows, and who may see it. */
export interface ServeOptions {
  readonly state: AgentState;
  readonly clusterKey: string;
  readonly log: Logger;
}

/** Starts the agent's server on its own address. Throws `conflict` if the port is taken. */
export function serveAgent({ state, clusterKey, log }: ServeOptions): Promise<Server> {
  return startServer({
    host: state.self.host,
    port: state.self.port,
    routes: [{ method: 'GET', path: '/health', access: 'open', handle: () => ({ status: 200 }) }],
    authenticate: async (headers) => {
      const uid = principalOf(headers, clusterKey);
      return uid === undefined ? undefined : { uid };
    },
    wwwAuthenticate: 'Basic realm="mesos-agent-readonly"',
    log,
  });
}

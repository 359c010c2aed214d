/** Agents and masters, as Mesos tells them through the gateway. */
import { asList, asObject } from './answers.js';
import type { Http } from './http.js';

/** The master's whole state (`/mesos/master/state`). */
export async function mesosState(http: Http): Promise<Record<string, unknown>> {
  return asObject(await http.json({ method: 'GET', path: '/mesos/master/state' }));
}

/** How many agents are registered and active. */
export async function activeAgentCount(http: Http): Promise<number> {
  const { slaves } = asObject(await http.json({ method: 'GET', path: '/mesos/master/slaves' }));
  return asList(slaves).filter((agent) => asObject(agent).active === true).length;
}

/** What an operator orders for one agent (apache/mesos docs/operator-http-api.md). */
export type AgentOrder =
  | {
      readonly type: 'DRAIN_AGENT';
      /** The longest that a task gets to end, in ms; the task's own grace period if left out. */
      readonly maxGraceMs?: number | undefined;
      /** Give the agent up once it is drained. */
      readonly markGone: boolean;
    }
  | { readonly type: 'DEACTIVATE_AGENT' | 'REACTIVATE_AGENT' | 'MARK_AGENT_GONE' };

/** Gives the order to the master. Throws `invalid` with its reason where it refuses. */
export async function orderAgent(http: Http, agentId: string, order: AgentOrder): Promise<void> {
  const body = { agent_id: { value: agentId } };
  const more =
    order.type !== 'DRAIN_AGENT'
      ? {}
      : {
          mark_gone: order.markGone,
          ...(order.maxGraceMs === undefined
            ? {}
            : { max_grace_period: protobufDuration(order.maxGraceMs) }),
        };
  const call = { type: order.type, [order.type.toLowerCase()]: { ...body, ...more } };
  await http.json({ method: 'POST', path: '/mesos/api/v1', body: call });
}

/** As Apache Mesos reads it: nanoseconds, as its other durations are, would be none at all. */
function protobufDuration(ms: number): { seconds: number; nanos: number } {
  return { seconds: Math.floor(ms / 1_000), nanos: (ms % 1_000) * 1_000_000 };
}

/** One registered agent, as `findAgent` names it. */
export interface AgentName {
  readonly id: string;
  readonly hostname: string;
  /** `DRAINING`, `DRAINED`; `undefined` for neither. */
  readonly drainState: string | undefined;
}

/** The registered agents, by `GET /mesos/master/slaves`. */
export async function listAgents(http: Http): Promise<AgentName[]> {
  const { slaves } = asObject(await http.json({ method: 'GET', path: '/mesos/master/slaves' }));
  return asList(slaves).map((agent) => {
    const { id, hostname, drain_info } = asObject(agent);
    const { state } = asObject(drain_info);
    return {
      id: String(id),
      hostname: String(hostname),
      drainState: typeof state === 'string' ? state : undefined,
    };
  });
}

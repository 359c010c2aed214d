/**
 * Operator calls to the master (v1 operator API), embedded or Apache Mesos alike, as the principal
 * `control`.
 */
import { DcosError } from '../core/errors.js';
import { callHttp, streamHttp } from '../core/http/request.js';
import { tryParseJson } from '../core/json.js';
import { type Leader, leaderOf } from '../core/leader/leader.js';
import type { LocalCluster } from '../wire/local-cluster.js';
import type { Resource } from '../wire/mesos/common.js';
import {
  type GetAgents,
  type GetFrameworks,
  type GetTasks,
  getAgentsSchema,
  getFrameworksSchema,
  getTasksSchema,
  type OperatorEvent,
  operatorEventSchema,
} from '../wire/mesos/operator.js';
import { RecordDecoder } from '../wire/recordio.js';
import type { MesosLogin } from './mesos-login.js';

/**
 * What the control plane asks of a master. Every call throws `unreachable` where there is none,
 * `failed` where it refuses.
 */
export interface Operator {
  /** `http://host:port` of the master that leads, as far as is known. */
  readonly url: string;
  /** The `Authorization` header for master and agents. */
  readonly authorization: string;
  agents(): Promise<GetAgents>;
  frameworks(): Promise<GetFrameworks>;
  tasks(): Promise<GetTasks>;
  version(): Promise<string>;
  teardown(frameworkId: string): Promise<void>;
  unreserve(agentId: string, resources: readonly Resource[]): Promise<void>;
  destroyVolumes(agentId: string, volumes: readonly Resource[]): Promise<void>;
  /**
   * Hands over events until the stream ends, breaks, or is silent for too long; resolves then.
   * Throws if it can't begin.
   */
  subscribe(onEvent: (event: OperatorEvent) => void, signal: AbortSignal): Promise<void>;
}

/** Silence of so many heartbeats means that the connection is dead. */
const maxMissedHeartbeats = 3;
const defaultHeartbeatS = 15;

/** Makes operator calls to the master of `cluster`. */
export function createOperator(
  cluster: LocalCluster,
  login: Pick<MesosLogin, 'authorization'>,
): Operator {
  const leader = leaderOf(mesosUrlOf(cluster));
  const authorization = login.authorization('control');
  const call = async (body: { type: string } & Record<string, unknown>): Promise<unknown> => {
    const answer = await askLeader(leader, (url) =>
      callHttp({
        method: 'POST',
        url: `${url}/api/v1`,
        headers: { authorization, accept: 'application/json', 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    );
    const text = answer.body.toString('utf8');
    if (answer.status >= 200 && answer.status < 300) return text === '' ? {} : tryParseJson(text);
    const why = text.slice(0, 300) || `status ${answer.status}`;
    throw new DcosError('failed', `the master refused ${body.type}: ${why}`, {
      status: answer.status,
    });
  };
  return {
    get url() {
      return leader.url;
    },
    authorization,
    agents: async () =>
      getAgentsSchema.parse(member(await call({ type: 'GET_AGENTS' }), 'get_agents')),
    frameworks: async () =>
      getFrameworksSchema.parse(member(await call({ type: 'GET_FRAMEWORKS' }), 'get_frameworks')),
    tasks: async () => getTasksSchema.parse(member(await call({ type: 'GET_TASKS' }), 'get_tasks')),
    version: async () => {
      const info = member(
        member(await call({ type: 'GET_VERSION' }), 'get_version'),
        'version_info',
      );
      return String((info as { version?: unknown }).version ?? 'unknown');
    },
    teardown: async (frameworkId) => {
      await call({ type: 'TEARDOWN', teardown: { framework_id: { value: frameworkId } } });
    },
    unreserve: async (agentId, resources) => {
      await call({
        type: 'UNRESERVE_RESOURCES',
        unreserve_resources: { agent_id: { value: agentId }, resources },
      });
    },
    destroyVolumes: async (agentId, volumes) => {
      await call({
        type: 'DESTROY_VOLUMES',
        destroy_volumes: { agent_id: { value: agentId }, volumes },
      });
    },
    subscribe: (onEvent, signal) => subscribe({ leader, authorization, onEvent, signal }),
  };
}

/** Where the cluster's master is, or its masters are (`core/leader/address.ts`). */
export function mesosUrlOf(cluster: LocalCluster): string {
  if (cluster.mesosUrl !== undefined) return cluster.mesosUrl.replace(/\/+$/, '');
  if (cluster.master !== undefined) return `http://${cluster.master.host}:${cluster.master.port}`;
  throw new DcosError('corrupt', 'cluster.json names neither a master nor a mesosUrl');
}

/** Whether a master that was asked does not lead, and what it says of who does. */
interface MayRedirect {
  readonly status: number;
  readonly headers: { readonly location?: string | undefined };
}

/** Asks who leads, and once more where that has changed. */
async function askLeader<Answer extends MayRedirect>(
  leader: Leader,
  ask: (url: string) => Promise<Answer>,
): Promise<Answer> {
  const url = await leader.find();
  let answer: Answer;
  try {
    answer = await ask(url);
  } catch (error) {
    leader.forget();
    throw error;
  }
  const { location } = answer.headers;
  if (answer.status === 307 && location !== undefined) {
    leader.redirected(location);
    return ask(leader.url);
  }
  // No master leads at the moment.
  if (answer.status === 503) leader.forget();
  return answer;
}

interface Subscription {
  readonly leader: Leader;
  readonly authorization: string;
  readonly onEvent: (event: OperatorEvent) => void;
  readonly signal: AbortSignal;
}

async function subscribe({ leader, authorization, onEvent, signal }: Subscription): Promise<void> {
  const { response } = await askLeader(leader, async (url) => {
    const response = await streamHttp({
      method: 'POST',
      url: `${url}/api/v1`,
      headers: { authorization, accept: 'application/json', 'content-type': 'application/json' },
      body: JSON.stringify({ type: 'SUBSCRIBE' }),
      signal,
    });
    const { statusCode = 0, headers } = response;
    if (statusCode === 307) response.destroy();
    return { status: statusCode, headers, response };
  });
  if (response.statusCode !== 200) {
    response.destroy();
    throw new DcosError(
      'failed',
      `the master refused SUBSCRIBE with status ${response.statusCode}`,
    );
  }
  const decoder = new RecordDecoder();
  let silenceMs = defaultHeartbeatS * maxMissedHeartbeats * 1000;
  await new Promise<void>((resolve) => {
    let timer = setTimeout(() => response.destroy(), silenceMs);
    response.on('data', (chunk: Buffer) => {
      clearTimeout(timer);
      try {
        for (const record of decoder.push(chunk)) {
          const event = parseEvent(record);
          if (event?.type === 'SUBSCRIBED') {
            const seconds = event.subscribed.heartbeat_interval_seconds ?? defaultHeartbeatS;
            silenceMs = seconds * maxMissedHeartbeats * 1000;
          }
          if (event !== undefined) onEvent(event);
        }
        timer = setTimeout(() => response.destroy(), silenceMs);
      } catch {
        response.destroy();
      }
    });
    response.on('error', () => {});
    response.on('close', () => {
      clearTimeout(timer);
      leader.forget();
      resolve();
    });
  });
}

/** Events of types that nobody here needs are left out. */
function parseEvent(record: Buffer): OperatorEvent | undefined {
  const parsed = operatorEventSchema.safeParse(tryParseJson(record.toString('utf8')));
  return parsed.success ? parsed.data : undefined;
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? ((value as Record<string, unknown>)[name] ?? {})
    : {};
}

/** The task that brings our executor to an agent, and the executor itself. Pure. */
import { match, type OfferView } from '../framework/match.js';
import { nothing } from '../framework/requirement.js';
import type { ExecutorInfo, TaskInfo } from '../wire/mesos/task.js';
import { clusterLabel } from './create/labels.js';
import type { EngineTask, Node, State } from './state.js';

/** What the task itself holds: Mesos knows no task of nothing. */
const taskShare = { cpus: 0.01, memMb: 8 };
const shutdownGraceSeconds = 30;

/** The launch of an executor on `node`; `undefined` where the offer is too small. */
export function engineLaunch(
  state: State,
  node: Node,
  view: OfferView,
): { readonly task: EngineTask; readonly info: TaskInfo; readonly left: OfferView } | undefined {
  const { executorCpus, executorMemMb } = state.settings;
  const context = { others: [], instances: 1 };
  const own = match(
    { ...nothing, cpus: executorCpus, memMb: executorMemMb, ports: [{ name: 'api', port: 0 }] },
    view,
    context,
  );
  if (!own.ok) return undefined;
  const share = match({ ...nothing, ...taskShare }, own.left, context);
  if (!share.ok) return undefined;
  const [port = 0] = own.match.ports;
  const id = state.random.uuid().slice(0, 8);
  const executor = executorOf(state, node, id, port, [...own.match.resources]);
  const taskId = `engine.${node.name}.${id}`;
  const labels = { DCOS_SERVICE: state.settings.serviceName, DCOS_INSTANCE: `engine-${node.name}` };
  const info: TaskInfo = {
    name: 'engine',
    task_id: { value: taskId },
    agent_id: { value: node.agentId },
    resources: [...share.match.resources],
    executor,
    labels: { labels: Object.entries(labels).map(([key, value]) => ({ key, value })) },
  };
  return { task: { taskId, executor, port, isRunning: false }, info, left: share.left };
}

function executorOf(
  state: State,
  node: Node,
  id: string,
  port: number,
  resources: ExecutorInfo['resources'],
): ExecutorInfo {
  const { serviceName, clusterId, uris, publicKey, user } = state.settings;
  const variables = {
    SWARM_CLUSTER_ID: clusterId,
    SWARM_NODE_ID: node.agentId,
    SWARM_SOCKET: node.socket,
    SWARM_HOST: node.address,
    SWARM_PORT: String(port),
    SWARM_PUBLIC_KEY: publicKey,
    SWARM_LABEL: clusterLabel,
    UV_THREADPOOL_SIZE: '4',
  };
  return {
    type: 'CUSTOM',
    executor_id: { value: `swarm-${id}` },
    ...(state.frameworkId === undefined ? {} : { framework_id: { value: state.frameworkId } }),
    name: `${serviceName} executor`,
    resources,
    shutdown_grace_period: { nanoseconds: shutdownGraceSeconds * 1e9 },
    command: {
      shell: true,
      value:
        'export PATH="$MESOS_SANDBOX/node/bin:$PATH"; exec node ' +
        '--max-semi-space-size=2 dcos/bin/dcos-swarm.js executor',
      user,
      uris: uris.map((value) => ({ value })),
      environment: {
        variables: Object.entries(variables).map(([name, value]) => ({
          name,
          type: 'VALUE',
          value,
        })),
      },
    },
  };
}

/** The things of a pretended cluster of Docker engines, and what must hold of them at rest. */
import { holds, type OwnContainer } from '../../src/swarm/executor/step.js';
import type { ListedAgent } from '../../src/swarm/messages.js';
import type { EngineFacts, Settings, State } from '../../src/swarm/state.js';
import type { Resource } from '../../src/wire/mesos/common.js';
import type { Offer } from '../../src/wire/mesos/scheduler.js';
import type { TaskInfo, TaskState } from '../../src/wire/mesos/task.js';

/** Settings of a swarm for tests. */
export const settings: Settings = {
  serviceName: 'swarm',
  role: 'swarm-role',
  principal: 'swarm',
  user: 'root',
  clusterId: 'cluster',
  strategy: 'spread',
  offerTimeoutMs: 5_000,
  defaultCpus: 0.1,
  defaultMemMb: 32,
  overcommit: 0.05,
  executorCpus: 0.1,
  executorMemMb: 64,
  uris: [],
  publicKey: 'key',
};

/** An agent and its engine. */
export interface PretendedAgent {
  readonly id: string;
  isUp: boolean;
  /** The master has lost its memory, and the agent has not come back to it yet. */
  isForgotten: boolean;
  /** By container id. */
  readonly engine: Map<string, OwnContainer>;
}

/** A task as its agent knows it. */
export interface PretendedTask {
  readonly info: TaskInfo;
  readonly agent: PretendedAgent;
  state: TaskState;
}

/** A label of a task. */
export const labelOf = (info: TaskInfo, name: string): string | undefined =>
  info.labels?.labels?.find(({ key }) => key === name)?.value;

/** Whether an engine has a container of that swarm id. */
export const homesIn = (engine: PretendedAgent['engine'], swarmId: string): boolean =>
  [...engine.values()].some((one) => one.swarmId === swarmId);

/** The container that a task holds, as its executor sees it. */
export function containerOf({ info, agent }: PretendedTask): string | undefined {
  const task = {
    taskId: info.task_id.value,
    swarmId: labelOf(info, 'DCOS_SWARM_ID'),
    expected: labelOf(info, 'SWARM_CONTAINER_ID'),
  };
  return [...agent.engine.values()].find((container) => holds(task, container))?.containerId;
}

/** Whether a task has ended. */
export const isOver = (state: TaskState): boolean =>
  ['TASK_FINISHED', 'TASK_FAILED', 'TASK_KILLED', 'TASK_LOST'].includes(state);

/** An agent as the master lists it. */
export function listedAgent(id: string): ListedAgent {
  return {
    agentId: id,
    hostname: id,
    address: id,
    attributes: { docker_socket: '/docker.sock' },
    region: undefined,
    zone: undefined,
    cpus: 4,
    memMb: 4096,
  };
}

/** What an engine says about itself. */
export function factsOf(id: string): EngineFacts {
  return {
    engineId: id,
    engineKey: id,
    version: '20.10',
    apiVersion: '1.41',
    minApiVersion: '1.12',
    cpus: 4,
    memBytes: 4096 * 1048576,
    labels: {},
    images: [],
  };
}

/** All of an agent, offered. */
export function offerOf(agentId: string, id: string): Offer {
  const scalar = (name: string, value: number): Resource => ({
    name,
    type: 'SCALAR',
    scalar: { value },
  });
  const ranges = { range: [{ begin: 10_000, end: 10_999 }] };
  return {
    id: { value: id },
    framework_id: { value: 'framework' },
    agent_id: { value: agentId },
    hostname: agentId,
    resources: [scalar('cpus', 4), scalar('mem', 4096), { name: 'ports', type: 'RANGES', ranges }],
  };
}

/** What is to be looked at once all is at rest. */
export interface Outcome {
  readonly state: State;
  readonly store: ReadonlyMap<string, unknown>;
  readonly agents: readonly PretendedAgent[];
  readonly tasks: ReadonlyMap<string, PretendedTask>;
}

/** What does not hold though it must, at rest. */
export function problemsOf(world: Outcome): string[] {
  const found: string[] = [];
  for (const {
    swarmId,
    phase,
    containerId,
    agentId,
    formerTasks,
  } of world.state.containers.values()) {
    const homes = world.agents.filter(({ engine }) => homesIn(engine, swarmId));
    if (phase !== 'made') found.push(`${swarmId.slice(9, 12)} is still ${phase}`);
    if (homes.length !== 1) found.push(`${swarmId.slice(9, 12)} is on ${homes.length} engines`);
    if (homes[0]?.id !== agentId || !homes[0]?.engine.has(containerId ?? '')) {
      found.push(`${swarmId.slice(9, 12)} is not where its record says`);
    }
    const tasks = [...world.tasks.values()].filter(
      ({ info }) =>
        labelOf(info, 'DCOS_SWARM_ID') === swarmId && !formerTasks.includes(info.task_id.value),
    );
    if (tasks.length !== 1) found.push(`${swarmId.slice(9, 12)} has ${tasks.length} tasks`);
    if (!world.store.has(`container/${swarmId}`))
      found.push(`${swarmId.slice(9, 12)} is not stored`);
  }
  for (const { engine } of world.agents) {
    for (const { swarmId } of engine.values()) {
      if (!world.state.containers.has(swarmId)) found.push(`${swarmId.slice(9, 12)} is an orphan`);
    }
  }
  for (const { info } of world.tasks.values()) {
    const swarmId = labelOf(info, 'DCOS_SWARM_ID');
    if (swarmId !== undefined && !world.state.containers.has(swarmId)) {
      found.push(`the task ${info.task_id.value} is nobody's`);
    }
  }
  const names = [...world.state.containers.values()].map(({ name }) => name);
  if (new Set(names).size !== names.length) found.push('two containers have one name');
  return found;
}

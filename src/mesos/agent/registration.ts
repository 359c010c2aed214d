/** What an agent says of itself when it registers, and what a registration changes. */
import type { RegisterMessage } from '../../wire/agent-link.js';
import type { Id } from '../../wire/mesos/common.js';
import type { AgentInfo, TaskInfo } from '../../wire/mesos/task.js';
import { mesosVersion } from '../../wire/mesos/version.js';
import { resourcesOf } from '../../wire/resources/pool.js';
import type { AgentEffect } from './events.js';
import { shutDownExecutor } from './executor/shutdown.js';
import { killTask, leaveIfDone } from './kill.js';
import { persist, selfRecord, taskRecord } from './records.js';
import { type AgentState, isLive, liveExecutors, liveTasks } from './state.js';
import { resendAll } from './updates.js';

/** The agent as the master and its offers show it. */
export function agentInfoOf(state: AgentState): AgentInfo {
  const { host, port, rack, nodeVersion, resources, docker } = state.self;
  const attribute = (name: string, value: string) =>
    ({ name, type: 'TEXT', text: { value } }) as const;
  return {
    hostname: host,
    port,
    resources: [...resources],
    attributes: [
      attribute('rack', rack),
      attribute('node', nodeVersion),
      attribute('os', 'linux'),
      ...(docker === undefined ? [] : [attribute('docker_socket', docker.socket)]),
      ...(docker?.version === undefined ? [] : [attribute('docker_version', docker.version)]),
    ],
    ...(state.agentId === undefined ? {} : { id: { value: state.agentId } }),
    domain: { fault_domain: { region: { name: 'local' }, zone: { name: rack } } },
    checkpoint: true,
  };
}

/** The message that asks for a registration. Tasks that are over and told are left out. */
export function registerMessageOf(state: AgentState): RegisterMessage {
  const told = [...state.tasks.values()].filter(
    (task) => task.silent !== true && (isLive(task) || task.pending.length > 0),
  );
  const groups = [...state.groups.values()].filter((group) => group.endedAt === undefined);
  return {
    agent: agentInfoOf(state),
    version: mesosVersion,
    resources: resourcesOf(state.resources),
    tasks: told.map((task) => ({
      framework_id: { value: task.frameworkId },
      task: withoutSecrets(task.info),
      executor_id: { value: task.executorId },
      statuses: task.statuses,
    })),
    executors: [...groups, ...liveExecutors(state)].map(({ frameworkId, executor }) => ({
      framework_id: { value: frameworkId },
      executor: { ...executor, ...bare(executor) },
    })),
    frameworks: [...state.frameworks.values()],
  };
}

/** The environment may hold secrets, and no master needs it again. */
function withoutSecrets(info: TaskInfo): TaskInfo {
  const { executor } = info;
  return {
    ...info,
    ...bare(info),
    ...(executor === undefined ? {} : { executor: { ...executor, ...bare(executor) } }),
  };
}

function bare({ command }: Pick<TaskInfo, 'command'>): Pick<TaskInfo, 'command'> {
  if (command === undefined) return {};
  const { environment: _environment, ...rest } = command;
  return { command: rest };
}

/** The master took the agent in. */
export function registered(
  state: AgentState,
  agentId: string,
  unwanted: readonly Id[],
  now: number,
): AgentEffect[] {
  const effects: AgentEffect[] = [];
  if (state.agentId !== agentId) {
    state.agentId = agentId;
    effects.push(persist(selfRecord(state)));
  }
  state.linked = true;
  for (const { value } of unwanted) effects.push(...shutDownFramework(state, value, now));
  return [...effects, ...resendAll(state, now)];
}

/**
 * The agent may not come back as who it was: its tasks go, without a word to anybody, and then its
 * id.
 */
export function refused(state: AgentState, now: number): AgentEffect[] {
  state.linked = false;
  state.refused = true;
  const effects = liveTasks(state).flatMap((task) => {
    task.silent = true;
    return task.within === undefined ? killTask(state, task, now, { quiet: true }) : [];
  });
  const ended = liveExecutors(state).flatMap((run) => shutDownExecutor(state, run, now));
  return [...effects, ...ended, ...leaveIfDone(state)];
}

/** All tasks of a framework go; nobody is left to be told. */
export function shutDownFramework(
  state: AgentState,
  frameworkId: string,
  now: number,
): AgentEffect[] {
  const effects = [...state.tasks.values()]
    .filter((task) => task.frameworkId === frameworkId)
    .flatMap((task): AgentEffect[] => {
      task.silent = true;
      task.pending = [];
      state.resends.delete(task.containerId);
      return [
        persist(taskRecord(task)),
        ...(task.within === undefined ? killTask(state, task, now, { quiet: true }) : []),
      ];
    });
  const executors = liveExecutors(state).filter((run) => run.frameworkId === frameworkId);
  return [...effects, ...executors.flatMap((run) => shutDownExecutor(state, run, now))];
}

/** All tasks go, to be told of at the next start; the agent leaves with the last one. */
export function stopAll(state: AgentState, now: number): AgentEffect[] {
  state.stopping = true;
  const message = 'agent stopped';
  const effects = liveTasks(state)
    .filter((task) => task.within === undefined)
    .flatMap((task) => killTask(state, task, now, { message, quiet: true }));
  const ended = liveExecutors(state).flatMap((run) =>
    shutDownExecutor(state, run, now, { state: 'TASK_KILLED', message }),
  );
  return [...effects, ...ended, ...leaveIfDone(state)];
}

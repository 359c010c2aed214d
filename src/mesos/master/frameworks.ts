/** Frameworks as a whole: how one comes into being, loses its connection, and goes. */

import type { FrameworkInfo } from '../../wire/mesos/scheduler.js';
import { closeStream, count, note, order, persist, publish, type Turn } from './events.js';
import { rescindAll, takeOutOfUse } from './holdings.js';
import type { Framework, MasterState } from './state.js';
import { archive, keep, mastersStatus } from './tasks.js';
import { frameworkEvent } from './views/messages.js';

/** The roles of a framework, whichever field names them. */
export function rolesOf(info: FrameworkInfo): string[] {
  const multi = (info.capabilities ?? []).some(({ type }) => type === 'MULTI_ROLE');
  return multi ? [...new Set(info.roles ?? [])] : [info.role ?? '*'];
}

/** A framework that nobody knew; it is not connected yet. */
export function newFramework(
  turn: Turn,
  id: string,
  info: FrameworkInfo,
  recovered: boolean,
): Framework {
  const framework: Framework = {
    id,
    info: { ...info, id: { value: id } },
    roles: rolesOf(info),
    capabilities: capabilitiesOf(info),
    stream: undefined,
    recovered,
    principal: undefined,
    registeredAt: turn.now,
    reregisteredAt: turn.now,
    unregisteredAt: 0,
    suppressed: new Set(),
    constraints: {},
    refusals: new Map(),
    tasks: new Map(),
    unreachable: new Map(),
    completed: [],
    executors: new Map(),
    offers: new Set(),
    held: new Map(),
    failoverAt: undefined,
    heartbeatAt: 0,
  };
  turn.state.frameworks.set(id, framework);
  return framework;
}

/** What `info` says that the framework is capable of. */
export function capabilitiesOf(info: FrameworkInfo): ReadonlySet<string> {
  return new Set((info.capabilities ?? []).flatMap(({ type }) => type ?? []));
}

/**
 * Its stream is gone: its offers are taken back, and the time begins within which it may come
 * back.
 */
export function disconnect(turn: Turn, framework: Framework): void {
  framework.stream = undefined;
  rescindAll(turn, framework.offers, false);
  framework.refusals.clear();
  armFailover(turn.state, framework);
  if ((framework.info.failover_timeout ?? 0) <= 0) {
    removeFramework(turn, framework, 'failover timeout of zero');
  }
}

/** It has its `failover_timeout` from now on to come back. */
export function armFailover(state: MasterState, framework: Framework): void {
  const seconds = framework.info.failover_timeout ?? 0;
  framework.failoverAt = state.awakeMs + Math.min(Math.max(seconds, 0), 315_360_000) * 1000;
}

/**
 * It goes for ever: its tasks are stopped, nothing is held in its name but reservations and
 * volumes.
 */
export function removeFramework(turn: Turn, framework: Framework, why: string): void {
  const { state } = turn;
  note(turn, 'framework removed', { framework: framework.id, name: framework.info.name, why });
  rememberRemoved(turn, framework);
  rescindAll(turn, framework.offers, false);
  for (const agent of state.agents.values()) {
    order(turn, agent, { type: 'SHUTDOWN_FRAMEWORK', framework_id: { value: framework.id } });
    for (const [key, kill] of agent.kills) {
      if (kill.frameworkId === framework.id) agent.kills.delete(key);
    }
  }
  endTasks(turn, framework);
  for (const executor of framework.executors.values()) {
    const agent = state.agents.get(executor.agentId);
    const held = executor.info.resources ?? [];
    if (agent !== undefined) takeOutOfUse(state, agent, framework, held);
  }
  framework.executors.clear();
  for (const [uuid, operation] of state.operations) {
    if (operation.frameworkId === framework.id) state.operations.delete(uuid);
  }
  if (framework.stream !== undefined) closeStream(turn, framework.stream);
  framework.stream = undefined;
  framework.failoverAt = undefined;
  framework.unregisteredAt = turn.now;
  state.frameworks.delete(framework.id);
  keep(state.completedFrameworks, framework, state.options.maxCompletedFrameworks);
  publish(turn, () => ({
    type: 'FRAMEWORK_REMOVED',
    framework_removed: { framework_info: framework.info },
  }));
}

function endTasks(turn: Turn, framework: Framework): void {
  const { state } = turn;
  for (const task of [...framework.tasks.values(), ...framework.unreachable.values()]) {
    if (framework.tasks.has(task.task_id.value)) {
      const status = mastersStatus(turn, task, 'TASK_KILLED', {
        message: `Framework ${framework.id} removed`,
        reason: 'REASON_FRAMEWORK_REMOVED',
      });
      archive(turn, framework, task, status);
    } else keep(framework.completed, task, state.options.maxCompletedTasks);
  }
  framework.unreachable.clear();
}

function rememberRemoved(turn: Turn, framework: Framework): void {
  const { removedFrameworks, options } = turn.state;
  removedFrameworks.add(framework.id);
  persist(turn, `removed-frameworks/${framework.id}`, { at: turn.now });
  for (const oldest of removedFrameworks) {
    if (removedFrameworks.size <= options.maxRemovedFrameworks) break;
    removedFrameworks.delete(oldest);
    persist(turn, `removed-frameworks/${oldest}`, null);
  }
  count(turn.state, 'master/frameworks_removed');
}

/** Tells operators that something about it changed. */
export function publishUpdated(turn: Turn, framework: Framework): void {
  publish(turn, () => ({
    type: 'FRAMEWORK_UPDATED',
    framework_updated: { framework: frameworkEvent(framework) },
  }));
}

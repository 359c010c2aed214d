/**
 * Which sandboxes of ended tasks go: the last runs of each name stay to be read, and a filling disk
 * keeps only the young.
 */
import type { AgentEffect } from './events.js';
import { gone, persist } from './records.js';
import { type AgentState, isLive, type TaskRun } from './state.js';

/** Ended runs kept per framework and task name, and in all. */
const keptPerName = 5;
const keptInAll = 250;
/** Below this part of free disk, ended runs older than a day go. */
const pressure = 0.1;
const keptUnderPressureMs = 24 * 3600 * 1000;
/** No run goes sooner, so that whoever reads of a failure can still read its log. */
const youngestMs = 60_000;

/** Removes what is over its bounds, records and sandboxes. */
export function collect(state: AgentState, freeFraction: number, now: number): AgentEffect[] {
  const doomed = [...doomedTasks(state, freeFraction, now)];
  const effects: AgentEffect[] = [];
  for (const task of doomed) {
    state.tasks.delete(task.containerId);
    state.resends.delete(task.containerId);
    const { sandbox, containerId } = task;
    effects.push(persist(gone('task', containerId)), { type: 'RemoveRun', sandbox, containerId });
  }
  for (const group of [...state.groups.values()]) {
    if (group.endedAt === undefined || group.tasks.some((id) => state.tasks.has(id))) continue;
    const { sandbox, containerId } = group;
    state.groups.delete(containerId);
    effects.push(persist(gone('group', containerId)), { type: 'RemoveRun', sandbox, containerId });
  }
  return [...effects, ...forgetFrameworks(state)];
}

function* doomedTasks(state: AgentState, freeFraction: number, now: number): Iterable<TaskRun> {
  const ended = [...state.tasks.values()]
    .filter((task) => !isLive(task) && task.pending.length === 0)
    .sort((a, b) => (b.endedAt ?? 0) - (a.endedAt ?? 0));
  const perName = new Map<string, number>();
  let inAll = 0;
  for (const task of ended) {
    const name = `${task.frameworkId}\n${task.info.name}`;
    const kept = perName.get(name) ?? 0;
    const age = now - (task.endedAt ?? 0);
    const old = freeFraction < pressure && age > keptUnderPressureMs;
    if (age > youngestMs && (old || kept >= keptPerName || inAll >= keptInAll)) {
      yield task;
      continue;
    }
    perName.set(name, kept + 1);
    inAll += 1;
  }
}

function forgetFrameworks(state: AgentState): AgentEffect[] {
  const used = new Set([...state.tasks.values()].map((task) => task.frameworkId));
  return [...state.frameworks.keys()]
    .filter((id) => !used.has(id))
    .map((id) => {
      state.frameworks.delete(id);
      return persist(gone('framework', id));
    });
}

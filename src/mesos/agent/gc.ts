/**
 * Which sandboxes of ended tasks go: the last runs of each name stay to be read, and a filling disk
 * keeps only the young.
 */
import type { AgentEffect } from './events.js';
import { gone, groupRecord, persist } from './records.js';
import { type AgentState, type ExecutorRun, isLive, type TaskRun, tasksWithin } from './state.js';

/** Ended runs kept per framework and task name, and in all. */
const keptPerName = 5;
const keptInAll = 250;
/** Ended tasks shown of a custom executor that lives; as many as Mesos shows. */
const keptPerExecutor = 200;
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
  effects.push(...collectExecutors(state, freeFraction, now));
  for (const group of [...state.groups.values()]) {
    if (group.endedAt === undefined) {
      const known = group.tasks.filter((id) => state.tasks.has(id));
      if (known.length < group.tasks.length) {
        group.tasks.splice(0, group.tasks.length, ...known);
        effects.push(persist(groupRecord(group)));
      }
      continue;
    }
    if (group.tasks.some((id) => state.tasks.has(id))) continue;
    const { sandbox, containerId } = group;
    state.groups.delete(containerId);
    effects.push(persist(gone('group', containerId)), { type: 'RemoveRun', sandbox, containerId });
  }
  return [...effects, ...forgetFrameworks(state)];
}

function* doomedTasks(state: AgentState, freeFraction: number, now: number): Iterable<TaskRun> {
  const ended = [...state.tasks.values()].filter(
    (task) => task.within === undefined && !isLive(task) && task.pending.length === 0,
  );
  const nameOf = (task: TaskRun): string => `${task.frameworkId}\n${task.info.name}`;
  yield* doomedOf(ended, nameOf, freeFraction, now);
}

/** What is over its bounds of runs that have ended. */
function* doomedOf<Run extends { readonly endedAt?: number | undefined }>(
  ended: readonly Run[],
  nameOf: (run: Run) => string,
  freeFraction: number,
  now: number,
): Iterable<Run> {
  const perName = new Map<string, number>();
  let inAll = 0;
  for (const run of [...ended].sort((a, b) => (b.endedAt ?? 0) - (a.endedAt ?? 0))) {
    const name = nameOf(run);
    const kept = perName.get(name) ?? 0;
    const age = now - (run.endedAt ?? 0);
    const old = freeFraction < pressure && age > keptUnderPressureMs;
    if (age > youngestMs && (old || kept >= keptPerName || inAll >= keptInAll)) {
      yield run;
      continue;
    }
    perName.set(name, kept + 1);
    inAll += 1;
  }
}

/** Runs of custom executors whose tasks are all told of, and what a living one ran long ago. */
function collectExecutors(state: AgentState, freeFraction: number, now: number): AgentEffect[] {
  const runs = [...state.executors.values()];
  const over = runs.filter(
    (run) =>
      run.phase === 'ended' &&
      tasksWithin(state, run).every((task) => !isLive(task) && task.pending.length === 0),
  );
  const nameOf = ({ frameworkId, executor }: ExecutorRun): string =>
    `${frameworkId}\n${executor.executor_id.value}`;
  const doomed = [...doomedOf(over, nameOf, freeFraction, now)];
  const forget = (task: TaskRun): AgentEffect => {
    state.tasks.delete(task.containerId);
    state.resends.delete(task.containerId);
    return persist(gone('task', task.containerId));
  };
  const effects = doomed.flatMap((run): AgentEffect[] => {
    const { sandbox, containerId } = run;
    const tasks = tasksWithin(state, run).map(forget);
    state.executors.delete(containerId);
    const removed: AgentEffect = { type: 'RemoveRun', sandbox, containerId };
    return [...tasks, persist(gone('executor', containerId)), removed];
  });
  for (const run of runs.filter(({ phase }) => phase !== 'ended')) {
    const done = tasksWithin(state, run).filter(
      (task) => !isLive(task) && task.pending.length === 0,
    );
    effects.push(...done.slice(0, -keptPerExecutor).map(forget));
  }
  return effects;
}

function forgetFrameworks(state: AgentState): AgentEffect[] {
  const runs = [...state.tasks.values(), ...state.executors.values()];
  const used = new Set(runs.map(({ frameworkId }) => frameworkId));
  return [...state.frameworks.keys()]
    .filter((id) => !used.has(id))
    .map((id) => {
      state.frameworks.delete(id);
      return persist(gone('framework', id));
    });
}

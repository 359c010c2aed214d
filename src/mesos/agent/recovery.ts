/** What a restarted agent makes of the tasks it finds: they go on, or it says how they ended. */
import type { AgentEffect, AgentEvent, Found } from './events.js';
import { executorFound } from './executor/ended.js';
import { killTask, resumeKill } from './kill.js';
import { resumeRemovals } from './operations.js';
import { persist, taskRecord } from './records.js';
import { type AgentState, liveExecutors, liveTasks, type TaskRun, tasksWithin } from './state.js';

/** Takes up every task that was live when the last process of this agent ended. */
export function recovered(
  state: AgentState,
  found: ReadonlyMap<string, Found>,
  now: number,
): AgentEffect[] {
  const effects = liveTasks(state).flatMap((task) => {
    // It goes or stays with its executor.
    if (task.within !== undefined) return [];
    const what = found.get(task.containerId) ?? { kind: 'exited', exit: { kind: 'lost' } };
    return takeUp(state, task, what, now);
  });
  const executors = liveExecutors(state).flatMap((run) => {
    const lost: Found = { kind: 'exited', exit: { kind: 'lost' } };
    const what = found.get(run.containerId) ?? lost;
    return executorFound(run, tasksWithin(state, run), what, now);
  });
  // Connect comes last: registering tells the master which tasks are here, and from then on it may
  // order their kill, for which each must be watched already.
  return [...resumeRemovals(state), ...effects, ...executors, { type: 'Connect' }];
}

/** The events that follow are what the dead process would have heard. */
function takeUp(state: AgentState, task: TaskRun, found: Found, now: number): AgentEffect[] {
  const { containerId } = task;
  switch (found.kind) {
    case 'unstarted':
      // Nothing runs, so a kill that was ordered is carried out as before a start.
      if (task.kill !== undefined) {
        task.phase = 'preparing';
        return killTask(state, task, now, task.kill);
      }
      return [...preparedAgain(task), prepare(state, task)];
    case 'running': {
      const watch: AgentEffect = { type: 'Watch', task, pid: found.pid };
      if (task.phase !== 'running')
        return [watch, later({ type: 'Started', containerId, pid: found.pid })];
      if (task.kill !== undefined) return [watch, ...resumeKill(task)];
      return [watch, { type: 'StartChecks', task }];
    }
    case 'exited': {
      const { exit, pid } = found;
      const exited = later({ type: 'Exited', containerId, exit });
      // It ran unseen: its framework hears that it did, then how it ended.
      const unseen = task.phase !== 'running' && pid !== undefined;
      return unseen ? [later({ type: 'Started', containerId, pid }), exited] : [exited];
    }
  }
}

function preparedAgain(task: TaskRun): AgentEffect[] {
  if (task.phase === 'preparing') return [];
  task.phase = 'preparing';
  return [persist(taskRecord(task))];
}

function prepare(state: AgentState, task: TaskRun): AgentEffect {
  const group = task.parentId === undefined ? undefined : state.groups.get(task.parentId);
  return { type: 'Prepare', task, group };
}

function later(event: AgentEvent): AgentEffect {
  return { type: 'Submit', event };
}

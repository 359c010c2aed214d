/** An agent without hands: events in, effects and the store's records out. */
import type { Persist } from '../../src/core/drive.js';
import { seededRandom } from '../../src/core/random.js';
import type { AgentEffect, AgentEvent } from '../../src/mesos/agent/events.js';
import { restore } from '../../src/mesos/agent/records.js';
import { type AgentState, empty, type Self, type TaskRun } from '../../src/mesos/agent/state.js';
import { step } from '../../src/mesos/agent/step.js';
import type { MasterOrder } from '../../src/wire/agent-link.js';
import type { TaskInfo } from '../../src/wire/mesos/task.js';

/** An agent's place. */
export const self: Self = {
  index: 1,
  host: '127.0.9.1',
  port: 5051,
  rack: 'rack-1',
  version: '0.1.0',
  nodeVersion: 'v20.0.0',
  resources: [{ name: 'cpus', type: 'SCALAR', scalar: { value: 4 } }],
  masterHost: '127.0.0.1',
  workDir: '/var/agent',
  bootId: 'boot-1',
  startTime: 1,
};
const framework = { user: 'u', name: 'f', id: { value: 'F' }, roles: ['r'] };
/** The id of the framework of all tasks. */
export const framework_id = { value: 'F' };

/** An agent and what it has done; the store as it lies on the disk. */
export class Agent {
  readonly state: AgentState;
  readonly store = new Map<string, unknown>();
  readonly effects: AgentEffect[] = [];
  now = 1_000_000;

  constructor(records: ReadonlyMap<string, unknown> = new Map(), seed = 1) {
    this.state = empty(self, seededRandom(seed));
    restore(this.state, records);
    for (const [key, value] of records) this.store.set(key, value);
  }

  tell(event: AgentEvent): AgentEffect[] {
    const effects = step(this.state, event, this.now);
    for (const effect of effects.filter((each): each is Persist => each.type === 'Persist')) {
      for (const { key, value } of effect.writes) {
        if (value === null) this.store.delete(key);
        else this.store.set(key, JSON.parse(JSON.stringify(value)));
      }
    }
    this.effects.push(...effects);
    for (const effect of effects) if (effect.type === 'Submit') this.tell(effect.event);
    return effects;
  }

  order(order: MasterOrder): AgentEffect[] {
    return this.tell({ type: 'OrderReceived', order });
  }

  register(): void {
    this.order({
      type: 'REGISTERED',
      agent_id: { value: 'A' },
      ping_interval_ms: 1000,
      max_missed_pings: 5,
      shut_down_frameworks: [],
    });
  }

  run(id: string, more: Partial<TaskInfo> = {}): TaskRun {
    this.order({ type: 'RUN_TASK', framework, task: aTask(id, more) });
    return [...this.state.tasks.values()].at(-1) as TaskRun;
  }

  /** Brings a task to TASK_RUNNING. */
  start(id: string, more: Partial<TaskInfo> = {}): TaskRun {
    const task = this.run(id, more);
    this.tell({ type: 'Prepared', containerId: task.containerId });
    this.tell({ type: 'Started', containerId: task.containerId, pid: 100 });
    return task;
  }

  acknowledgeAll(task: TaskRun): void {
    for (;;) {
      const uuid = task.pending[0]?.uuid;
      if (uuid === undefined) return;
      this.order({ type: 'ACKNOWLEDGE', framework_id, task_id: task.info.task_id, uuid });
    }
  }

  /** States of the updates sent, with repetitions. */
  sent(): string[] {
    return this.effects.flatMap((each) =>
      each.type === 'Send' && each.message.type === 'UPDATE' ? [each.message.status.state] : [],
    );
  }
}

/** A task named `web`. */
export function aTask(id: string, more: Partial<TaskInfo> = {}): TaskInfo {
  return {
    name: 'web',
    task_id: { value: id },
    agent_id: { value: 'A' },
    command: { value: 'x' },
    resources: [{ name: 'cpus', type: 'SCALAR', scalar: { value: 1 } }],
    ...more,
  };
}

/** A registered agent. */
export function anAgent(): Agent {
  const agent = new Agent();
  agent.register();
  return agent;
}

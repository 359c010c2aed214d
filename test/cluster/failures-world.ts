/** A cluster of three agents in two racks, as its master tells of it. */
import type { FailuresEffect, FailuresEvent } from '../../src/cluster/failures/events.js';
import { incidentsSince } from '../../src/cluster/failures/http.js';
import { emptyFailures } from '../../src/cluster/failures/state.js';
import { stepFailures } from '../../src/cluster/failures/step.js';
import type { Incident } from '../../src/wire/incidents.js';
import type { GetAgents, OperatorTask } from '../../src/wire/mesos/operator.js';
import type { TaskState, TaskStatus } from '../../src/wire/mesos/task.js';

/** The rack of each agent. */
export const racks: Record<string, string> = { a1: 'r1', a2: 'r1', a3: 'r2' };

/** The master lists these agents. */
export function agentsOf(...ids: string[]): GetAgents {
  return {
    agents: ids.map((id) => ({
      agent_info: {
        hostname: `host-${id}`,
        id: { value: id },
        domain: { fault_domain: { region: { name: 'x' }, zone: { name: racks[id] ?? 'r9' } } },
      },
      active: true,
    })),
  };
}

/** The master lists two frameworks, these disconnected. */
export const frameworks = (...disconnected: string[]) => ({
  frameworks: ['services', 'kafka'].map((name) => ({
    framework_info: { user: 'root', name, id: { value: `f-${name}` } },
    connected: !disconnected.includes(name),
    active: !disconnected.includes(name),
  })),
});

/** A task that is staged. */
export function aTask(
  id: string,
  agent: string,
  service = '/web',
  framework = 'services',
): OperatorTask {
  return {
    name: id,
    task_id: { value: id },
    framework_id: { value: `f-${framework}` },
    agent_id: { value: agent },
    state: 'TASK_STAGING',
    labels: { labels: [{ key: 'DCOS_SERVICE', value: service }] },
  };
}

/** A cluster of three agents in two racks, as the master tells of it. */
export class World {
  state = emptyFailures();
  now = 1_000_000;
  readonly records = new Map<string, unknown>();
  readonly effects: FailuresEffect[] = [];

  constructor(...agents: string[]) {
    this.connect(agents.length > 0 ? agents : ['a1', 'a2', 'a3']);
  }

  send(event: FailuresEvent): void {
    this.now += 10;
    for (const effect of stepFailures(this.state, event, this.now)) {
      if (effect.type !== 'Persist') this.effects.push(effect);
      else {
        for (const { key, value } of effect.writes) {
          if (value === null) this.records.delete(key);
          else this.records.set(key, structuredClone(value));
        }
      }
    }
  }

  connect(agents: string[], tasks: OperatorTask[] = [], recovered: string[] = []): void {
    const recovered_agents = (agentsOf(...recovered).agents ?? []).map((each) => each.agent_info);
    this.send({
      type: 'Connected',
      state: {
        get_agents: { ...agentsOf(...agents), recovered_agents },
        get_frameworks: frameworks(),
        get_tasks: { tasks },
      },
    });
  }

  look(agents: string[], ...disconnected: string[]): void {
    this.send({
      type: 'Looked',
      agents: agentsOf(...agents),
      frameworks: frameworks(...disconnected),
    });
  }

  run(id: string, agent: string, service?: string, framework?: string): void {
    this.send({ type: 'TaskAdded', task: aTask(id, agent, service, framework) });
    this.update(id, 'TASK_RUNNING', {}, framework);
  }

  update(
    id: string,
    state: TaskState,
    more: Partial<TaskStatus> = {},
    framework = 'services',
  ): void {
    const status = { task_id: { value: id }, state, ...more };
    this.send({ type: 'TaskUpdated', frameworkId: `f-${framework}`, status, state });
  }

  incidents(): Incident[] {
    return incidentsSince(this.state, 0);
  }

  only(): Incident {
    const [incident, ...more] = this.incidents();
    if (incident === undefined || more.length > 0)
      throw new Error(JSON.stringify(this.incidents()));
    return incident;
  }
}

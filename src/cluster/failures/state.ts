/** What `failures` believes of the cluster, and the incidents that it keeps (DESIGN §8). */
import type { Incident } from '../../wire/incidents.js';
import type { TaskState } from '../../wire/mesos/task.js';

/** How many incidents are kept, and how much of each. */
export const limits = {
  incidents: 500,
  lost: 200,
  actions: 100,
  evidence: 40,
  agents: 10_000,
} as const;

/** An agent that was ever seen; record `agent/<id>`. */
export interface KnownAgent {
  readonly id: string;
  hostname: string;
  rack?: string;
  state: 'active' | 'inactive' | 'recovering' | 'unreachable';
  /** Roles that something on it is dynamically reserved for. */
  roles: string[];
  /** The incident of its loss, while it is lost. */
  incidentId?: string;
  /** Looks in a row that did not find it. Not kept. */
  missing: number;
  /** Whether it was there since this connection with the master began. Not kept. */
  seen: boolean;
}

/** A task that runs or may run again. */
export interface KnownTask {
  readonly frameworkId: string;
  /** The framework's name. */
  readonly framework: string;
  readonly taskId: string;
  readonly name: string;
  readonly service: string;
  readonly instance: string | undefined;
  readonly executorId: string | undefined;
  readonly uses: { readonly cpus: number; readonly memMb: number; readonly diskMb: number };
  agentId: string;
  state: TaskState;
  /** The exit of its check that means ready besides 0: the label `DCOS_READY_EXIT_CODE`. */
  readonly readyExit: number | undefined;
  /** Its check has passed once, or it has none: from then on it counts as long as it runs. */
  ready: boolean;
}

/** A framework that is registered. */
export interface KnownFramework {
  readonly id: string;
  readonly name: string;
  connected: boolean;
  /** Looks in a row that found it disconnected. */
  absent: number;
}

/** An incident with what is needed to see it heal; record `incident/<id>`. */
export interface IncidentRecord {
  readonly incident: Incident;
  /** Running tasks that each service had before, by service key. */
  readonly wanted: Record<string, number>;
  /** Agents that are part of it. */
  readonly agents: string[];
  /** Frameworks, by name, that have to be connected before it is over. */
  readonly frameworks: string[];
}

/** All of it. */
export interface FailuresState {
  readonly agents: Map<string, KnownAgent>;
  readonly tasks: Map<string, KnownTask>;
  readonly frameworks: Map<string, KnownFramework>;
  readonly incidents: Map<string, IncidentRecord>;
  /** Running tasks by service key. */
  readonly running: Map<string, number>;
  /** Whether the master is heard now, and whether it ever was. */
  connected: boolean;
  everConnected: boolean;
  /** Looks since the connection began. */
  looks: number;
  /** Number of the next incident. */
  nextIncident: number;
}

/** Nothing known. */
export function emptyFailures(): FailuresState {
  return {
    agents: new Map(),
    tasks: new Map(),
    frameworks: new Map(),
    incidents: new Map(),
    running: new Map(),
    connected: false,
    everConnected: false,
    looks: 0,
    nextIncident: 1,
  };
}

/** The state that these records hold: agents and incidents; all else is asked from the master. */
export function loadFailures(records: ReadonlyMap<string, unknown>): FailuresState {
  const state = emptyFailures();
  for (const [key, value] of records) {
    if (key.startsWith('agent/')) {
      const agent = { ...(value as KnownAgent), missing: 0, seen: false };
      state.agents.set(agent.id, agent);
    }
    if (!key.startsWith('incident/')) continue;
    const record = value as IncidentRecord;
    state.incidents.set(record.incident.id, record);
    state.nextIncident = Math.max(
      state.nextIncident,
      Number(record.incident.id.split('-')[1] ?? 0) + 1,
    );
  }
  return state;
}

/** Names one service of one framework. */
export function serviceKey(framework: string, service: string): string {
  return `${framework} ${service}`;
}

/** Names a task; ids are unique within a framework only. */
export function taskKey(frameworkId: string, taskId: string): string {
  return `${frameworkId} ${taskId}`;
}

/** The name of a framework; its id while the name is not known. */
export function frameworkName(state: FailuresState, frameworkId: string): string {
  return state.frameworks.get(frameworkId)?.name ?? frameworkId;
}

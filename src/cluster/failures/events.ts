/** What `failures` learns, and what it orders. */
import type { Persist } from '../../core/drive.js';
import type {
  GetAgents,
  GetFrameworks,
  OperatorFramework,
  OperatorState,
  OperatorTask,
} from '../../wire/mesos/operator.js';
import type { TaskState, TaskStatus } from '../../wire/mesos/task.js';

/** A fact about the cluster. */
export type FailuresEvent =
  /** The master is heard, and this is all that it knows. */
  | { readonly type: 'Connected'; readonly state: OperatorState }
  /** The stream ended; by itself that says nothing about the master. */
  | { readonly type: 'Disconnected' }
  /** The master does not answer. */
  | { readonly type: 'MasterUnreachable'; readonly url: string; readonly reason: string }
  | { readonly type: 'TaskAdded'; readonly task: OperatorTask }
  | {
      readonly type: 'TaskUpdated';
      readonly frameworkId: string;
      readonly status: TaskStatus;
      readonly state: TaskState;
    }
  | { readonly type: 'AgentRemoved'; readonly agentId: string }
  | { readonly type: 'FrameworkChanged'; readonly framework: OperatorFramework }
  | { readonly type: 'FrameworkRemoved'; readonly frameworkId: string }
  /** A look at the lists of a master that is heard, at a bounded interval. */
  | { readonly type: 'Looked'; readonly agents: GetAgents; readonly frameworks: GetFrameworks }
  /** What users want of apps now, by service key; services that are not named are not known. */
  | {
      readonly type: 'WantedObserved';
      readonly framework: string;
      readonly wanted: ReadonlyMap<string, number>;
    }
  | {
      readonly type: 'EvidenceFound';
      readonly incidentId: string;
      readonly lines: readonly string[];
    };

/** An order to the shell. */
export type FailuresEffect =
  | Persist
  /** Look for the last lines that a task wrote before it failed. */
  | {
      readonly type: 'GatherEvidence';
      readonly incidentId: string;
      readonly agentId: string;
      readonly frameworkId: string;
      readonly executorId: string | undefined;
      readonly taskId: string;
    };

/** What happens to a service's scheduler, and what it orders: the words of `step.ts`. */
import type { Persist, Reply } from '../core/drive.js';
import type { OutgoingCall } from '../framework/connection.js';
import type { Offer } from '../wire/mesos/scheduler.js';
import type { TaskStatus } from '../wire/mesos/task.js';
import type { SpecViolation, TlsSpec, ZookeeperNodes } from '../wire/service-spec.js';
import type { ServiceConfig } from './state.js';

/** What a plan's part is told to do. */
export type PlanVerb = 'start' | 'stop' | 'continue' | 'interrupt' | 'forceComplete' | 'restart';

/** What a pod instance is told to do. */
export type PodVerb = 'restart' | 'replace' | 'pause' | 'resume';

/** In the past tense. */
export type Event =
  /** What this start was given: a configuration, or what is wrong with it. */
  | { readonly type: 'Configured'; readonly config: ServiceConfig }
  | { readonly type: 'ConfigRefused'; readonly violations: readonly SpecViolation[] }
  | { readonly type: 'Subscribed'; readonly frameworkId: string }
  | { readonly type: 'Disconnected' }
  | { readonly type: 'FrameworkRemoved' }
  | { readonly type: 'OffersReceived'; readonly offers: readonly Offer[] }
  | { readonly type: 'TaskUpdated'; readonly status: TaskStatus }
  | { readonly type: 'Ticked' }
  | { readonly type: 'Erased' }
  /** Key material for a task that is to run at `address`; base64 of each file by its name. */
  | {
      readonly type: 'KeysIssued';
      readonly asset: string;
      readonly address: string;
      readonly files: Readonly<Record<string, string>>;
    }
  | { readonly type: 'KeysRefused'; readonly asset: string; readonly reason: string }
  /** `error`: why some are left. */
  | { readonly type: 'ZnodesRemoved'; readonly error?: string }
  | {
      readonly type: 'PlanCommanded';
      readonly requestId: string;
      readonly verb: PlanVerb;
      readonly plan: string;
      readonly phase?: string | undefined;
      readonly step?: string | undefined;
      /** Of a start: put into the environment of the tasks that the plan launches. */
      readonly variables?: Readonly<Record<string, string>> | undefined;
    }
  | {
      readonly type: 'PodCommanded';
      readonly requestId: string;
      readonly verb: PodVerb;
      readonly instance: string;
      /** Of `pause` and `resume`: names of tasks, short or full; none for all. */
      readonly tasks?: readonly string[] | undefined;
      /** Of `replace`: also while its data may be the last that is whole. */
      readonly force?: boolean;
    };

/** Orders. */
export type Effect =
  | Persist
  | Reply
  | { readonly type: 'Send'; readonly call: OutgoingCall }
  /** Subscribe anew, as a framework without id. */
  | { readonly type: 'SubscribeAnew' }
  /** Tear the framework down; `Erased` comes back once the master has heard it. */
  | { readonly type: 'Teardown' }
  /** Make key material; `KeysIssued` or `KeysRefused` comes back. */
  | {
      readonly type: 'IssueKeys';
      readonly asset: string;
      readonly address: string;
      readonly name: string;
      readonly hosts: readonly string[];
      readonly wanted: readonly TlsSpec[];
    }
  /** Remove nodes of a ZooKeeper; `ZnodesRemoved` comes back. */
  | { readonly type: 'RemoveZnodes'; readonly nodes: ZookeeperNodes }
  /** Have `Ticked` come at this time (ms since 1970), at the latest. */
  | { readonly type: 'WakeAt'; readonly at: number };

/** What a command was answered: 200, 208 (nothing to do), 400, 404 (reference/sdk.md §5). */
export interface CommandResult {
  readonly status: 200 | 208 | 400 | 404 | 409;
  readonly message: string;
  /** What to do about it. */
  readonly hint?: string;
  /** Names of the tasks that a pod command is about. */
  readonly tasks?: readonly string[];
}

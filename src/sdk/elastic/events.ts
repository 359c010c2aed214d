/** What happens to the elastic part of a scheduler, and what it orders. */
import type { Persist, Reply } from '../../core/drive.js';
import type { OutgoingCall } from '../../framework/connection.js';
import type { Offer } from '../../wire/mesos/scheduler.js';
import type { TaskStatus } from '../../wire/mesos/task.js';
import type { LaunchContext } from './launch.js';
import type { Plan } from './settings.js';
import type { Job } from './state.js';

/** What was seen of Spark itself at one look. */
export interface Observation {
  /** How many executors each running driver asks for; those that answered. */
  readonly asked: readonly (readonly [submission: string, executors: number])[];
  /** By `address:port`, whether an executor is on it; `undefined` when no master answered. */
  readonly workers: readonly (readonly [address: string, busy: boolean])[] | undefined;
}

/** In the past tense. */
export type ElasticEvent =
  | { readonly type: 'Subscribed'; readonly frameworkId: string }
  | { readonly type: 'Disconnected' }
  | { readonly type: 'FrameworkRemoved' }
  | { readonly type: 'OffersReceived'; readonly offers: readonly Offer[] }
  | { readonly type: 'TaskUpdated'; readonly status: TaskStatus }
  | { readonly type: 'Ticked' }
  /** Where Spark's masters are, `address:port`. */
  | { readonly type: 'MastersFound'; readonly masters: readonly string[] }
  | ({ readonly type: 'Observed' } & Observation)
  | {
      readonly type: 'JobSubmitted';
      readonly requestId: string;
      readonly job: Job;
      readonly plan: Plan;
      readonly user: string;
    }
  | { readonly type: 'KillAsked'; readonly requestId: string; readonly id: string };

/** Orders. */
export type ElasticEffect =
  | Persist
  | Reply
  | { readonly type: 'Send'; readonly call: OutgoingCall }
  | { readonly type: 'SubscribeAnew' }
  /** Have `Ticked` come at this time (ms since 1970), at the latest. */
  | { readonly type: 'WakeAt'; readonly at: number };

/** The answer to a command. */
export interface ElasticAnswer {
  readonly success: boolean;
  readonly id: string;
  readonly message: string;
}

/** What `step` is made with: it never changes while the scheduler runs. */
export type ElasticContext = LaunchContext;

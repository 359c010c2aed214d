/**
 * What may happen to `services`, and what it may order (DESIGN §4: events in the past tense,
 * effects as orders).
 */
import type { Persist, Reply } from '../core/drive.js';
import type { OutgoingCall } from '../framework/connection.js';
import type { AppUpdate } from '../wire/marathon.js';
import type { Offer } from '../wire/mesos/scheduler.js';
import type { TaskInfo, TaskStatus } from '../wire/mesos/task.js';

/** A change of apps as a caller asked for it; ids absolute. */
export type Change =
  | { readonly kind: 'create'; readonly id: string; readonly given: AppUpdate }
  | {
      readonly kind: 'update';
      readonly id: string;
      readonly given: AppUpdate;
      /** Merge over what is stored; false replaces it whole. */
      readonly partial: boolean;
      /** false: an app that is absent is created. */
      readonly mustExist: boolean;
    }
  | { readonly kind: 'restart'; readonly id: string }
  | { readonly kind: 'delete'; readonly id: string };

/** What happened. */
export type Event =
  | { readonly type: 'Subscribed'; readonly frameworkId: string }
  | { readonly type: 'Disconnected' }
  | { readonly type: 'FrameworkRemoved' }
  | { readonly type: 'OffersReceived'; readonly offers: readonly Offer[] }
  | { readonly type: 'StatusReceived'; readonly status: TaskStatus }
  | { readonly type: 'LaunchFailed'; readonly taskIds: readonly string[]; readonly reason: string }
  | {
      readonly type: 'AppsSubmitted';
      readonly requestId: string;
      readonly changes: readonly Change[];
      readonly force: boolean;
    }
  | {
      readonly type: 'DeploymentCancelled';
      readonly requestId: string;
      readonly id: string;
      readonly force: boolean;
    }
  | {
      readonly type: 'KillRequested';
      readonly requestId: string;
      readonly taskIds: readonly string[];
      readonly scale: boolean;
      readonly force: boolean;
    }
  | { readonly type: 'DelayReset'; readonly requestId: string; readonly appId: string }
  | { readonly type: 'UninstallRequested' }
  | { readonly type: 'Ticked' };

/** An event of `/v2/events`, without its time. */
export interface PublicEvent {
  readonly eventType: string;
  readonly [field: string]: unknown;
}

/** What is to be done. */
export type Effect =
  | Persist
  | Reply
  | { readonly type: 'Send'; readonly call: OutgoingCall }
  | {
      readonly type: 'Launch';
      readonly offerId: string;
      readonly tasks: readonly TaskInfo[];
      /**
       * Sources of secret variables by task id and name: filled in on the way, so that nothing
       * stores them.
       */
      readonly secrets: Readonly<Record<string, Readonly<Record<string, string>>>>;
      readonly refuseSeconds: number;
    }
  /** As `frameworkId`, or as a new framework. */
  | { readonly type: 'Subscribe'; readonly frameworkId: string | undefined }
  | { readonly type: 'Publish'; readonly event: PublicEvent };

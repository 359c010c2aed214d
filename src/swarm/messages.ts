/** What happens to a swarm, and what it orders. */
import type { Persist, Reply } from '../core/drive.js';
import type { OutgoingCall } from '../framework/connection.js';
import type { CreateBody } from '../wire/docker.js';
import type { Offer } from '../wire/mesos/scheduler.js';
import type { TaskStatus } from '../wire/mesos/task.js';
import type { Pin } from './schedule/view.js';
import type { EngineFacts } from './state.js';

/** An agent as the master lists it, as far as a swarm looks at it. */
export interface ListedAgent {
  readonly agentId: string;
  readonly hostname: string;
  readonly address: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly region: string | undefined;
  readonly zone: string | undefined;
  readonly cpus: number;
  readonly memMb: number;
}

/** What happened. */
export type Event =
  | { readonly type: 'Subscribed'; readonly frameworkId: string }
  | { readonly type: 'Disconnected' }
  | { readonly type: 'FrameworkRemoved' }
  | { readonly type: 'OffersReceived'; readonly offers: readonly Offer[] }
  | { readonly type: 'OfferRescinded'; readonly offerId: string }
  | { readonly type: 'StatusReceived'; readonly status: TaskStatus }
  | { readonly type: 'AgentsListed'; readonly agents: readonly ListedAgent[] }
  | { readonly type: 'NodeAnswered'; readonly agentId: string; readonly facts: EngineFacts }
  | { readonly type: 'NodeFailed'; readonly agentId: string; readonly error: string }
  /** All that an engine has of ours. */
  | {
      readonly type: 'NodeInventoried';
      readonly agentId: string;
      readonly found: readonly FoundContainer[];
    }
  | {
      readonly type: 'ContainerRequested';
      readonly requestId: string;
      readonly swarmId: string;
      readonly name: string;
      readonly body: CreateBody;
      readonly pins: readonly Pin[];
      readonly reschedules: boolean;
    }
  /** The engine has made it. */
  | {
      readonly type: 'ContainerMade';
      readonly requestId?: string;
      readonly swarmId: string;
      /** For which it was made; it may have moved meanwhile. */
      readonly taskId: string;
      readonly containerId: string;
    }
  /** The engine would not make it, or its user went away. */
  | {
      readonly type: 'ContainerRefused';
      readonly requestId?: string;
      readonly swarmId: string;
      readonly taskId: string;
    }
  | {
      readonly type: 'RenameRequested';
      readonly requestId: string;
      readonly swarmId: string;
      readonly name: string;
    }
  | { readonly type: 'ContainerRemoved'; readonly requestId?: string; readonly swarmId: string }
  | {
      readonly type: 'RunningChanged';
      readonly containerId: string;
      readonly isRunning: boolean;
    }
  | { readonly type: 'PlacementDue' }
  | { readonly type: 'UninstallRequested' }
  | { readonly type: 'Ticked' };

/** A container of ours on an engine. */
export interface FoundContainer {
  readonly swarmId: string;
  readonly containerId: string;
  readonly isRunning: boolean;
}

/** What is to be done. */
export type Effect =
  | Persist
  | Reply
  | { readonly type: 'Send'; readonly call: OutgoingCall }
  | { readonly type: 'Subscribe'; readonly frameworkId: string | undefined }
  | { readonly type: 'Teardown' }
  /** Submit `PlacementDue` once what came together has been taken in. */
  | { readonly type: 'PlaceSoon' }
  /** Make a container that moved, on the node where its task is now; start it if it ran. */
  | { readonly type: 'MakeAgain'; readonly swarmId: string }
  /** Start a container where it is. */
  | { readonly type: 'Resume'; readonly swarmId: string }
  /** Remove a container that is nobody's any more; never its volumes. */
  | {
      readonly type: 'RemoveStray';
      readonly agentId: string;
      readonly containerId: string;
    }
  /** Something for listeners of `docker events`. */
  | {
      readonly type: 'Announce';
      readonly action: string;
      readonly agentId: string;
      readonly swarmId: string | undefined;
      readonly text: string;
    };

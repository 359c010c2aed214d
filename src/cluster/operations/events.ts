/** What happens to `operations`, and what it orders. */
import type { Persist, Reply } from '../../core/drive.js';
import type { JsonObject } from '../../core/json.js';
import type { PackageRelease } from '../../packages/packages.js';
import type { OperationStep, StepStatus } from '../../wire/operations.js';
import type { AppFacts, Dependency, Held } from './state.js';

/** What a service's plan looked like. */
export interface ObservedPlan {
  readonly status: StepStatus;
  readonly errors: readonly string[];
  readonly steps: readonly OperationStep[];
}

/** What an app looked like. */
export interface ObservedApp {
  /** Deployments of it are under way. */
  readonly deploying: boolean;
  readonly wanted: number;
  readonly running: number;
  /** Passing their health checks; all that run where there are none. */
  readonly healthy: number;
  /** What it waits for, or how its last task failed. */
  readonly message?: string;
}

/** What a caller is told. */
export type RequestOutcome =
  | { readonly accepted: true; readonly operationId: string }
  /** `running`: the operation that is in the way, if one is. */
  | {
      readonly accepted: false;
      readonly reason: 'installed' | 'uninstalling' | 'absent';
      readonly running?: string;
    };

/** A fact that `operations` learns. */
export type OperationsEvent =
  | {
      readonly type: 'InstallRequested';
      readonly requestId: string;
      readonly operationId: string;
      readonly appId: string;
      readonly release: PackageRelease;
      readonly userOptions: JsonObject;
      readonly facts: AppFacts;
      readonly assets: readonly { readonly asset: string; readonly bytes: number }[];
    }
  | {
      readonly type: 'UpdateRequested';
      readonly requestId: string;
      readonly operationId: string;
      readonly appId: string;
      /** Of another version, to take the place of the installed one. */
      readonly release?: PackageRelease;
      readonly userOptions: JsonObject;
      readonly facts: AppFacts;
      readonly assets: readonly { readonly asset: string; readonly bytes: number }[];
    }
  | {
      readonly type: 'UninstallRequested';
      readonly requestId: string;
      readonly operationId: string;
      readonly appId: string;
    }
  | {
      readonly type: 'ArtifactProgressed';
      readonly operationId: string;
      readonly asset: string;
      readonly done: number;
      readonly total: number;
      readonly complete: boolean;
    }
  | {
      readonly type: 'ArtifactsFetched';
      readonly operationId: string;
      readonly urls: Readonly<Record<string, string>>;
    }
  /** The services that it needs: a step each, and where they are once all of them serve. */
  | {
      readonly type: 'DependenciesObserved';
      readonly operationId: string;
      readonly steps: readonly OperationStep[];
      readonly env?: Readonly<Record<string, string>>;
    }
  /** The app is there, in the form that was ordered. */
  | { readonly type: 'AppSubmitted'; readonly operationId: string }
  | {
      readonly type: 'AppObserved';
      readonly operationId: string;
      readonly app: ObservedApp | undefined;
    }
  | {
      readonly type: 'PlanObserved';
      readonly operationId: string;
      readonly plan: ObservedPlan | { readonly waiting: string };
    }
  | {
      readonly type: 'EndpointsCollected';
      readonly operationId: string;
      readonly endpoints: readonly {
        readonly name: string;
        readonly addresses: readonly string[];
      }[];
      readonly notes?: string;
    }
  /** Everything of the service is gone but what these lost agents hold; `waiting`: not yet. */
  | {
      readonly type: 'CleanedUp';
      readonly operationId: string;
      readonly held: readonly Omit<Held, 'since'>[];
      readonly waiting?: string;
    }
  /** `final`: trying again would not help. */
  | {
      readonly type: 'EffectFailed';
      readonly operationId: string;
      readonly reason: string;
      /** Of fetching: the asset that could not be had. */
      readonly asset?: string;
      readonly final: boolean;
    }
  /** A held agent is back, and holds nothing of those roles any more. */
  | { readonly type: 'HeldFreed'; readonly agentId: string }
  /** A tick of the server's own clock; see `ticksPerSecond`. */
  | { readonly type: 'Ticked' };

/** An order to the shell. Each, but `AbortFetch`, is answered by one event. */
export type OperationsEffect =
  | Persist
  | Reply
  | {
      readonly type: 'FetchArtifacts';
      readonly operationId: string;
      readonly release: PackageRelease;
      /** Those that the service needs with its options. */
      readonly assets: readonly string[];
    }
  | { readonly type: 'AbortFetch'; readonly operationId: string }
  | {
      readonly type: 'ObserveDependencies';
      readonly operationId: string;
      readonly dependencies: readonly Dependency[];
    }
  | {
      readonly type: 'SubmitApp';
      readonly operationId: string;
      readonly appId: string;
      readonly release: PackageRelease;
      readonly userOptions: JsonObject;
      readonly assetUrls: Readonly<Record<string, string>>;
      readonly dependencyEnv: Readonly<Record<string, string>>;
    }
  | { readonly type: 'OrderUninstall'; readonly operationId: string; readonly appId: string }
  | { readonly type: 'ObserveApp'; readonly operationId: string; readonly appId: string }
  | { readonly type: 'ObservePlan'; readonly operationId: string; readonly serviceName: string }
  | {
      readonly type: 'CollectEndpoints';
      readonly operationId: string;
      readonly appId: string;
      readonly facts: AppFacts;
      readonly notes: string | undefined;
    }
  | { readonly type: 'DeleteApp'; readonly operationId: string; readonly appId: string }
  | { readonly type: 'CleanUp'; readonly operationId: string; readonly facts: AppFacts }
  /** Somebody may be waiting for this change. */
  | { readonly type: 'Announce'; readonly operationId: string };

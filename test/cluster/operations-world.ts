/** A little world for operations: state, what is durable, and the orders under way. */
import type {
  ObservedApp,
  OperationsEffect,
  OperationsEvent,
  RequestOutcome,
} from '../../src/cluster/operations/events.js';
import {
  type AppFacts,
  emptyOperations,
  loadOperations,
  type OperationsState,
} from '../../src/cluster/operations/state.js';
import { stepOperations } from '../../src/cluster/operations/step.js';
import type { PackageRelease } from '../../src/packages/packages.js';
import type { Operation } from '../../src/wire/operations.js';

/** The time of all events. */
export const now = 1_000_000;
/** The facts of a service with a scheduler. */
export const scheduler: AppFacts = {
  hasPlan: true,
  uninstallsItself: true,
  framework: 'kafka',
  role: 'kafka-role',
  account: 'kafka',
  serviceName: 'kafka',
};
/** The facts of an app without. */
export const plainApp: AppFacts = { hasPlan: false, uninstallsItself: false };
/** What is installed. */
export const release = {
  definition: { name: 'kafka', version: '1', postInstallNotes: 'have fun' },
} as unknown as PackageRelease;

/** The event that begins an install. */
export type InstallRequested = Extract<OperationsEvent, { type: 'InstallRequested' }>;

/** An install of kafka. */
export function anInstall(given: Partial<InstallRequested> = {}): InstallRequested {
  return {
    type: 'InstallRequested',
    requestId: 'r1',
    operationId: 'op1',
    appId: '/kafka',
    release,
    userOptions: {},
    facts: scheduler,
    assets: [{ asset: 'kafka', bytes: 10 }],
    ...given,
  };
}

/** An app that runs. */
export const up: ObservedApp = { deploying: false, wanted: 1, running: 1, healthy: 1 };

/** What a world where all goes well answers to each order. */
export function goodAnswer(effect: OperationsEffect): OperationsEvent | undefined {
  if (!('operationId' in effect)) return undefined;
  const { operationId } = effect;
  switch (effect.type) {
    case 'FetchArtifacts':
      return { type: 'ArtifactsFetched', operationId, urls: { kafka: 'http://x/kafka.tgz' } };
    case 'ObserveDependencies':
      return {
        type: 'DependenciesObserved',
        operationId,
        steps: [],
        env: Object.fromEntries(effect.dependencies.map(({ env }) => [env, '10.0.0.1:2181'])),
      };
    case 'SubmitApp':
    case 'OrderUninstall':
      return { type: 'AppSubmitted', operationId };
    case 'ObserveApp':
      return { type: 'AppObserved', operationId, app: up };
    case 'ObservePlan':
      return {
        type: 'PlanObserved',
        operationId,
        plan: { status: 'COMPLETE', errors: [], steps: [{ name: 'broker-0', status: 'COMPLETE' }] },
      };
    case 'CollectEndpoints':
      return {
        type: 'EndpointsCollected',
        operationId,
        endpoints: [{ name: 'broker', addresses: ['127.0.0.1:1'] }],
        notes: 'have fun',
      };
    case 'DeleteApp':
      return { type: 'AppObserved', operationId, app: undefined };
    case 'CleanUp':
      return { type: 'CleanedUp', operationId, held: [] };
    default:
      return undefined;
  }
}

/** A little world: state, what is durable, and the orders under way. */
export class World {
  state: OperationsState = emptyOperations();
  readonly records = new Map<string, unknown>();
  readonly replies: RequestOutcome[] = [];
  orders: OperationsEffect[] = [];
  readonly history: string[] = [];

  send(event: OperationsEvent): void {
    for (const effect of stepOperations(this.state, event, now)) {
      if (effect.type === 'Persist') {
        for (const { key, value } of effect.writes) {
          if (value === null) this.records.delete(key);
          else this.records.set(key, structuredClone(value));
        }
      } else if (effect.type === 'Reply') this.replies.push(effect.result as RequestOutcome);
      else if (effect.type !== 'Announce') {
        this.orders.push(effect);
        this.history.push(effect.type);
      }
    }
  }

  /** The process dies: orders under way are lost, and what was durable is loaded. */
  crash(): void {
    this.orders = [];
    this.state = loadOperations(structuredClone(this.records));
  }

  /** Answers one order well, or lets time pass. */
  goOn(): void {
    const order = this.orders.shift();
    const answer = order === undefined ? undefined : goodAnswer(order);
    this.send(answer ?? { type: 'Ticked' });
  }

  finish(): void {
    for (let count = 0; count < 100 && this.running().length > 0; count += 1) this.goOn();
  }

  running(): Operation[] {
    return this.all().filter(({ status }) => status === 'running');
  }

  all(): Operation[] {
    return [...this.state.operations.values()].map(({ operation }) => operation);
  }

  operation(id: string): Operation | undefined {
    return this.state.operations.get(id)?.operation;
  }
}

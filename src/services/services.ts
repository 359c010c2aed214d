/**
 * `services` from outside: what the control plane calls in-process, and the routes that anybody
 * may mount.
 */
import { DcosError } from '../core/errors.js';
import type { Route } from '../core/http/server.js';
import type {
  AppUpdate,
  AppView,
  DeploymentResult,
  DeploymentView,
  TaskView,
} from '../wire/marathon.js';
import type { ChangeResult } from './changes.js';
import { marathonRoutes } from './http.js';
import type { Change } from './messages.js';
import { run, type ServicesOptions, submitChanges } from './run.js';
import { absoluteId } from './validate.js';
import { appView, deploymentView, tasksOf } from './views.js';

export type { ServicesOptions } from './run.js';

/** How a change of an app may go about it. */
export interface ChangeOptions {
  /** Cancels a deployment that has the app; without, that is a `conflict`. */
  readonly force?: boolean;
}

/**
 * A running `services`. Methods that change throw `invalid` (422), `conflict` (409), `not-found`
 * (404) with Marathon's texts.
 */
export interface Services {
  /**
   * Marathon's API; paths begin with `/v2/` and `/ping`, handlers don't look at what stands
   * before.
   */
  readonly routes: readonly Route[];
  /** Resolves when the app is stored; instances follow. */
  createApp(app: AppUpdate, options?: ChangeOptions): Promise<AppView & DeploymentResult>;
  /**
   * Merges the given fields over the app (`replace`: over the defaults; an absent app is then
   * created).
   */
  updateApp(
    id: string,
    app: AppUpdate,
    options?: ChangeOptions & { readonly replace?: boolean },
  ): Promise<DeploymentResult>;
  restartApp(id: string, options?: ChangeOptions): Promise<DeploymentResult>;
  /** Kills its tasks and forgets it; the deployment ends when they are gone. */
  deleteApp(id: string, options?: ChangeOptions): Promise<DeploymentResult>;
  getApp(id: string): AppView | undefined;
  listApps(): AppView[];
  tasks(appId: string): TaskView[];
  /** Those under way. */
  deployments(): DeploymentView[];
  /** How far an uninstall (`ServicesOptions.uninstall`) is. */
  uninstallState(): 'no' | 'running' | 'done';
  /** Whether the master has the framework subscribed at the moment. */
  subscribed(): boolean;
  /** Ends it; tasks go on. */
  stop(): Promise<void>;
}

/** Loads the state from the store, connects to the master, and serves. Throws as `Store.load`. */
export async function createServices(options: ServicesOptions): Promise<Services> {
  const running = await run(options);
  const { state } = running;
  const change = (given: Change, force: boolean): Promise<ChangeResult> =>
    submitChanges(running, [given], force);
  const known = (id: string): string => absoluteId(id);
  return {
    routes: marathonRoutes(running),
    createApp: async (given, { force = false } = {}) => {
      const id = known(given.id ?? '');
      const result = await change({ kind: 'create', id, given }, force);
      const app = result.apps[0];
      if (app === undefined) throw new DcosError('internal', `app ${id} was not created`);
      return { ...app, deploymentId: result.deploymentId, version: result.version };
    },
    updateApp: (id, given, { force = false, replace = false } = {}) =>
      change(
        { kind: 'update', id: known(id), given, partial: !replace, mustExist: !replace },
        force,
      ),
    restartApp: (id, { force = false } = {}) => change({ kind: 'restart', id: known(id) }, force),
    deleteApp: (id, { force = true } = {}) => change({ kind: 'delete', id: known(id) }, force),
    getApp: (id) => {
      const app = state.apps.get(known(id));
      return app && appView(state, app);
    },
    listApps: () => [...state.apps.values()].map((app) => appView(state, app)),
    tasks: (appId) => tasksOf(state, known(appId), options.clock.now()),
    deployments: () =>
      [...state.deployments.values()].map((deployment) => deploymentView(state, deployment)),
    uninstallState: () => state.uninstall,
    subscribed: () => state.subscribed,
    stop: running.stop,
  };
}

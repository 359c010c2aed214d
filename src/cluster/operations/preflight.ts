/** All that can be checked of an install before anything is done. */
import { DcosError } from '../../core/errors.js';
import type { Json, JsonObject } from '../../core/json.js';
import type { PackageRelease, Packages } from '../../packages/packages.js';
import { cosmosError } from '../../wire/cosmos.js';
import type { Preflight } from '../../wire/operations.js';
import type { Operator } from '../operator.js';
import { factsOf, needsOfApp, parseRendered, type RenderedApp } from './app-facts.js';
import { dependenciesOf, missingDependencies } from './dependencies.js';
import { type Feasibility, feasibilityOf, type Need, roomOf } from './feasibility.js';
import type { AppFacts, OperationsState } from './state.js';

/** What a user asks for. */
export interface Wish {
  readonly packageName: string;
  readonly packageVersion?: string | undefined;
  readonly options: JsonObject;
  readonly appId?: string | undefined;
}

/** A wish that could be fulfilled as far as packages know. */
export interface CheckedWish {
  readonly release: PackageRelease;
  readonly appId: string;
  readonly facts: AppFacts;
  readonly app: RenderedApp;
  readonly assets: { asset: string; bytes: number; cachedBytes: number }[];
}

/**
 * Finds the package and checks the options. Throws Cosmos' errors: PackageNotFound,
 * VersionNotFound, JsonSchemaMismatch…
 */
export async function checkWish(packages: Packages, wish: Wish): Promise<CheckedWish> {
  const prepared = await packages.prepare(wish.packageName, wish.packageVersion, wish.options);
  if (prepared.problems.length > 0) throw prepared.error ?? optionsError(prepared.problems);
  return checkRelease(packages, prepared.package, wish.options, wish.appId);
}

/** The same for a release that is at hand. */
export async function checkRelease(
  packages: Packages,
  release: PackageRelease,
  options: JsonObject,
  wantedId: string | undefined,
): Promise<CheckedWish> {
  const rendered = await packages.render(release, options, {}, wantedId);
  const app = parseRendered(rendered);
  const { mergedOptions } = await packages.prepareRelease(release, options);
  const dependencies = dependenciesOf(release.definition.config as Json, mergedOptions);
  const plans = await packages.planArtifacts(release, rendered);
  return {
    release,
    appId: app.id,
    facts: factsOf(app, dependencies),
    app,
    assets: plans.map(({ asset, bytes, cachedBytes }) => ({ asset, bytes, cachedBytes })),
  };
}

function optionsError(problems: readonly { pointer: string; message: string }[]): DcosError {
  const all = problems.map(({ pointer, message }) => `${pointer || '/'}: ${message}`).join('; ');
  return cosmosError('JsonSchemaMismatch', `Options JSON failed validation: ${all}`, {
    errors: problems,
  });
}

/**
 * Whether the agents could ever run it. A master that can't be asked stops nothing: the install
 * waits for it.
 */
export async function feasibility(
  packages: Packages,
  operator: Operator,
  { release, app }: CheckedWish,
  kind: 'install' | 'update' = 'install',
): Promise<Feasibility> {
  const needs: Need[] = needsOfApp(app);
  const files = await packages.serviceFiles(release);
  if (files !== undefined) {
    const { checkCommandsOf, needsOfService } = await import('./service-needs.js');
    if (files.commandsYaml !== undefined) checkCommandsOf(files.commandsYaml, app);
    needs.push(...needsOfService(files.serviceYaml, app, kind));
  }
  try {
    const { agents = [], recovered_agents = [] } = await operator.agents();
    // While agents are still coming, nothing is known to be impossible.
    if (agents.length === 0 || recovered_agents.length > 0) {
      return { impossible: [], waiting: ['the cluster has no agent at the moment'] };
    }
    return feasibilityOf(needs, agents.map(roomOf));
  } catch (error) {
    if (!(error instanceof DcosError) || (error.code !== 'unreachable' && error.code !== 'timeout'))
      throw error;
    return {
      impossible: [],
      waiting: [`the master cannot be asked at the moment: ${error.message}`],
    };
  }
}

/** The error for what no agent could ever give. */
export function impossibleError({ impossible }: Feasibility): DcosError {
  return cosmosError(
    'ResourcesNeverAvailable',
    impossible.join('; '),
    { needs: [...impossible] },
    'Ask for less by options, or add a larger agent.',
  );
}

/**
 * Checks all and reports instead of throwing; what is wrong with the request itself (no such
 * package, wrong options) is a problem too.
 */
export async function preflight(
  packages: Packages,
  operator: Operator,
  state: OperationsState,
  wish: Wish,
): Promise<Preflight> {
  const nothing = { bytes: 0, cachedBytes: 0 };
  const none = { download: nothing, warnings: [], dependencies: [] };
  try {
    const { problems } = await packages.prepare(
      wish.packageName,
      wish.packageVersion,
      wish.options,
    );
    if (problems.length > 0) {
      const found = problems.map(({ pointer, message, hint }) => ({
        code: 'invalid',
        message: `${pointer || '/'}: ${message}`,
        ...(hint === undefined ? {} : { hint }),
      }));
      return { ...none, problems: found };
    }
    const checked = await checkWish(packages, wish);
    const found = await feasibility(packages, operator, checked);
    const sum = (pick: (asset: CheckedWish['assets'][number]) => number): number =>
      checked.assets.reduce((total, asset) => total + pick(asset), 0);
    return {
      download: {
        bytes: sum((asset) => asset.bytes),
        cachedBytes: sum((asset) => asset.cachedBytes),
      },
      problems: found.impossible.map((message) => ({ code: 'impossible', message })),
      warnings: [...found.waiting],
      dependencies: missingDependencies(state, checked.facts.dependencies ?? []).map(
        ({ option, packageName, serviceName = '' }) => ({ option, packageName, serviceName }),
      ),
    };
  } catch (error) {
    if (!(error instanceof DcosError)) throw error;
    const { code, message, hint } = error;
    const problem = { code, message, ...(hint === undefined ? {} : { hint }) };
    return { ...none, problems: [problem] };
  }
}

/** How an operation goes from stage to stage, and the order that each stage gives. Pure. */
import type { OperationPhase, OperationStep, StepStatus } from '../../wire/operations.js';
import type { OperationsEffect } from './events.js';
import type { AppFacts, Installed, OperationRecord, Stage } from './state.js';

/** The stages of an operation, in order. */
export function stagesOf(
  kind: OperationRecord['operation']['kind'],
  facts: AppFacts,
): readonly Stage[] {
  if (kind === 'uninstall') {
    return facts.uninstallsItself
      ? ['order', 'restart', 'plan', 'delete', 'clean', 'ended']
      : ['delete', 'clean', 'ended'];
  }
  const depend: Stage[] = hasDependencies(facts) ? ['depend'] : [];
  return facts.hasPlan
    ? ['fetch', ...depend, 'create', 'start', 'plan', 'collect', 'ended']
    : ['fetch', ...depend, 'create', 'start', 'collect', 'ended'];
}

const hasDependencies = ({ dependencies = [] }: AppFacts): boolean => dependencies.length > 0;

/** The stage after the present one. */
export function stageAfter(record: OperationRecord, facts: AppFacts): Stage {
  const stages = stagesOf(record.operation.kind, facts);
  return stages[stages.indexOf(record.stage) + 1] ?? 'ended';
}

/** The phase, as users see it, in which a stage is. */
export function phaseOf(kind: OperationRecord['operation']['kind'], stage: Stage): string {
  if (kind === 'uninstall')
    return stage === 'delete' ? 'scheduler' : stage === 'clean' ? 'cleanup' : 'deploy';
  if (stage === 'depend') return 'dependencies';
  return stage === 'fetch'
    ? 'artifacts'
    : stage === 'plan' || stage === 'collect'
      ? 'deploy'
      : 'scheduler';
}

/** The phases with which an operation begins. */
export function firstPhases(
  kind: OperationRecord['operation']['kind'],
  appId: string,
  facts: AppFacts,
  assets: readonly { readonly asset: string; readonly bytes: number }[],
): OperationPhase[] {
  const phase = (name: string, steps: OperationStep[]): OperationPhase => ({
    name,
    status: 'PENDING',
    steps,
  });
  const pending = (name: string): OperationStep => ({ name, status: 'PENDING' });
  if (kind === 'uninstall') {
    return [
      ...(facts.uninstallsItself ? [phase('deploy', [pending('plan')])] : []),
      phase('scheduler', [pending(`remove ${appId}`)]),
      phase('cleanup', [pending('give back what is left')]),
    ];
  }
  const fetches = assets.map(({ asset, bytes }) => ({
    ...pending(asset),
    progress: { done: 0, total: bytes },
  }));
  const needed = (facts.dependencies ?? []).flatMap(({ serviceName }) => serviceName ?? []);
  return [
    phase('artifacts', fetches),
    ...(hasDependencies(facts) ? [phase('dependencies', needed.map(pending))] : []),
    phase('scheduler', [pending(appId)]),
    ...(facts.hasPlan ? [phase('deploy', [])] : []),
  ];
}

/**
 * The status of a phase whose steps have these: the least advanced, IN_PROGRESS where they differ.
 */
export function statusOfSteps(steps: readonly OperationStep[]): StepStatus {
  const statuses = new Set(steps.map((step) => step.status));
  if (statuses.has('ERROR')) return 'ERROR';
  if (statuses.size === 1) return steps[0]?.status ?? 'COMPLETE';
  return statuses.size === 0 ? 'COMPLETE' : 'IN_PROGRESS';
}

/** The assets whose fetching the operation shows. */
function assetsOf({ operation }: OperationRecord): string[] {
  const phase = operation.phases.find(({ name }) => name === 'artifacts');
  return (phase?.steps ?? []).map(({ name }) => name);
}

/** What the present stage orders; nothing once ended. */
export function effectOf(
  record: OperationRecord,
  installed: Installed,
): OperationsEffect | undefined {
  const { id: operationId, appId } = record.operation;
  const facts = record.next?.facts ?? installed.facts;
  const release = record.next?.release ?? installed.release;
  switch (record.stage) {
    case 'fetch':
      return { type: 'FetchArtifacts', operationId, release, assets: assetsOf(record) };
    case 'depend':
      return {
        type: 'ObserveDependencies',
        operationId,
        dependencies: facts.dependencies ?? [],
      };
    case 'create':
      return {
        type: 'SubmitApp',
        operationId,
        appId,
        release,
        userOptions: record.next?.userOptions ?? installed.userOptions,
        assetUrls: record.assetUrls ?? {},
        dependencyEnv: record.dependencyEnv ?? {},
      };
    case 'order':
      return { type: 'OrderUninstall', operationId, appId };
    case 'start':
    case 'restart':
      return { type: 'ObserveApp', operationId, appId };
    case 'plan':
      return { type: 'ObservePlan', operationId, serviceName: facts.serviceName ?? appId.slice(1) };
    case 'collect':
      return {
        type: 'CollectEndpoints',
        operationId,
        appId,
        facts,
        notes: release.definition.postInstallNotes ?? undefined,
      };
    case 'delete':
      return { type: 'DeleteApp', operationId, appId };
    case 'clean':
      return { type: 'CleanUp', operationId, facts };
    case 'ended':
      return undefined;
  }
}

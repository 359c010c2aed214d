/** The plans of a `service.yaml`: their phases and steps, and whether these fit the pods. */
import type { PhaseSpec, PlanSpec, ServiceSpec, SpecViolation } from './service-spec.js';
import type { SpecNode } from './service-spec-node.js';

/** Reads one plan. */
export function readPlan(name: string, node: SpecNode): PlanSpec {
  node.keys(['strategy', 'phases']);
  return {
    name,
    strategy: node.choice('strategy', ['serial', 'parallel'], 'serial'),
    phases: node.children('phases').map((phase) => readPhase(phase.name, phase.node)),
  };
}

const phaseStrategies = [
  'serial',
  'parallel',
  'canary',
  'serial-canary',
  'parallel-canary',
] as const;

function readPhase(name: string, node: SpecNode): PhaseSpec {
  node.keys(['strategy', 'pod', 'steps']);
  const strategy = node.choice('strategy', phaseStrategies, 'serial');
  const pod = node.text('pod');
  const steps = node.list('steps').map((step, index) => readStep(node, step, index));
  // A step that is named `default` stands for every instance: with one task per pod that is no
  // list at all.
  const all = steps.length === 0 || steps.includes('default');
  return {
    name,
    pod,
    strategy: strategy === 'canary' ? 'serial-canary' : strategy,
    ...(all ? {} : { instances: steps.filter((step) => step !== 'default') }),
  };
}

/** `0: [[task]]` or `default: [[task]]`. */
function readStep(node: SpecNode, step: unknown, position: number): number | 'default' {
  const keys = typeof step === 'object' && step !== null ? Object.keys(step) : [];
  const [key] = keys;
  if (keys.length === 1 && key === 'default') return 'default';
  if (keys.length === 1 && key !== undefined && /^\d{1,5}$/.test(key)) return Number(key);
  node.wrong(`steps.${position}`, "must be 'default' or an instance's index with its tasks");
  return 'default';
}

/** Notes where a phase names a pod or instance that is not there. */
export function checkPhase(
  spec: ServiceSpec,
  plan: string,
  phase: PhaseSpec,
  violations: SpecViolation[],
): void {
  const path = `plans.${plan}.phases.${phase.name}`;
  const pod = spec.pods.find(({ type }) => type === phase.pod);
  if (pod === undefined) {
    violations.push({ path: `${path}.pod`, message: `'${phase.pod}' is not among the pods` });
    return;
  }
  const beyond = phase.instances?.find((index) => index >= pod.count);
  if (beyond !== undefined) {
    const message = `names instance ${beyond}, but '${pod.type}' has ${pod.count}`;
    violations.push({ path: `${path}.steps`, message });
  }
}

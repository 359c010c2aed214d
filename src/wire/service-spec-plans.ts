/** The plans of a `service.yaml`: their phases and steps, and whether these fit the pods. */
import type {
  PhaseSpec,
  PlanSpec,
  PodSpec,
  ServiceSpec,
  SpecViolation,
  StepSpec,
} from './service-spec.js';
import type { SpecNode } from './service-spec-node.js';
import { stepsOfPhase } from './service-spec-pods.js';

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
  node.keys(['strategy', 'pod', 'steps', 'after']);
  const strategy = node.choice('strategy', phaseStrategies, 'serial');
  const pod = node.text('pod');
  const steps = node.list('steps').flatMap((step, position) => readStep(node, step, position));
  return {
    name,
    pod,
    strategy: strategy === 'canary' ? 'serial-canary' : strategy,
    ...(steps.length === 0 ? {} : { steps }),
    ...(node.has('after') ? { after: node.texts('after') } : {}),
  };
}

const stepForm = "must be 'default' or an instance's index with its tasks, such as 0: [[server]]";

/** `0: [[bootstrap], [node, agent]]` or `default: [[server]]`: each inner list is one step. */
function readStep(node: SpecNode, step: unknown, position: number): StepSpec[] {
  const entries = typeof step === 'object' && step !== null ? Object.entries(step) : [];
  const [key, groups] = entries[0] ?? ['', undefined];
  const known = key === 'default' || /^\d{1,5}$/.test(key);
  if (entries.length !== 1 || !known || !isGroups(groups)) {
    node.wrong(`steps.${position}`, stepForm);
    return [];
  }
  return [{ instance: key === 'default' ? key : Number(key), groups }];
}

function isGroups(value: unknown): value is string[][] {
  const isGroup = (group: unknown): boolean =>
    Array.isArray(group) && group.length > 0 && group.every((task) => typeof task === 'string');
  return Array.isArray(value) && value.length > 0 && value.every(isGroup);
}

/** Notes where a plan names a pod, an instance or a task that is not there. */
export function checkPlans(spec: ServiceSpec, violations: SpecViolation[]): void {
  for (const plan of spec.plans) {
    for (const phase of plan.phases) checkPhase(spec, plan.name, phase, violations);
    checkOrder(plan, violations);
  }
  // Without a plan, the tasks of an instance start in one step.
  if (spec.plans.some(({ name }) => name === 'deploy')) return;
  for (const pod of spec.pods) {
    const message = conflictIn(pod, new Set(pod.tasks.map(({ name }) => name)));
    if (message === undefined) continue;
    const advice = "; a plan 'deploy' has to start them in separate steps";
    violations.push({ path: `pods.${pod.type}.tasks`, message: message + advice });
  }
}

/** What a phase comes after must be there, and the plan come to an end. */
function checkOrder({ name: plan, strategy, phases }: PlanSpec, violations: SpecViolation[]): void {
  const names = new Set(phases.map(({ name }) => name));
  const done = new Set<string>();
  for (const { name, after = [] } of phases) {
    const path = `plans.${plan}.phases.${name}.after`;
    const unknown = after.find((other) => !names.has(other));
    if (unknown !== undefined) {
      violations.push({ path, message: `names '${unknown}', which is not among the phases` });
    } else if (after.length > 0 && strategy === 'serial') {
      const message = 'needs the strategy parallel of its plan: in a serial one the order is given';
      violations.push({ path, message });
    }
  }
  // Whatever can't be reached by doing what is free to be done waits for itself.
  const free = (): PhaseSpec | undefined =>
    phases.find(
      ({ name, after = [] }) =>
        !done.has(name) && after.every((other) => done.has(other) || !names.has(other)),
    );
  for (let next = free(); next !== undefined; next = free()) done.add(next.name);
  const stuck = phases.filter(({ name }) => !done.has(name)).map(({ name }) => name);
  if (stuck.length > 0) {
    const message = `wait for each other: ${stuck.join(', ')}`;
    violations.push({ path: `plans.${plan}.phases`, message });
  }
}

function checkPhase(
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
  const wrong = (message: string): void => {
    violations.push({ path: `${path}.steps`, message });
  };
  const beyond = phase.steps?.find(
    ({ instance }) => instance !== 'default' && instance >= pod.count,
  );
  if (beyond !== undefined && pod.count > 0) {
    wrong(`names instance ${beyond.instance}, but '${pod.type}' has ${pod.count}`);
  }
  const groups = new Set<string>();
  for (const { tasks } of stepsOfPhase(pod, phase, Math.max(1, pod.count))) {
    if (groups.has(tasks.join())) continue;
    groups.add(tasks.join());
    const unknown = tasks.find((task) => !pod.tasks.some(({ name }) => name === task));
    const names = pod.tasks.map(({ name }) => name).join(', ');
    if (unknown !== undefined) wrong(`names the task '${unknown}'; '${pod.type}' has: ${names}`);
    const conflict = conflictIn(pod, new Set(tasks));
    if (conflict !== undefined) wrong(conflict);
  }
}

/** Two tasks of one step that need the same resource set. */
function conflictIn(pod: PodSpec, tasks: ReadonlySet<string>): string | undefined {
  const owners = new Map<string, string>();
  for (const { name, resourceSet } of pod.tasks) {
    if (!tasks.has(name)) continue;
    const owner = owners.get(resourceSet);
    if (owner !== undefined) {
      return `'${owner}' and '${name}' cannot run together: both own the set '${resourceSet}'`;
    }
    owners.set(resourceSet, name);
  }
  return undefined;
}

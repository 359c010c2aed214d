/** A plan as a tree, the way the SDK's command lines print it. Pure. */
import type { Plan } from '../../client/services.js';
import { clean } from './clean.js';

/** `deploy (serial strategy) (COMPLETE)` and its phases and steps below. */
export function planTree(plan: Plan): string {
  const lines = [`${plan.name} (${plan.strategy} strategy) (${plan.status})`];
  for (const [at, phase] of plan.phases.entries()) {
    const isLast = at === plan.phases.length - 1;
    lines.push(
      `${isLast ? '└─' : '├─'} ${phase.name} (${phase.strategy} strategy) (${phase.status})`,
    );
    for (const [index, step] of phase.steps.entries()) {
      const branch = index === phase.steps.length - 1 ? '└─' : '├─';
      lines.push(`${isLast ? '   ' : '│  '}${branch} ${step.name} (${step.status})`);
    }
  }
  if (plan.errors.length > 0)
    lines.push('', 'Errors:', ...plan.errors.map((error) => `- ${error}`));
  return clean(lines.join('\n'));
}

/**
 * `rules` of a `service.yaml`: what must hold among the options of a service, and which may change
 * how. Looked at before an install or an update changes anything. Pure.
 */
import type { SpecViolation } from './service-spec.js';
import type { SpecNode } from './service-spec-node.js';

/** One rule about one option. */
export interface RuleSpec {
  /** As users know it: `brokers.heap`. */
  readonly option: string;
  readonly value: string;
  readonly atMost?: number;
  readonly atLeast?: number;
  /** A value that is always right. */
  readonly except?: string;
  /** The only values that are right. */
  readonly oneOf?: readonly string[];
  /** False: the rule does not count, because of another option. */
  readonly counts: boolean;
  /** It can't change once the service is there. */
  readonly fixed: boolean;
  /** A number that can't fall. */
  readonly growsOnly: boolean;
  /** A number that can't change while it is below this one. */
  readonly fixedBelow?: number;
  /** Why; ends what users are told. */
  readonly because: string;
}

const keys = [
  'option',
  'value',
  'at-most',
  'at-least',
  'times',
  'except',
  'one-of',
  'if',
  'fixed',
  'grows-only',
  'fixed-below',
  'because',
];
const any = { min: -1e15, max: 1e15, whole: false };

/** Reads the rules of a service. `times` is a factor of both limits. */
export function readRules(root: SpecNode): RuleSpec[] {
  return root.items('rules').map((node) => {
    node.keys(keys);
    const times = node.number('times', any, 1);
    const limit = (key: string): number => node.number(key, any) * times;
    return {
      option: node.text('option'),
      value: node.text('value', ''),
      ...(node.has('at-most') ? { atMost: Math.floor(limit('at-most')) } : {}),
      ...(node.has('at-least') ? { atLeast: Math.ceil(limit('at-least')) } : {}),
      ...(node.has('except') ? { except: node.text('except') } : {}),
      ...(node.has('one-of') ? { oneOf: node.texts('one-of') } : {}),
      counts: node.flag('if', true),
      fixed: node.flag('fixed', false),
      growsOnly: node.flag('grows-only', false),
      ...(node.has('fixed-below') ? { fixedBelow: node.number('fixed-below', any) } : {}),
      because: node.text('because'),
    };
  });
}

/**
 * Which rules the options break; `before` are the rules, with their values, of the options that the
 * service runs with now.
 */
export function brokenRules(
  rules: readonly RuleSpec[],
  before: readonly RuleSpec[] = [],
): SpecViolation[] {
  return rules.flatMap((rule): SpecViolation[] => {
    if (!rule.counts) return [];
    const old = before.find(({ option }) => option === rule.option);
    const wrong = limitsBroken(rule) ?? (old === undefined ? undefined : changeRefused(rule, old));
    const message = `${wrong}: ${rule.because}`;
    return wrong === undefined ? [] : [{ path: rule.option, message }];
  });
}

function limitsBroken({ value, atMost, atLeast, except, oneOf }: RuleSpec): string | undefined {
  if (value === except) return undefined;
  if (oneOf?.includes(value) === false) return `is ${value}, but must be ${oneOf.join(' or ')}`;
  const number = Number(value);
  if (atMost !== undefined && !(number <= atMost)) {
    return `is ${value}, but must be at most ${atMost}`;
  }
  if (atLeast !== undefined && !(number >= atLeast)) {
    return `is ${value}, but must be at least ${atLeast}`;
  }
  return undefined;
}

function changeRefused(rule: RuleSpec, { value: old }: RuleSpec): string | undefined {
  const { value, fixed, growsOnly, fixedBelow } = rule;
  if (value === old) return undefined;
  if (fixed || (fixedBelow !== undefined && Number(old) < fixedBelow)) {
    return `cannot change from ${old} to ${value}`;
  }
  if (growsOnly && Number(value) < Number(old)) {
    return `cannot fall from ${old} to ${value}; at least ${old}`;
  }
  return undefined;
}

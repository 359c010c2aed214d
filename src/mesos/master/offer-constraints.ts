/**
 * Offer constraints: which agents' offers a framework wants, by their attributes (apache/mesos
 * include/mesos/v1/scheduler/scheduler.proto, message OfferConstraints;
 * src/master/allocator/mesos/offer_constraints_filter.cpp). Of a role with constraints one group
 * must hold, and of a group every constraint.
 */
import type {
  AttributeConstraint,
  OfferConstraints,
  ConstraintSelector as Selector,
} from '../../wire/mesos/offer-constraints.js';
import type { AgentInfo } from '../../wire/mesos/task.js';

/** Letters of an expression, and of a value that it is tried on: the time of a match is bounded. */
const maxExpression = 256;
const maxValue = 256;

/** Why a framework with these roles can't have these constraints, in Mesos' words. */
export function constraintsProblem(
  { role_constraints = {} }: OfferConstraints,
  roles: readonly string[],
): string | undefined {
  for (const [role, { groups = [] }] of Object.entries(role_constraints)) {
    const problem = groupsProblem(role, groups);
    if (problem !== undefined) return problem;
  }
  const foreign = Object.keys(role_constraints).find((role) => !roles.includes(role));
  return foreign === undefined
    ? undefined
    : `Offer constraints specify \`role_constraints\` for a role '${foreign}'` +
        'not contained in the set of roles';
}

type Group = { readonly attribute_constraints?: readonly AttributeConstraint[] | undefined };

function groupsProblem(role: string, groups: readonly Group[]): string | undefined {
  if (groups.length === 0) {
    return (
      "'OfferConstraints::role_constraints' has an empty " +
      `'RoleConstraints::groups' for role ${role}`
    );
  }
  for (const { attribute_constraints: all = [] } of groups) {
    if (all.length === 0) {
      return (
        `'OfferConstraints::RoleConstraints::groups' for role ${role}` +
        'contains an empty RoleConstraints::Group'
      );
    }
    const problem = all.map(constraintProblem).find((one) => one !== undefined);
    if (problem !== undefined) {
      return `A role ${role} has an invalid 'AttributeConstraint': ${problem}`;
    }
  }
  return undefined;
}

function constraintProblem({ selector, predicate }: AttributeConstraint): string | undefined {
  const { attribute_name, pseudoattribute_type: pseudo } = selector;
  if (attribute_name === undefined && pseudo === undefined) {
    return (
      "Exactly one of 'AttributeConstraint::Selector::name' or" +
      " 'AttributeConstraint::Selector::pseudoattribute_type' must be set"
    );
  }
  if (pseudo === 'UNKNOWN') return 'Unknown pseudoattribute type';
  const { text_matches, text_not_matches } = predicate;
  const regex = text_matches?.regex ?? text_not_matches?.regex;
  if (regex !== undefined) return regexProblem(regex);
  const known = ['exists', 'not_exists', 'text_equals', 'text_not_equals'];
  return known.some((name) => predicate[name] !== undefined) ? undefined : 'Unknown predicate type';
}

function regexProblem(regex: string): string | undefined {
  if (regex.length > maxExpression) {
    return `Regex '${regex}' is too complex: more than ${maxExpression} letters`;
  }
  try {
    new RegExp(regex, 'u');
    return undefined;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return `Failed to construct regex from pattern '${regex}': ${why}`;
  }
}

/** Whether offers of this agent may go to a framework with these constraints, in this role. */
export function satisfies(
  constraints: OfferConstraints,
  role: string,
  agent: Pick<AgentInfo, 'hostname' | 'domain' | 'attributes'>,
): boolean {
  const groups = constraints.role_constraints?.[role]?.groups;
  if (groups === undefined) return true;
  return groups.some(({ attribute_constraints: all = [] }) =>
    all.every((constraint) => holds(constraint, agent)),
  );
}

/** The value of what is selected: `{}` for what is no text, `undefined` for nothing. */
function selected(
  { attribute_name, pseudoattribute_type }: Selector,
  { hostname, domain, attributes = [] }: Pick<AgentInfo, 'hostname' | 'domain' | 'attributes'>,
): { readonly text?: string } | undefined {
  if (attribute_name !== undefined) {
    const found = attributes.find(({ name }) => name === attribute_name);
    if (found === undefined) return undefined;
    return found.text === undefined ? {} : { text: found.text.value };
  }
  const { region, zone } = domain?.fault_domain ?? {};
  const text =
    pseudoattribute_type === 'HOSTNAME'
      ? hostname
      : pseudoattribute_type === 'REGION'
        ? region?.name
        : zone?.name;
  return text === undefined ? undefined : { text };
}

/** What is no text satisfies every predicate about texts: the framework looks for itself. */
function holds(
  { selector, predicate }: AttributeConstraint,
  agent: Pick<AgentInfo, 'hostname' | 'domain' | 'attributes'>,
): boolean {
  const found = selected(selector, agent);
  const { text_equals, text_not_equals, text_matches, text_not_matches } = predicate;
  if (predicate.exists !== undefined) return found !== undefined;
  if (predicate.not_exists !== undefined) return found === undefined;
  if (found === undefined) return text_not_equals !== undefined || text_not_matches !== undefined;
  const { text } = found;
  if (text === undefined) return true;
  if (text_equals !== undefined) return text === text_equals.value;
  if (text_not_equals !== undefined) return text !== text_not_equals.value;
  const regex = text_matches?.regex ?? text_not_matches?.regex ?? '';
  const matches = text.length <= maxValue && new RegExp(`^(?:${regex})$`, 'u').test(text);
  return text_matches !== undefined ? matches : !matches;
}

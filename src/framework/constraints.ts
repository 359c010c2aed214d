/**
 * Placement rules (marathon docs/constraints.md; dcos-commons MarathonConstraintParser): parsed
 * from three syntaxes into one form, judged with a reason for a no. Pure.
 */
import { DcosError } from '../core/errors.js';
import type { Attribute } from '../wire/mesos/common.js';
import { compilePattern, type Pattern } from './pattern.js';
import type { Place } from './requirement.js';

const operators = [
  'UNIQUE',
  'CLUSTER',
  'GROUP_BY',
  'LIKE',
  'UNLIKE',
  'MAX_PER',
  'IS',
  'IS_NOT',
] as const;

/** What a rule compares by. */
export type ConstraintOperator = (typeof operators)[number];

/** One rule; rows are joined by AND. */
export interface Constraint {
  /** `hostname` (or `@hostname`), `@zone`, `@region`, else the name of an attribute. */
  readonly field: string;
  readonly operator: ConstraintOperator;
  readonly value?: string;
}

/**
 * Parses rules in any of the three syntaxes: `[["hostname","UNIQUE"]]`, `["hostname","UNIQUE"]`,
 * `hostname:UNIQUE,rack:LIKE:a.*`
 * (a backslash escapes); the first two as JSON text as well. Throws `invalid` with the text that
 * Marathon has for it.
 */
export function parseConstraints(input: unknown): Constraint[] {
  if (typeof input === 'string') return parseText(input);
  if (!Array.isArray(input)) {
    throw new DcosError('invalid', 'constraints must be a list such as [["hostname", "UNIQUE"]]');
  }
  if (input.length === 0) return [];
  const rows = input.every((cell) => typeof cell === 'string') ? [input] : input;
  return rows.map(parseRow);
}

function parseText(text: string): Constraint[] {
  const trimmed = text.trim();
  if (trimmed === '') return [];
  if (trimmed.startsWith('[')) {
    try {
      return parseConstraints(JSON.parse(trimmed));
    } catch (error) {
      if (error instanceof DcosError) throw error;
      throw new DcosError('invalid', `constraints '${trimmed}' are not JSON`, { cause: error });
    }
  }
  return split(trimmed, ',').map((row) => parseRow(split(row, ':', 3).map(withoutEscapes)));
}

/** Splits at unescaped separators, into at most `limit` parts; escapes stay in. */
function split(text: string, separator: string, limit = Number.POSITIVE_INFINITY): string[] {
  const parts = [''];
  for (let index = 0; index < text.length; index += 1) {
    const char = text.charAt(index);
    const last = parts.length - 1;
    if (char === '\\') {
      parts[last] += char + text.charAt(index + 1);
      index += 1;
    } else if (char === separator && parts.length < limit) parts.push('');
    else parts[last] += char;
  }
  return parts;
}

/** Only separators and the backslash itself are escaped, so that `\d` stays. */
function withoutEscapes(text: string): string {
  return text.trim().replaceAll(/\\([:,\\])/g, '$1');
}

function parseRow(row: unknown): Constraint {
  if (!Array.isArray(row) || row.length < 2 || row.length > 3 || !row.every(isCell)) {
    throw new DcosError('invalid', 'Constraint must have 2 or 3 elements: field, operator, value', {
      data: row,
    });
  }
  const [field, operator, value] = row.map(String) as [string, string, string | undefined];
  const known = operators.find((name) => name === operator.toUpperCase());
  if (field === '' || known === undefined) {
    throw new DcosError('invalid', field === '' ? 'Missing field name' : unknownOperator);
  }
  checkValue(known, value === '' ? undefined : value);
  return { field, operator: known, ...(value ? { value } : {}) };
}

const isCell = (cell: unknown): boolean => typeof cell === 'string' || typeof cell === 'number';

const allButLast = operators.slice(0, -1).join(', ');
const lastOne = operators[operators.length - 1];
const unknownOperator = `Operator must be one of the following ${allButLast} or ${lastOne}`;

function checkValue(operator: ConstraintOperator, value: string | undefined): void {
  const fail = (text: string): never => {
    throw new DcosError('invalid', text);
  };
  if (operator === 'UNIQUE' && value !== undefined) fail('Value specified but not used');
  if ((operator === 'IS' || operator === 'IS_NOT') && value === undefined) fail('Missing value');
  if (operator === 'LIKE' || operator === 'UNLIKE') {
    if (value === undefined) fail('A regular expression value must be provided');
    else patternOf(value);
  }
  if (operator === 'MAX_PER' && value === undefined) fail('Missing value');
  if ((operator === 'MAX_PER' || operator === 'GROUP_BY') && value !== undefined) {
    if (!/^[1-9]\d{0,8}$/.test(value)) fail('Value was specified but is not a number');
  }
}

/** Compiled patterns of late; forgotten all at once when there are many. */
const patterns = new Map<string, Pattern>();

function patternOf(source: string): Pattern {
  const known = patterns.get(source);
  if (known !== undefined) return known;
  const pattern = compilePattern(source);
  if (patterns.size >= 500) patterns.clear();
  patterns.set(source, pattern);
  return pattern;
}

/**
 * The value that `place` has for a constraint's field, as text; `undefined` where it lacks the
 * attribute.
 */
export function fieldOf(place: Place, field: string): string | undefined {
  if (field === 'hostname' || field === '@hostname') return place.hostname;
  if (field === '@zone') return place.domain?.fault_domain?.zone.name;
  if (field === '@region') return place.domain?.fault_domain?.region.name;
  const attribute = place.attributes?.find(({ name }) => name === field);
  return attribute && attributeText(attribute);
}

/** An attribute as constraints compare it. */
export function attributeText(attribute: Attribute): string {
  const { type, scalar, ranges, set, text } = attribute;
  if (type === 'SCALAR') return scalarText(scalar?.value ?? 0);
  if (type === 'RANGES') {
    const parts = (ranges?.range ?? []).map(({ begin, end }) => [begin, end] as const);
    return `[${parts
      .sort((a, b) => a[0] - b[0])
      .map(([a, b]) => `${a}-${b}`)
      .join(',')}]`;
  }
  if (type === 'SET') return `{${[...(set?.item ?? [])].sort().join(',')}}`;
  return text?.value ?? '';
}

/**
 * At most three decimals, half to even, no zeros at the end (Java's DecimalFormat("#.###"),
 * without grouping).
 */
function scalarText(value: number): string {
  const milli = value * 1000;
  const floor = Math.floor(milli);
  const isHalf = Math.abs(milli - floor - 0.5) < 1e-9;
  const rounded = isHalf ? floor + (floor % 2 === 0 ? 0 : 1) : Math.round(milli);
  return String(rounded / 1000);
}

/** A rule as users write it: `rack LIKE rack-[12]`. */
export function constraintText({ field, operator, value }: Constraint): string {
  return [field, operator, ...(value === undefined ? [] : [value])].join(' ');
}

/**
 * Why an instance may not go to `place` while `others` run where they run; `undefined` when it
 * may.
 */
export function violation(
  constraint: Constraint,
  place: Place,
  others: readonly Place[],
  instances: number,
): string | undefined {
  const { field, operator, value = '' } = constraint;
  const here = fieldOf(place, field);
  if (here === undefined) {
    const negative = operator === 'UNLIKE' || operator === 'IS_NOT';
    return negative ? undefined : `${constraintText(constraint)}: the agent has no ${field}`;
  }
  const no = (reason: string): string => `${constraintText(constraint)}: ${reason}`;
  const taken = others.map((other) => fieldOf(other, field)).filter((text) => text !== undefined);
  const count = taken.filter((text) => text === here).length;
  switch (operator) {
    case 'UNIQUE':
      return count > 0 ? no(`an instance runs on ${here} already`) : undefined;
    case 'CLUSTER': {
      const wanted = value === '' ? taken[0] : value;
      return wanted !== undefined && wanted !== here ? no(`${here} is not ${wanted}`) : undefined;
    }
    case 'LIKE':
      return patternOf(value).matches(here) ? undefined : no(`${here} does not match`);
    case 'UNLIKE':
      return patternOf(value).matches(here) ? no(`${here} matches`) : undefined;
    case 'IS':
      return sameText(here, value) ? undefined : no(`${here} is another`);
    case 'IS_NOT':
      return sameText(here, value) ? no(`${here} is excluded`) : undefined;
    case 'MAX_PER':
      return count >= Number(value) ? no(`${count} instances run on ${here} already`) : undefined;
    case 'GROUP_BY':
      return groupIsFull(taken, here, Number(value), instances)
        ? no(`${here} has its share of instances already`)
        : undefined;
  }
}

/** `IS 1.0` finds the scalar 1. */
function sameText(here: string, wanted: string): boolean {
  if (here === wanted) return true;
  return /^-?\d+(\.\d+)?$/.test(wanted) && scalarText(Number(wanted)) === here;
}

/**
 * With `groups`: marathon 1.10+ (equal shares, the rest one each). Without: groups stay within
 * one of each other, as before 1.10.
 */
function groupIsFull(
  taken: readonly string[],
  here: string,
  groups: number,
  instances: number,
): boolean {
  const counts = new Map<string, number>();
  for (const text of taken) counts.set(text, (counts.get(text) ?? 0) + 1);
  const count = counts.get(here) ?? 0;
  if (groups === 0) return count > Math.min(...counts.values(), count);
  if (count === 0 && counts.size >= groups) return true;
  const share = Math.floor(instances / groups);
  if (count < share) return false;
  const larger = [...counts.values()].filter((size) => size > share).length;
  return count > share || larger >= instances % groups;
}

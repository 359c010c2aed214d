/**
 * Placement expressions as classic Swarm writes them, `key==value`, `key!=~/re/`: parsed and held
 * against candidates (Docker Swarm, "Swarm filters"). Pure.
 */
import { DcosError } from '../../core/errors.js';
import { compilePattern, type Pattern } from '../../framework/pattern.js';

/** Where an expression was given; its name in error texts. */
export type ExpressionKind = 'constraint' | 'affinity' | 'whitelist';

/** One expression. */
export interface Expression {
  readonly key: string;
  readonly isEqual: boolean;
  /** Without the `~`. */
  readonly value: string;
  /** A wish: given up where nothing fulfils it. */
  readonly isSoft: boolean;
  readonly pattern: Pattern;
}

const keyForm = /^[a-z_][a-z0-9\-_.]+$/i;
const valueForm = /^[=!/]?(~)?[a-z0-9:\-_\s.*/()?+[\]\\^$|]+$/i;

/** Parses expressions of one kind. Throws `invalid` with classic Swarm's text. */
export function parseExpressions(kind: ExpressionKind, texts: readonly string[]): Expression[] {
  return texts.map((text) => parseExpression(kind, text));
}

function parseExpression(kind: ExpressionKind, text: string): Expression {
  const fail = (reason: string): DcosError =>
    new DcosError('invalid', `error from ${kind} filter: ${reason}`, { status: 500 });
  // `==` is looked for first, wherever it stands.
  const operator = text.includes('==') ? '==' : '!=';
  const at = text.indexOf(operator);
  if (at < 0) throw fail('One of operator ==, != is expected');
  const key = text.slice(0, at).trim();
  const given = text.slice(at + 2).trim();
  if (!keyForm.test(key)) throw fail(`Key '${key}' is invalid`);
  if (!valueForm.test(given)) throw fail(`Value '${given}' is invalid`);
  const isSoft = given.startsWith('~');
  const value = isSoft ? given.slice(1) : given;
  try {
    return { key, isEqual: operator === '==', value, isSoft, pattern: patternOf(value) };
  } catch (error) {
    throw error instanceof DcosError ? fail(error.message) : error;
  }
}

/** `/re/` is sought anywhere, `(?i)` heeded; all else is anchored, and `*` is any text. */
function patternOf(value: string): Pattern {
  if (value.length > 1 && value.startsWith('/') && value.endsWith('/')) {
    const inner = value.slice(1, -1);
    const ignoresCase = inner.startsWith('(?i)');
    return compilePattern(
      `${ignoresCase ? '(?i)' : ''}.*(?:${inner.slice(ignoresCase ? 4 : 0)}).*`,
    );
  }
  const ignoresCase = value.startsWith('(?i)');
  const plain = (ignoresCase ? value.slice(4) : value).replaceAll('*', '.*');
  return compilePattern(`${ignoresCase ? '(?i)' : ''}${plain}`);
}

/** Whether one of `candidates` fulfils a `==`, or none of them hurts a `!=`. */
export function holds(expression: Expression, candidates: Iterable<string>): boolean {
  for (const candidate of candidates) {
    if (expression.pattern.matches(candidate)) return expression.isEqual;
  }
  return !expression.isEqual;
}

/** As error texts show it: `region==us`. */
export function expressionText({ key, isEqual, value }: Expression): string {
  return `${key}${isEqual ? '==' : '!='}${value}`;
}

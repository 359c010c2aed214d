/** Marathon's placement rules (marathon docs/constraints.md): parsed from three syntaxes, judged with a reason for a no. */
import type { Place } from './requirement.js';

/** What a rule compares by. */
export type ConstraintOperator =
  | 'UNIQUE'
  | 'CLUSTER'
  | 'GROUP_BY'
  | 'LIKE'
  | 'UNLIKE'
  | 'MAX_PER'
  | 'IS'
  | 'IS_NOT';

/** One rule; rows are joined by AND. */
export interface Constraint {
  /** `hostname` (or `@hostname`), `@zone`, `@region`, else the name of an attribute. */
  readonly field: string;
  readonly operator: ConstraintOperator;
  readonly value?: string;
}

/** Parses rules in any of the three syntaxes: `[["hostname","UNIQUE"]]`, `["hostname","UNIQUE"]`, `hostname:UNIQUE,rack:LIKE:a.*`. Throws `invalid`. */
export declare function parseConstraints(input: unknown): Constraint[];

/** Why an instance may not go to `place` while `others` run where they run; `undefined` when it may. */
export declare function violation(
  constraint: Constraint,
  place: Place,
  others: readonly Place[],
  instances: number,
): string | undefined;

/** What two engines showed, line by line, and which differences are known. */
import { linesOf } from './normal.js';
import type { Shown } from './play.js';

/** A difference that has a reason. */
export interface Known {
  /** Matches `scenario | step | path`. */
  readonly where: RegExp;
  /** For the table: the call or path that it is about. */
  readonly about: string;
  /** What differs, and why. */
  readonly why: string;
  /**
   * `version`: Mesos 1.12, which the embedded one is, differs there from the 1.11 beside it;
   * `stand-in`: that one's executor or fetcher is not the original; else our own.
   */
  readonly kind: 'own' | 'version' | 'stand-in';
  /** Only where the two lines are like this. */
  readonly when?: (embedded: string, apache: string) => boolean;
}

/** One line that differs. */
export interface Difference {
  readonly where: string;
  /** `undefined`: it is not there. */
  readonly embedded: string | undefined;
  readonly apache: string | undefined;
  readonly known: Known | undefined;
}

/** Compares what was shown of one scenario. */
export function compare(
  scenario: string,
  embedded: readonly Shown[],
  apache: readonly Shown[],
  known: readonly Known[],
): Difference[] {
  const found: Difference[] = [];
  const length = Math.max(embedded.length, apache.length);
  for (let index = 0; index < length; index += 1) {
    const [ours, theirs] = [embedded[index], apache[index]];
    const step = ours?.step ?? theirs?.step ?? '';
    const [a, b] = [linesOf(ours?.saw), linesOf(theirs?.saw)];
    for (const path of new Set([...a.keys(), ...b.keys()])) {
      if (a.get(path) === b.get(path)) continue;
      const where = `${scenario} | ${step} | ${path}`;
      const [left, right] = [a.get(path) ?? '', b.get(path) ?? ''];
      const reason = known.find(
        (one) => one.where.test(where) && (one.when?.(left, right) ?? true),
      );
      found.push({ where, embedded: a.get(path), apache: b.get(path), known: reason });
    }
  }
  return found;
}

/** A difference in words. */
export function describe({ where, embedded, apache }: Difference): string {
  const shown = (value: string | undefined): string => (value ?? 'absent').slice(0, 300);
  return `${where}\n      embedded ${shown(embedded)}\n      apache   ${shown(apache)}`;
}

/**
 * Marathon's label selectors: `a==1, b!=2, c in (x, y), d notin (z), e, !f`; all must hold
 * (marathon LabelSelectorParsers). Pure.
 */
import { DcosError } from '../core/errors.js';

/** Says whether labels are selected. Throws `invalid` for a selector that can't be read. */
export function selectorOf(text: string): (labels: Readonly<Record<string, string>>) => boolean {
  const terms = splitTerms(text).map(termOf);
  return (labels) => terms.every((term) => term(labels));
}

/** At commas outside of brackets. */
function splitTerms(text: string): string[] {
  const terms = text.match(/(?:\([^)]*\)|[^,(])+/g) ?? [];
  return terms.map((term) => term.trim()).filter((term) => term !== '');
}

function termOf(term: string): (labels: Readonly<Record<string, string>>) => boolean {
  const equal = /^([^\s=!]+)\s*(==|=|!=)\s*(\S+)$/.exec(term);
  if (equal !== null) {
    const [, key = '', operator, value] = equal;
    return (labels) => (labels[key] === value) === (operator !== '!=');
  }
  const set = /^(\S+)\s+(in|notin)\s*\(([^)]*)\)$/.exec(term);
  if (set !== null) {
    const [, key = '', operator, list = ''] = set;
    const values = list.split(',').map((value) => value.trim());
    return (labels) => values.includes(labels[key] ?? '\0') === (operator === 'in');
  }
  const exists = /^(!?)([^\s=!()]+)$/.exec(term);
  if (exists === null)
    throw new DcosError('invalid', `'${term}' is no label selector`, { status: 422 });
  const [, not, key = ''] = exists;
  return (labels) => key in labels === (not === '');
}

/** The checker of register histories that live checks trust: it must be able to fail. */
import fc from 'fast-check';
import t from 'tap';
import { type RegisterOperation, violationsOfHistory } from './live/services/cas-history.js';

const set = (from: string, to: string, startMs: number, endMs?: number): RegisterOperation => ({
  kind: 'set',
  from,
  to,
  startMs,
  ...(endMs === undefined ? {} : { endMs }),
});
const read = (value: string, startMs: number, endMs: number): RegisterOperation => ({
  kind: 'read',
  value,
  startMs,
  endMs,
});

t.test('history › what a register may do', async (t) => {
  t.same(violationsOfHistory('0', []), []);
  t.same(violationsOfHistory('0', [set('0', 'a', 0, 1), read('a', 2, 3), set('a', 'b', 4, 5)]), []);
  t.same(
    violationsOfHistory('0', [set('0', 'a', 0, 10), read('0', 1, 2), read('a', 3, 4)]),
    [],
    'at the same time either way',
  );
  t.same(
    violationsOfHistory('0', [set('0', 'a', 0), set('0', 'b', 1, 2), read('b', 3, 4)]),
    [],
    'an unknown end may mean that nothing happened',
  );
  t.same(
    violationsOfHistory('0', [set('0', 'a', 0), read('0', 1, 2), set('a', 'b', 8, 9)]),
    [],
    'or that it happened late',
  );
});

t.test('history › what it may not', async (t) => {
  const fails = (operations: RegisterOperation[], why: RegExp): unknown =>
    t.match(violationsOfHistory('0', operations).join('\n'), why);
  fails([set('0', 'a', 0, 1), set('0', 'b', 2, 3)], /a and b both followed 0/);
  fails([set('0', 'a', 0, 1), read('0', 2, 3)], /read of 0 began after a/);
  fails([set('0', 'a', 0, 1), set('a', 'b', 2, 3), read('a', 4, 5)], /read of a began after b/);
  fails([read('x', 0, 1)], /x was acknowledged or read, but nothing leads to it/);
  fails([set('lost', 'a', 0, 1)], /nothing leads to it/);
  fails([read('a', 0, 1), set('0', 'a', 2, 3)], /before its write began/);
  fails([set('0', 'a', 0), set('0', 'b', 1, 2), read('a', 3, 4)], /both followed 0/);
});

t.test('history › of a real register any stale read is found', async (t) => {
  const sizes = fc.tuple(fc.integer({ min: 2, max: 40 }), fc.nat(), fc.nat());
  const property = fc.property(sizes, ([count, at, back]) => {
    const operations: RegisterOperation[] = [];
    for (let k = 0; k < count; k += 1) {
      operations.push(set(String(k), String(k + 1), 10 * k, 10 * k + 4));
      operations.push(read(String(k + 1), 10 * k + 5, 10 * k + 6));
    }
    const place = 1 + (at % (count - 1));
    const stale = read(String(back % place), 10 * place - 2, 10 * place - 1);
    return (
      violationsOfHistory('0', operations).length === 0 &&
      violationsOfHistory('0', [...operations, stale]).length > 0
    );
  });
  t.doesNotThrow(() => fc.assert(property));
});

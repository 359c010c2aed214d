/** The loop that persists before it acts: its order, its batches, its death. */
import assert from 'node:assert';
import fc from 'fast-check';
import t from 'tap';
import { type Driver, drive, type Persist, type Reply } from '../../src/core/drive.js';
import { DcosError } from '../../src/core/errors.js';
import type { Write } from '../../src/core/store/store.js';

interface Shout {
  readonly type: 'Shout';
  readonly n: number;
}
type Effect = Persist | Reply | Shout;
type Event =
  | { readonly type: 'Said'; readonly n: number; readonly keys: readonly string[] }
  | { readonly type: 'Asked'; readonly requestId: string; readonly n: number }
  | { readonly type: 'Broke' };
interface State {
  seen: number[];
}

/** Every event is remembered, persisted under its keys, and shouted. */
function step(state: State, event: Event, now: number): Effect[] {
  if (event.type === 'Broke') throw new Error('step broke');
  state.seen.push(event.n);
  const keys = event.type === 'Said' ? event.keys : ['asked'];
  const writes = keys.map((key): Write => ({ key, value: [event.n, now] }));
  const persist: Effect[] = writes.length > 0 ? [{ type: 'Persist', writes }] : [];
  const shout: Shout = { type: 'Shout', n: event.n };
  if (event.type === 'Said') return [...persist, shout];
  return [...persist, shout, { type: 'Reply', requestId: event.requestId, result: event.n * 2 }];
}

/** A loop over a store in memory, and a record of what it did in order. */
function aLoop({ maxQueue = 1000, commitTakes = (): Promise<void> => Promise.resolve() } = {}): {
  driver: Driver<Event>;
  trace: string[];
  records: Map<string, unknown>;
  commits: (readonly Write[])[];
  fatal: unknown[];
  onShout: (hear: (n: number) => void) => void;
} {
  const trace: string[] = [];
  const records = new Map<string, unknown>();
  const commits: (readonly Write[])[] = [];
  const fatal: unknown[] = [];
  let hear: (n: number) => void = () => {};
  const driver = drive<State, Event, Effect>({
    state: { seen: [] },
    step,
    store: {
      commit: async (writes) => {
        await commitTakes();
        commits.push(writes);
        for (const { key, value } of writes) records.set(key, value);
        trace.push('commit');
      },
    },
    perform: {
      Shout: ({ n }) => {
        trace.push(`shout ${n}`);
        hear(n);
      },
    },
    clock: { now: () => 7 },
    onFatal: (error) => fatal.push(error),
    maxQueue,
  });
  const onShout = (listener: (n: number) => void): void => {
    hear = listener;
  };
  return { driver, trace, records, commits, fatal, onShout };
}

const said = (n: number, ...keys: string[]): Event => ({ type: 'Said', n, keys });

t.test(
  'drive › events of one turn share one durable batch, effects follow it in order',
  async (t) => {
    const { driver, trace, records, commits } = aLoop();
    for (const n of [1, 2, 3]) driver.submit(said(n, 'last', `n${n}`));
    t.same(trace, [], 'nothing happens before the turn ends');
    await driver.idle();
    t.same(trace, ['commit', 'shout 1', 'shout 2', 'shout 3']);
    t.equal(commits[0]?.length, 4, 'of several writes of one key only the last is made');
    t.same(records.get('last'), [3, 7]);
  },
);

t.test('drive › nothing that the world can see goes before what it implies is stored', async () => {
  const anEvent = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(anEvent, fc.boolean()), { maxLength: 40 }), async (plan) => {
      const { driver, records, onShout } = aLoop({
        commitTakes: () => new Promise((resolve) => setImmediate(resolve)),
      });
      const heard: number[] = [];
      onShout((n) => {
        heard.push(n);
        for (const key of plan[n]?.[0] ?? []) {
          // A later event may have overwritten it in the same batch, never an earlier one.
          assert.ok(Number((records.get(key) as number[])[0]) >= n);
        }
      });
      for (const [n, [keys, yields]] of plan.entries()) {
        driver.submit(said(n, ...keys));
        if (yields) await new Promise((resolve) => setImmediate(resolve));
      }
      await driver.idle();
      assert.deepStrictEqual(heard, [...plan.keys()]);
    }),
    { numRuns: 60 },
  );
});

t.test(
  'drive › who asks is answered after the batch, and events made by effects are taken',
  async (t) => {
    const { driver, trace, onShout } = aLoop();
    onShout((n) => {
      if (n < 12) driver.submit(said(n + 1));
    });
    const answer = await driver.ask<number>((requestId) => ({ type: 'Asked', requestId, n: 10 }));
    t.equal(answer, 20);
    await driver.idle();
    t.same(trace, ['commit', 'shout 10', 'shout 11', 'shout 12']);
  },
);

t.test(
  'drive › a store that refuses ends it: no effect, callers told, nothing more taken',
  async (t) => {
    const fenced = new DcosError('fenced', 'somebody else has it');
    const { driver, trace, fatal } = aLoop({ commitTakes: () => Promise.reject(fenced) });
    const asked = driver.ask((requestId) => ({ type: 'Asked', requestId, n: 1 }));
    driver.submit(said(2));
    await t.rejects(asked, { code: 'fenced' });
    await driver.idle();
    t.same(trace, []);
    t.same(fatal, [fenced]);
    t.throws(() => driver.submit(said(3)), { code: 'failed', status: 503 });
    await t.rejects(
      driver.ask((requestId) => ({ type: 'Asked', requestId, n: 4 })),
      { code: 'failed' },
    );
  },
);

t.test('drive › a step that throws ends it before its batch is stored', async (t) => {
  const { driver, trace, fatal, records } = aLoop();
  driver.submit(said(1, 'k'));
  driver.submit({ type: 'Broke' });
  await driver.idle();
  t.equal(fatal.length, 1);
  t.same([...records], [], 'half a batch is no batch');
  t.same(trace, []);
});

t.test('drive › its queue has an end', async (t) => {
  const { driver, trace } = aLoop({ maxQueue: 2 });
  driver.submit(said(1));
  driver.submit(said(2));
  t.throws(() => driver.submit(said(3)), { code: 'refused', status: 503 });
  await driver.idle();
  t.same(trace, ['shout 1', 'shout 2']);
  driver.submit(said(4));
  await driver.idle();
  t.equal(trace.at(-1), 'shout 4', 'there is room again');
});

t.test('drive › stop drops what waits, tells callers, and shows the world no more', async (t) => {
  const { driver, trace, fatal, onShout } = aLoop();
  onShout(() => driver.stop());
  const asked = driver.ask((requestId) => ({ type: 'Asked', requestId, n: 1 }));
  driver.submit(said(2));
  await t.rejects(asked, { code: 'failed' });
  await driver.idle();
  t.same(trace, ['commit', 'shout 1']);
  t.same(fatal, [], 'stopping is no failure');
  driver.stop();
});

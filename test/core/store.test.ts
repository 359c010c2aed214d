/** The embedded store: what was answered survives kill -9, what is damaged or newer is refused. */
import assert from 'node:assert';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { open } from 'lmdb';
import t, { type Test } from 'tap';
import { openLmdbStore, storeSchemaVersion } from '../../src/core/store/lmdb.js';
import { maxKeyBytes, maxRecordBytes, type Write } from '../../src/core/store/store.js';
import { bundleProgram, killHard, startProgram } from '../helpers/program.js';
import { until } from '../helpers/wait.js';

t.test(
  'store › kill -9 at any moment loses nothing that was answered, and halves nothing',
  async (t) => {
    const folder = join(t.testdir(), 'store');
    const program = await bundleProgram('test/helpers/programs/store-writer.ts', t.testdirName);
    let answered = 0;
    for (const batches of [1, 7, 40, 150]) {
      const goal = answered + batches;
      const child = startProgram(program, [folder, String(answered + 1)], (line) => {
        answered = Number(line);
      });
      t.teardown(() => killHard(child));
      await until(() => answered >= goal, { what: `batch ${goal}`, everyMs: 1 });
      await killHard(child);
      await checkWriter(t, folder, answered);
    }
  },
);

async function checkWriter(t: Test, folder: string, answered: number): Promise<void> {
  const store = await openLmdbStore(folder);
  const written = Number((await store.load('batch')).get('batch'));
  t.ok(written >= answered, `${written} batches are there, ${answered} were answered`);
  const left = await store.load('left/');
  const right = await store.load('right/');
  const halves = [...left].filter(
    ([key, n]) => (right.get(key.replace('left', 'right')) as { n: number }).n !== n,
  );
  t.same(halves, [], 'both records of every batch are of the same batch');
  t.same([...(await store.load('gone/')).keys()], [`gone/${written}`], 'deletions went with it');
  await store.close();
}

const word = fc.string({ unit: 'binary', minLength: 1, maxLength: 12 });
const anyWrite: fc.Arbitrary<Write> = fc.record({
  key: fc.oneof(fc.constantFrom('a/1', 'a/2', 'ab/1', 'b/1', 'Ü/1', 'z'), word),
  value: fc.oneof(fc.constant(null), fc.integer(), fc.jsonValue()),
}) as fc.Arbitrary<Write>;

t.test('store › holds what a map would hold, before and after reopening', async (t) => {
  const folder = t.testdir();
  let run = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(anyWrite, { maxLength: 8 }), { maxLength: 6 }),
      async (batches) => {
        run += 1;
        const path = join(folder, `s${run}`);
        const model = new Map<string, unknown>();
        let store = await openLmdbStore(path);
        for (const batch of batches) {
          await store.commit(batch);
          for (const { key, value } of batch) {
            if (value === null) model.delete(key);
            else model.set(key, JSON.parse(JSON.stringify(value)));
          }
        }
        for (const reopen of [false, true]) {
          if (reopen) {
            await store.close();
            store = await openLmdbStore(path);
          }
          for (const prefix of ['', 'a', 'a/', 'Ü']) {
            const expected = [...model].filter(([key]) => key.startsWith(prefix));
            const found = await store.load(prefix);
            assert.deepStrictEqual(Object.fromEntries(found), Object.fromEntries(expected));
          }
        }
        await store.close();
        rmSync(path, { recursive: true });
      },
    ),
    { numRuns: 25 },
  );
});

t.test('store › a batch with one bad write changes nothing', async (t) => {
  const store = await openLmdbStore(join(t.testdir(), 'store'));
  t.teardown(() => store.close());
  await store.commit([{ key: 'a', value: 1 }]);
  const bad: Write[] = [
    { key: '', value: 1 },
    { key: 'k'.repeat(maxKeyBytes + 1), value: 1 },
    { key: 'big', value: 'x'.repeat(maxRecordBytes) },
  ];
  for (const write of bad) {
    await t.rejects(store.commit([{ key: 'a', value: 2 }, write]), { code: 'invalid' });
  }
  t.same(await store.load(''), new Map([['a', 1]]));
  await store.commit([
    { key: 'k'.repeat(maxKeyBytes), value: 1 },
    { key: 'big', value: 'x'.repeat(maxRecordBytes - 2) },
  ]);
  t.equal((await store.load('')).size, 3, 'the limits themselves are allowed');
});

t.test('store › a damaged, newer or unusable one is refused with what to do', async (t) => {
  const folder = t.testdir();
  const garbage = join(folder, 'garbage');
  mkdirSync(garbage);
  writeFileSync(join(garbage, 'data.mdb'), Buffer.alloc(64 * 1024, 'not a database '));
  await t.rejects(openLmdbStore(garbage), { code: 'corrupt', hint: /restore a snapshot/ });

  const whole = join(folder, 'whole');
  const filled = await openLmdbStore(whole);
  for (let n = 0; n < 40; n += 1) {
    await filled.commit([{ key: `app/${n}`, value: 'x'.repeat(n * 300) }]);
  }
  await filled.close();
  const bytes = readFileSync(join(whole, 'data.mdb'));
  for (const kept of [100, 4096, 8192, bytes.length / 2, bytes.length - 4096]) {
    const cut = join(folder, `cut-${kept}`);
    mkdirSync(cut);
    writeFileSync(join(cut, 'data.mdb'), bytes.subarray(0, kept));
    await t.rejects(openLmdbStore(cut), { code: 'corrupt' }, `cut off after ${kept} bytes`);
    // The last page may be a free one, whose loss is none.
    if (kept > bytes.length / 2) continue;
    writeFileSync(join(cut, 'data.mdb'), Buffer.from(bytes).fill(0, kept));
    await t.rejects(openLmdbStore(cut), { code: 'corrupt' }, `zeros after ${kept} bytes`);
  }
  const again = await openLmdbStore(whole);
  t.equal((await again.load('app/')).size, 40, 'the whole one is taken');
  await again.close();

  const newer = join(folder, 'newer');
  await (await openLmdbStore(newer)).close();
  const raw = open<string, string>({ path: `${newer}/data.mdb`, encoding: 'string' });
  raw.putSync('.schema', String(storeSchemaVersion + 1));
  await raw.close();
  await t.rejects(openLmdbStore(newer), { code: 'invalid', message: /newer than this program/ });

  const record = join(folder, 'record');
  await (await openLmdbStore(record)).close();
  const broken = open<string, string>({ path: `${record}/data.mdb`, encoding: 'string' });
  broken.putSync('app/web', '{"half":');
  await broken.close();
  const store = await openLmdbStore(record);
  await t.rejects(store.load('app/'), { code: 'corrupt', message: /record app\/web/ });
  await store.close();

  writeFileSync(join(folder, 'file'), '');
  await t.rejects(openLmdbStore(join(folder, 'file', 'store')), {
    message: /cannot open the store/,
  });
});

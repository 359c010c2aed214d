/** Framing of streams, and the schemas against what a real Mesos was heard to say. */
import assert from 'node:assert';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { z } from 'zod';
import { localClusterSchema } from '../../src/wire/local-cluster.js';
import { withoutNulls } from '../../src/wire/mesos/nulls.js';
import { schedulerCallSchema, schedulerEventSchema } from '../../src/wire/mesos/scheduler.js';
import { encodeRecord, maxFrameBytes, RecordDecoder } from '../../src/wire/recordio.js';
import { shared } from '../helpers/paths.js';

t.test('recordio › records come out as they went in, however the stream is cut', async () => {
  const record = fc.oneof(
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    fc.string({ unit: 'binary' }).map((text) => Buffer.from(text)),
  );
  const cuts = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 });
  fc.assert(
    fc.property(fc.array(record), cuts, (records, sizes) => {
      const stream = Buffer.concat(records.map(encodeRecord));
      const decoder = new RecordDecoder();
      const found: Buffer[] = [];
      for (let at = 0, n = 0; at < stream.length; n += 1) {
        const size = sizes[n % sizes.length] ?? 1;
        found.push(...decoder.push(stream.subarray(at, at + size)));
        at += size;
      }
      assert.deepStrictEqual(found, records);
    }),
  );
});

t.test('recordio › headers that are none, or too large, are refused', async (t) => {
  const bad = ['x\n', '-1\n', ' 5\n', '1.5\n', '\n', `${maxFrameBytes + 1}\n`, '9'.repeat(30)];
  for (const header of bad) {
    t.throws(() => new RecordDecoder().push(Buffer.from(header)), { code: 'invalid' }, header);
  }
  t.same(new RecordDecoder().push(Buffer.from('0\n2\nab')), [Buffer.from(''), Buffer.from('ab')]);
});

interface Recording {
  readonly request?: { readonly path: string; readonly body?: unknown };
  readonly response: {
    readonly status: number;
    readonly events?: readonly { readonly event?: unknown }[];
  };
}

const folder = join(shared, 'mesos-recordings', 'scheduler');
const skip = existsSync(folder) ? false : 'no recordings beside the project';

t.test(
  'recordings › every call and event of the scheduler API is understood',
  { skip },
  async (t) => {
    const wrong: string[] = [];
    const seen = new Set<string>();
    const check = (file: string, schema: z.ZodType, message: unknown): void => {
      const result = schema.safeParse(message);
      const type = (message as { type?: string }).type ?? '';
      seen.add(type);
      if (!result.success) wrong.push(`${file} ${type}: ${z.prettifyError(result.error)}`);
      else assert.deepStrictEqual(result.data, message, 'nothing of it is dropped');
    };
    for (const file of readdirSync(folder).filter((name) => name.endsWith('.json'))) {
      const text = readFileSync(join(folder, file), 'utf8');
      const { request, response } = JSON.parse(text) as Recording;
      const accepted = response.status === 200 || response.status === 202;
      if (accepted && request?.path === '/api/v1/scheduler' && typeof request.body === 'object') {
        check(file, schedulerCallSchema, request.body);
      }
      for (const { event } of response.events ?? []) {
        if (event !== undefined) check(file, schedulerEventSchema, event);
      }
    }
    t.same(wrong, []);
    for (const type of ['SUBSCRIBED', 'OFFERS', 'UPDATE', 'RESCIND', 'FAILURE', 'ACCEPT', 'KILL']) {
      t.ok(seen.has(type), type);
    }
  },
);

t.test('local cluster › a file of another layout is refused, one of ours is taken', async (t) => {
  const cluster = {
    schema: 1,
    id: 'c',
    name: 'local',
    control: { host: '127.0.0.1', port: 1, advertise: '127.0.0.1' },
    agents: [],
  };
  t.ok(localClusterSchema.safeParse(cluster).success);
  for (const bad of [{}, { ...cluster, schema: 2 }, { ...cluster, agents: [{}] }, null, []]) {
    t.notOk(localClusterSchema.safeParse(bad).success);
  }
});

t.test('nulls › fields that are null are fields that are not set', async (t) => {
  const call = {
    type: 'SUBSCRIBE',
    framework_id: null,
    subscribe: {
      framework_info: {
        user: 'u',
        name: 'f',
        id: null,
        labels: null,
        capabilities: [null, { type: 'X', y: null }],
      },
    },
  };
  const clean = schedulerCallSchema.parse(withoutNulls(call));
  const framework_info = { user: 'u', name: 'f', capabilities: [{ type: 'X' }] };
  t.same(clean, { type: 'SUBSCRIBE', subscribe: { framework_info } });
});

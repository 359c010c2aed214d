/**
 * The store door: each service scheduler's own namespace of the control plane's store, fenced by
 * epochs (docs/architecture.md, "The store door").
 */
import { z } from 'zod';
import { DcosError } from '../core/errors.js';
import type { Caller, Request, Route } from '../core/http/server.js';
import type { Json } from '../core/json.js';
import { maxRecordBytes, type Store, type Write } from '../core/store/store.js';

/** Limits of one namespace. */
const doorLimits = {
  records: 20_000,
  bytes: 64 * 1024 * 1024,
  writesPerBatch: 2_000,
  bodyBytes: 8 * 1024 * 1024,
  keyBytes: 512,
} as const;

const writesSchema = z.object({
  epoch: z.number().int(),
  writes: z
    .array(
      z.object({
        key: z.string().min(1),
        value: z.custom<Json>((value) => value !== undefined, 'must be JSON or null'),
      }),
    )
    .max(doorLimits.writesPerBatch),
});

/** What is kept in memory of a namespace: enough to fence and to hold its limits. */
interface Namespace {
  epoch: number;
  readonly sizes: Map<string, number>;
  bytes: number;
}

/** An open door. */
export interface StoreDoor {
  readonly routes: readonly Route[];
  /**
   * Removes all that the namespace of `account` holds; a scheduler that still writes there is
   * fenced.
   */
  remove(account: string): Promise<void>;
  /** What the namespace of `account` holds under keys that begin with `prefix`. */
  records(account: string, prefix: string): Promise<Map<string, unknown>>;
}

/** Opens the door over `store`. */
export function openStoreDoor(store: Store): StoreDoor {
  const open = new Map<string, Promise<Namespace>>();
  const namespace = (name: string): Promise<Namespace> => {
    const known = open.get(name) ?? load(store, name);
    open.set(name, known);
    known.catch(() => open.delete(name));
    return known;
  };
  const route = (
    method: string,
    path: string,
    handle: (request: Request, ns: string) => Promise<unknown>,
  ): Route => ({
    method,
    path: `/store/v1/:ns${path}`,
    access: 'token',
    handle: async (request) => {
      const name = request.params.ns ?? '';
      checkAccess(request.caller, name);
      // Encoded, so that the records of `team/kafka` do not lie among those of `team`.
      return { status: 200, json: await handle(request, encodeURIComponent(name)) };
    },
  });
  const clear = async (ns: string): Promise<void> => {
    const held = await namespace(ns);
    const writes: Write[] = [...held.sizes.keys()].map((key) => ({
      key: `data/${ns}/${key}`,
      value: null,
    }));
    // The epoch stays, one higher: a scheduler that still runs must not write into what was
    // removed.
    held.epoch += 1;
    held.sizes.clear();
    held.bytes = 0;
    await store.commit([...writes, { key: `epoch/${ns}`, value: held.epoch }]);
  };
  const routes = [
    route('POST', '/epoch', async (_request, ns) => {
      const held = await namespace(ns);
      held.epoch += 1;
      const { epoch } = held;
      await store.commit([{ key: `epoch/${ns}`, value: epoch }]);
      return { epoch };
    }),
    route('GET', '/records', async (request, ns) => {
      return {
        records: Object.fromEntries(await recordsIn(store, ns, request.query.get('prefix') ?? '')),
      };
    }),
    route('POST', '/writes', async (request, ns) => {
      const body = writesSchema.safeParse(await request.json(doorLimits.bodyBytes));
      if (!body.success)
        throw new DcosError('invalid', `the body is wrong: ${body.error.issues[0]?.message}`);
      const held = await namespace(ns);
      await write(store, ns, held, body.data.epoch, body.data.writes);
      return {};
    }),
    route('DELETE', '', async (_request, ns) => {
      await clear(ns);
      return {};
    }),
  ];
  return {
    routes,
    remove: (account) => clear(encodeURIComponent(account)),
    records: (account, prefix) => recordsIn(store, encodeURIComponent(account), prefix),
  };
}

/** What a namespace holds, by its own keys. */
async function recordsIn(store: Store, ns: string, prefix: string): Promise<Map<string, unknown>> {
  const base = `data/${ns}/`;
  const records = await store.load(base + prefix);
  return new Map([...records].map(([key, value]) => [key.slice(base.length), value]));
}

/** A namespace belongs to the service account of its name; users may look after any. */
function checkAccess(caller: Caller | undefined, ns: string): void {
  if (!/^[a-z0-9._/-]{1,128}$/.test(ns)) {
    throw new DcosError(
      'invalid',
      `${ns} is no namespace: it must be of a-z, 0-9, ".", "_", "-" and "/"`,
    );
  }
  if (caller?.claims?.is_service !== true || caller.uid === ns) return;
  throw new DcosError('forbidden', `${caller.uid} may not use the namespace ${ns}`);
}

async function load(store: Store, ns: string): Promise<Namespace> {
  const base = `data/${ns}/`;
  const sizes = new Map<string, number>();
  let bytes = 0;
  for (const [key, value] of await store.load(base)) {
    const size = sizeOf(value);
    sizes.set(key.slice(base.length), size);
    bytes += size;
  }
  const epoch = (await store.load(`epoch/${ns}`)).get(`epoch/${ns}`);
  return { epoch: typeof epoch === 'number' ? epoch : 0, sizes, bytes };
}

async function write(
  store: Store,
  ns: string,
  held: Namespace,
  epoch: number,
  writes: readonly Write[],
): Promise<void> {
  if (epoch !== held.epoch) {
    throw new DcosError(
      'fenced',
      `epoch ${epoch} of ${ns} is over: the current one is ${held.epoch}`,
      {
        status: 409,
      },
    );
  }
  const sizes = new Map<string, number>();
  for (const { key, value } of writes) {
    if (Buffer.byteLength(key) > doorLimits.keyBytes) {
      throw new DcosError(
        'invalid',
        `the key ${key.slice(0, 80)}… is longer than ${doorLimits.keyBytes} bytes`,
      );
    }
    const size = value === null ? 0 : sizeOf(value);
    if (size > maxRecordBytes) {
      throw new DcosError('invalid', `record ${key} is larger than ${maxRecordBytes} bytes`, {
        status: 413,
      });
    }
    sizes.set(key, size);
  }
  let { bytes } = held;
  let records = held.sizes.size;
  for (const [key, size] of sizes) {
    bytes += size - (held.sizes.get(key) ?? 0);
    records += Number(size > 0) - Number(held.sizes.has(key));
  }
  if (bytes > doorLimits.bytes || records > doorLimits.records) {
    throw new DcosError('invalid', `the namespace ${ns} is full`, { status: 413 });
  }
  // Nothing waits between the check of the epoch and the commit, which is one synchronous
  // transaction.
  const done = store.commit(writes.map(({ key, value }) => ({ key: `data/${ns}/${key}`, value })));
  for (const [key, size] of sizes) {
    if (size === 0) held.sizes.delete(key);
    else held.sizes.set(key, size);
  }
  held.bytes = bytes;
  await done;
}

function sizeOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

/** Cassandra under a real driver: rows written at QUORUM, and a register set by Paxos. */
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import cassandra from 'cassandra-driver';
import { until } from '../../helpers/wait.js';
import type { Live } from '../live.js';
import { type RegisterOperation, violationsOfHistory } from './cas-history.js';
import type { ServiceUnderTest, Workload } from './service.js';

const { consistencies } = cassandra.types;

/** Options for a machine of two cores. */
export const smallCassandra = {
  nodes: { mem: 640, heap: { size: 256 }, disk: 768, maintenance: { mem: 192 } },
};

/** Three nodes; rows and a register that are written all the time. */
export const cassandraService: ServiceUnderTest = {
  name: 'cassandra',
  needs: [],
  options: smallCassandra,
  memMb: 3 * (640 + 192) + 128,
  // A replaced node waits for a minute and a half before it believes that the other is gone.
  seconds: { install: 60, recover: 60 },
  tasks: ['node-1-server'],
  begin: (live) => CassandraWorkload.begin(live),
};

/** How one logs in; nobody by default. */
export interface Login {
  readonly username: string;
  readonly password: string;
}

/** The addresses of the nodes, in their order. */
export async function nodeAddresses(live: Live): Promise<string[]> {
  const found = await live.json<{ address?: string[] }>([
    'cassandra',
    'endpoints',
    'native-client',
  ]);
  return found.address ?? [];
}

/** Puts in the port of each address; its base is the one class of its kind that has types. */
class KnownPorts extends cassandra.policies.addressResolution.EC2MultiRegionTranslator {
  readonly #endpoints: ReadonlyMap<string, string>;

  constructor(endpoints: ReadonlyMap<string, string>) {
    super();
    this.#endpoints = endpoints;
  }

  override translate(address: string, port: number, done: (endpoint: string) => void): void {
    done(this.#endpoints.get(address) ?? `${address}:${port}`);
  }
}

/**
 * A driver that knows where the nodes listen: their ports differ where they share a machine, and
 * what a node tells of its peers has addresses only.
 */
export async function connect(live: Live, login?: Login): Promise<cassandra.Client> {
  const contactPoints = await nodeAddresses(live);
  assert.ok(contactPoints.length > 0, 'no node has an address');
  const ports = new Map(contactPoints.map((text) => [text.split(':')[0] ?? '', text]));
  const client = new cassandra.Client({
    contactPoints,
    localDataCenter: 'datacenter1',
    policies: {
      addressResolution: new KnownPorts(ports),
      reconnection: new cassandra.policies.reconnection.ConstantReconnectionPolicy(500),
    },
    socketOptions: { readTimeout: 15_000, connectTimeout: 10_000 },
    queryOptions: { consistency: consistencies.quorum, prepare: false },
    ...(login === undefined ? {} : { credentials: login }),
  });
  await client.connect();
  return client;
}

const keyspace = 'live';

/** All rows, read from every copy. */
async function rowsOf(client: cassandra.Client): Promise<Map<string, string>> {
  const kept = new Map<string, string>();
  const all = `SELECT id, value FROM ${keyspace}.rows`;
  const options = { consistency: consistencies.all, fetchSize: 1000 };
  const rows = await client.execute(all, [], options);
  for await (const row of rows) kept.set(String(row.id), String(row.value));
  return kept;
}

/** Everything that was acknowledged is remembered, and must be there in the end. */
export class CassandraWorkload implements Workload {
  readonly rows: string[] = [];
  readonly history: RegisterOperation[] = [];
  readonly #live: Live;
  readonly #client: cassandra.Client;
  readonly #login: Login | undefined;
  readonly #running: Promise<unknown>;
  #stopping = false;
  #sets = 0;
  /** The longest time between two acknowledged rows, in ms. */
  longestGapMs = 0;

  private constructor(live: Live, client: cassandra.Client, login: Login | undefined) {
    this.#live = live;
    this.#client = client;
    this.#login = login;
    this.#running = Promise.all([this.#writeRows(), this.#setRegister(0), this.#setRegister(1)]);
  }

  /** Makes its tables and begins. */
  static async begin(live: Live, login?: Login): Promise<CassandraWorkload> {
    const client = await connect(live, login);
    await client.execute(
      `CREATE KEYSPACE IF NOT EXISTS ${keyspace} WITH replication = ` +
        "{'class': 'NetworkTopologyStrategy', 'datacenter1': 3}",
    );
    for (const statement of [
      `CREATE TABLE IF NOT EXISTS ${keyspace}.rows (id text PRIMARY KEY, value text)`,
      `CREATE TABLE IF NOT EXISTS ${keyspace}.register (id int PRIMARY KEY, value text)`,
      `INSERT INTO ${keyspace}.register (id, value) VALUES (0, 'initial') IF NOT EXISTS`,
    ]) {
      await client.execute(statement);
    }
    return new CassandraWorkload(live, client, login);
  }

  async progress(count: number, timeoutMs = 120_000): Promise<void> {
    const wanted = this.rows.length + count;
    const sets = this.#sets + 3;
    await until(() => this.rows.length >= wanted && this.#sets >= sets, {
      what: `${count} more rows (of ${this.rows.length}), 3 more sets (of ${this.#sets})`,
      timeoutMs,
    });
  }

  /** Everything is there, read by a new client; the register's history is linearizable. */
  async verify(): Promise<void> {
    // It may be writing still: what is acknowledged from now on need not be in what is read.
    const acknowledged = [...this.rows];
    const client = await connect(this.#live, this.#login);
    try {
      // A node that came back just now may not be known for it to all of the others.
      const kept = await until(() => rowsOf(client), {
        what: 'an answer of all copies',
        timeoutMs: 120_000,
        everyMs: 1_000,
      });
      const missing = acknowledged.filter((id) => kept.get(id) !== `value of ${id}`);
      assert.deepEqual(missing, [], `of ${acknowledged.length} acknowledged rows`);
    } finally {
      await client.shutdown();
    }
    assert.ok(this.#sets > 0, 'the register was set');
    assert.deepEqual(violationsOfHistory('initial', this.history), [], 'of the register');
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#running;
    await this.#client.shutdown();
  }

  async #writeRows(): Promise<void> {
    let last = performance.now();
    for (let count = 0; !this.#stopping; count += 1) {
      const id = `row-${count}`;
      try {
        const insert = `INSERT INTO ${keyspace}.rows (id, value) VALUES (?, ?)`;
        await this.#client.execute(insert, [id, `value of ${id}`]);
        this.rows.push(id);
        this.longestGapMs = Math.max(this.longestGapMs, performance.now() - last);
        last = performance.now();
      } catch {
        // Not acknowledged: it may be there or not. The next one has another name.
        await pause(100);
      }
      await pause(10);
    }
  }

  /** Compare-and-set from what it last saw; two of these are in each other's way. */
  async #setRegister(who: number): Promise<void> {
    let seen = 'initial';
    for (let count = 0; !this.#stopping; count += 1) {
      const to = `${who}-${count}`;
      const startMs = performance.now();
      const update = `UPDATE ${keyspace}.register SET value = ? WHERE id = 0 IF value = ?`;
      try {
        const options = { serialConsistency: consistencies.serial, isIdempotent: false };
        const { rows } = await this.#client.execute(update, [to, seen], options);
        const endMs = performance.now();
        const applied = rows[0]?.['[applied]'] === true;
        const value = applied ? to : String(rows[0]?.value);
        if (applied) this.history.push({ kind: 'set', from: seen, to, startMs, endMs });
        else this.history.push({ kind: 'read', value, startMs, endMs });
        this.#sets += Number(applied);
        seen = value;
      } catch {
        this.history.push({ kind: 'set', from: seen, to, startMs });
        await pause(100);
      }
      await pause(30);
    }
  }
}

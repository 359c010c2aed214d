/** ZooKeeper with a client that never stops making nodes, and every confirmed one looked for. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { type Client, createClient } from 'node-zookeeper-client';
import { until } from '../../helpers/wait.js';
import type { Live } from '../live.js';
import type { ServiceUnderTest, Workload } from './service.js';

/** Three small servers. */
export const zookeeper: ServiceUnderTest = {
  name: 'zookeeper',
  needs: [],
  options: {},
  memMb: 3 * 256,
  seconds: { install: 15, recover: 20 },
  tasks: ['node-1-server'],
  begin: async (live) => {
    const writer = new NodeWriter(live, 'zookeeper');
    await writer.begin();
    return writer;
  },
};

/** Where an ensemble's servers are now; what was known last while nobody can be asked. */
export function serversOf(live: Live, service: string): () => Promise<string[]> {
  let known: string[] = [];
  return async () => {
    const ran = await live.dcos([...service.split(' '), 'endpoints', 'client', '--json']);
    if (ran.status === 0) {
      const { address = [] } = JSON.parse(ran.stdout) as { address?: string[] };
      if (address.length > 0) known = address;
    }
    if (known.length === 0) throw new Error(`no server of ${service} is known`);
    return known;
  };
}

const root = '/live';
/** So many failures one after the other, and the client connects anew, to where they are then. */
const patience = 20;

/** Creates one node after another, each under its own name, and remembers which were confirmed. */
export class NodeWriter implements Workload {
  readonly acknowledged: string[] = [];
  readonly #servers: () => Promise<string[]>;
  #client: Client | undefined;
  #ended: Promise<void> = Promise.resolve();
  #stopping = false;

  constructor(live: Live, service: string) {
    this.#servers = serversOf(live, service);
  }

  /** Connects and starts. */
  async begin(): Promise<void> {
    await this.#servers();
    this.#ended = this.#run();
  }

  async progress(count: number, timeoutMs = 60_000): Promise<void> {
    const wanted = this.acknowledged.length + count;
    await until(() => this.acknowledged.length >= wanted, {
      what: `${count} more writes`,
      timeoutMs,
    });
  }

  async verify(): Promise<void> {
    await this.stop();
    const client = await connect(await this.#servers());
    try {
      const kept = await childrenOf(client);
      const missing = this.acknowledged.filter((name) => !kept.has(name));
      assert.deepEqual(missing, [], `of ${this.acknowledged.length}`);
    } finally {
      client.close();
    }
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#ended;
  }

  async #run(): Promise<void> {
    let failures = 0;
    for (let count = 0; !this.#stopping; count += 1) {
      const name = `n${count}`;
      try {
        this.#client ??= await connectFor(await this.#servers());
        await create(this.#client, `${root}/${name}`);
        this.acknowledged.push(name);
        failures = 0;
      } catch {
        // Not confirmed: it may be there or not. The next one has another name.
        failures += 1;
        if (failures % patience === 0) {
          this.#client?.close();
          this.#client = undefined;
        }
        await pause(100);
      }
      await pause(20);
    }
    this.#client?.close();
  }
}

/** ms until a server has to answer. */
const answerMs = 5_000;

/** A client with the root node in place; throws where no server takes it in time. */
async function connectFor(list: readonly string[]): Promise<Client> {
  const client = await connect(list);
  await create(client, root).catch(() => {});
  return client;
}

async function connect(list: readonly string[]): Promise<Client> {
  const client = createClient(list.join(','), { sessionTimeout: 10_000, retries: 0 });
  client.connect();
  try {
    await once(client, 'connected', { signal: AbortSignal.timeout(answerMs * 4) });
    return client;
  } catch (error) {
    client.close();
    throw error;
  }
}

function create(client: Client, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    // An answer that is lost with its connection never comes.
    const timer = setTimeout(() => reject(new Error('no answer')), answerMs);
    client.create(path, (error) => {
      clearTimeout(timer);
      if (error) reject(error);
      else resolve();
    });
  });
}

function childrenOf(client: Client): Promise<Set<string>> {
  return new Promise((resolve, reject) => {
    client.getChildren(root, (error, names) => {
      if (error) reject(error);
      else resolve(new Set(names));
    });
  });
}

/** Kafka with a producer that waits for all replicas, and every acknowledged record read back. */
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { Kafka, logLevel, type Producer } from 'kafkajs';
import { until } from '../../helpers/wait.js';
import type { Live } from '../live.js';
import type { ServiceUnderTest, Workload } from './service.js';

/** Three small brokers. */
export const kafka: ServiceUnderTest = {
  name: 'kafka',
  needs: [],
  options: { brokers: { cpus: 0.3, mem: 448, heap: 192, disk: 512 } },
  memMb: 3 * 448,
  seconds: { install: 30, recover: 30 },
  tasks: ['broker-1-broker'],
  begin: async (live) => {
    const producer = new RecordProducer(live, 'kafka');
    await producer.begin();
    return producer;
  },
};

/** Where a service's brokers are now; what was known last while nobody can be asked. */
export function brokersOf(live: Live, service: string): () => Promise<string[]> {
  let known: string[] = [];
  return async () => {
    const ran = await live.dcos([...service.split(' '), 'endpoints', 'broker', '--json']);
    if (ran.status === 0) {
      const { address = [] } = JSON.parse(ran.stdout) as { address?: string[] };
      if (address.length > 0) known = address;
    }
    if (known.length === 0) throw new Error(`no broker of ${service} is known`);
    return known;
  };
}

const batch = 10;

/** Sends one batch after another, each record under a key of its own, acks=all. */
export class RecordProducer implements Workload {
  /** Records that all in-sync replicas have confirmed. */
  acknowledged = 0;
  /** Why the last batch failed, if it did. */
  lastError: unknown;
  readonly #topic: string;
  readonly #kafka: Kafka;
  readonly #keys: string[] = [];
  #producer: Producer | undefined;
  #ended: Promise<void> = Promise.resolve();
  #stopping = false;

  constructor(live: Live, service: string, topic = 'acknowledged') {
    this.#topic = topic;
    const brokers = brokersOf(live, service);
    this.#kafka = new Kafka({
      clientId: 'live',
      brokers,
      logLevel: logLevel.NOTHING,
      connectionTimeout: 3_000,
      requestTimeout: 10_000,
      retry: { retries: 2, maxRetryTime: 3_000 },
    });
  }

  /** Makes the topic and starts. */
  async begin(): Promise<void> {
    const admin = this.#kafka.admin();
    await admin.connect();
    await admin.createTopics({
      topics: [{ topic: this.#topic, numPartitions: 6, replicationFactor: 3 }],
      waitForLeaders: false,
    });
    const topics = [this.#topic];
    await until(
      async () => {
        const found = await admin.fetchTopicMetadata({ topics });
        const [one] = found.topics;
        return one?.partitions.every(({ leader, isr }) => leader >= 0 && isr.length === 3);
      },
      { what: 'a leader for each partition', timeoutMs: 60_000 },
    );
    await admin.disconnect();
    this.#ended = this.#run();
  }

  async progress(count: number, timeoutMs = 120_000): Promise<void> {
    const wanted = this.acknowledged + count;
    await until(() => this.acknowledged >= wanted, {
      what: `${count} more records (the last batch: ${String(this.lastError)})`,
      timeoutMs,
    });
  }

  async verify(): Promise<void> {
    await this.stop();
    const missing = new Set(this.#keys);
    const consumer = this.#kafka.consumer({ groupId: `verify-${process.pid}-${Date.now()}` });
    await consumer.connect();
    try {
      await consumer.subscribe({ topic: this.#topic, fromBeginning: true });
      await consumer.run({
        eachBatch: async ({ batch: { messages } }) => {
          for (const { key } of messages) missing.delete(String(key));
        },
      });
      await until(() => missing.size === 0, { what: 'all records', timeoutMs: 120_000 }).catch(
        () => {
          const some = [...missing].slice(0, 10).join(', ');
          assert.fail(`${missing.size} of ${this.#keys.length} acknowledged are missing: ${some}`);
        },
      );
    } finally {
      await consumer.disconnect();
    }
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#ended;
  }

  async #run(): Promise<void> {
    for (let count = 0; !this.#stopping; count += 1) {
      const keys = Array.from({ length: batch }, (_, at) => `${count}-${at}`);
      try {
        await this.#send(keys);
        this.#keys.push(...keys);
        this.acknowledged += batch;
        this.lastError = undefined;
      } catch (error) {
        // Not acknowledged: it may be there or not. The next batch has other keys.
        this.lastError = error;
        await this.#producer?.disconnect().catch(() => {});
        this.#producer = undefined;
        await pause(200);
      }
      await pause(20);
    }
    await this.#producer?.disconnect().catch(() => {});
  }

  async #send(keys: readonly string[]): Promise<void> {
    if (this.#producer === undefined) {
      const producer = this.#kafka.producer({ allowAutoTopicCreation: false });
      await producer.connect();
      this.#producer = producer;
    }
    const messages = keys.map((key) => ({ key, value: `value of ${key}` }));
    await this.#producer.send({ topic: this.#topic, acks: -1, messages });
  }
}

/** Kafka with a producer that waits for all replicas, and every acknowledged record read back. */
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { Kafka, type KafkaConfig, logLevel, type Producer } from 'kafkajs';
import { until } from '../../helpers/wait.js';
import type { Live } from '../live.js';
import { confirmed, evidence, type Place, recordValue, type Sent } from './kafka-records.js';
import type { ServiceUnderTest, Workload } from './service.js';

/** Three small brokers. */
export const kafka: ServiceUnderTest = {
  name: 'kafka',
  needs: [],
  options: { brokers: { cpus: 0.3, mem: 448, heap: 192, disk: 512 } },
  memMb: 3 * 448,
  seconds: { install: 25, recover: 15 },
  tasks: ['broker-1-broker'],
  begin: async (live) => {
    const producer = new RecordProducer(live, 'kafka');
    await producer.begin();
    return producer;
  },
};

/** Where a service's brokers are now; what was known last while nobody can be asked. */
export function brokersOf(
  live: Live,
  service: string,
  endpoint = 'broker',
): () => Promise<string[]> {
  let known: string[] = [];
  return async () => {
    const ran = await live.dcos([...service.split(' '), 'endpoints', endpoint, '--json']);
    if (ran.status === 0) {
      const { address = [] } = JSON.parse(ran.stdout) as { address?: string[] };
      if (address.length > 0) known = address;
    }
    if (known.length === 0) throw new Error(`no broker of ${service} is known`);
    return known;
  };
}

const batch = 10;
const partitions = 6;

/** How a client reaches a service's brokers. */
export interface ProducerOptions {
  /** `acknowledged` by default. */
  readonly topic?: string;
  /** What else the client needs: `ssl`, `sasl`, other addresses. */
  readonly client?: Partial<KafkaConfig>;
}

/** Sends one batch after another, each record under a key of its own, acks=all. */
export class RecordProducer implements Workload {
  /** Why the last batch failed, if it did. */
  lastError: unknown;
  readonly #topic: string;
  readonly #kafka: Kafka;
  /** Where volumes are, for evidence. */
  readonly #folder: string;
  /** Records that all in-sync replicas have confirmed. */
  readonly #places = new Map<string, Place>();
  #producer: Producer | undefined;
  #ended: Promise<void> = Promise.resolve();
  #stopping = false;

  constructor(
    live: Live,
    service: string,
    { topic = 'acknowledged', client }: ProducerOptions = {},
  ) {
    this.#topic = topic;
    this.#folder = live.dir;
    this.#kafka = new Kafka({
      clientId: 'live',
      brokers: brokersOf(live, service),
      logLevel: logLevel.NOTHING,
      connectionTimeout: 3_000,
      requestTimeout: 10_000,
      retry: { retries: 2, maxRetryTime: 3_000 },
      ...client,
    });
  }

  /** How many records all in-sync replicas have confirmed. */
  get acknowledged(): number {
    return this.#places.size;
  }

  /** Makes the topic and starts. */
  async begin(): Promise<void> {
    const admin = this.#kafka.admin();
    await admin.connect();
    await admin.createTopics({
      topics: [{ topic: this.#topic, numPartitions: partitions, replicationFactor: 3 }],
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
    const wanted = this.#places.size + count;
    await until(() => this.#places.size >= wanted, {
      what: `${count} more records (the last batch: ${String(this.lastError)})`,
      timeoutMs,
    });
  }

  async verify(): Promise<void> {
    await this.stop();
    const missing = new Map(this.#places);
    const consumer = this.#kafka.consumer({ groupId: `verify-${process.pid}-${Date.now()}` });
    await consumer.connect();
    try {
      await consumer.subscribe({ topic: this.#topic, fromBeginning: true });
      await consumer.run({
        eachBatch: async ({ batch: { messages } }) => {
          for (const { key } of messages) missing.delete(String(key));
        },
      });
      await until(() => missing.size === 0, { what: 'all records', timeoutMs: 120_000 }).catch(() =>
        this.#accuse(missing),
      );
    } finally {
      await consumer.disconnect();
    }
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#ended;
  }

  async #accuse(missing: ReadonlyMap<string, Place>): Promise<never> {
    const admin = this.#kafka.admin();
    await admin.connect();
    const known = await evidence(admin, this.#topic, missing, this.#folder).finally(() =>
      admin.disconnect(),
    );
    assert.fail(`${missing.size} of ${this.#places.size} acknowledged are missing:\n${known}`);
  }

  async #run(): Promise<void> {
    for (let count = 0; !this.#stopping; count += 1) {
      const sent = Array.from({ length: batch }, (_, at) => ({
        key: `${count}-${at}`,
        partition: at % partitions,
      }));
      try {
        await this.#send(sent);
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

  async #send(sent: readonly Sent[]): Promise<void> {
    if (this.#producer === undefined) {
      const producer = this.#kafka.producer({ allowAutoTopicCreation: false });
      await producer.connect();
      this.#producer = producer;
    }
    const messages = sent.map((one) => ({ ...one, value: recordValue(one.key) }));
    const answers = await this.#producer.send({ topic: this.#topic, acks: -1, messages });
    const places = confirmed(sent, answers);
    for (const [key, place] of places) this.#places.set(key, place);
    if (places.size < sent.length) {
      throw new Error(`${sent.length - places.size} of ${sent.length} were acknowledged by nobody`);
    }
  }
}

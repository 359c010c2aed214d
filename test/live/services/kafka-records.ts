/**
 * What a producer of Kafka knows of its records: which ones were confirmed and where they must be,
 * and what the brokers' own logs say of one that is missing.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Admin, RecordMetadata } from 'kafkajs';

/** Where a record stands by the leader's own word. */
export interface Place {
  readonly partition: number;
  readonly offset: number;
}

/** A record on its way. */
export interface Sent {
  readonly key: string;
  readonly partition: number;
}

/** What the record of a key holds. */
export const recordValue = (key: string): string => `value of ${key}`;

/**
 * The places of those records of one `send` whose partition is in the answers. kafkajs resolves
 * without the others: where one broker has answered and the leader of another's partition moves to
 * it meanwhile, the retry leaves out what it would have to send there (`sendMessages.js` asks only
 * brokers without an answer). Nobody has acknowledged these.
 */
export function confirmed(
  sent: readonly Sent[],
  answers: readonly RecordMetadata[],
): Map<string, Place> {
  const places = new Map<string, Place>();
  const next = new Map<number, number>();
  for (const { partition, errorCode, baseOffset } of answers) {
    if (errorCode === 0 && baseOffset !== undefined) next.set(partition, Number(baseOffset));
  }
  for (const { key, partition } of sent) {
    const offset = next.get(partition);
    if (offset === undefined) continue;
    places.set(key, { partition, offset });
    next.set(partition, offset + 1);
  }
  return places;
}

/** What is known of records that could not be read: offsets, replicas, and each broker's log. */
export async function evidence(
  admin: Admin,
  topic: string,
  missing: ReadonlyMap<string, Place>,
  folder: string,
): Promise<string> {
  const offsets = await admin.fetchTopicOffsets(topic);
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
  const logs = [...logsUnder(folder, topic)];
  const lines = [...missing].slice(0, 10).map(([key, { partition, offset }]) => {
    const holders = logs.filter((log) => log.partition === partition && log.holds(key));
    return `${key} at ${partition}:${offset}, in the logs ${holders.map(({ path }) => path)}`;
  });
  for (const partition of new Set([...missing.values()].map((place) => place.partition))) {
    const range = offsets.find((one) => one.partition === partition);
    const copies = topics[0]?.partitions.find(({ partitionId }) => partitionId === partition);
    lines.push(
      `partition ${partition}: offsets ${range?.low} to ${range?.high}, ` +
        `leader ${copies?.leader}, replicas ${copies?.replicas}, in sync ${copies?.isr}`,
    );
  }
  return lines.join('\n');
}

interface Log {
  readonly path: string;
  readonly partition: number;
  holds(key: string): boolean;
}

/** Every log of the topic under a folder: `…/acknowledged-3`, its segments uncompressed. */
function* logsUnder(folder: string, topic: string): Iterable<Log> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    const path = join(folder, entry.name);
    const number = /^-(\d+)$/.exec(entry.name.slice(topic.length))?.[1];
    if (entry.name.startsWith(topic) && number !== undefined) {
      yield { path, partition: Number(number), holds: (key) => holds(path, key) };
    } else if (existsSync(path)) yield* logsUnder(path, topic);
  }
}

function holds(folder: string, key: string): boolean {
  // A record without headers: its value, then a zero for their number.
  const bytes = `${recordValue(key)}\0`;
  return readdirSync(folder)
    .filter((name) => name.endsWith('.log'))
    .some((name) => readFileSync(join(folder, name)).includes(bytes));
}

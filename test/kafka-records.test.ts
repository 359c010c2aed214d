/** What a producer may count as acknowledged: kafkajs resolves without some of the partitions. */
import { createRequire } from 'node:module';
import type { RecordMetadata } from 'kafkajs';
import t from 'tap';
import { confirmed } from './live/services/kafka-records.js';

const answer = (partition: number, baseOffset: string): RecordMetadata => ({
  topicName: 'readings',
  partition,
  errorCode: 0,
  baseOffset,
});

t.test('confirmed › only records whose partition has an answer, each at its offset', async (t) => {
  const sent = [
    { key: 'a', partition: 0 },
    { key: 'b', partition: 1 },
    { key: 'c', partition: 0 },
  ];
  t.same(
    [...confirmed(sent, [answer(0, '7')])],
    [
      ['a', { partition: 0, offset: 7 }],
      ['c', { partition: 0, offset: 8 }],
    ],
  );
  t.same([...confirmed(sent, [])], []);
  t.same([...confirmed(sent, [{ ...answer(1, '0'), errorCode: 6 }])], []);
});

/** A broker of kafkajs that answers for every partition, or is gone. */
const broker = (nodeId: number, isGone: boolean) => ({
  nodeId,
  produced: [] as number[],
  async produce({ topicData }: { topicData: { partitions: { partition: number }[] }[] }) {
    if (isGone) throw Object.assign(new Error('gone'), { name: 'KafkaJSConnectionError' });
    const numbers = topicData.flatMap(({ partitions }) => partitions.map((one) => one.partition));
    this.produced.push(...numbers);
    const partitions = numbers.map((partition) => ({ partition, errorCode: 0, baseOffset: '0' }));
    return { topics: [{ topicName: 'readings', partitions }] };
  },
});

t.test('kafkajs › drops what moves to a broker that has answered, and resolves', async (t) => {
  const sendMessages = createRequire(import.meta.url)('kafkajs/src/producer/sendMessages.js');
  const brokers = [broker(0, false), broker(1, true)];
  const leaders = [0, 1];
  const cluster = {
    targetTopics: new Set(['readings']),
    addMultipleTargetTopics: async () => {},
    refreshMetadataIfNecessary: async () => {},
    // The broker that is gone leads nothing any more.
    refreshMetadata: async () => leaders.fill(0),
    isConnected: () => true,
    findTopicPartitionMetadata: () => [{ partitionId: 0 }, { partitionId: 1 }],
    findLeaderForPartitions: (_: string, partitions: string[]) => {
      const byLeader: Record<number, number[]> = {};
      for (const partition of partitions.map(Number)) {
        const leader = leaders[partition] ?? 0;
        byLeader[leader] = [...(byLeader[leader] ?? []), partition];
      }
      return byLeader;
    },
    findBroker: async ({ nodeId }: { nodeId: string }) => brokers[Number(nodeId)],
  };
  const eosManager = {
    acquireBrokerLock: async () => {},
    releaseBrokerLock: async () => {},
    isTransactional: () => false,
    getSequence: () => 0,
    updateSequence: () => {},
    getProducerId: () => -1,
    getProducerEpoch: () => -1,
  };
  const retrier = async (attempt: (bail: unknown) => Promise<RecordMetadata[]>) =>
    attempt(undefined).catch(() => attempt(undefined));
  const logger = { debug: () => {}, error: () => {} };
  const partitioner = ({ message }: { message: { partition: number } }) => message.partition;
  const send = sendMessages({ logger, cluster, partitioner, eosManager, retrier });
  const sent = [
    { key: 'a', partition: 0, value: 'a' },
    { key: 'b', partition: 1, value: 'b' },
  ];
  const topicMessages = [{ topic: 'readings', messages: sent }];
  const answers: RecordMetadata[] = await send({ acks: -1, topicMessages });
  t.same(
    brokers.map(({ produced }) => produced),
    [[0], []],
    'partition 1 was never sent',
  );
  t.same([...confirmed(sent, answers).keys()], ['a']);
});

/** Which services `npm run bench` measures, each by a flag of its name: `--kafka`. */
import { services } from '../live/services/index.js';
import type { ServiceUnderTest } from '../live/services/service.js';
import type { Figure } from './measure.js';
import { measureService } from './service.js';
import { sparkPi } from './spark-pi.js';

/** Figures of one service; `rounds` is how many measurements the medians are of. */
export type ServiceFigures = (rounds: number) => Promise<Figure[]>;

function known(name: string): ServiceUnderTest {
  const found = services.find((service) => service.name === name);
  if (found === undefined) throw new Error(`no service under test is named ${name}`);
  return found;
}

const zookeeper: ServiceFigures = (rounds) =>
  measureService(
    { service: known('zookeeper'), readyMs: 10_000, serves: /LEADER ELECTION TOOK/ },
    rounds,
  );

const kafka: ServiceFigures = (rounds) =>
  measureService(
    { service: known('kafka'), readyMs: 20_000, serves: /Kafka Server started/ },
    rounds,
  );

const cassandra: ServiceFigures = (rounds) =>
  measureService(
    { service: known('cassandra'), readyMs: 75_000, serves: /Prewarming of auth caches/ },
    rounds,
  );

const storm: ServiceFigures = (rounds) =>
  measureService(
    {
      service: known('storm'),
      readyMs: 45_000,
      serves: /Starting thrift server/,
    },
    rounds,
  );

const hadoop: ServiceFigures = (rounds) =>
  measureService({ service: known('hadoop'), readyMs: 60_000, serves: hdfsServes }, rounds);

/** Journal nodes, name nodes, failover controllers, data nodes. */
const hdfsServes =
  /Starting JournalNode.*IPC Server listener|RPC up at|Successfully (?:transitioned|sent block)/s;

const spark: ServiceFigures = async (rounds) => {
  const serves = /New state: ALIVE|Bound HistoryServer to/;
  const service = { service: known('spark'), readyMs: 20_000, serves };
  return [...(await measureService(service, rounds)), await sparkPi(rounds)];
};

/** In the order in which they are measured. */
export const serviceFigures: Readonly<Record<string, ServiceFigures>> = {
  zookeeper,
  kafka,
  cassandra,
  hadoop,
  spark,
  storm,
};

/** Every service that the drills know. */
import { cassandraService } from './cassandra.js';
import { hadoop } from './hadoop.js';
import { helloWorld } from './hello-world.js';
import { kafka } from './kafka.js';
import type { ServiceUnderTest } from './service.js';
import { spark } from './spark.js';
import { storm } from './storm.js';
import { zookeeper } from './zookeeper.js';

/** In the order in which they are drilled. */
export const services: readonly ServiceUnderTest[] = [
  helloWorld,
  zookeeper,
  kafka,
  cassandraService,
  hadoop,
  spark,
  storm,
];

/** Every live check there is. */
import { drillChecks } from '../drills/check.js';
import type { LiveCheck } from '../live.js';
import { badInput } from './bad-input.js';
import { cassandraRing } from './cassandra.js';
import { cassandraSecurity } from './cassandra-security.js';
import { cassandraUpgrade } from './cassandra-upgrade.js';
import { diskFull } from './disk-full.js';
import { elasticity } from './elasticity.js';
import { foreignFrameworks } from './foreign-frameworks.js';
import { hadoopCluster } from './hadoop.js';
import { hadoopUpgrade } from './hadoop-upgrade.js';
import { hadoopWithYarn } from './hadoop-yarn.js';
import { helloWorldApache, helloWorldEmbedded } from './hello-world.js';
import { idempotence } from './idempotence.js';
import { installInterrupted, pipes } from './interrupt.js';
import { kafkaCluster } from './kafka.js';
import { kafkaSecurity } from './kafka-security.js';
import { secondMarathon } from './marathon.js';
import { mesosConformance } from './mesos-conformance.js';
import { mesosLogin } from './mesos-login.js';
import { movedNeed } from './moved-need.js';
import { ownPackage } from './own-package.js';
import { packed } from './packed.js';
import { security } from './security.js';
import { sideBySide } from './side-by-side.js';
import { sparkJobs } from './spark.js';
import { sparkWithOthers } from './spark-others.js';
import { sparkUpgrade } from './spark-upgrade.js';
import { stormAtLeastOnce } from './storm.js';
import { stormUpgrade } from './storm-upgrade.js';
import { swarmContainers } from './swarm.js';
import { swarmDocker, swarmLibraries, swarmNewest } from './swarm-clients.js';
import { kafkaUpgrade, zookeeperUpgrade } from './upgrades.js';
import { zookeeperEnsemble } from './zookeeper.js';

/** In the order in which they are run. */
export const checks: readonly LiveCheck[] = [
  helloWorldEmbedded,
  helloWorldApache,
  mesosLogin,
  kafkaCluster,
  zookeeperEnsemble,
  kafkaUpgrade,
  kafkaSecurity,
  zookeeperUpgrade,
  cassandraRing,
  cassandraUpgrade,
  cassandraSecurity,
  sparkJobs,
  sparkWithOthers,
  sparkUpgrade,
  elasticity,
  hadoopCluster,
  hadoopUpgrade,
  hadoopWithYarn,
  stormAtLeastOnce,
  stormUpgrade,
  idempotence,
  badInput,
  installInterrupted,
  pipes,
  secondMarathon,
  swarmContainers,
  swarmDocker,
  swarmLibraries,
  swarmNewest,
  security,
  packed,
  ownPackage,
  movedNeed,
  diskFull,
  sideBySide,
  foreignFrameworks,
  ...mesosConformance,
  ...drillChecks,
];

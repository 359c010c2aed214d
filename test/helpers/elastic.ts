/** Settings and jobs for tests of the elastic part. */
import type { ElasticSettings } from '../../src/sdk/elastic/settings.js';
import type { Job } from '../../src/sdk/elastic/state.js';

/** The package's defaults, nearly. */
export const settings: ElasticSettings = {
  sparkVersion: '3.5.6',
  scalaVersion: '2.12',
  uris: ['http://control/spark.tgz'],
  pythonUris: ['http://control/python.tgz'],
  driver: { cpus: 0.5, heapMb: 512 },
  executor: { cores: 1, heapMb: 512, max: 8 },
  overheadMb: 192,
  workerMb: 160,
  idleSeconds: 15,
  patienceSeconds: 20,
  eventLogDir: '',
  hadoopUris: [],
  defaults: {},
  encrypt: false,
};

/** A job with these properties. */
export const aJob = (properties: Record<string, string> = {}, more: Partial<Job> = {}): Job => ({
  appResource: 'http://control/app.jar',
  mainClass: 'org.example.Main',
  appArgs: ['100'],
  properties,
  environment: {},
  ...more,
});

/**
 * What a job has to know of other services of the cluster, asked of them when it is submitted
 * (`--hdfs`, `--kafka`): files of HDFS become properties, Kafka's brokers a variable.
 */
import { asList, asObject } from '../../../client/answers.js';
import type { Http } from '../../../client/http.js';
import { callService } from '../../../client/services.js';
import { DcosError } from '../../../core/errors.js';
import { askService } from '../../service-words.js';

/** The variable of the driver with `address:port,…` of the brokers. */
export const brokersVariable = 'KAFKA_BOOTSTRAP_SERVERS';

/** `spark.hadoop.…` from the files for clients of the HDFS `service`. Throws `not-found`. */
export async function hdfsProperties(http: Http, service: string): Promise<Record<string, string>> {
  const files = ['hdfs-site.xml', 'core-site.xml'];
  const texts = await Promise.all(files.map((name) => endpointOf(http, service, name)));
  const found = texts.flatMap((text) => (typeof text === 'string' ? hadoopProperties(text) : []));
  if (found.length === 0) {
    throw new DcosError('invalid', `the service ${service} has no files for clients of HDFS`);
  }
  return Object.fromEntries(found.map(([name, value]) => [`spark.hadoop.${name}`, value]));
}

/** `address:port,…` of the brokers of the Kafka `service`. Throws `not-found`. */
export async function brokerAddresses(http: Http, service: string): Promise<string> {
  const found = asList(asObject(await endpointOf(http, service, 'broker')).address).map(String);
  if (found.length > 0) return found.join(',');
  throw new DcosError('unreachable', `the service ${service} has no broker that can be reached`, {
    hint: `See: dcos ${service} plan show deploy`,
  });
}

async function endpointOf(http: Http, service: string, name: string): Promise<unknown> {
  const rest = `endpoints/${encodeURIComponent(name)}`;
  const call = (): ReturnType<typeof callService> =>
    callService(http, service, { method: 'GET', rest });
  return (await askService(http, service, call)).data;
}

const entities: Readonly<Record<string, string>> = {
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&apos;': "'",
  '&amp;': '&',
};

/** The properties of one of Hadoop's configuration files (`Configuration`, hadoop.apache.org). */
export function hadoopProperties(xml: string): [string, string][] {
  const plain = xml.replace(/<!--[\s\S]*?-->/g, '');
  const text = (raw: string): string =>
    raw.trim().replace(/&(?:lt|gt|quot|apos|amp);/g, (entity) => entities[entity] ?? entity);
  return [...plain.matchAll(/<property>([\s\S]*?)<\/property>/g)].flatMap(([, body = '']) => {
    const name = /<name>([\s\S]*?)<\/name>/.exec(body)?.[1];
    const value = /<value>([\s\S]*?)<\/value>/.exec(body)?.[1];
    return name === undefined || value === undefined ? [] : [[text(name), text(value)]];
  });
}

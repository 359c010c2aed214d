/** Options of kafka and zookeeper that cannot work: each refused with the nearest that can. */
import { join } from 'node:path';
import t from 'tap';
import { withPackages } from '../../src/packages/author/lint.js';
import { successorOf } from '../../src/packages/catalog.js';
import { readPackageFolder } from '../../src/packages/repositories.js';
import { makeConfig, optionsOf, violationsOf } from '../../src/sdk/config.js';
import type { ServiceConfig } from '../../src/sdk/state.js';
import { parseServiceSpec } from '../../src/wire/service-spec.js';
import { root } from '../helpers/paths.js';

/** What a package comes to with these options. Throws where their schema says no. */
async function configOf(name: string, version: string, given: object): Promise<ServiceConfig> {
  return withPackages(root, async (packages) => {
    const release = await readPackageFolder(join(root, 'packages-registry', name, version));
    const options = given as Parameters<typeof packages.render>[1];
    const { error } = await packages.prepareRelease(release, options);
    if (error !== undefined) throw new Error(JSON.stringify(error));
    const urls = { node: '', dcos: 'http://a/dcos', service: 'http://a/service' };
    const uris = { kafka: 'http://a/kafka', zookeeper: 'http://a/zookeeper', jdk: 'http://a/jdk' };
    const app = await packages.render(release, options, { ...urls, ...uris });
    const variables = optionsOf(app.env as Record<string, string>);
    const files = await packages.serviceFiles(release);
    const read = parseServiceSpec(files?.serviceYaml ?? '', variables);
    if (!read.ok) throw new Error(JSON.stringify(read.violations));
    return makeConfig(read.spec, files?.templates ?? {}, variables);
  });
}

/** What is said to an install with `options`, or to an update to them from `before`. */
async function said(
  name: string,
  version: string,
  options: object,
  before?: object,
): Promise<string> {
  const old = before && (await configOf(name, version, before));
  const found = violationsOf(await configOf(name, version, options), old);
  return found.map(({ path, message }) => `${path} ${message}`).join('\n');
}

for (const version of ['3.8.1', '3.9.1']) {
  t.test(`kafka ${version} › what cannot be installed`, async (t) => {
    const install = (options: object): Promise<string> => said('kafka', version, options);
    t.equal(await install({}), '');
    t.equal(await install({ brokers: { count: 1 } }), '', 'a single broker has what it can');
    t.match(
      await install({ brokers: { mem: 512, heap: 480 } }),
      /^brokers\.heap is 480, but must be at most 409: a fifth of brokers\.mem/,
    );
    t.match(
      await install({ brokers: { count: 4 }, kafka: { defaultReplicationFactor: 5 } }),
      /^kafka\.defaultReplicationFactor is 5, but must be at most 4: each copy needs a broker/,
    );
    t.match(
      await install({ kafka: { minInsyncReplicas: 3, defaultReplicationFactor: 2 } }),
      /^kafka\.minInsyncReplicas is 3, but must be at most 2: no record could ever/,
    );
    t.match(
      await install({ brokers: { count: 2 }, kafka: { minInsyncReplicas: 3 } }),
      /^kafka\.minInsyncReplicas is 3, but must be at most 2: each copy needs a broker/,
    );
    const secure = (security: object): Promise<string> => install({ service: { security } });
    t.match(
      await secure({ sasl: { enabled: true } }),
      /^service\.security\.transport_encryption\.enabled is false, but must be true: passwords/,
    );
    const transport_encryption = { enabled: true, allow_plaintext: true };
    t.match(
      await secure({ transport_encryption, sasl: { enabled: true } }),
      /^service\.security\.transport_encryption\.allow_plaintext is true, but must be false/,
    );
    t.match(
      await secure({ authorization: { enabled: true } }),
      /^service\.security\.sasl\.enabled is false, but must be true: access lists name users/,
    );
    for (const users of ['alice', 'dcos-local:secret', 'a:b:', 'a:x y', 'a:"', 'a:b,,c:d']) {
      await t.rejects(secure({ sasl: { users } }), /users/, users);
    }
    await t.rejects(install({ controllers: { count: 2 } }), /controllers\/count/);
  });

  t.test(`kafka ${version} › what cannot be changed`, async (t) => {
    const update = (options: object, before: object = {}): Promise<string> =>
      said('kafka', version, options, before);
    t.equal(await update({ brokers: { count: 5 } }), '');
    t.match(
      await update({ brokers: { count: 2 } }),
      /brokers\.count cannot fall from 3 to 2; at least 3: the first brokers are the quorum/,
    );
    t.match(await update({ brokers: { count: 3 } }, { brokers: { count: 1 } }), /from 1 to 3/);
    t.match(await update({ controllers: { count: 1 } }), /controllers\.count cannot change from 3/);
    t.match(
      await update({ brokers: { disk: 2048 } }),
      /brokers\.disk cannot change from 1024 to 2048: a volume keeps its size/,
    );
    t.match(
      await update({ service: { security: { transport_encryption: { enabled: true } } } }),
      /transport_encryption\.enabled cannot change from false to true: brokers that speak TLS/,
    );
    const security = { transport_encryption: { enabled: true } };
    const asked = { ...security, sasl: { enabled: true, users: 'alice:secret;1,bob:x' } };
    t.equal(await update({ service: { security: asked } }, { service: { security } }), '');
  });
}

for (const version of ['3.8.4', '3.9.3']) {
  t.test(`zookeeper ${version} › what cannot work, at first or later`, async (t) => {
    const install = (options: object): Promise<string> => said('zookeeper', version, options);
    t.equal(await install({}), '');
    await t.rejects(install({ servers: { count: 2 } }), /servers\/count.*1.*3.*5/s);
    t.match(
      await install({ servers: { mem: 256, heap: 256 } }),
      /^servers\.heap is 256, but must be at most 192: a quarter of servers\.mem/,
    );
    const update = (options: object): Promise<string> =>
      said('zookeeper', version, options, { servers: { count: 3 } });
    t.match(await update({ servers: { count: 1 } }), /servers\.count cannot change from 3 to 1/);
    t.match(await update({ servers: { disk: 4096 } }), /servers\.disk cannot change from/);
  });
}

t.test('versions › no way back over metadata that the older one cannot read', async (t) => {
  const folder = (name: string, version: string) =>
    readPackageFolder(join(root, 'packages-registry', name, version));
  const become = async (name: string, from: string, to: string) => {
    const releases = [await folder(name, from), await folder(name, to)];
    const [installed] = releases;
    if (installed === undefined) throw new Error('no release');
    return successorOf(releases, installed.definition, to).definition.version;
  };
  t.equal(await become('kafka', '3.8.1', '3.9.1'), '3.9.1');
  await t.rejects(become('kafka', '3.9.1', '3.8.1'), {
    message: 'kafka 3.9.1 cannot become 3.8.1',
    hint: 'Nothing follows 3.9.1 and there is no way back from it',
  });
  t.equal(await become('zookeeper', '3.9.3', '3.8.4'), '3.8.4', 'its snapshots are the same');
});

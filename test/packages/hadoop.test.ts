/** The package `hadoop` before anything of it runs: its options, its service, its scripts. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { dependenciesOf } from '../../src/cluster/operations/dependencies.js';
import type { JsonObject } from '../../src/core/json.js';
import { mergeOptions } from '../../src/packages/defaults.js';
import { parseExactObject } from '../../src/packages/exact.js';
import { type ExactObject, toPlainJson } from '../../src/packages/exact-json.js';
import { renderMustache } from '../../src/packages/mustache.js';
import { checkOptions } from '../../src/packages/options.js';
import { makeConfig, violationsOf } from '../../src/sdk/config.js';
import { endpointFile, endpointFileNames } from '../../src/sdk/endpoint-files.js';
import { templateViolations } from '../../src/sdk/launch.js';
import { stateOf } from '../../src/sdk/state.js';
import { parseServiceCommands } from '../../src/wire/service-commands-parse.js';
import { parseServiceSpec } from '../../src/wire/service-spec.js';
import { root as projectRoot } from '../helpers/paths.js';

const root = join(projectRoot, 'packages-registry', 'hadoop');

for (const version of readdirSync(root)) {
  const folder = join(root, version);
  const read = (...path: string[]): string => readFileSync(join(folder, ...path), 'utf8');
  const config = parseExactObject(read('config.json'));

  t.test(`hadoop ${version} › options that cannot work are refused by name`, async (t) => {
    const wrong = (options: JsonObject): (string | undefined)[] => {
      const { failure } = checkOptions(config, options as never);
      if (failure?.type !== 'JsonSchemaMismatch') return [];
      return failure.violations.map(({ instance }) => instance.pointer);
    };
    t.same(wrong({}), []);
    t.same(wrong({ hdfs: { replication: 4 } }), ['/hdfs/replication']);
    t.same(wrong({ data_node: { count: 2 } }), ['/hdfs/replication']);
    t.same(wrong({ data_node: { count: 2 }, hdfs: { replication: 2 } }), []);
    t.same(wrong({ name_node: { heap: 400 } }), ['/name_node/heap']);
    for (const count of [2, 4, 5]) {
      t.same(wrong({ journal_node: { count } }), ['/journal_node/count'], 'always three');
    }
    t.same(wrong({ node_manager: { container_mem: 256 } }), [
      '/mapreduce/am_mem',
      '/mapreduce/map_mem',
      '/mapreduce/reduce_mem',
    ]);
    t.same(wrong({ resource_manager: { count: 3 } }), ['/resource_manager/count']);
    t.same(wrong({ resource_manager: { heap: 400 } }), ['/resource_manager/heap']);
    t.same(wrong({ zookeeper: { service: 'a b' } }), ['/zookeeper/service']);
    t.same(wrong({ zookeeper: { service: '10.0.0.1:2181,10.0.0.2:2181' } }), []);
    const { merged } = checkOptions(config, {});
    const needed = dependenciesOf(toPlainJson(config) as JsonObject, toPlainJson(merged) as never);
    t.match(needed, [{ packageName: 'zookeeper', serviceName: 'zookeeper', endpoint: 'client' }]);
  });

  t.test(`hadoop ${version} › its service and its files for clients are whole`, async (t) => {
    const { state, made, spec } = serviceOf({});
    t.same(templateViolations(state, made), []);
    t.same(
      spec.pods.filter(({ count }) => count === 0).map(({ type }) => type),
      ['resource', 'nodemanager', 'history'],
      'YARN is there only where it is asked for',
    );
    const used = new Set(spec.pods.flatMap(({ tasks }) => tasks.flatMap((x) => x.configs)));
    const named = [...used].map(({ template }) => template);
    t.same(
      readdirSync(join(folder, 'templates')).filter((name) => !named.includes(name)),
      [],
      'no template is left over',
    );
    state.configs.set(made.id, made);
    state.targetId = made.id;
    t.match(endpointFile(state, 'core-site.xml'), /hdfs:\/\/hadoop/);
    t.throws(() => endpointFile(state, 'hdfs-site.xml'), { code: 'unreachable' });
    t.same(endpointFileNames(state), ['core-site.xml', 'hdfs-site.xml']);
  });

  t.test(`hadoop ${version} › YARN offers what is reserved for it`, async (t) => {
    const node_manager = { count: 3, vcores: 4, vcore_cpus: 0.5, container_mem: 3000, mem: 400 };
    const { spec } = serviceOf({ yarn: { enabled: true, history: true }, node_manager });
    const pod = (type: string) => spec.pods.find((one) => one.type === type);
    t.same(
      ['resource', 'nodemanager', 'history'].map((type) => pod(type)?.count),
      [2, 3, 1],
    );
    t.match(pod('nodemanager')?.sets, [{ cpus: 0.2 + 4 * 0.5, memMb: 3400 }]);
  });

  t.test(`hadoop ${version} › clients know one resource manager, or both`, async (t) => {
    for (const count of [1, 2]) {
      const resource_manager = { count };
      const { state, made } = serviceOf({ yarn: { enabled: true }, resource_manager });
      t.same(templateViolations(state, made), []);
      state.configs.set(made.id, made);
      state.targetId = made.id;
      t.same(endpointFileNames(state).slice(2), ['yarn-site.xml', 'mapred-site.xml']);
      t.throws(() => endpointFile(state, 'yarn-site.xml'), { code: 'unreachable' });
      for (let index = 0; index < count; index += 1) {
        const ports = { 'resource-rpc': 10, 'resource-scheduler': 11, 'resource-tracker': 12 };
        const reservation = {
          place: { address: `10.0.0.${index}`, hostname: 'h' },
          ports: { ...ports, 'resource-admin': 13, 'resource-http': 14 },
        };
        const name = `resource-${index}`;
        state.instances.set(name, {
          name,
          index,
          pod: 'resource',
          tasks: {},
          reservation,
        } as never);
      }
      const site = endpointFile(state, 'yarn-site.xml') ?? '';
      const property = (name: string): string | undefined =>
        new RegExp(`<name>${name}</name><value>(.*)</value>`).exec(site)?.[1];
      const rpc = 'yarn.resourcemanager.address';
      if (count === 1) {
        t.equal(property(rpc), '10.0.0.0:10');
        t.equal(property('yarn.resourcemanager.ha.enabled'), undefined);
      } else {
        t.equal(property('yarn.resourcemanager.ha.rm-ids'), 'resource-0,resource-1');
        t.equal(property(`${rpc}.resource-0`), '10.0.0.0:10');
        t.equal(property(`${rpc}.resource-1`), '10.0.0.1:10');
      }
      t.notMatch(site, /POD_ADDRESS|ZKRMStateStore/, 'nothing of a node´s own');
      t.match(endpointFile(state, 'mapred-site.xml'), /<value>yarn</);
    }
  });

  t.test(`hadoop ${version} › YARN comes and goes, but a second leader stays`, async (t) => {
    const made = (options: JsonObject) => serviceOf(options).made;
    const wrong = (next: JsonObject, before: JsonObject) =>
      violationsOf(made(next), made(before)).map(({ path, message }) => `${path} ${message}`);
    const on = { yarn: { enabled: true } };
    const one = { ...on, resource_manager: { count: 1 } };
    t.same(wrong({ ...on, node_manager: { disk: 2000 } }, {}), [], 'it comes with its volumes');
    t.same(wrong({}, on), []);
    t.same(wrong(on, one), []);
    t.match(wrong(one, on), [/resource_manager.count cannot fall from 2 to 1; at least 2/]);
    t.match(wrong({ ...on, node_manager: { disk: 2000 } }, on), [/nodemanager.volumes/]);
    t.match(violationsOf(made({ yarn: { history: true } }), undefined), [
      { path: 'yarn.history', message: /is true, but must be false: .*yarn.enabled is false/ },
    ]);
  });

  t.test(`hadoop ${version} › its commands are whole`, async (t) => {
    const { options } = serviceOf({});
    const result = parseServiceCommands(read('commands.yaml'), options);
    t.ok(result.ok, JSON.stringify(result));
    t.match(read('marathon.json.mustache'), /"DCOS_COMMAND_WORDS": "hdfs yarn mapred"/);
  });

  /** The service with these options, and what its scheduler would make of it. */
  function serviceOf(chosen: JsonObject) {
    const { merged, failure } = checkOptions(config, chosen as never);
    if (failure !== undefined) throw new Error(JSON.stringify(failure));
    const options = environmentOf(read('marathon.json.mustache'), merged);
    const result = parseServiceSpec(read('service.yaml'), options);
    if (!result.ok) throw new Error(JSON.stringify(result.violations));
    const files = Object.fromEntries(
      readdirSync(join(folder, 'templates')).map((name) => [name, read('templates', name)]),
    );
    const made = makeConfig(result.spec, files, options);
    const given = { serviceName: 'hadoop', role: 'r', principal: 'p', uninstalling: false };
    const api = { host: '127.0.0.1', port: 1 };
    const state = stateOf({ ...given, api, random: {} as never }, new Map());
    return { spec: result.spec, options, made, state };
  }

  t.test(`hadoop ${version} › its scripts are shell`, async (t) => {
    for (const name of readdirSync(join(folder, 'templates'))) {
      if (!name.endsWith('.sh')) continue;
      t.doesNotThrow(() => execFileSync('sh', ['-n', join(folder, 'templates', name)]), name);
    }
  });
}

/** The variables that the app of the package has, with these options. */
function environmentOf(template: string, merged: ExactObject): Record<string, string> {
  const uris = {
    hadoop: 'http://a/h',
    yarn: 'http://a/y',
    jdk: 'http://a/j',
    dcos: '',
    service: '',
  };
  const context = mergeOptions(
    merged,
    parseExactObject(JSON.stringify({ resource: { assets: { uris } } })),
  );
  const app = JSON.parse(renderMustache(template, context)) as { env: Record<string, string> };
  return app.env;
}

/** The package `hadoop` before anything of it runs: its options, its service, its scripts. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { dependenciesOf } from '../../src/cluster/operations/dependencies.js';
import type { JsonObject } from '../../src/core/json.js';
import { parseExactObject } from '../../src/packages/exact.js';
import { toPlainJson } from '../../src/packages/exact-json.js';
import { checkOptions } from '../../src/packages/options.js';
import { makeConfig } from '../../src/sdk/config.js';
import { endpointFile } from '../../src/sdk/endpoint-files.js';
import { templateViolations } from '../../src/sdk/launch.js';
import { stateOf } from '../../src/sdk/state.js';
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
    t.same(wrong({ zookeeper: { service: 'a b' } }), ['/zookeeper/service']);
    t.same(wrong({ zookeeper: { service: '10.0.0.1:2181,10.0.0.2:2181' } }), []);
    const { merged } = checkOptions(config, {});
    const needed = dependenciesOf(toPlainJson(config) as JsonObject, toPlainJson(merged) as never);
    t.match(needed, [{ packageName: 'zookeeper', serviceName: 'zookeeper', endpoint: 'client' }]);
  });

  t.test(`hadoop ${version} › its service and its files for clients are whole`, async (t) => {
    const { merged } = checkOptions(config, {});
    const options = environmentOf(read('marathon.json.mustache'), toPlainJson(merged) as never);
    const result = parseServiceSpec(read('service.yaml'), options);
    if (!result.ok) return t.fail(JSON.stringify(result.violations));
    const files = Object.fromEntries(
      readdirSync(join(folder, 'templates')).map((name) => [name, read('templates', name)]),
    );
    const made = makeConfig(result.spec, files, options);
    const given = { serviceName: 'hadoop', role: 'r', principal: 'p', uninstalling: false };
    const api = { host: '127.0.0.1', port: 1 };
    const state = stateOf({ ...given, api, random: {} as never }, new Map());
    t.same(templateViolations(state, made), []);
    const used = new Set(result.spec.pods.flatMap(({ tasks }) => tasks.flatMap((x) => x.configs)));
    const named = [...[...used].map(({ template }) => template), 'core-site.xml', 'hdfs-site.xml'];
    t.same(
      readdirSync(join(folder, 'templates')).filter((name) => !named.includes(name)),
      [],
      'no template is left over',
    );
    state.configs.set(made.id, made);
    state.targetId = made.id;
    t.match(endpointFile(state, 'core-site.xml'), /hdfs:\/\/hadoop/);
    t.throws(() => endpointFile(state, 'hdfs-site.xml'), { code: 'unreachable' });
  });

  t.test(`hadoop ${version} › its scripts are shell`, async (t) => {
    for (const name of readdirSync(join(folder, 'templates'))) {
      if (!name.endsWith('.sh')) continue;
      t.doesNotThrow(() => execFileSync('sh', ['-n', join(folder, 'templates', name)]), name);
    }
  });
}

/** The variables that the app of the package has, with these options. */
function environmentOf(template: string, options: JsonObject): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [, name = '', text = ''] of template.matchAll(/"([A-Z][A-Z_]+)": "([^"]*)"/g)) {
    env[name] = text.replace(/\{\{([\w.-]+)\}\}/g, (_all, path: string) => {
      let value: unknown = options;
      for (const part of path.split('.')) value = (value as JsonObject | undefined)?.[part];
      return String(value ?? 'http://artifact');
    });
  }
  return env;
}

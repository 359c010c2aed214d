// The package API over HTTP as its clients speak it, over the registry that is installed with us.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import t, { type Test } from 'tap';
import { callHttp } from '../../src/core/http/request.js';
import { startServer } from '../../src/core/http/server.js';
import { silentLogger } from '../../src/core/logger.js';
import { evaluateRelease } from '../../src/packages/evaluator.js';
import type { ExactObject } from '../../src/packages/exact-json.js';
import { createPackages, type InstalledRelease } from '../../src/packages/packages.js';
import { toRelease } from '../../src/packages/repositories.js';
import { mediaType } from '../../src/wire/cosmos.js';
import { root } from '../helpers/paths.js';

interface Given {
  readonly accept?: string | undefined;
  readonly type?: string | undefined;
  readonly method?: string;
}

/** A server with the real registry, and a caller of it. */
async function anApi(t: Test, installed: readonly InstalledRelease[] = []) {
  const dir = t.testdir({
    program: { 'package.json': '{}', bin: {}, dist: { 'dcos-service.js': '' } },
  });
  const packages = createPackages({
    registryDir: join(root, 'packages-registry'),
    programDir: join(dir, 'program'),
    artifactsDir: join(dir, 'artifacts'),
    cacheDir: join(dir, 'cache'),
    clusterKey: 'key',
    advertiseUrl: 'http://10.0.0.1:1',
    installed: () => installed,
  });
  const server = await startServer({
    ...{ host: '127.0.0.1', port: 0, wwwAuthenticate: 'x', log: silentLogger },
    authenticate: async () => ({ uid: 'admin' }),
    routes: packages.routes,
  });
  t.teardown(() => server.close());
  const send = async (path: string, body: unknown, { accept, type, method = 'POST' }: Given) => {
    const answer = await callHttp({
      method,
      url: `http://127.0.0.1:${server.port}${path}`,
      headers: { ...(accept ? { accept } : {}), ...(type ? { 'content-type': type } : {}) },
      ...(body === undefined
        ? {}
        : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = answer.body.toString('utf8');
    return {
      status: answer.status,
      type: answer.headers['content-type'],
      text,
      json: JSON.parse(text),
    };
  };
  /** A call with the media types of its kind. */
  const call = (kind: string, body: unknown, version = 1, ns = 'package') => {
    const path =
      ns === 'service' ? `/cosmos/service/${kind}` : `/package/${kind.replace('.', '/')}`;
    const accept = mediaType(`${kind}-response`, version, ns);
    return send(path, body, { accept, type: mediaType(`${kind}-request`, 1, ns) });
  };
  return { packages, send, call };
}

const errorType = mediaType('error', 1);

t.test('cosmos › search, versions, repositories, capabilities', async (t) => {
  const { call, send } = await anApi(t);
  const all = await call('search', {});
  t.equal(all.status, 200);
  t.equal(all.type, mediaType('search-response', 1));
  t.same(
    all.json.packages.map(({ name }: { name: string }) => name),
    readdirSync(join(root, 'packages-registry')).sort(),
  );
  t.equal((await call('search', { query: 'nothing like this' })).json.packages.length, 0);
  const versions = await call('list-versions', {
    packageName: 'kafka',
    includePackageVersions: true,
  });
  t.equal(versions.status, 200);
  t.equal(typeof Object.values(versions.json.results)[0], 'string');
  const repositories = await call('repository.list', {});
  t.same(repositories.json, {
    repositories: [{ name: 'built-in', uri: 'dcos://packages-registry' }],
  });
  const capabilities = await send('/capabilities', undefined, {
    method: 'GET',
    accept: mediaType('', 1, 'capabilities'),
  });
  t.match(capabilities.json.capabilities, [{ name: 'PACKAGE_MANAGEMENT' }]);
});

t.test(
  'cosmos › describe: version 3 whole, version 2 flat; unknown names with the nearest',
  async (t) => {
    const { call } = await anApi(t);
    const v3 = await call('describe', { packageName: 'hello-world' }, 3);
    t.match(v3.json.package, { name: 'hello-world', config: {}, marathon: {} });
    const v2 = await call('describe', { packageName: 'hello-world' }, 2);
    if (v2.status === 200) t.match(v2.json, { name: 'hello-world', selected: Boolean, config: {} });
    else t.equal(v2.json.type, 'ConversionFromPackageToV2DescribeResponse');
    const wrong = await call('describe', { packageName: 'kafak' }, 3);
    t.equal(wrong.status, 400);
    t.equal(wrong.type, errorType);
    t.match(wrong.json, {
      type: 'PackageNotFound',
      message: 'Package [kafak] not found',
      data: { packageName: 'kafak' },
      hint: /did you mean kafka/,
    });
    const version = await call('describe', { packageName: 'kafka', packageVersion: '0' }, 3);
    t.match(version.json, {
      type: 'VersionNotFound',
      data: { packageName: 'kafka', packageVersion: '0' },
    });
  },
);

t.test('cosmos › headers and bodies are refused as Cosmos refuses them', async (t) => {
  const { send } = await anApi(t);
  const type = mediaType('search-request', 1);
  const accept = mediaType('search-response', 1);
  const cases: [unknown, Given, string][] = [
    [{}, { type }, 'not_present'],
    [{}, { accept }, 'not_present'],
    [undefined, { accept, type }, 'not_present'],
    ['{', { accept, type }, 'not_parsed'],
    [{ query: 1 }, { accept, type }, 'not_parsed'],
    [{}, { accept: 'application/json', type }, 'not_valid'],
    [{}, { accept: '*/*', type }, 'not_valid'],
    [{}, { accept: accept.replace(';version=v1', ''), type }, 'not_valid'],
    [{}, { accept, type: 'application/json' }, 'not_valid'],
    [{}, {}, 'multiple_errors'],
  ];
  for (const [body, given, expected] of cases) {
    const answer = await send('/package/search', body, given);
    t.same([answer.status, answer.type, answer.json.type], [400, errorType, expected], answer.text);
  }
  const all = await send('/package/search', undefined, {});
  const messages = all.json.data.errors.map(({ message }: { message: string }) => message);
  t.same(messages, [
    "Required header 'Accept' not present in the request.",
    "Required header 'Content-Type' not present in the request.",
    'Required body not present in the request.',
  ]);
  t.equal((await send('/package/search', {}, { accept, type: `${type};more=1` })).status, 200);
});

t.test('cosmos › render: app with labels, all violations of bad options', async (t) => {
  const { call } = await anApi(t);
  const good = await call('render', { packageName: 'hello-world', appId: 'my/app', options: {} });
  const { marathonJson } = good.json;
  t.equal(marathonJson.id, '/my/app');
  const { labels } = marathonJson;
  t.match(labels, {
    DCOS_PACKAGE_NAME: 'hello-world',
    DCOS_PACKAGE_SOURCE: 'dcos://packages-registry',
  });
  t.same(JSON.parse(Buffer.from(labels.DCOS_PACKAGE_OPTIONS, 'base64').toString()), {});
  const envelope = JSON.parse(Buffer.from(labels.DCOS_PACKAGE_DEFINITION, 'base64').toString());
  t.match(envelope.metadata, { 'Content-Encoding': 'gzip' });
  t.match(JSON.parse(gunzipSync(Buffer.from(envelope.data, 'base64')).toString()), {
    name: 'hello-world',
  });

  const options = { service: { name: 5 }, nothing: 1 };
  const bad = await call('render', { packageName: 'hello-world', options });
  t.equal(bad.status, 400);
  t.equal(bad.json.type, 'JsonSchemaMismatch');
  t.same(
    bad.json.data.errors
      .map(({ instance }: { instance: { pointer: string } }) => instance.pointer)
      .sort(),
    ['', '/service/name'],
  );
});

t.test('cosmos › what is installed', async (t) => {
  const { packages } = await anApi(t);
  const { definition } = await packages.find('hello-world');
  const installed: InstalledRelease[] = [
    { appId: '/z', definition, userOptions: {} },
    { appId: '/a', definition, userOptions: { service: { name: 'a' } } },
  ];
  const { call } = await anApi(t, installed);
  const list = await call('list', {});
  t.same(
    list.json.packages.map(({ appId }: { appId: string }) => appId),
    ['/a', '/z'],
  );
  t.match(list.json.packages[0].packageInformation.packageDefinition, {
    name: 'hello-world',
    version: String,
    selected: Boolean,
  });
  t.equal((await call('list', { appId: 'z' })).json.packages.length, 1);
  t.equal((await call('list', { packageName: 'other' })).json.packages.length, 0);
  const described = await call('describe', { appId: 'a' }, 1, 'service');
  t.match(described.json, {
    package: { name: 'hello-world' },
    upgradesTo: [],
    downgradesTo: [],
    resolvedOptions: { service: { name: 'a' } },
    userProvidedOptions: { service: { name: 'a' } },
  });
  const missing = await call('describe', { appId: 'b' }, 1, 'service');
  t.match(missing, { status: 400, json: { type: 'MarathonAppNotFound', data: { appId: '/b' } } });
});

/** Every object of an option schema that lists properties. */
function openObjects(schema: unknown, path = ''): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const { properties, additionalProperties } = schema as Record<string, unknown>;
  if (typeof properties !== 'object' || properties === null) return [];
  const below = Object.entries(properties).flatMap(([name, item]) =>
    openObjects(item, `${path}/${name}`),
  );
  return additionalProperties === false ? below : [path, ...below];
}

t.test(
  'registry › every package is valid, renders with its defaults and knows all of its options',
  async (t) => {
    const { packages, call } = await anApi(t);
    for (const { name } of (await call('search', {})).json.packages) {
      const release = await packages.find(name);
      t.same(
        openObjects(release.definition.config),
        [],
        `${name}: a mistyped option must be refused`,
      );
      const { problems } = await packages.prepare(name, undefined, {});
      t.same(problems, [], `${name}: its defaults are valid`);
      const plans = await packages.planArtifacts(release);
      t.ok(
        plans.every(({ bytes }) => bytes > 0),
        `${name}: what it downloads is known beforehand`,
      );
      const app = await packages.render(
        release,
        {},
        { dcos: 'http://d', service: 'http://s', node: '' },
      );
      t.match(app, { id: String, labels: { DCOS_SERVICE_NAME: String } });
    }
  },
);

const stranger = (config: ExactObject, template: string) => {
  const exact = {
    ...{ packagingVersion: '4.0', name: 'stranger', version: '1', releaseVersion: 0 },
    ...{ maintainer: 'm', description: 'd', tags: [], config },
    marathon: { v2AppMustacheTemplate: Buffer.from(template).toString('base64') },
  };
  const release = toRelease(exact, { name: 'r', uri: 'http://r' });
  return {
    what: 'render' as const,
    definition: release.definition,
    exactText: release.exactText,
    repositoryUri: 'http://r',
  };
};

t.test("evaluate › strangers' packages in a worker, with limits", async (t) => {
  const harmless = stranger({ properties: { a: { default: 1 } } }, '{"id":"{{a}}"}');
  const evaluated = await evaluateRelease({ ...harmless, userOptions: '{"b":2}' }, false);
  t.match(evaluated, { mergedOptions: '{"a":1,"b":2}', app: { id: '1' } });
  const failing = evaluateRelease({ ...stranger({}, '{{a'), userOptions: '{}' }, false);
  await t.rejects(failing, {
    message: 'MustacheException: Improperly closed variable',
    status: 500,
  });

  const slow = stranger({ properties: { a: { type: 'string', pattern: '^(a+)+$' } } }, '{}');
  const userOptions = JSON.stringify({ a: `${'a'.repeat(60)}b` });
  await t.rejects(evaluateRelease({ ...slow, userOptions }, false, 1500), {
    code: 'refused',
    message: 'the package stranger 1 takes too much time to evaluate',
  });
});

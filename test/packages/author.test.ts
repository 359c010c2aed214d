/** What authors of packages get: a new package that is right, and every mistake by its name. */
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import { skeletonOf } from '../../src/cli/commands/package/skeleton.js';
import { downloadsOf } from '../../src/packages/artifacts/artifacts.js';
import { bundlePackages } from '../../src/packages/author/bundle.js';
import { lintPackage, withPackages } from '../../src/packages/author/lint.js';
import { runAuthor } from '../../src/packages/author/main.js';
import { ownRepository } from '../../src/packages/repositories.js';
import { makeFolder } from '../helpers/command-line.js';
import { root } from '../helpers/paths.js';

const example = join(root, 'docs', 'examples', 'cache');
const lint = (folder: string) => withPackages(root, (packages) => lintPackage(folder, packages));

function write(folder: string, files: Record<string, string>): string {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

t.test('lint › the example, every package of the registry and a new one are well', async (t) => {
  const registry = join(root, 'packages-registry');
  const folders = readdirSync(registry).flatMap((name) =>
    readdirSync(join(registry, name)).map((version) => join(registry, name, version)),
  );
  const mine = write(makeFolder(t), skeletonOf('mine'));
  for (const folder of [example, mine, ...folders]) {
    t.same((await lint(folder)).problems, [], folder);
  }
});

t.test('lint › every mistake is named with its file', async (t) => {
  const edit = async (file: string, from: string, to: string): Promise<string[]> => {
    const folder = makeFolder(t);
    cpSync(example, folder, { recursive: true });
    const text = readFileSync(join(folder, file), 'utf8');
    t.ok(text.includes(from), `${file} has ${from}`);
    writeFileSync(join(folder, file), text.replace(from, to));
    return [...(await lint(folder)).problems];
  };
  const cases: [string, string, string, RegExp][] = [
    ['service.yaml', 'memory:', 'memroy:', /^service\.yaml: .*memroy is not a known key/],
    ['service.yaml', 'template: start.sh', 'template: strat.sh', /strat\.sh is not in templates/],
    ['service.yaml', '{NODE_HEAP}', '{NODE_HAEP}', /option 'NODE_HAEP', which does not exist/],
    [
      'config.json',
      '"default": 96',
      '"default": 200',
      /nodes\.heap is 200, but must be at most 128/,
    ],
    ['commands.yaml', 'cache/{key}', 'cache/{kye}', /did you mean 'key'/],
    ['resource.json', 'lock:hazelcast', 'lock:hazelcats', /^resource\.json: .*hazelcats/],
    ['marathon.json.mustache', '"instances": 1,', '"instances": ,', /^marathon\.json\.mustache: /],
    ['package.json', '"name": "cache",', '"name": "Cache",', /cannot be used: name: /],
    ['package.json', '"packagingVersion": "4.0",', '', /package .* cannot be used/],
  ];
  for (const [file, from, to, wanted] of cases) {
    const problems = await edit(file, from, to);
    t.ok(
      problems.some((line) => wanted.test(line)),
      `${to}: ${problems.join('\n')}`,
    );
  }
  await t.rejects(lint(makeFolder(t)), { code: 'not-found', message: /has no package\.json/ });
});

t.test('build › publishes what is well, whole, and again over what was there', async (t) => {
  const folder = makeFolder(t);
  const home = join(folder, 'packages');
  const mine = write(join(folder, 'mine'), skeletonOf('mine'));
  const archive = join(folder, 'mine.tgz');
  const build = () => runAuthor(['build', mine, home, archive], root, () => {});
  const first = await build();
  t.match(first, { name: 'mine', problems: [], folder: join(home, 'mine', '1.0.0') });
  const said: string[] = [];
  const own = ownRepository('own', 'own', home, ({ message }) => said.push(message));
  t.same(
    (await own.releases()).map(({ definition }) => definition.name),
    ['mine'],
  );
  t.equal(await own.releases(), await own.releases(), 'the same list while nothing changes');
  rmSync(join(mine, 'commands.yaml'));
  const second = (await build()) as { sha256: string };
  t.not(second.sha256, (first as { sha256: string }).sha256);
  t.notOk(readdirSync(join(home, 'mine', '1.0.0')).includes('commands.yaml'));
  writeFileSync(join(mine, 'service.yaml'), 'name: x');
  t.match(await build(), { problems: [/^service\.yaml: /] });
  t.ok(readFileSync(join(home, 'mine', '1.0.0', 'service.yaml'), 'utf8').length > 100, 'kept');
  mkdirSync(join(home, 'half', '1.0.0'), { recursive: true });
  t.equal((await own.releases()).length, 1, 'a broken one is left out');
  t.match(said, [/package\.json is missing/]);
});

t.test('bundle › names every artifact that cannot be had, and writes nothing', async (t) => {
  const folder = makeFolder(t);
  const into = join(folder, 'none.tgz');
  const work = runAuthor(['bundle', into, 'nosuch'], root, () => {});
  await t.rejects(work, { message: /\[nosuch\] not found/ });
  t.notOk(readdirSync(folder).includes('none.tgz'));
  const small = await runAuthor(['bundle', into, 'hello-world'], root, () => {});
  t.match(small, { packages: ['hello-world 1.0.0'], files: 0 });
  t.ok(readdirSync(folder).includes('none.tgz'));
});

t.test('bundle › every file that nobody has is named', async (t) => {
  const folder = makeFolder(t);
  const nobody = createServer((_request, response) => response.writeHead(404).end());
  await new Promise<void>((done) => nobody.listen(0, '127.0.0.1', done));
  t.teardown(() => nobody.close());
  const { port } = nobody.address() as AddressInfo;
  const base = `http://127.0.0.1:${port}/`;
  const cache = process.env.XDG_CACHE_HOME;
  process.env.XDG_CACHE_HOME = join(folder, 'cache');
  t.teardown(() => {
    if (cache === undefined) delete process.env.XDG_CACHE_HOME;
    else process.env.XDG_CACHE_HOME = cache;
  });
  const into = join(folder, 'all.tgz');
  await withPackages(root, async (packages) => {
    const files = await downloadsOf(await packages.find('zookeeper'));
    const bases = { maven: base, pypi: base, npm: base };
    const work = bundlePackages(packages, ['zookeeper'], into, bases, () => {});
    const error = await work.then(
      () => undefined,
      (thrown: Error) => thrown,
    );
    t.ok(files.length > 3);
    for (const { purl } of files) t.ok(error?.message.includes(`${purl}: `), `names ${purl}`);
  });
  t.notOk(existsSync(into), 'nothing is written');
});

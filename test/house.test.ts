/**
 * The house rules as a test (DESIGN §4, STYLE 7-10): who may import whom, who may touch the world,
 * how large things may be. Parses the sources; resolves and runs nothing, so it takes a second.
 */
import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import t from 'tap';
import { root } from './helpers/paths.js';
import {
  ambientUsesOf,
  functionsOf,
  hasDefaultExport,
  type Import,
  importsOf,
  parse,
  projectFiles,
  type Source,
  undocumentedOf,
} from './helpers/tree.js';

const files = projectFiles();
const code = files.filter(({ path }) => /\.(?:ts|js)$/.test(path)).map(parse);
const src = code.filter(({ path }) => path.startsWith('src/'));
const imports = new Map(src.map((source) => [source.path, importsOf(source)]));

/** Packages that may be imported only where they are named here; prefixes of paths. */
const packageDoors: Record<string, readonly string[]> = {
  axios: ['src/client/', 'src/packages/repositories'],
  chalk: ['src/cli/'],
  ora: ['src/cli/'],
  inquirer: ['src/cli/'],
  cosmiconfig: ['src/cli/'],
  commander: ['src/cli/'],
  lmdb: ['src/core/store/lmdb.ts'],
  protobufjs: ['src/wire/protobuf/'],
  'node:child_process': ['src/mesos/agent/', 'src/packages/artifacts', 'src/cli/local'],
};

/**
 * Files of the server rooms that may touch the world; every other file there is a pure idea. A new
 * entry here is a decision: can it not be an effect of `step`?
 */
const shells = /(?:^|\/)(?:(?:main|run|http|shell|io)\.ts|shell\/.+\.ts)$/;
const moreShells: readonly string[] = [
  // The front door: it signs, hashes, streams and calls; what it decides is in files beside these.
  'src/cluster/control.ts',
  'src/cluster/operator.ts',
  'src/cluster/sandbox.ts',
  'src/cluster/server-folder.ts',
  'src/cluster/auth/passwords.ts',
  'src/cluster/auth/tokens.ts',
  'src/cluster/gateway/gateway.ts',
  'src/cluster/gateway/logs.ts',
  'src/cluster/gateway/proxy.ts',
  'src/cluster/operations/apps.ts',
  // The scheduler connection and the login of a framework: what all frameworks share.
  'src/framework/connection.ts',
  'src/framework/leader.ts',
  'src/framework/account.ts',
  // Routes of `services`: error forms, and the sockets of its event stream.
  'src/services/answers.ts',
  'src/services/events.ts',
];
const pureRooms = ['wire', 'framework', 'mesos', 'services', 'jobs', 'sdk', 'swarm', 'cluster'];
/** Modules of Node that compute and touch nothing. */
const pureModules = ['node:path', 'node:url', 'node:util', 'node:buffer', 'node:querystring'];
const pureCrypto = ['createHash', 'createHmac', 'timingSafeEqual'];
/** Our own files through which the world is touched. */
const worldDoors = /^src\/core\/(?:http\/(?:server|request)|store\/(?:lmdb|http))\.ts$/;
const worldNames = ['systemClock', 'systemRandom'];

const limits = { fileLines: 400, functionLines: 70, columns: 100 };

const room = (path: string): string => path.split('/')[1] ?? '';

/** The import table as docs/architecture.md has it: that page cannot drift from what is held. */
function importTable(): Map<string, string[]> {
  const page = readFileSync(join(root, 'docs/architecture.md'), 'utf8');
  const rows = page
    .slice(page.search(/^\| room \s*\| may import/m))
    .split('\n')
    .slice(2);
  const table = new Map<string, string[]>();
  for (const row of rows) {
    const cells = /^\|(.+?)\|(.+?)\|$/.exec(row);
    if (cells === null) break;
    const plain = (text = ''): string[] =>
      text
        .replace(/\([^)]*\)/g, '')
        .split(',')
        .map((name) => name.trim())
        .filter((name) => name !== '–' && name !== '');
    for (const name of plain(cells[1])) table.set(name, plain(cells[2]));
  }
  return table;
}

function valueImports(source: Source): Import[] {
  return (imports.get(source.path) ?? []).filter(({ typeOnly }) => !typeOnly);
}

t.test(
  'house › every room imports only what the table of docs/architecture.md allows',
  async (t) => {
    const table = importTable();
    t.ok(table.size >= 8, 'the table is read');
    const wrong: string[] = [];
    for (const [path, list] of imports) {
      const allowed = table.get(room(path));
      if (allowed === undefined) wrong.push(`${path}: the table has no room ${room(path)}`);
      for (const { target, line } of list) {
        if (target === undefined || room(target) === room(path)) continue;
        if (!target.startsWith('src/')) wrong.push(`${path}:${line} leaves src: ${target}`);
        else if (!allowed?.includes(room(target))) wrong.push(`${path}:${line} imports ${target}`);
      }
    }
    t.same(wrong, []);
  },
);

t.test('house › packages are imported only where they belong, and are dependencies', async (t) => {
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  const wrong: string[] = [];
  for (const [path, list] of imports) {
    for (const { specifier, line, target, typeOnly } of list) {
      if (target !== undefined) continue;
      const name = specifier.startsWith('node:')
        ? specifier
        : specifier
            .split('/')
            .slice(0, specifier.startsWith('@') ? 2 : 1)
            .join('/');
      const doors = packageDoors[name];
      if (doors !== undefined && !typeOnly && !doors.some((door) => path.startsWith(door))) {
        wrong.push(`${path}:${line} imports ${name}`);
      }
      if (!name.startsWith('node:') && dependencies[name] === undefined) {
        wrong.push(`${path}:${line} imports ${name}, no dependency of package.json`);
      }
    }
  }
  t.same(wrong, []);
});

t.test('house › what decides does no I/O and reads no clock', async (t) => {
  const wrong: string[] = [];
  for (const source of src) {
    const { path } = source;
    if (!pureRooms.includes(room(path)) || shells.test(path) || moreShells.includes(path)) continue;
    for (const { use, line } of ambientUsesOf(source)) wrong.push(`${path}:${line} uses ${use}`);
    for (const { specifier, target, names, line } of valueImports(source)) {
      const pureNode =
        pureModules.includes(specifier) ||
        (specifier === 'node:crypto' && names.every((name) => pureCrypto.includes(name)));
      const world =
        (specifier.startsWith('node:') && !pureNode) ||
        (target !== undefined && worldDoors.test(target)) ||
        names.some((name) => worldNames.includes(name));
      if (world) wrong.push(`${path}:${line} imports ${names.join(', ')} of ${specifier}`);
    }
  }
  t.same(wrong, []);
});

t.test('house › only the doors print, end the process or read the clock and chance', async (t) => {
  const wrong: string[] = [];
  for (const source of src) {
    const { path } = source;
    const inCli = path.startsWith('src/cli/');
    for (const { use, line } of ambientUsesOf(source)) {
      const clock = /^(?:Date\.now|performance\.now)$/.test(use) && path !== 'src/core/clock.ts';
      const chance = use === 'Math.random';
      const ends = /^process\.(?:exit|abort)$/.test(use) && !/\/(?:main|run)\.ts$/.test(path);
      const prints = /^(?:console\.|process\.stdout$)/.test(use) && !inCli;
      if ((clock && !inCli) || chance || (ends && !inCli) || prints) {
        wrong.push(`${path}:${line} uses ${use}`);
      }
    }
  }
  t.same(wrong, []);
});

t.test('house › files, functions and lines stay small', async (t) => {
  const wrong: string[] = [];
  for (const source of code) {
    const lines = source.text.split('\n');
    if (lines.length > limits.fileLines) wrong.push(`${source.path}: ${lines.length} lines`);
    for (const [index, line] of lines.entries()) {
      if ([...line].length > limits.columns) wrong.push(`${source.path}:${index + 1} is too wide`);
    }
    if (source.path.startsWith('test/')) continue;
    for (const { name, line, lines: length } of functionsOf(source)) {
      if (length > limits.functionLines) {
        wrong.push(`${source.path}:${line} ${name} has ${length} lines`);
      }
    }
  }
  t.same(wrong, []);
});

t.test('house › every file says what it is for, every exported name what it means', async (t) => {
  const wrong: string[] = [];
  for (const source of [...src, ...code.filter(({ path }) => path.startsWith('test/'))]) {
    const opening = source.text.replace(/^#!.*\n/, '');
    if (!/^(?:\/\*\*?|\/\/) ?/.test(opening))
      wrong.push(`${source.path} does not open with a word`);
    for (const { name, line } of undocumentedOf(source)) {
      if (!source.path.endsWith('.test.ts')) wrong.push(`${source.path}:${line} ${name}`);
    }
  }
  t.same(wrong, []);
});

t.test('house › no default exports, no drawers', async (t) => {
  const wrong = src.filter(hasDefaultExport).map(({ path }) => `${path} has a default export`);
  for (const { path } of src) {
    if (/(?:^|\/)(?:utils?|helpers?|misc|common-utils)(?:\/|\.ts$)/.test(path)) wrong.push(path);
  }
  t.same(wrong, []);
});

t.test('house › every folder of src says its one job', async (t) => {
  const known = new Set(files.map(({ path }) => path));
  const folders = new Set(src.map(({ path }) => dirname(path)));
  t.same([...folders].filter((folder) => !known.has(`${folder}/README.md`)).sort(), []);
});

t.test('house › modules form no circle', async (t) => {
  const state = new Map<string, 'open' | 'done'>();
  const circles: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    if (state.get(path) === 'done') return;
    if (state.get(path) === 'open') {
      circles.push([...trail.slice(trail.indexOf(path)), path].join(' → '));
      return;
    }
    state.set(path, 'open');
    for (const { target, typeOnly } of imports.get(path) ?? []) {
      if (target !== undefined && !typeOnly) visit(target, [...trail, path]);
    }
    state.set(path, 'done');
  };
  for (const path of imports.keys()) visit(path, []);
  t.same(circles, []);
});

t.test('house › nothing is left undone or pretended', async (t) => {
  const holes = /\b(?:TODO|FIXME|XXX)\b|[Nn]ot (?:yet )?implemented|@ts-(?:ignore|nocheck)/;
  const wrong: string[] = [];
  for (const { path, text } of src) {
    for (const [index, line] of text.split('\n').entries()) {
      if (holes.test(line)) wrong.push(`${path}:${index + 1} ${line.trim()}`);
    }
  }
  for (const { path, text } of code) {
    if (path.endsWith('.test.ts') && /\b(?:t|test)\.(?:skip|todo|only)\(/.test(text))
      wrong.push(path);
  }
  t.same(wrong, []);
});

t.test('house › no host of a registry and no path of a machine stands in the tree', async (t) => {
  // Put together here, so that this file does not find itself.
  const hosts = [
    ['registry', 'npmjs', 'org'],
    ['registry', 'yarnpkg', 'com'],
    ['repo1', 'maven', 'org'],
    ['repo', 'maven', 'apache', 'org'],
    ['pypi', 'org'],
    ['pythonhosted', 'org'],
    ['docker', 'io'],
    ['quay', 'io'],
    ['ghcr', 'io'],
  ].map((parts) => parts.join('.'));
  const machine = /(?:^|[\s"'`(=:])\/(?:root|work|home\/\w+|Users\/\w+|tmp\/w-\w+)\//;
  const wrong: string[] = [];
  for (const { path, text } of files) {
    if (path === 'LICENSE') continue;
    for (const [index, line] of text.split('\n').entries()) {
      const host = hosts.find((name) => line.includes(name));
      if (host !== undefined) wrong.push(`${path}:${index + 1} names ${host}`);
      if (machine.test(line)) wrong.push(`${path}:${index + 1} names a path of a machine`);
    }
  }
  t.same(wrong, []);
});

t.test('house › tests are named by what holds', async (t) => {
  const wrong: string[] = [];
  for (const { path, text } of code) {
    if (!path.endsWith('.test.ts')) continue;
    for (const [, name] of text.matchAll(/^(?:t\.)?test\(\s*['"`](.+?)['"`],/gm)) {
      if (!name?.includes(' › ')) wrong.push(`${basename(path)}: ${name}`);
    }
  }
  t.same(wrong, []);
});

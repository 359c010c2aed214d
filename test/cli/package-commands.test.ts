/** Commands that a package brings: values, argv and rows, and the command line as a whole. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { Given } from '../../src/cli/command.js';
import { columnsFor, jsonIn, rowsIn } from '../../src/cli/package-commands/rows.js';
import { argvOf, fill, valuesOf } from '../../src/cli/package-commands/values.js';
import { checkFile } from '../../src/cli/pipes.js';
import type { PackageCommand } from '../../src/wire/service-commands.js';
import { parseServiceCommands } from '../../src/wire/service-commands-parse.js';
import { cluster } from '../helpers/cluster-answers.js';

const text = `
commands:
  topic:
    help: topics
    commands:
      create:
        help: make a topic
        examples: [topic create readings]
        arguments:
          - {name: topic, help: its name, pattern: '[a-z]+'}
        flags:
          partitions: {help: how many, type: integer, minimum: 1, maximum: 9, default: 1, short: p}
          config: {help: k=v, list: true}
          kind: {help: which, choices: [compact, delete]}
          dry-run: {help: only look, type: boolean}
          share: {help: part, type: number, minimum: 0.5}
        run:
          pod: broker
          argv:
            - make
            - '{topic}'
            - '--n={partitions}'
            - '--kind={kind}'
            - {if: dry-run, words: [--dry]}
            - {unless: dry-run, words: [--wet]}
            - '{config}'
      list:
        help: all topics
        http: {path: /v1/topics}
        output: {form: json, columns: {TOPIC: name, COPIES: copies}, empty: No topic.}
      get:
        help: one topic
        arguments: [{name: topic, help: its name}]
        flags: {deep: {help: more, type: text}}
        http: {path: '/v1/topics/{topic}', query: {deep: '{deep}'}}
      delete:
        help: end one
        arguments: [{name: topic, help: its name}]
        confirm: 'Delete {topic}?'
        http: {path: '/v1/topics/{topic}', method: DELETE, body: {name: '{topic}', no: 'x'}}
  submit:
    help: hand a file in
    raw: true
    arguments:
      - {name: path, help: the file}
      - {name: class, help: its main class}
      - {name: args, help: all, optional: true, rest: true}
    file: path
    run: {pod: broker, argv: [submit, '{class}', '{args}']}
  sql:
    help: a shell
    raw: true
    arguments: [{name: args, help: all, optional: true, rest: true}]
    run: {pod: broker, argv: [sql, '{args}']}
`;
t.test('registry › the commands of every package can be read', async (t) => {
  const registry = join(import.meta.dirname, '../../packages-registry');
  for (const path of readdirSync(registry, { recursive: true, encoding: 'utf8' })) {
    if (!path.endsWith('commands.yaml')) continue;
    const read = parseServiceCommands(readFileSync(join(registry, path), 'utf8'), {});
    t.same(read.ok ? [] : read.violations, [], path);
  }
});

const parsed = parseServiceCommands(text, {});
if (!parsed.ok) throw new Error(JSON.stringify(parsed.violations));
const { commands } = parsed.commands;

function at(...path: string[]): PackageCommand {
  let node: unknown = { commands };
  for (const word of path) node = (node as { commands: Record<string, unknown> }).commands[word];
  return node as PackageCommand;
}

const create = at('topic', 'create');
const argv = (words: string[], flags: Record<string, unknown> = {}): string[] =>
  argvOf(create.run?.argv ?? [], valuesOf(create, new Given(words, flags)));

t.test('values › are put where the words ask for them, each as a word of its own', async (t) => {
  t.same(argv(['x']), ['make', 'x', '--n=1', '--wet']);
  t.same(argv(['x'], { partitions: '3', kind: 'compact', dryRun: true, config: ['a b', '$(c)'] }), [
    ...['make', 'x', '--n=3', '--kind=compact', '--dry', 'a b', '$(c)'],
  ]);
  t.equal(fill('/v1/{a}', new Map([['a', ['x/../y']]]), encodeURIComponent), '/v1/x%2F..%2Fy');
  const sql = at('sql');
  const asTheyAre = fc.property(fc.array(fc.string()), (words) => {
    const made = argvOf(sql.run?.argv ?? [], valuesOf(sql, new Given(words, {})));
    return JSON.stringify(made) === JSON.stringify(['sql', ...words]);
  });
  t.doesNotThrow(() => fc.assert(asTheyAre));
});

t.test('values › wrong ones are named with what is allowed', async (t) => {
  const cases: [string[], Record<string, unknown>, RegExp][] = [
    [['X!'], {}, /topic must match \[a-z\]\+, not 'X!'/],
    [['x'], { partitions: '0' }, /--partitions must be a whole number from 1 to 9, not '0'/],
    [['x'], { partitions: '1.5' }, /whole number/],
    [['x'], { partitions: '0x3' }, /whole number/],
    [['x'], { share: '0.1' }, /--share must be a number of at least 0.5, not '0.1'/],
    [['x'], { kind: 'compcat' }, /--kind must be one of compact, delete, not 'compcat'/],
    [['x'], { config: ['a\0b'] }, /null character/],
  ];
  for (const [words, flags, wanted] of cases) t.throws(() => argv(words, flags), wanted);
});

t.test('values › a file is one that can be read, and what must be given is given', async (t) => {
  const submit = at('submit');
  t.equal(submit.file, 'path');
  const values = valuesOf(submit, new Given(['a.jar', 'my.Main', '--flag', 'x'], {}));
  t.same(argvOf(submit.run?.argv ?? [], values), ['submit', 'my.Main', '--flag', 'x']);
  t.throws(() => valuesOf(submit, new Given(['a.jar'], {})), /<class> is missing: its main class/);
  t.throws(() => checkFile('/no/such.jar'), /\/no\/such.jar cannot be read: .*no such file/);
  t.throws(() => checkFile('/'), /\/ cannot be read: it is no file/);
});

t.test('rows › lines that match become objects and a table', async (t) => {
  const output = {
    form: 'rows' as const,
    pattern: '^(?<name>\\S+) (?<n>-|\\d+) \\[(?<isr>[\\d, ]*)\\]$',
    numbers: ['n', 'isr'],
    lists: ['isr'],
    columns: {},
  };
  const rows = rowsIn('noise\na 3 [1, 2]\r\n7 - []\n', output);
  t.same(rows, [
    { name: 'a', n: 3, isr: [1, 2] },
    { name: '7', n: '-', isr: [] },
  ]);
  const columns = columnsFor(output, rows);
  t.same(
    columns.map(({ heading }) => heading),
    ['NAME', 'N', 'ISR'],
  );
  t.equal(columns[2]?.value(rows[0] ?? {}), '1,2');
  t.equal(jsonIn(' \n'), null);
  t.throws(() => jsonIn('Error: no'), /is not JSON: Error: no/);
});

const served = JSON.parse(JSON.stringify({ commands })) as unknown;
const apps = {
  body: {
    apps: [
      { id: '/kafka', labels: { DCOS_SERVICE_NAME: 'kafka', DCOS_PACKAGE_NAME: 'kafka' } },
      {
        id: '/team/k2',
        labels: {
          DCOS_SERVICE_NAME: 'team/k2',
          DCOS_PACKAGE_NAME: 'kafka',
          DCOS_COMMAND_WORDS: 'topic, sql',
        },
      },
      { id: '/old', labels: { DCOS_SERVICE_NAME: 'old' } },
    ],
  },
};

t.test('dcos <service> › runs what the package brings', async (t) => {
  const { dcos, server } = await cluster(t, {
    'GET /service/marathon/v2/apps': apps,
    'GET /service/kafka/v1/commands': { body: served },
    'GET /service/team/k2/v1/commands': { body: served },
    'GET /service/kafka/v1/topics': { body: [{ name: 'a', copies: 3 }] },
    'GET /service/team/k2/v1/topics': { body: [] },
    'GET /service/kafka/v1/topics/a%2Fb': { body: 'as it is' },
    'DELETE /service/kafka/v1/topics/a': { body: { done: true } },
  });
  const list = await dcos('kafka', 'topic', 'list');
  t.match(list, { status: 0, stdout: /TOPIC +COPIES\n +a +3\n/ });
  t.equal(server.asked.length, 2, 'what it can do, then the call: nothing else');
  t.same(JSON.parse((await dcos('kafka', 'topic', 'list', '--json')).stdout), [
    { name: 'a', copies: 3 },
  ]);
  for (const words of [
    ['kafka', '--name=team/k2'],
    ['kafka', '--name', '/team/k2'],
    ['team__k2'],
    ['team/k2'],
  ]) {
    const empty = await dcos(...words, 'topic', 'list');
    t.match(empty, { status: 0, stdout: '', stderr: 'No topic.\n' }, words.join(' '));
  }
  const word = await dcos('topic', 'list');
  t.match(word, { status: 0, stderr: 'No topic.\n' }, 'a word that the service goes by');
  t.match(await dcos('kafka', 'topic', 'get', 'a/b'), { status: 0, stdout: 'as it is\n' });
  t.match(await dcos('kafka', 'topic', 'delete', 'a'), {
    status: 2,
    stderr: /Delete a\?.*\n.*--yes/,
  });
  t.match(await dcos('kafka', 'topic', 'delete', 'a', '--yes'), { status: 0 });
  t.same(server.asked.at(-1)?.body, { name: 'a', no: 'x' });
});

t.test('dcos <service> › help and mistakes', async (t) => {
  const { dcos, server } = await cluster(t, {
    'GET /service/marathon/v2/apps': apps,
    'GET /service/kafka/v1/commands': { body: served },
    'GET /service/old/v1/commands': { status: 404, body: { message: 'no' } },
    'GET /service/team/k2/v1/commands': { status: 502, body: { message: 'team/k2 is not up' } },
  });
  const help = await dcos('kafka', '--help');
  t.match(help, {
    status: 0,
    stdout: /plan +show and steer[\s\S]*topic +topics\n +submit[^\n]+\n +sql +a shell/,
  });
  t.match(await dcos('kafka', 'topic'), { status: 0, stdout: /create +make a topic/ });
  const of = await dcos('kafka', 'topic', 'create', '--help');
  t.match(
    of.stdout,
    /-p, --partitions <integer> +how many \(default: 1\)[\s\S]*dcos kafka topic cr/,
  );
  t.match(await dcos('kafka', 'sql', '--help'), { status: 0, stdout: /Usage: dcos kafka sql/ });
  const cases: [string[], number, RegExp][] = [
    [['kafka', 'topci'], 2, /'topci' is not a command of kafka\nDid you mean 'topic'/],
    [['kafka', 'topic', 'lsit'], 2, /'lsit' is not a command of kafka topic\nDid you mean 'list'/],
    [['kafka', 'topic', 'xyz'], 2, /'xyz' is not a command of kafka topic\nSee: dcos kafka topic/],
    [['kafka', 'topic', 'create'], 2, /missing required argument 'topic'/],
    [['kafka', 'topic', 'create', 'x', '--partition', '2'], 2, /Did you mean '--partitions'/],
    [['kafka', 'topic', 'create', 'x', '-p', '0'], 2, /from 1 to 9, not '0'/],
    [['kafka', '--name=nope', 'topic', 'list'], 4, /there is no service 'nope'\nServices: kafka/],
    [['old', 'topic', 'list'], 2, /'topic' is not a command of old/],
    [['kafka', '--name', 'team/k2', 'topic', 'list'], 6, /team\/k2 is not up/],
  ];
  for (const [words, status, stderr] of cases) {
    t.match(await dcos(...words), { status, stdout: '', stderr }, words.join(' '));
  }
  const before = server.asked.length;
  t.match(await dcos('task', 'lsit'), { status: 2 });
  t.match(await dcos('pakage', 'list'), { status: 2 });
  t.equal(server.asked.length, before, 'a slip of the pen is nothing to ask the cluster about');
});

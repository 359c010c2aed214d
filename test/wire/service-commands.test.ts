/** `commands.yaml`: what is read of it, what is refused, and that what is served reads the same. */
import t from 'tap';
import { isCommandGroup, type PackageCommand } from '../../src/wire/service-commands.js';
import { parseServiceCommands, readServedCommands } from '../../src/wire/service-commands-parse.js';

const whole = `
commands:
  topic:
    help: topics
    commands:
      create:
        help: make a topic
        notes: More of it, $\${HOME} for instance.
        examples: [topic create readings --partitions 6]
        arguments:
          - {name: topic, help: its name, pattern: '[a-zA-Z0-9._-]{1,249}'}
        flags:
          partitions: {help: how many, type: integer, minimum: 1, default: 1, short: p}
          config: {help: k=v, list: true}
          dry-run: {help: only look, type: boolean}
        confirm: 'Make {topic}?'
        run:
          pod: broker
          task: \${TASK}
          argv:
            - sh
            - ./kafka.sh
            - '{topic}'
            - {if: dry-run, words: [--dry]}
            - {unless: dry-run, words: [--partitions, '{partitions}']}
        output: {pattern: '^(?<name>\\S+) (?<n>\\d+)$', numbers: [n], empty: none}
  shell:
    help: a shell
    raw: true
    input: terminal
    arguments: [{name: args, help: all, optional: true, rest: true}]
    run: {pod: broker, instance: 0, argv: [sh, '{args}']}
  broker:
    help: a broker
    arguments: [{name: id, type: integer, help: which}]
    http: {path: '/v1/pod/broker-{id}/info', query: {a: b}}
    output: {form: json}
`;

const commandAt = (text: string, variables: Record<string, string> = {}): PackageCommand => {
  const result = parseServiceCommands(text, variables);
  if (!result.ok) throw new Error(JSON.stringify(result.violations));
  const [first] = Object.values(result.commands.commands);
  if (first === undefined || isCommandGroup(first)) throw new Error('a group');
  return first;
};

t.test('commands.yaml › is read whole, and what is served reads the same', async (t) => {
  const result = parseServiceCommands(whole, { TASK: 'server' });
  if (!result.ok) return t.fail(JSON.stringify(result.violations));
  const { topic, shell, broker } = result.commands.commands;
  t.ok(topic && isCommandGroup(topic));
  const create = topic && isCommandGroup(topic) ? topic.commands.create : undefined;
  t.match(create, {
    notes: `More of it, \${HOME} for instance.`,
    arguments: [{ name: 'topic', type: 'text', optional: false, rest: false }],
    flags: { partitions: { type: 'integer', default: '1', short: 'p' }, config: { list: true } },
    confirm: 'Make {topic}?',
    input: 'none',
    run: { pod: 'broker', task: 'server', instance: 'any' },
    output: { form: 'rows', numbers: ['n'], empty: 'none' },
  });
  t.match(shell, { raw: true, input: 'terminal', run: { instance: '0' } });
  t.match(broker, { http: { method: 'GET', query: { a: 'b' } }, output: { form: 'json' } });
  const served = JSON.parse(JSON.stringify(result.commands)) as Record<string, unknown>;
  t.same(readServedCommands(served), result);
  const newer = { ...served, future: 1 };
  t.same(readServedCommands(newer), result, 'what a newer scheduler knows more is no matter');
  t.notOk(readServedCommands({ commands: { x: { help: 'x' } } }).ok);
});

t.test('commands.yaml › everything that is wrong is named with its path', async (t) => {
  const base = 'help: h\n    run: {pod: p, argv: [x]}';
  const cases: [string, RegExp][] = [
    ['[]', /^ must be a mapping/],
    ['a: : b', /is not YAML/],
    ['commands: {x: {}}', /commands\.x\.help is missing/],
    ['commands: {x: {help: h}}', /commands\.x must have either 'run' or 'http'/],
    ['commands: {plan: {help: h, run: {pod: p, argv: [x]}}}', /plan is a word that every/],
    ['commands: {X: {help: h, run: {pod: p, argv: [x]}}}', /'X' is no word for a command/],
    [
      `commands:\n  x:\n    ${base}\n    hlep: y`,
      /x\.hlep is not a known key; did you mean 'help'/,
    ],
    ['commands: {x: {help: h, run: {pod: p, argv: []}}}', /argv must name a program/],
    ["commands: {x: {help: h, run: {pod: p, argv: ['{a}']}}}", /'a', which is no argument/],
    ['commands: {x: {help: h, http: {path: /v2/x}}}', /must be a path of the scheduler/],
    ['commands: {x: {help: h, http: {path: /v1/../x}}}', /must be a path of the scheduler/],
    [`commands:\n  x:\n    ${base}\n    output: {pattern: '('}`, /is no regular expression/],
    [`commands:\n  x:\n    ${base}\n    output: {form: rows}`, /with named groups/],
    [`commands:\n  x:\n    ${base}\n    raw: true`, /must end with one that is optional and takes/],
    [`commands:\n  x:\n    ${base}\n    file: jar`, /file must be the name of an argument/],
    [
      `commands:\n  x:\n    ${base}\n    arguments: [{name: a, help: h}]
    file: a
    input: pipe`,
      /input cannot stand beside file/,
    ],
    [
      `commands: {x: {help: h, file: a, arguments: [{name: a, help: h}], http: {path: /v1/x}}}`,
      /file is of use with 'run' only/,
    ],
    [
      `commands: {x: {help: h, file: a, arguments: [{name: a, help: h}],
      run: {pod: p, instance: all, argv: [x]}}}`,
      /goes to one instance/,
    ],
    [`commands:\n  x:\n    ${base}\n    flags: {json: {help: h}}`, /json is a flag of the command/],
    [`commands:\n  x:\n    ${base}\n    flags: {a: {help: h, short: yy}}`, /must be one letter/],
    [`commands:\n  x:\n    ${base}\n    flags: {a: {help: h, short: h}}`, /-h is taken/],
    [
      `commands:\n  x:\n    ${base}\n    arguments: [{name: a, help: h}, {name: a, help: h}]`,
      /two/,
    ],
    [
      `commands:\n  x:\n    ${base}\n    arguments:
      [{name: a, help: h, optional: true}, {name: b, help: h}]`,
      /'b' must not follow an optional/,
    ],
  ];
  for (const [text, wanted] of cases) {
    const result = parseServiceCommands(text, {});
    const found = result.ok ? [] : result.violations.map((one) => `${one.path} ${one.message}`);
    t.ok(
      found.some((line) => wanted.test(line)),
      `${text}\n${found.join('\n')}`,
    );
  }
  t.match(parseServiceCommands(`commands: {}${' '.repeat(300_000)}`, {}), {
    ok: false,
    violations: [{ message: /larger than/ }],
  });
});

t.test('commands.yaml › a value never becomes part of a script', async (t) => {
  const inside = (argv: string): string =>
    `commands: {x: {help: h, arguments: [{name: a, help: h}], run: {pod: p, argv: ${argv}}}}`;
  for (const argv of [
    "[sh, -c, 'ls {a}']",
    "[/bin/bash, -ec, '{a}']",
    "[env, X=1, bash, -c, 'x {a}']",
    "['{a}']",
  ]) {
    t.notOk(parseServiceCommands(inside(argv), {}).ok, argv);
  }
  t.ok(parseServiceCommands(inside(`[sh, -c, 'ls "$1"', sh, '{a}']`), {}).ok);
  t.same(commandAt(inside("[awk, '{print $1}', '{a}']")).run?.argv, ['awk', '{print $1}', '{a}']);
});

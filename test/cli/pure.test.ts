/** What the command line decides by itself: layouts, tables, words, options, plans. */
import fc from 'fast-check';
import t from 'tap';
import { clusterName, valueAt, withValue } from '../../src/cli/config/clusters.js';
import { checkKey, configValue } from '../../src/cli/config/keys.js';
import {
  checkMesosUrl,
  checkWishes,
  planAgents,
  portRanges,
  serverArguments,
  serverNames,
} from '../../src/cli/local/layout.js';
import { lastWordsIn } from '../../src/cli/local/why-away.js';
import { changesOf } from '../../src/cli/option-changes.js';
import { readOptions, typedValue } from '../../src/cli/options.js';
import { clean } from '../../src/cli/output/clean.js';
import { formatJson } from '../../src/cli/output/list.js';
import { operationChanges, operationPicture } from '../../src/cli/output/operation.js';
import { formatTable } from '../../src/cli/output/table.js';
import { lengthText } from '../../src/cli/output/time.js';
import { findCommand, parseGlobals } from '../../src/cli/program.js';
import { didYouMean } from '../../src/cli/suggest.js';
import type { Operation, OperationStep } from '../../src/wire/operations.js';

const facts = {
  cores: 2,
  memMb: 8192,
  freeDiskMb: 10_000,
  ephemeralLow: 32_768,
  takenPorts: new Set<number>(),
  subnet: '127.0.9',
};

t.test('layout › offered ports are disjoint and below the ephemeral ones', async (t) => {
  const chance = fc.double({ min: 0, max: 0.999_999, noNaN: true });
  const taken = fc.array(fc.integer({ min: 10_000, max: 32_767 }), { maxLength: 20 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 64 }), chance, taken, (count, at, ports) => {
      const ranges = portRanges(count, { ...facts, takenPorts: new Set(ports) }, at);
      const sorted = [...ranges].sort(([a], [b]) => a - b);
      return (
        ranges.length === count &&
        ranges.every(([begin, end]) => begin >= 10_000 && end >= begin && end < 32_768) &&
        sorted.every(([begin], index) => index === 0 || begin > (sorted[index - 1]?.[1] ?? 0))
      );
    }),
  );
  const free = portRanges(3, { ...facts, takenPorts: new Set([10_500]) }, 0);
  t.notOk(
    free.some(([begin, end]) => begin <= 10_500 && end >= 10_500),
    'a taken range is avoided',
  );
});

t.test('layout › agents share memory and disk, and are spread over racks', async (t) => {
  const agents = planAgents(facts, { agents: 4, racks: 3 }, [1, 2, 3, 4], 0, '/local');
  t.same(
    agents.map(({ rack }) => rack),
    ['rack-1', 'rack-2', 'rack-3', 'rack-1'],
  );
  t.same(
    agents.map(({ host }) => host),
    ['127.0.9.1', '127.0.9.2', '127.0.9.3', '127.0.9.4'],
  );
  t.match(agents[0], { cpus: 4, memMb: 1536, diskMb: 1250, port: 1 });
  const alone = planAgents(
    { ...facts, subnet: undefined, memMb: 1000 },
    { agents: 1, racks: 1 },
    [5],
    0,
    '/local',
  );
  t.match(alone, [{ host: '127.0.0.1', memMb: 512 }]);
  t.throws(() => checkWishes({ agents: 65, racks: 1 }), { code: 'usage' });
  t.throws(() => checkWishes({ agents: 3, racks: 4 }), { code: 'usage' });
  t.equal(checkMesosUrl('10.0.0.1'), 'http://10.0.0.1:5050');
  t.equal(checkMesosUrl('http://m:1/'), 'http://m:1');
  t.throws(() => checkMesosUrl('ftp://m'), { code: 'usage' });
  const cluster = {
    schema: 1 as const,
    id: 'i',
    name: 'n',
    control: { host: 'h', port: 1, advertise: 'h:1' },
    agents,
  };
  t.same(serverNames(cluster), ['master', 'agent-1', 'agent-2', 'agent-3', 'agent-4', 'control']);
  t.same(serverNames({ ...cluster, agents: [], mesosUrl: 'http://m' }), ['control']);
  t.same(serverArguments('agent-2', '/d'), ['agent', '--dir', '/d', '--index', '2']);
});

t.test('table › headings centred, numbers right, text left, no control characters', async (t) => {
  const rows = [
    { name: 'a', count: 5 },
    { name: 'longer\u001b[2J\nname', count: 12 },
  ];
  const table = formatTable(
    [
      { heading: 'N', value: ({ name }: (typeof rows)[number]) => name },
      { heading: 'COUNT', value: ({ count }) => count },
      { heading: 'CUT', value: ({ name }) => name, maxWidth: 5 },
    ],
    rows,
  );
  t.same(table.split('\n'), [
    '       N       COUNT   CUT',
    '  a                5  a',
    '  longer name     12  lo...',
  ]);
  t.equal(clean('a\u001b[31mb\u001b]0;title\u0007c\r\u009bd\te\n'), 'abcd\te\n');
  t.equal(formatJson({ a: '\u009b\u001b' }), '{\n    "a": "\\u009b\\u001b"\n}');
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => JSON.parse(formatJson(text)) === text),
  );
});

t.test('options › are merged, nested and typed as they are written', async (t) => {
  const pairs = [
    'a.b=1',
    'a.c=true',
    "d='7'",
    'e=[1,2]',
    'f=x=y',
    'g=null',
    'h=1.5.2',
    'i=',
    'j\\.k=2',
  ];
  t.same(readOptions(undefined, pairs), {
    a: { b: 1, c: true },
    d: '7',
    e: [1, 2],
    f: 'x=y',
    g: null,
    h: '1.5.2',
    i: '',
    'j.k': 2,
  });
  const tricky = readOptions(undefined, ['__proto__.polluted=1']);
  t.same(Object.keys(tricky), ['__proto__']);
  t.equal(({} as { polluted?: number }).polluted, undefined);
  t.throws(() => readOptions(undefined, ['=1']), { code: 'usage' });
  t.equal(typedValue('{bad'), '{bad');
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = JSON.stringify(value);
      return JSON.stringify(typedValue(text)) === text;
    }),
  );
});

t.test('configuration › dotted keys are read and written without touching others', async (t) => {
  const values = { core: { dcos_url: 'u', timeout: 1 }, cluster: { name: 'c' } };
  t.equal(valueAt(values, 'core.timeout'), 1);
  t.equal(valueAt(values, 'core.none'), undefined);
  t.same(withValue(values, 'core.timeout', undefined).core, { dcos_url: 'u' });
  t.same(withValue(values, 'cluster.name', undefined), { core: values.core });
  t.same(withValue({}, 'marathon.url', 'm'), { marathon: { url: 'm' } });
  t.equal(clusterName({ id: 'i', values }), 'c');
  t.equal(clusterName({ id: 'i', values: {} }), 'i');
  t.equal(configValue('core.pagination', 'yes'), true);
  t.throws(() => configValue('core.timeout', '-1'), { code: 'invalid' });
  t.throws(() => checkKey('core.tiemout'), { code: 'usage', hint: "Did you mean 'core.timeout'?" });
  t.doesNotThrow(() => checkKey('myplugin.anything'));
});

t.test('words › lead to a command, or to what may be meant', async (t) => {
  const found = (line: string): string => findCommand(line.split(' ')).path.join(' ');
  t.equal(found('package install kafka'), 'package install');
  t.equal(found('task web'), 'task list');
  t.equal(found('task --json'), 'task list');
  t.equal(found('failures --all'), 'failures list');
  t.equal(found('marathon app list'), 'marathon app list');
  t.same(findCommand(['kafka', 'pod', 'info', 'x', '--json']), {
    ...findCommand(['service', 'pod', 'info']),
    rest: ['x', '--json', 'kafka'],
  });
  t.throws(() => findCommand(['constructor']), { code: 'usage' });
  t.throws(() => findCommand(['package', 'toString']), { code: 'usage' });
  t.equal(didYouMean('inst', ['install', 'list']), "Did you mean 'install'?");
  t.equal(didYouMean('zzz', ['install', 'list']), undefined);
  t.match(parseGlobals(['-vv', 'task', '-v'], {}), { verbosity: 2, rest: ['task', '-v'] });
  t.match(parseGlobals(['--log-level=info', 'x'], {}), { verbosity: 1 });
  t.match(parseGlobals(['--log-level', 'debug', 'x'], {}), { verbosity: 2, rest: ['x'] });
  t.match(parseGlobals([], { DCOS_VERBOSITY: '1' }), { verbosity: 1 });
  t.throws(() => parseGlobals(['--log-level', 'loud'], {}), { code: 'usage' });
});

function operationWith(
  steps: OperationStep[],
  status: Operation['phases'][number]['status'],
): Operation {
  return {
    id: 'o',
    kind: 'install',
    packageName: 'kafka',
    packageVersion: '1',
    appId: '/kafka',
    status: 'running',
    createdAt: 0,
    updatedAt: 0,
    deadline: 0,
    revision: 0,
    phases: [{ name: 'artifacts', status, steps }],
  };
}

t.test('operation › a line per change, a picture for a terminal', async (t) => {
  const at = (done: number): Operation =>
    operationWith(
      [{ name: 'jars', status: 'IN_PROGRESS', progress: { done, total: 100e6 } }],
      'IN_PROGRESS',
    );
  t.same(
    operationChanges(undefined, operationWith([{ name: 'jars', status: 'PENDING' }], 'PENDING')),
    [],
  );
  t.same(operationChanges(undefined, at(1e6)), ['artifacts: jars 1.0 of 100.0 MB [IN_PROGRESS]']);
  t.same(operationChanges(at(1e6), at(9e6)), [], 'less than a tenth is no line');
  t.equal(operationChanges(at(9e6), at(11e6)).length, 1);
  const done = operationWith([{ name: 'jars', status: 'COMPLETE' }], 'COMPLETE');
  t.same(operationChanges(at(11e6), done), ['artifacts: jars [COMPLETE]', 'artifacts: complete']);
  t.same(operationChanges(done, done), []);
  t.same(operationPicture(at(5e7)).split('\n'), [
    'Installing kafka 1',
    '  ▸ artifacts',
    '    ▸ jars 50.0 of 100.0 MB',
  ]);
  t.equal(operationPicture(done), 'Installing kafka 1\n  ✔ artifacts');
  t.same([400, 61_000, 90_061_000, 3_600_000].map(lengthText), [
    '0.4 s',
    '1 min 1 s',
    '1 d 1 h',
    '1 h',
  ]);
});

t.test('why away › the last words of a control plane, unless it serves again', (t) => {
  const serving = '{"level":"info","message":"serving"}';
  const died = 'dcos-cluster: cannot write to the store: no space left\nIs the disk full?';
  t.equal(lastWordsIn(`${serving}\n${died}\n`), 'cannot write to the store: no space left');
  t.equal(lastWordsIn(`${serving}\n${died}\n${serving}\n`), undefined);
  t.equal(lastWordsIn(''), undefined);
  t.end();
});

t.test('update › what would be different, without what is secret', async (t) => {
  const before = {
    appId: '/kafka',
    version: '3.8.1',
    upgradesTo: [],
    downgradesTo: [],
    resolvedOptions: { brokers: { count: 3, mem: 512 }, sasl: { users: 'alice:old' } },
    userProvidedOptions: {},
    secretOptions: ['sasl.users'],
  };
  const request = { appId: '/kafka', replace: false };
  const options = { brokers: { count: 4, mem: 512 }, sasl: { users: 'alice:new' } };
  t.same(changesOf(before, { ...request, options, packageVersion: '3.9.1' }), {
    'package version': { from: '3.8.1', to: '3.9.1' },
    'brokers.count': { from: 3, to: 4 },
    'sasl.users': { from: '(not shown)', to: '(not shown)' },
  });
  t.same(changesOf(before, { ...request, options: { sasl: { users: '' } } }), {
    'sasl.users': { from: '(not shown)', to: '' },
  });
  t.same(changesOf(before, { ...request, options: { brokers: { mem: 512 } } }), {});
});

/** `rules` of a `service.yaml`: which options are refused, and what is said of it. */
import t from 'tap';
import { brokenRules, type RuleSpec } from '../../src/wire/service-rules.js';
import { parseServiceSpec } from '../../src/wire/service-spec.js';

const yaml = `
name: svc
pods: {node: {count: 1, tasks: {server: {goal: RUNNING, cmd: x, cpus: 1, memory: 64}}}}
rules:
  - {option: heap, value: '\${HEAP}', at-most: '\${MEM}', times: 0.8, because: Java needs room}
  - {option: copies, value: '\${COPIES}', at-most: '\${COUNT}', except: 3, because: one each}
  - {option: mem, value: '\${MEM}', at-least: 100, because: it is little}
  - {option: count, value: '\${COUNT}', grows-only: true, fixed-below: 3, because: of the quorum}
  - {option: plain, value: '\${PLAIN}', one-of: ['false'], if: '\${LOGIN}', because: of passwords}
  - {option: disk, value: '\${DISK}', fixed: true, because: it holds data}
`;
const defaults = {
  HEAP: '80',
  MEM: '100',
  COPIES: '3',
  COUNT: '3',
  DISK: '10',
  PLAIN: 'true',
  LOGIN: 'false',
};

function rulesOf(options: Partial<typeof defaults> = {}): readonly RuleSpec[] {
  const result = parseServiceSpec(yaml, { ...defaults, ...options });
  if (!result.ok) throw new Error(JSON.stringify(result.violations));
  return result.spec.rules ?? [];
}

const said = (next: Partial<typeof defaults>, before?: Partial<typeof defaults>): string[] =>
  brokenRules(rulesOf(next), before && rulesOf(before)).map((one) => `${one.path} ${one.message}`);

t.test('rules › limits name the nearest value that is right', async (t) => {
  t.same(said({}), []);
  t.same(said({ HEAP: '81' }), ['heap is 81, but must be at most 80: Java needs room']);
  t.same(said({ HEAP: '1', MEM: '99' }), ['mem is 99, but must be at least 100: it is little']);
  t.same(said({ COPIES: '4' }), ['copies is 4, but must be at most 3: one each']);
  t.same(said({ COUNT: '1' }), [], 'the exception is always right');
  t.same(said({ LOGIN: 'true' }), ['plain is true, but must be false: of passwords']);
  t.same(said({ LOGIN: 'true', PLAIN: 'false' }), []);
});

t.test('rules › changes of a service that is there', async (t) => {
  t.same(said({ COUNT: '4' }, {}), []);
  t.same(said({ COUNT: '3' }, { COUNT: '4' }), [
    'count cannot fall from 4 to 3; at least 4: of the quorum',
  ]);
  t.same(said({ COUNT: '3' }, { COUNT: '1' }), ['count cannot change from 1 to 3: of the quorum']);
  t.same(said({ DISK: '11' }, {}), ['disk cannot change from 10 to 11: it holds data']);
  const newer = brokenRules(rulesOf({ DISK: '11' }), []);
  t.same(newer, [], 'what an older version had no rule for');
});

t.test('rules › malformed ones are violations', async (t) => {
  const wrong = yaml.replace('at-least: 100', 'at-laest: 100');
  t.match(parseServiceSpec(wrong, defaults), {
    ok: false,
    violations: [{ path: 'rules.2.at-laest', message: /did you mean 'at-least'/ }],
  });
});

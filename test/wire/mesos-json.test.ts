/** JSON as Mesos reads it: texts as a running master and agent gave them to the same bodies. */
import fc from 'fast-check';
import t from 'tap';
import { parseJsonText } from '../../src/wire/mesos/json-text.js';
import type { MessageName } from '../../src/wire/protobuf/codec.js';
import { messageFromJson } from '../../src/wire/protobuf/from-json.js';

t.test('messageFromJson › Mesos’ words for what is no message', async (t) => {
  const rows: [MessageName, unknown, string][] = [
    ['master.Call', [], 'Expecting a JSON object'],
    ['master.Call', { type: 5 }, "Not expecting a JSON number for field 'type'"],
    ['master.Call', { type: {} }, "Not expecting a JSON object for field 'type'"],
    ['master.Call', { type: [] }, "Not expecting a JSON array for field 'type'"],
    ['master.Call', { type: true }, "Not expecting a JSON boolean for field 'type'"],
    ['master.Call', { teardown: {} }, 'Missing required fields: teardown.framework_id'],
    [
      'master.Call',
      { teardown: { framework_id: {} } },
      'Missing required fields: teardown.framework_id.value',
    ],
    [
      'master.Call',
      { update_weights: { weight_infos: [{ role: 'a' }] } },
      'Missing required fields: update_weights.weight_infos[0].weight',
    ],
    [
      'master.Call',
      { update_weights: { weight_infos: [{ weight: 'x' }] } },
      "Failed to parse 'x' as a JSON number for field 'weight': syntax error at line 1 near: x",
    ],
    [
      'agent.Call',
      { set_logging_level: {} },
      'Missing required fields: set_logging_level.level, set_logging_level.duration',
    ],
    [
      'master.Call',
      { reserve_resources: { agent_id: { value: 'a' }, resources: [{ name: 'x', type: 'NO' }] } },
      "Failed to find enum for 'NO'",
    ],
    [
      'master.Call',
      { drain_agent: { agent_id: { value: 'a' }, max_grace_period: '60s' } },
      "Not expecting a JSON string for field 'max_grace_period'",
    ],
    [
      'scheduler.Call',
      { acknowledge: { agent_id: { value: 'a' }, task_id: { value: 't' }, uuid: '%%%' } },
      "Failed to base64 decode bytes field 'uuid': Invalid character '%'",
    ],
    [
      'scheduler.Call',
      { subscribe: { framework_info: { name: 'x' } } },
      'Missing required fields: subscribe.framework_info.user',
    ],
  ];
  for (const [name, body, problem] of rows) t.same(messageFromJson(name, body), { problem });
});

t.test('messageFromJson › what Mesos reads all the same', async (t) => {
  const read = (body: unknown) => messageFromJson('master.Call', body);
  // One value for a list, numbers as text, whole numbers with a fraction.
  const weight_infos = { weight: '2', role: 'a' };
  t.same(read({ update_weights: { weight_infos } }), {
    message: { update_weights: { weight_infos: [{ weight: 2, role: 'a' }] } },
  });
  const set_logging_level = { level: 1.5, duration: { nanoseconds: '1000' } };
  t.same(read({ set_logging_level }), {
    message: { set_logging_level: { level: 1, duration: { nanoseconds: 1000 } } },
  });
  // A type that nobody knows is none; fields that nobody knows stay.
  t.same(read({ type: 'NEVER_HEARD', more: [null] }), { message: { more: [null] } });
  t.same(read({ type: null, teardown: null }), { message: {} });
});

t.test('messageFromJson › any JSON is a message or a problem, never more', async (t) => {
  const names: MessageName[] = ['scheduler.Call', 'executor.Call', 'master.Call', 'agent.Call'];
  const keys = fc.constantFrom('type', 'accept', 'kill', 'task_id', 'value', 'resources', 'x');
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 5 },
      fc.jsonValue(),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(keys, tie('value'), { maxKeys: 4 }),
    ),
  }));
  fc.assert(
    fc.property(value, fc.constantFrom(...names), (body, name) => {
      const read = messageFromJson(name, body);
      return 'message' in read || read.problem !== '';
    }),
  );
  t.pass('held');
});

t.test('parseJsonText › where text stops being JSON', async (t) => {
  const rows: [string, string][] = [
    ['', 'syntax error at line 1 near: '],
    ['{"type":', 'syntax error at line 1 near: '],
    ['{"type": GET', 'syntax error at line 1 near: GET'],
    ['no', 'syntax error at line 1 near: o'],
    ['{\n"a": tru}', 'syntax error at line 2 near: }'],
    ['[1, 2', 'syntax error at line 1 near: '],
    ['{} x', 'Parsed JSON included non-whitespace trailing characters:  x'],
  ];
  for (const [text, problem] of rows) t.same(parseJsonText(text), { problem });
  t.same(parseJsonText(' {"a": [1, null]}'), { json: { a: [1, null] } });
  t.match(parseJsonText('['.repeat(100_000)), { problem: /^syntax error at line 1/ });
  fc.assert(
    fc.property(fc.string(), (text) => {
      const read = parseJsonText(text);
      return 'json' in read || read.problem.length > 0;
    }),
  );
});

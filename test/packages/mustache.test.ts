// Templates and the exact JSON that they print.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import {
  decimalOf,
  type ExactJson,
  type ExactObject,
  parseExactJson,
  stringifyExactJson,
  toPlainJson,
} from '../../src/packages/exact-json.js';
import { renderMustache } from '../../src/packages/mustache.js';
import { printNumber } from '../../src/packages/mustache-values.js';
import { root } from '../helpers/paths.js';

interface Probe {
  readonly template: string;
  readonly context: ExactObject;
  readonly note?: string;
  readonly output?: string;
  readonly error?: string;
}

t.test('mustache › renders as mustache.java with the settings of Cosmos', (t) => {
  const text = readFileSync(join(root, 'test/packages/fixtures/mustache-probes.json'), 'utf8');
  const probes = parseExactJson(text) as unknown as Probe[];
  for (const { template, context, note = '', output, error } of probes) {
    const name = `${template} ${stringifyExactJson(context)} ${note}`;
    if (error === undefined) t.equal(renderMustache(template, context), output, name);
    else {
      const said = error.replace(/^MustacheException: /, '').replace(/ (in|@).*/, '');
      t.throws(() => renderMustache(template, context), { message: new RegExp(`^${said}`) }, name);
    }
  }
  t.end();
});

t.test('mustache › has limits', (t) => {
  t.throws(() => renderMustache('{{#a}}'.repeat(200) + '{{/a}}'.repeat(200), {}), {
    message: /nested deeper/,
  });
  const ten: ExactJson = Array.from({ length: 1000 }, () => 'x'.repeat(10));
  const nested = '{{#l}}{{#l}}{{#l}}{{.}}{{/l}}{{/l}}{{/l}}';
  t.throws(() => renderMustache(nested, { l: ten }), { message: /output is larger/ });
  t.equal(renderMustache('{{#asJson}}n{{/asJson}}', { n: '{{a}}"', a: 'b' }), 'b"');
  t.throws(() => renderMustache('{{>partial}}', {}), { name: 'MustacheException' });
  t.equal(renderMustache('{{=<% %>=}}<%a%>{{a}}', { a: 1 }), '1{{a}}');
  t.end();
});

t.test('mustache › a string never breaks out of the JSON string around it', (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (value) => {
      t.equal(JSON.parse(`"${renderMustache('{{v}}', { v: value })}"`), value);
    }),
    { numRuns: 300 },
  );
  t.end();
});

t.test('exact JSON › parses what JSON.parse parses and writes it back', (t) => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      const exact = parseExactJson(text);
      t.same(toPlainJson(exact), JSON.parse(text));
      t.same(JSON.parse(stringifyExactJson(exact)), JSON.parse(text));
    }),
    { numRuns: 300 },
  );
  const text = '{"a":[9223372036854775807,1.5,-0.0,{"b":1E400}],"c\\"d":"9223372036854775807"}';
  t.equal(stringifyExactJson(parseExactJson(text)), text.replace('-0.0', '0'));
  t.equal(stringifyExactJson(parseExactJson('{"a":null,"b":[null]}'), true), '{"b":[null]}');
  t.throws(() => parseExactJson('{"a":12345678901234567890'), SyntaxError);
  t.throws(() => parseExactJson(`${'['.repeat(300)}12345678901234567890${']'.repeat(300)}`));
  t.end();
});

t.test('numbers › whole ones print all digits, others as Java does', (t) => {
  const cases: Record<string, string> = {
    '9223372036854775807': '9223372036854775807',
    '1.79E308': `179${'0'.repeat(306)}`,
    '-1.50': '-1.5',
    '1e3': '1000',
    '100.5': '100.5',
    '0.001': '0.001',
    '0.00012': '1.2E-4',
    '1234567.5': '1234567.5',
    '12345678.9': '1.23456789E7',
    '-0.0': '0',
  };
  for (const [text, printed] of Object.entries(cases)) t.equal(printNumber(text), printed);
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => {
      t.equal(Number(printNumber(String(number))), number + 0);
    }),
    { numRuns: 300 },
  );
  t.equal(decimalOf('10.00').canonical, decimalOf('1e1').canonical);
  t.end();
});

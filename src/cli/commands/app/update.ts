/** `dcos app update` */
import { updateApp } from '../../../client/apps.js';
import { DcosError } from '../../../core/errors.js';
import type { Command } from '../../command.js';
import { readObjectOrInput } from '../../input.js';
import { typedValue } from '../../options.js';
import { checkField } from './fields.js';
import { withAppHint } from './missing.js';

/** Changes fields of an app. */
export const update: Command = {
  summary: 'change fields of an app',
  words: [
    ['<id>', 'its id'],
    ['[pairs...]', 'fields as key=value; JSON from stdin if left out'],
  ],
  flags: [
    { flags: '--force', text: 'even while a deployment is under way: that one is cancelled' },
  ],
  examples: [
    'dcos app update /web mem=256 cpus=0.5',
    'dcos app update /web env=\'{"A":"b"}\'',
    'dcos app update /web < changes.json',
  ],
  run: async (context, given) => {
    const [id = '', ...pairs] = given.words;
    const fields =
      pairs.length > 0 ? fieldsOf(pairs) : await readObjectOrInput(undefined, 'change');
    const http = await context.http();
    const deployment = await withAppHint(http, id, () =>
      updateApp(http, id, fields, given.has('force')),
    );
    context.io.result(`Created deployment ${deployment}`);
  },
};

function fieldsOf(pairs: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const equals = pair.indexOf('=');
      if (equals < 1) throw new DcosError('usage', `'${pair}' is not of the form key=value`);
      const name = pair.slice(0, equals);
      checkField(name);
      return [name, typedValue(pair.slice(equals + 1))];
    }),
  );
}

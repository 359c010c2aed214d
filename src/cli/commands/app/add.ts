/** `dcos app add` */
import { addApp } from '../../../client/apps.js';
import { DcosError } from '../../../core/errors.js';
import type { Command } from '../../command.js';
import { readObjectOrInput } from '../../input.js';

/** Creates an app. */
export const add: Command = {
  summary: 'create an app from a JSON file, or from stdin',
  words: [['[file]', 'the definition; stdin if left out']],
  examples: ['dcos app add web.json', 'dcos app add < web.json'],
  run: async (context, given) => {
    const app = await readObjectOrInput(given.word(0) || undefined, 'app');
    if (typeof app.id !== 'string' || app.id === '') {
      throw new DcosError('invalid', 'the app has no id', {
        hint: 'Give it one: {"id": "/web", …}',
      });
    }
    const deployment = await addApp(await context.http(), app);
    context.io.result(`Created deployment ${deployment}`);
  },
};

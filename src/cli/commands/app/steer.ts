/** `dcos app remove|restart|scale|start|stop|kill` */
import { getApp, killApp, removeApp, restartApp, updateApp } from '../../../client/apps.js';
import type { Http } from '../../../client/http.js';
import { DcosError } from '../../../core/errors.js';
import { type Command, type Given, integerOf } from '../../command.js';
import type { Context } from '../../context.js';
import { formatJson } from '../../output/list.js';
import { withAppHint } from './missing.js';

const forceFlag = {
  flags: '--force',
  text: 'even while a deployment is under way: that one is cancelled',
};

async function deploy(
  context: Context,
  given: Given,
  work: (http: Http, id: string) => Promise<string>,
): Promise<void> {
  const http = await context.http();
  const id = given.word(0);
  const deployment = await withAppHint(http, id, () => work(http, id));
  context.io.result(`Created deployment ${deployment}`);
}

/** Removes an app and its tasks. */
export const remove: Command = {
  summary: 'remove an app and its tasks',
  words: [['<id>', 'its id']],
  flags: [forceFlag],
  examples: ['dcos app remove /web'],
  run: (context, given) =>
    deploy(context, given, (http, id) => removeApp(http, id, given.has('force'))),
};

/** Starts every instance of an app anew. */
export const restart: Command = {
  summary: 'start every instance of an app anew',
  words: [['<id>', 'its id']],
  flags: [forceFlag],
  examples: ['dcos app restart /web'],
  run: (context, given) =>
    deploy(context, given, (http, id) => restartApp(http, id, given.has('force'))),
};

/** Gives an app another number of instances. */
export const scale: Command = {
  summary: 'give an app another number of instances',
  words: [
    ['<id>', 'its id'],
    ['<instances>', 'how many'],
  ],
  flags: [forceFlag],
  examples: ['dcos app scale /web 5'],
  run: (context, given) => {
    const instances = integerOf(given.word(1), 'the number of instances');
    return deploy(context, given, (http, id) =>
      updateApp(http, id, { instances }, given.has('force')),
    );
  },
};

/** Starts a stopped app. */
export const start: Command = {
  summary: 'start a stopped app',
  words: [
    ['<id>', 'its id'],
    ['[instances]', 'how many (1)'],
  ],
  flags: [forceFlag],
  examples: ['dcos app start /web 3'],
  run: (context, given) => {
    const instances = integerOf(given.word(1) || '1', 'the number of instances', 1);
    return deploy(context, given, async (http, id) => {
      const app = await getApp(http, id);
      if (Number(app.instances) > 0) {
        throw new DcosError(
          'conflict',
          `${id} is started already, with ${String(app.instances)} instances`,
          {
            hint: `To change their number: dcos app scale ${id} ${instances}`,
          },
        );
      }
      return updateApp(http, id, { instances }, given.has('force'));
    });
  },
};

/** Stops all instances of an app; it stays. */
export const stop: Command = {
  summary: 'stop all instances of an app; the app stays',
  words: [['<id>', 'its id']],
  flags: [forceFlag],
  examples: ['dcos app stop /web'],
  run: (context, given) =>
    deploy(context, given, (http, id) => updateApp(http, id, { instances: 0 }, given.has('force'))),
};

/** Kills the tasks of an app; they start again. */
export const kill: Command = {
  summary: 'kill the tasks of an app; new ones take their place',
  words: [['<id>', 'its id']],
  flags: [
    { flags: '--scale', text: 'no new ones: as many instances fewer' },
    { flags: '--host <host>', text: 'only those on this machine' },
  ],
  examples: ['dcos app kill /web', 'dcos app kill /web --host 127.0.9.1'],
  run: async (context, given) => {
    const host = given.text('host');
    if (host !== undefined && given.has('scale')) {
      throw new DcosError('usage', '--scale and --host cannot be given together');
    }
    const http = await context.http();
    const id = given.word(0);
    const answer = await withAppHint(http, id, () => killApp(http, id, given.has('scale'), host));
    context.io.result(
      given.has('scale')
        ? `Started deployment: ${formatJson(answer)}`
        : `Killed tasks: ${formatJson(answer.tasks ?? [])}`,
    );
  },
};

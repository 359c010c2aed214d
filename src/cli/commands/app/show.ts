/** `dcos app show` */
import { appVersions, getApp } from '../../../client/apps.js';
import type { Http } from '../../../client/http.js';
import { DcosError } from '../../../core/errors.js';
import { type Command, outputFlags } from '../../command.js';
import { formatOf, printValue } from '../../output/list.js';
import { withAppHint } from './missing.js';

/** Shows an app. */
export const show: Command = {
  summary: 'show an app',
  words: [['<id>', 'its id']],
  flags: [
    {
      flags: '--app-version <version>',
      text: 'one of its versions: a time, or -1 for the one before',
    },
    ...outputFlags,
  ],
  examples: ['dcos app show /web', 'dcos app show web --app-version=-1'],
  run: async (context, given) => {
    const http = await context.http();
    const id = given.word(0);
    const app = await withAppHint(http, id, async () =>
      getApp(http, id, await versionOf(http, id, given.text('appVersion'))),
    );
    const format = formatOf(given);
    if (format === 'name') context.io.result(String(app.id));
    else await printValue(context.io, app, format === 'yaml' ? 'yaml' : 'json');
  },
};

async function versionOf(
  http: Http,
  id: string,
  wanted: string | undefined,
): Promise<string | undefined> {
  if (wanted === undefined || !/^-\d+$/.test(wanted)) return wanted;
  const versions = await appVersions(http, id);
  const version = versions[-Number(wanted)];
  if (version !== undefined) return version;
  throw new DcosError(
    'not-found',
    `${id} has only ${versions.length} versions: there is no version ${wanted}`,
  );
}

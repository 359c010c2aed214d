/** `dcos package describe` */
import type { Http } from '../../../client/http.js';
import { describePackage, packageVersions, renderPackage } from '../../../client/packages.js';
import { type Command, type Given, outputFlags } from '../../command.js';
import { readOptions } from '../../options.js';
import { formatJson, formatOf, printValue } from '../../output/list.js';

/** Shows a package. */
export const describe: Command = {
  summary: 'show a package: its description, options, app, versions',
  words: [['<package>', 'its name']],
  flags: [
    { flags: '--app', text: 'the template of its app, or with --render the app' },
    { flags: '--config', text: 'the schema of its options' },
    { flags: '--render', text: 'with --app: as it would be installed' },
    { flags: '--options <file>', text: 'with --render: options of the package' },
    { flags: '--app-id <id>', text: 'with --render: the id of the app' },
    { flags: '--package-version <version>', text: 'another version than the newest' },
    { flags: '--package-versions', text: 'all versions, newest first' },
    { flags: '--cli', text: 'its command line', isHidden: true },
    ...outputFlags,
  ],
  examples: [
    'dcos package describe kafka',
    'dcos package describe kafka --config',
    'dcos package describe kafka --app --render --options kafka.json',
  ],
  run: async (context, given) => {
    const value = await wanted(await context.http(), given);
    const format = formatOf(given);
    if (format === 'name') context.io.result(given.word(0));
    else if (format === 'yaml') await printValue(context.io, value, 'yaml');
    else if (typeof value === 'string') context.io.result(value);
    else context.io.result(formatJson(value, given.has('json') ? 4 : 2));
  },
};

async function wanted(http: Http, given: Given): Promise<unknown> {
  const packageName = given.word(0);
  const packageVersion = given.text('packageVersion');
  if (given.has('packageVersions')) return packageVersions(http, packageName);
  const appId = given.text('appId');
  if (given.has('render')) {
    const options = readOptions(given.text('options'), []);
    return renderPackage(http, {
      packageName,
      options,
      ...(packageVersion === undefined ? {} : { packageVersion }),
      ...(appId === undefined ? {} : { appId }),
    });
  }
  const found = await describePackage(http, packageName, packageVersion);
  if (given.has('config')) return found.config ?? {};
  if (given.has('app')) {
    const { v2AppMustacheTemplate } = (found.marathon ?? {}) as { v2AppMustacheTemplate?: string };
    return Buffer.from(v2AppMustacheTemplate ?? '', 'base64').toString('utf8');
  }
  if (given.has('cli')) return {};
  return found;
}

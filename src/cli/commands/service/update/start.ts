/** `dcos <service> update start` */
import {
  type DescribedService,
  describeService,
  type UpdateRequest,
  updateService,
} from '../../../../client/packages.js';
import { DcosError } from '../../../../core/errors.js';
import { type Command, type Given, yesFlag } from '../../../command.js';
import { changesOf } from '../../../option-changes.js';
import { type Options, readOptions } from '../../../options.js';
import { formatJson } from '../../../output/list.js';
import { askService, serviceWords } from '../../../service-words.js';
import { watch } from '../../../watch.js';

/** Gives a service other options or another version, and watches until all of it has them. */
export const start: Command = {
  summary: 'give a service other options or another version',
  words: [['<words...>', '<service>']],
  flags: [
    { flags: '--options <file>', text: 'a JSON file with the options to change' },
    { flags: '--set <key=value>', text: 'one option to change; may be repeated', isList: true },
    { flags: '--package-version <version>', text: 'another version of its package' },
    { flags: '--replace', text: 'the given options are all: forget those given before' },
    { flags: '--dry-run', text: 'show what would be different, change nothing' },
    { flags: '--detach', text: 'do not wait; print the id of the operation' },
    { flags: '--json', text: 'print the operation as JSON when it has ended' },
    yesFlag,
  ],
  examples: [
    'dcos kafka update start --set brokers.mem=2048 --yes',
    'dcos kafka update start --options f.json --package-version 3.9.1 --yes',
  ],
  run: async (context, given) => {
    const { service } = serviceWords(given, [], 0);
    const { io } = context;
    const options = readOptions(given.text('options'), given.list('set'));
    const http = await context.http();
    const before = await askService(http, service, () => describeService(http, service));
    const request = requestOf(service, given, options, before);
    const changed = changesOf(before, request);
    if (given.has('dryRun')) {
      io.result(formatJson(changed));
      return;
    }
    if (Object.keys(changed).length === 0 && !given.has('replace')) {
      io.say(`${service} has these options and this version already: nothing to do.`);
      if (given.has('json')) io.result(formatJson({ changed: false }));
      return;
    }
    if (!given.has('yes')) {
      if (!io.canAsk) {
        const hint = 'Answer on the command line: --yes';
        throw new DcosError('usage', 'there is no terminal to ask whether to continue', { hint });
      }
      io.say(formatJson(changed));
      if (!(await io.confirm(`Update ${service}?`, '--yes'))) {
        throw new DcosError('refused', 'nothing was changed');
      }
    }
    const { operationId } = await updateService(http, request);
    if (operationId === undefined) throw new DcosError('failed', 'the update has no id');
    if (given.has('detach')) {
      io.result(given.has('json') ? formatJson({ operation: operationId }) : operationId);
      return;
    }
    const operation = await watch(context, http, operationId);
    if (given.has('json')) io.result(formatJson({ ...operation, changed: true }));
    else io.say(`${service} is up to date (${operation.packageVersion}).`);
  },
};

function requestOf(
  service: string,
  given: Given,
  options: Options,
  before: DescribedService,
): UpdateRequest {
  const packageVersion = given.text('packageVersion');
  if (Object.keys(options).length === 0 && packageVersion === undefined && !given.has('replace')) {
    throw new DcosError('usage', 'nothing to change is given', {
      hint: 'Options: --options <file> or --set <key=value>. Another version: --package-version',
    });
  }
  return {
    appId: before.appId ?? `/${service.replace(/^\//, '')}`,
    replace: given.has('replace'),
    ...(packageVersion === undefined ? {} : { packageVersion }),
    ...(Object.keys(options).length === 0 ? {} : { options }),
  };
}

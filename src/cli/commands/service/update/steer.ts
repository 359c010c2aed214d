/** `dcos <service> update status|pause|resume|force-restart|force-complete|package-versions` */
import { describeService } from '../../../../client/packages.js';
import { type Command, Given } from '../../../command.js';
import { formatJson } from '../../../output/list.js';
import { askService, serviceWords } from '../../../service-words.js';
import { show } from '../plan/show.js';
import * as steer from '../plan/steer.js';

/** An update is carried out by the plan `deploy`: the verbs are those of that plan. */
function ofDeploy(command: Command, summary: string, words: string, example: string): Command {
  return {
    ...command,
    summary,
    words: [['<words...>', words]],
    examples: [`dcos kafka update ${example}`, `dcos service update ${example} kafka`],
    run: (context, given) => {
      const flags = given.has('json') ? { json: true } : {};
      return command.run(context, new Given(['deploy', ...given.words], flags));
    },
  };
}

/** How far it is. */
export const status = ofDeploy(show, 'how far the update of a service is', '<service>', 'status');

/** Lets it begin nothing more. */
export const pause = ofDeploy(steer.pause, 'pause the update of a service', '<service>', 'pause');

/** Lets it go on. */
export const resume = ofDeploy(steer.resume, 'let a paused update go on', '<service>', 'resume');

/** Does a part of it again. */
export const forceRestart = ofDeploy(
  steer.forceRestart,
  'do the update, a phase or a step of it again',
  '[phase] [step] <service>',
  'force-restart broker broker-0:[broker]',
);

/** Takes a part of it for done. */
export const forceComplete = ofDeploy(
  steer.forceComplete,
  'take a step of the update for done',
  '<phase> <step> <service>',
  'force-complete broker broker-0:[broker]',
);

/** The versions that the service may become. */
export const packageVersions: Command = {
  summary: 'the version of a service, and those that it may be updated to',
  words: [['<service...>', 'the service']],
  flags: [{ flags: '--json', text: 'print JSON' }],
  examples: ['dcos kafka update package-versions', 'dcos service update package-versions kafka'],
  run: async (context, given) => {
    const { service } = serviceWords(given, [], 0);
    const http = await context.http();
    const found = await askService(http, service, () => describeService(http, service));
    const { version, upgradesTo, downgradesTo } = found;
    if (given.has('json')) {
      context.io.result(formatJson({ version, upgradesTo, downgradesTo }));
      return;
    }
    const line = (text: string, list: readonly string[]): string =>
      `${text}: ${list.join(', ') || 'none'}`;
    context.io.result(
      [
        `Current package version is: ${version}`,
        line('Package can be upgraded to', upgradesTo),
        line('Package can be downgraded to', downgradesTo),
      ].join('\n'),
    );
  },
};

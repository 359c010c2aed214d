/** `dcos spark log` */
import { jobStatus } from '../../../client/job-service.js';
import { DcosError } from '../../../core/errors.js';
import { type Command, Given } from '../../command.js';
import { log } from '../task/log.js';

/** Shows the log of a job's driver; `word` is what the user calls the service. */
export function jobLog(service: string, word: string): Command {
  return {
    summary: "show the log of a job's driver",
    words: [
      ['<submission>', 'its id'],
      ['[file]', 'a file of its sandbox (stdout): Spark itself writes to stderr'],
    ],
    flags: [
      { flags: '--follow', text: 'go on with what is added' },
      { flags: '--lines <n>', text: 'how many lines from its end (10)' },
      { flags: '--lines_count <n>', text: 'as --lines', isHidden: true },
      { flags: '--file <name>', text: 'as the second word', isHidden: true },
    ],
    examples: [
      `dcos ${word} log driver-20261124054312-0001`,
      `dcos ${word} log driver-20261124054312-0001 stderr --follow`,
    ],
    run: async (context, given) => {
      const id = given.word(0);
      const { taskId, state, message } = await jobStatus(await context.http(), service, id);
      if (taskId === undefined) {
        throw new DcosError('not-found', `${id} has not started: ${message || state}`);
      }
      const file = given.word(1) || given.text('file') || 'stdout';
      const lines = given.text('lines') ?? given.text('lines_count');
      const values = { follow: given.has('follow'), ...(lines === undefined ? {} : { lines }) };
      await log.run(context, new Given([taskId, file], values));
    },
  };
}

/** `dcos status` */
import { setTimeout as sleep } from 'node:timers/promises';
import { clusterStatus } from '../../client/failures.js';
import { DcosError } from '../../core/errors.js';
import type { Status } from '../../wire/status.js';
import { type Command, type Given, outputFlags } from '../command.js';
import type { Context } from '../context.js';
import { formatOf, printValue } from '../output/list.js';
import { statusText } from '../output/status.js';

/** How often `--watch` looks, in ms. */
const everyMs = 1000;

/** Shows how the cluster is. */
export const status: Command = {
  summary: 'how the cluster is: agents, resources, services, open incidents',
  flags: [{ flags: '--watch', text: 'show it again whenever it changes' }, ...outputFlags],
  examples: ['dcos status', 'dcos status --watch', 'dcos status --json'],
  run: async (context, given) => {
    if (!given.has('watch')) {
      await show(context, given, await read(context));
      return;
    }
    let before = '';
    for (;;) {
      const text = await look(context);
      if (text.picture !== before) await redraw(context, given, text);
      before = text.picture;
      await sleep(everyMs);
    }
  },
};

async function read(context: Context): Promise<Status> {
  try {
    return await clusterStatus(await context.http());
  } catch (error) {
    throw await explainAbsence(context, error);
  }
}

// Said in the words of a local cluster where it is one that does not run.
async function explainAbsence(context: Context, error: unknown): Promise<unknown> {
  const cluster = context.cluster();
  const isAway = error instanceof DcosError && error.code === 'unreachable';
  if (!isAway || cluster === undefined || !context.isLocal(cluster)) return error;
  const { lookAtServer } = await import('../local/servers.js');
  const { loop, process } = lookAtServer(context.localDir, 'control');
  if (loop !== undefined || process !== undefined) return error;
  return new DcosError('unreachable', 'the local cluster is not running', {
    hint: 'Start it: dcos up',
    cause: error,
  });
}

interface Look {
  readonly picture: string;
  readonly status: Status | undefined;
}

// Somebody who watches wants to see a cluster go and come back, not the command end.
async function look(context: Context): Promise<Look> {
  try {
    const status = await read(context);
    return { picture: statusText(status), status };
  } catch (error) {
    if (!(error instanceof DcosError) || (error.code !== 'unreachable' && error.code !== 'timeout'))
      throw error;
    return { picture: `unreachable: ${error.message}`, status: undefined };
  }
}

async function redraw(
  context: Context,
  given: Given,
  { picture, status: now }: Look,
): Promise<void> {
  if (formatOf(given) !== 'table') {
    if (now !== undefined) await show(context, given, now);
    return;
  }
  // The terminal is cleared; a log gets one picture after another.
  if (context.io.isTerminal) context.io.write('\u001b[H\u001b[2J');
  context.io.result(picture);
  if (!context.io.isTerminal) context.io.result('');
}

async function show(context: Context, given: Given, now: Status): Promise<void> {
  const format = formatOf(given);
  if (format === 'json' || format === 'yaml') await printValue(context.io, now, format);
  else context.io.result(format === 'name' ? now.cluster.name : statusText(now));
}

/** `dcos down` */
import { existsSync } from 'node:fs';
import { DcosError } from '../../core/errors.js';
import { type Command, yesFlag } from '../command.js';
import type { Context } from '../context.js';
import { bringDown, erase } from '../local/down.js';
import { withLock } from '../local/lock.js';
import { localClusterId, readCluster } from '../local/records.js';
import { serverEnvironment } from '../local/start.js';

/** Stops the local cluster. */
export const down: Command = {
  summary: 'stop the local cluster; its state and data stay for the next dcos up',
  flags: [{ flags: '--purge', text: 'erase its state and all data as well' }, yesFlag],
  examples: ['dcos down', 'dcos down --purge --yes'],
  run: async (context, given) => {
    const isPurge = given.has('purge');
    if (isPurge && existsSync(context.localDir) && !given.has('yes')) {
      const question = 'Erase the local cluster with everything that is stored on it?';
      if (!(await context.io.confirm(question, '--yes', true))) {
        throw new DcosError('refused', 'nothing was stopped or erased');
      }
    }
    const onWait = (pid: number): void =>
      context.io.say(
        `Another dcos command (pid ${pid}) is starting or stopping the cluster: waiting for it`,
      );
    await withLock(context.dcosDir, onWait, () => stop(context, isPurge));
  },
};

async function stop(context: Context, isPurge: boolean): Promise<void> {
  const { io, localDir } = context;
  const progress = await io.progress('stopping the local cluster');
  try {
    const cluster = await readCluster(localDir).catch((error: unknown) => {
      // A description that can't be read must not stand in the way of erasing it.
      if (isPurge && error instanceof DcosError && error.code === 'corrupt') return undefined;
      throw error;
    });
    const teller = {
      say: (text: string): void => io.say(text),
      progress: (text: string): void => progress.update(text),
    };
    if (isPurge && cluster?.mesosUrl !== undefined) await emptyMesos(context, teller);
    const wasRunning = cluster !== undefined && (await bringDown(localDir, cluster, teller));
    progress.end();
    io.say(wasRunning ? 'The local cluster is stopped.' : 'The local cluster is not running.');
    if (!isPurge || !existsSync(localDir)) return;
    const id = localClusterId(localDir);
    erase(localDir);
    if (id !== undefined) context.clusters.remove(id);
    io.say('Its state and data are erased.');
  } catch (error) {
    progress.end();
    throw error;
  }
}

// What runs on somebody else's Mesos must not be forgotten there; only the control plane can end
// it.
async function emptyMesos(
  context: Context,
  tell: { say(text: string): void; progress(text: string): void },
): Promise<void> {
  const [{ bringUp }, { giveBack }] = await Promise.all([
    import('../local/up.js'),
    import('../local/give-back.js'),
  ]);
  const { cluster } = await bringUp(context.localDir, {}, serverEnvironment(context), tell);
  const known = context.clusters.list().find((one) => one.id === cluster.id);
  if (known !== undefined) await giveBack(await context.connect(known), tell);
}

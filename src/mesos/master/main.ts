/** The embedded master as a program: what `dcos-cluster master` runs. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DcosError, messageOf, systemCodeOf } from '../../core/errors.js';
import { createLogger } from '../../core/logger.js';
import type { RunningServer } from '../../core/running.js';
import { localClusterSchema, localPaths } from '../../wire/local-cluster.js';
import { startMaster } from './run.js';

/**
 * Starts it from the folder `dir` (`$DCOS_DIR/local`); resolves once it serves. pid and ready
 * files are the caller's work. Throws `corrupt`, `conflict` (port in use) and `io`. Later failures
 * of the store end the process with status 1.
 */
export async function runMaster(dir: string): Promise<RunningServer> {
  const log = createLogger('master');
  const { host, port, rack } = await placeOf(dir);
  const zone = rack === undefined ? undefined : { region: { name: 'local' }, zone: { name: rack } };
  return startMaster({
    host,
    port,
    ...(zone === undefined ? {} : { options: { domain: { fault_domain: zone } } }),
    clusterKey: (await read(join(dir, localPaths.clusterKey))).trim(),
    storeFolder: join(dir, localPaths.server('master'), 'store'),
    log,
    logFile: join(dir, localPaths.server('master'), 'log'),
    onFatal: (error) => {
      log.error('the master cannot go on', { error: messageOf(error) });
      process.exit(1);
    },
  });
}

async function placeOf(
  dir: string,
): Promise<{ host: string; port: number; rack: string | undefined }> {
  const file = join(dir, localPaths.cluster);
  const text = await read(file);
  const parsed = localClusterSchema.safeParse(parse(file, text));
  if (!parsed.success) {
    throw new DcosError(
      'corrupt',
      `${file} is not the description of a cluster: ${parsed.error.issues[0]?.message}`,
      {
        hint: 'Restore it, or start anew with "dcos down --purge" and "dcos up".',
      },
    );
  }
  if (parsed.data.master === undefined) {
    throw new DcosError(
      'invalid',
      `${file} names no embedded master: the cluster uses ${parsed.data.mesosUrl}`,
    );
  }
  return { ...parsed.data.master, rack: parsed.data.agents[0]?.rack };
}

function parse(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new DcosError('corrupt', `${file} is not JSON: ${messageOf(error)}`, {
      hint: 'Restore it, or start anew with "dcos down --purge" and "dcos up".',
      cause: error,
    });
  }
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const missing = systemCodeOf(error) === 'ENOENT';
    throw new DcosError(missing ? 'not-found' : 'io', `cannot read ${file}: ${messageOf(error)}`, {
      hint: 'The files of a local cluster are written by "dcos up".',
      cause: error,
    });
  }
}

/** `dcos doctor` */
import { DcosError } from '../../core/errors.js';
import { type Command, outputFlags } from '../command.js';
import type { Context } from '../context.js';
import { checkMachine, type MachineCheck } from '../local/doctor.js';
import { printList } from '../output/list.js';
import { megabytes } from '../output/operation.js';

/** Looks whether this machine can carry a local cluster. */
export const doctor: Command = {
  summary: 'check this machine: Node, Maven, pip, disk, memory, ports, platform, downloads',
  flags: [...outputFlags],
  examples: ['dcos doctor', 'dcos doctor --json'],
  run: async (context, given) => {
    const checks = [...(await checkMachine(context)), await checkDownloads(context)];
    await printList(context.io, given, checks, {
      name: ({ name }) => name,
      columns: [
        { heading: 'CHECK', value: ({ name }) => name },
        { heading: 'STATUS', value: ({ status }) => status },
        { heading: 'DETAIL', value: ({ detail }) => detail },
      ],
    });
    for (const { name, hint } of checks) if (hint !== undefined) context.io.say(`${name}: ${hint}`);
    const failed = checks.filter(({ status }) => status === 'failed');
    if (failed.length === 0) return;
    throw new DcosError(
      'failed',
      `this machine can't carry a local cluster: ${failed.map(({ name }) => name).join(', ')}`,
    );
  },
};

/** What each package has yet to download: known to a cluster that is up, so told only by one. */
async function checkDownloads(context: Context): Promise<MachineCheck> {
  const name = 'downloads';
  if (context.cluster() === undefined) {
    return { name, status: 'ok', detail: 'what a package needs is told before its install' };
  }
  try {
    const http = await context.http();
    const { searchPackages } = await import('../../client/packages.js');
    const { preflight } = await import('../../client/operations.js');
    const missing: string[] = [];
    for (const { name: packageName } of await searchPackages(http)) {
      const { download } = await preflight(http, { packageName });
      const bytes = download.bytes - download.cachedBytes;
      if (bytes > 0) missing.push(`${packageName} ${megabytes(bytes)} MB`);
    }
    return { name, status: 'ok', detail: missing.join(', ') || 'nothing: all is in the cache' };
  } catch (error) {
    if (!(error instanceof DcosError)) throw error;
    return { name, status: 'warning', detail: `not known: ${error.message}` };
  }
}

/**
 * The program `dcos-cluster`: one role per process, each loading only its own code
 * (docs/architecture.md, "The parts").
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { DcosError, messageOf } from '../core/errors.js';
import { createLogger } from '../core/logger.js';
import type { RunningServer } from '../core/running.js';
import { localPaths } from '../wire/local-cluster.js';
import { announceReady, claimServerFolder, programFolder, withdrawReady } from './server-folder.js';

const usage = `Usage:
  dcos-cluster master  --dir DIR
  dcos-cluster agent   --dir DIR --index N
  dcos-cluster control --dir DIR
  dcos-cluster services
  dcos-cluster package lint|build|bundle …

These are the servers of a cluster, which "dcos up" starts, and what "dcos package" asks about
packages of one's own.`;

/** A role and, for a server of a local cluster, the folder that is its own. */
interface Role {
  readonly name: string;
  readonly folder: string | undefined;
  start(): Promise<RunningServer>;
}

function roleOf(argv: readonly string[]): Role {
  const { positionals, values } = parseArguments(argv);
  const [name = '', ...more] = positionals;
  if (more.length > 0) throw wrongUsage(`unexpected argument ${more.join(' ')}`);
  const dir = (): string => {
    if (values.dir === undefined || values.dir === '') throw wrongUsage('--dir is missing');
    return values.dir;
  };
  const serverFolder = (server: string): string => join(dir(), localPaths.server(server));
  switch (name) {
    case 'master':
      return {
        name,
        folder: serverFolder(name),
        start: async () => (await import('../mesos/master/main.js')).runMaster(dir()),
      };
    case 'agent': {
      const index = Number(values.index);
      if (!Number.isInteger(index) || index < 1)
        throw wrongUsage('--index must be a number from 1');
      return {
        name: `agent-${index}`,
        folder: serverFolder(`agent-${index}`),
        start: async () => (await import('../mesos/agent/main.js')).runAgent(dir(), index),
      };
    }
    case 'control':
      return {
        name,
        folder: serverFolder(name),
        start: async () => (await import('./control.js')).runControl(dir(), process.env, fail),
      };
    case 'services':
      return {
        name,
        folder: undefined,
        start: async () => (await import('../services/main.js')).runServices(),
      };
    default:
      throw wrongUsage(name === '' ? 'no role is given' : `there is no role ${name}`);
  }
}

function parseArguments(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: { dir: { type: 'string' }, index: { type: 'string' } },
    });
  } catch (error) {
    throw wrongUsage(messageOf(error));
  }
}

function wrongUsage(message: string): DcosError {
  return new DcosError('usage', message, { hint: usage });
}

/** Work on packages that needs no cluster: its report is a message to whoever has started it. */
async function runPackage(words: readonly string[]): Promise<void> {
  const { runAuthor } = await import('../packages/author/main.js');
  const tell = (line: string): void =>
    void process.stderr.write(`${line}
`);
  const report = await runAuthor(words, programFolder(), tell);
  await new Promise<void>((resolve) => {
    if (process.send === undefined) resolve();
    else process.send(report, () => resolve());
  });
  process.disconnect?.();
}

async function run(argv: readonly string[]): Promise<void> {
  if (argv[0] === 'package') return runPackage(argv.slice(1));
  const role = roleOf(argv);
  const log = createLogger(role.name);
  process.on('uncaughtException', (error) => {
    log.error('an uncaught error ends this server', {
      error: messageOf(error),
      stack: error.stack,
    });
    process.exit(1);
  });
  if (role.folder !== undefined) claimServerFolder(role.folder);
  const server = await role.start();
  if (role.folder !== undefined) announceReady(role.folder, server.host, server.port);
  log.info('serving', { host: server.host, port: server.port, pid: process.pid });
  let stopping = false;
  const stop = async (signal: string): Promise<void> => {
    if (stopping) return;
    stopping = true;
    log.info('stopping', { signal });
    if (role.folder !== undefined) withdrawReady(role.folder);
    await server.stop();
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => void stop(signal).catch(fail));
  }
}

/**
 * Says in one line what went wrong and ends the process with the status of its class. A state that
 * can't be kept ends here too: the loop starts the server again, and it loads what is durable.
 */
function fail(error: unknown): never {
  const known = error instanceof DcosError ? error : undefined;
  const hint = known?.hint === undefined ? '' : `\n${known.hint}`;
  process.stderr.write(`dcos-cluster: ${messageOf(error)}${hint}\n`);
  process.exit(known?.exitStatus ?? 1);
}

run(process.argv.slice(2)).catch(fail);

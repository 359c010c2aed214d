/**
 * The program `dcos`: finds the command that was typed, runs it, and ends with the status of what
 * happened.
 */
import { DcosError } from '../core/errors.js';
import { isGroup, type Leaf } from './command.js';
import { readPreferences } from './config/preferences.js';
import { Context } from './context.js';
import { explain, statusOf } from './exit.js';
import { createIo } from './io.js';
import { dcosDirOf } from './local/paths.js';
import {
  type Found,
  findCommand,
  parseArguments,
  parseGlobals,
  printGroupHelp,
} from './program.js';
import { tree } from './tree.js';
import { version } from './version.js';

/** Runs one command line; gives the exit status. */
async function run(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  let verbosity = 0;
  try {
    const globals = parseGlobals(argv, env);
    verbosity = globals.verbosity;
    const io = createIo({ env, verbosity });
    if (globals.wantsVersion) {
      io.result(`dcoscli.version=${version}`);
      return 0;
    }
    const words = globals.wantsHelp ? firstWords(globals.rest) : globals.rest;
    const context = await contextOf(io, env);
    const { path, node, rest } = await find(context, words);
    if (isGroup(node)) {
      const wanted = globals.wantsHelp || rest.length > 0 || path.length === 0;
      if (wanted || node.fallback === undefined) {
        await printGroupHelp(io, path, node);
        return 0;
      }
      const fallback = node.children[node.fallback];
      if (fallback === undefined || isGroup(fallback)) {
        throw new DcosError('internal', `'${[...path, node.fallback].join(' ')}' is no command`);
      }
      const whole = { path: [...path, node.fallback], node: fallback };
      return await runLeaf(context, whole, []);
    }
    return await runLeaf(context, { path, node }, globals.wantsHelp ? ['--help'] : rest);
  } catch (error) {
    if (statusOf(error) !== 0) process.stderr.write(`${explain(error, verbosity)}\n`);
    return statusOf(error);
  }
}

async function find(context: Context, words: readonly string[]): Promise<Found> {
  try {
    return findCommand(words);
  } catch (error) {
    const { findServiceCommand } = await import('./service-command.js');
    return findServiceCommand(context, words, error);
  }
}

async function runLeaf(
  context: Context,
  { path, node }: { readonly path: readonly string[]; readonly node: Leaf },
  rest: readonly string[],
): Promise<number> {
  const command = await node.load();
  const parsed = parseArguments(path, command, rest);
  if ('help' in parsed) {
    context.io.write(parsed.help);
    return 0;
  }
  process.once('SIGINT', () => {
    process.stderr.write(`\n${context.interruptNote ?? 'Interrupted.'}\n`);
    process.exit(130);
  });
  try {
    const { output } = context.preferences;
    await command.run(context, output === undefined ? parsed.given : parsed.given.or({ output }));
  } catch (error) {
    throw await withReason(context, error);
  }
  return context.exitStatus;
}

/** A local cluster that can't be reached leaves word of why on disk. */
async function withReason(context: Context, error: unknown): Promise<unknown> {
  if (!(error instanceof DcosError) || error.code !== 'unreachable') return error;
  const cluster = context.cluster();
  if (cluster === undefined || !context.isLocal(cluster)) return error;
  const { withReasonOfLocal } = await import('./local/why-away.js');
  return withReasonOfLocal(error, context.localDir);
}

async function contextOf(
  io: ReturnType<typeof createIo>,
  env: NodeJS.ProcessEnv,
): Promise<Context> {
  const preferences = await readPreferences(workingFolder(), dcosDirOf(env));
  if (preferences.file !== undefined) io.detail(1, `Settings: ${preferences.file}`);
  return new Context(env, io, tree, preferences);
}

// A folder that was removed meanwhile has no settings.
function workingFolder(): string {
  try {
    return process.cwd();
  } catch {
    return '/';
  }
}

const firstWords = (words: readonly string[]): string[] =>
  words.filter((word) => !word.startsWith('-'));

// A reader that has seen enough (`| head`) is no error.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? 0 : 1);
  });
}

const status = await run(process.argv.slice(2), process.env);
// Not process.exit at once: what was written to a pipe must still get out.
process.exitCode = status;
if (process.stdout.writableLength === 0 && process.stderr.writableLength === 0) process.exit();
process.stdout.write('', () => process.stderr.write('', () => process.exit()));

/**
 * The live checks as a program:
 *   core [--minutes N]            the checks of every change
 *   slice COMMIT [--minutes N]    as many of the rotating ones as fit, by turns
 *   drills [--again] [NAME]       all of them, or those named so; goes on where it was interrupted
 *   drills --table                the matrix of the last ones
 *   list                          what there is
 *   one NAME                      one of them (a part of the name is enough)
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { checks } from './checks/index.js';
import { type Cell, cellsFileVariable, matrix, passedVariable, readCells } from './drills/cells.js';
import { drills } from './drills/check.js';
import { type LiveCheck, seconds } from './live.js';
import { type Outcome, runApart, runHere, slice } from './runner.js';

const root = process.cwd();
const bin = process.env.DCOS_BIN ?? join(root, 'bin', 'dcos.js');
const stateFile = join(root, '.cache', 'drills.json');

async function main(args: readonly string[]): Promise<number> {
  const [mode = 'core', ...rest] = args;
  const minutes = Number(flagValue(rest, '--minutes') ?? 45);
  if (mode === 'list') return list();
  if (mode === 'one') return one(rest.join(' '));
  if (mode === 'core') return runAll(checks.filter(({ kind }) => kind === 'core'));
  if (mode === 'slice')
    return runSlice(
      rest.find((word) => /^[0-9a-f]{7,}$/.test(word)),
      minutes,
    );
  if (mode === 'drills' && rest.includes('--table')) return table();
  if (mode === 'drills') return runDrills(rest);
  process.stderr.write(`unknown mode ${mode}: core, slice, drills, list or one\n`);
  return 2;
}

function flagValue(words: readonly string[], flag: string): string | undefined {
  const at = words.indexOf(flag);
  return at < 0 ? undefined : words[at + 1];
}

function list(): number {
  for (const { name, kind, seconds: takes, obstacle } of checks) {
    const why = obstacle?.();
    process.stdout.write(`${kind}\t${takes} s\t${name}${why === undefined ? '' : ` (${why})`}\n`);
  }
  return 0;
}

async function one(name: string): Promise<number> {
  const found =
    checks.find((check) => check.name === name) ??
    checks.find((check) => name !== '' && check.name.includes(name));
  if (found === undefined) {
    process.stderr.write(`no check is named ${name}\n`);
    return 2;
  }
  return runHere(found, bin);
}

async function runAll(wanted: readonly LiveCheck[]): Promise<number> {
  const outcomes: Outcome[] = [];
  for (const check of wanted) {
    const obstacle = check.obstacle?.();
    if (obstacle === undefined) outcomes.push(await runApart(check));
    else process.stdout.write(`left out: ${check.name}: ${obstacle}\n`);
  }
  return sum(outcomes);
}

function sum(outcomes: readonly Outcome[]): number {
  const failed = outcomes.filter(({ passed }) => !passed);
  for (const { name } of failed) process.stdout.write(`failed: ${name}\n`);
  process.stdout.write(`${outcomes.length - failed.length} passed, ${failed.length} failed\n`);
  return failed.length === 0 ? 0 : 1;
}

async function runSlice(commit: string | undefined, minutes: number): Promise<number> {
  const at =
    commit ?? execFileSync('git', ['rev-parse', 'HEAD'], { encoding: 'utf8', cwd: root }).trim();
  const rotating = checks.filter(({ kind }) => kind === 'rotating');
  const { taken, leftOut } = slice(rotating, at, minutes * 60);
  for (const { name, seconds: takes } of leftOut) {
    process.stdout.write(`left out this time: ${name} (about ${takes} s)\n`);
  }
  return runAll(taken);
}

/** How a check of the matrix ended, with its cells. */
interface Drilled extends Outcome {
  readonly cells?: readonly Cell[];
}

async function runDrills(rest: readonly string[]): Promise<number> {
  const name = rest.filter((word) => !word.startsWith('--')).join(' ');
  const exact = checks.filter((check) => check.name === name);
  const wanted = exact.length > 0 ? exact : checks.filter((check) => check.name.includes(name));
  const done = readState();
  if (rest.includes('--again')) for (const check of wanted) delete done[check.name];
  for (const check of wanted) {
    const before = done[check.name];
    if (before?.passed) {
      process.stdout.write(`passed before: ${check.name} (${seconds(before.ms)})\n`);
      continue;
    }
    const obstacle = check.obstacle?.();
    if (obstacle !== undefined) {
      process.stdout.write(`left out: ${check.name}: ${obstacle}\n`);
      continue;
    }
    done[check.name] = await drilled(check, before?.cells ?? []);
    mkdirSync(dirname(stateFile), { recursive: true });
    writeFileSync(stateFile, `${JSON.stringify(done, null, 2)}\n`);
  }
  return sum(wanted.flatMap((check) => done[check.name] ?? []));
}

/** Runs a check but for the cells that have passed before. */
async function drilled(check: LiveCheck, before: readonly Cell[]): Promise<Drilled> {
  const folder = mkdtempSync(join(tmpdir(), 'dcos-drills-'));
  const file = join(folder, 'cells');
  try {
    const outcome = await runApart(check, {
      [cellsFileVariable]: file,
      [passedVariable]: JSON.stringify(before.map(({ drill }) => drill)),
    });
    return { ...outcome, cells: [...before, ...readCells(file)] };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function table(): number {
  const rows = Object.values(readState()).flatMap(({ name, cells }) =>
    cells === undefined || cells.length === 0
      ? []
      : [{ name: name.replace('drills of ', ''), cells }],
  );
  process.stdout.write(
    matrix(
      rows,
      drills.map(({ name }) => name),
    ),
  );
  return 0;
}

function readState(): Record<string, Drilled> {
  if (!existsSync(stateFile)) return {};
  return JSON.parse(readFileSync(stateFile, 'utf8')) as Record<string, Drilled>;
}

process.exitCode = await main(process.argv.slice(2));

/** Runs a package's command: in tasks, or as a call to the service's scheduler. */
import type { Answer } from '../../client/http.js';
import { type ChosenTask, type ChosenTasks, chooseTasks } from '../../client/service-commands.js';
import { callService } from '../../client/services.js';
import type { HttpSpec, PackageCommand, RunSpec } from '../../wire/service-commands.js';
import type { Given } from '../command.js';
import type { Context } from '../context.js';
import { readInput } from '../input.js';
import { collectTask, joinTask } from '../join-task.js';
import { clean } from '../output/clean.js';
import { formatJson } from '../output/list.js';
import { formatTable } from '../output/table.js';
import { checkFile, isAtTerminal } from '../pipes.js';
import { columnsFor, jsonIn, type Row, rowsIn } from './rows.js';
import { argvOf, fill, fillRecord, type Values, valuesOf } from './values.js';

/** A command of an installed service. */
export interface OwnCommand {
  readonly service: string;
  readonly command: PackageCommand;
}

/** Checks what was typed, asks where the command says so, and does it. */
export async function runPackageCommand(
  context: Context,
  given: Given,
  own: OwnCommand,
): Promise<void> {
  const { service, command } = own;
  const values = valuesOf(command, given);
  const [file] = values.get(command.file ?? '') ?? [];
  if (file !== undefined) checkFile(file);
  if (command.confirm !== undefined && !given.has('yes')) {
    const question = fill(command.confirm, values);
    if (!(await context.io.confirm(question, '--yes', true))) return;
  }
  if (command.http !== undefined) {
    const answer = await call(context, service, command.http, values);
    return showAnswer(context, given, command, answer);
  }
  if (command.run !== undefined) await runInTasks(context, given, own, command.run, values);
}

async function call(
  context: Context,
  service: string,
  http: HttpSpec,
  values: Values,
): Promise<Answer> {
  const path = fill(http.path, values, encodeURIComponent).replace(/^\/v1\//, '');
  return callService(await context.http(), service, {
    method: http.method,
    rest: path,
    query: fillRecord(http.query, values),
    ...(http.body === undefined ? {} : { body: fillRecord(http.body, values) }),
  });
}

function showAnswer(
  context: Context,
  given: Given,
  command: PackageCommand,
  { data }: Answer,
): void {
  if (command.output.form === 'json') showData(context, given, command, data);
  else if (typeof data === 'string') context.io.result(clean(data));
  else if (data !== undefined) context.io.result(formatJson(data));
}

async function runInTasks(
  context: Context,
  given: Given,
  { service, command }: OwnCommand,
  run: RunSpec,
  values: Values,
): Promise<void> {
  const http = await context.http();
  const instance = fill(run.instance, values);
  const tasks = await chooseTasks(http, service, run, instance);
  const words = argvOf(run.argv, values);
  const [first] = tasks.chosen;
  if (first !== undefined && instance !== 'all' && command.output.form === 'text') {
    const isTty = command.input === 'terminal' && isAtTerminal();
    const isInteractive = command.input !== 'none';
    const [file] = values.get(command.file ?? '') ?? [];
    const joined = { words, isTty, isInteractive, file };
    context.exitStatus = await joinTask(context, first.task, joined);
    return;
  }
  await collect(context, given, command, tasks, words, instance === 'all');
}

/** What one task said. */
interface Said {
  readonly instance: string;
  readonly stdout: string;
  readonly status: number;
}

async function collect(
  context: Context,
  given: Given,
  command: PackageCommand,
  { chosen, away }: ChosenTasks,
  words: readonly string[],
  isAll: boolean,
): Promise<void> {
  const http = await context.http();
  // Every one of them gets the same: it is read whole first.
  const input =
    command.input === 'none'
      ? undefined
      : Buffer.from(await readInput('input of the command', 'Send it to stdin: … < file'));
  const ask = async ({ instance, task }: ChosenTask): Promise<Said> => ({
    instance,
    ...(await collectTask(http, task, words, input)),
  });
  const said = await Promise.all(chosen.map(ask));
  const failed = said.filter(({ status }) => status !== 0);
  for (const { instance, stdout } of failed) {
    if (stdout.trim() !== '') context.io.say(clean(stdout.trimEnd()));
    if (isAll) context.io.warn(`${instance}: the command failed`);
  }
  for (const name of away) context.io.warn(`${name} does not run and was not asked`);
  context.exitStatus = failed[0]?.status ?? (isAll && away.length > 0 ? 1 : 0);
  const done = said.filter(({ status }) => status === 0);
  if (done.length === 0) return;
  const { form } = command.output;
  if (form === 'text') {
    for (const { instance, stdout } of done) {
      context.io.result(`${instance}:\n${clean(stdout.trimEnd())}`);
    }
    return;
  }
  const found = done.flatMap(({ instance, stdout }): unknown[] => {
    const data = form === 'rows' ? rowsIn(stdout, command.output) : [jsonIn(stdout)].flat();
    return isAll ? data.map((one) => ({ instance, ...(one as Row) })) : data;
  });
  const [only] = found;
  const isOne = form === 'json' && !isAll && !done[0]?.stdout.trimStart().startsWith('[');
  showData(context, given, command, isOne ? only : found);
}

function showData(context: Context, given: Given, command: PackageCommand, data: unknown): void {
  const { io } = context;
  const { columns, empty, form } = command.output;
  const wantsTable = form === 'rows' || Object.keys(columns).length > 0;
  if (given.has('json') || !wantsTable || !Array.isArray(data)) {
    io.result(formatJson(data));
    return;
  }
  const rows = data as Row[];
  if (rows.length === 0 && empty !== undefined) io.say(empty);
  else io.result(formatTable(columnsFor(command.output, rows), rows));
}

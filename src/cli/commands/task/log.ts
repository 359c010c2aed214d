/** `dcos task log` */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Http } from '../../../client/http.js';
import {
  fileSize,
  findSandboxFile,
  lastLines,
  readFrom,
  type SandboxFile,
} from '../../../client/logs.js';
import { listTasks, type TaskView } from '../../../client/tasks.js';
import { DcosError } from '../../../core/errors.js';
import { type Command, type Given, integerOf } from '../../command.js';
import type { Context } from '../../context.js';
import { clean } from '../../output/clean.js';
import { didYouMean } from '../../suggest.js';
import { kindFlags, kindOf } from './list.js';

/** Shows the log of tasks. */
export const log: Command = {
  summary: 'show the log of a task, or of several',
  words: [
    ['<task>', 'part of an id, an instance, or a pattern with * over the whole id'],
    ['[file]', 'a file of its sandbox (stdout)'],
  ],
  flags: [
    { flags: '--follow', text: 'go on with what is added, also by whatever replaces a task' },
    { flags: '--lines <n>', text: 'how many lines from its end (10)' },
    ...kindFlags,
    { flags: '-o, --output <format>', text: 'of no use here', isHidden: true },
  ],
  examples: [
    'dcos task log web',
    'dcos task log --follow broker-1 stderr',
    'dcos task log web --lines 100',
  ],
  run: async (context, given) => {
    // The sign is ignored, as `tail -n -5` has it.
    const lines = integerOf((given.text('lines') ?? '10').replace(/^[-+]/, ''), '--lines');
    const http = await context.http();
    const { word, tasks } = await chooseTasks(http, given);
    const follower = new Follower(context, http, given.word(1) || 'stdout');
    follower.isPrefixed = tasks.length > 1;
    for (const task of tasks) await follower.begin(task, lines);
    if (given.has('follow')) await followOn(follower, http, word);
  },
};

async function chooseTasks(http: Http, given: Given): Promise<{ word: string; tasks: TaskView[] }> {
  const word = given.word(0);
  const kind = kindOf(given);
  const found = await listTasks(http, { word, kind });
  if (found.length > 0) return { word, tasks: found };
  const all = await listTasks(http, { kind: 'all' });
  // Nothing runs under that name: the last run is what somebody looks for after a failure.
  const ended = kind === 'active' ? await listTasks(http, { word, kind: 'completed' }) : [];
  const last = ended.sort((a, b) => lastTime(b) - lastTime(a))[0];
  if (last !== undefined) return { word, tasks: [last] };
  throw new DcosError('not-found', `no task matches '${word}'`, {
    hint:
      didYouMean(word, new Set(all.flatMap(({ id, name, instance }) => [name, instance, id]))) ??
      'See: dcos task list --all',
  });
}

function lastTime({ task }: TaskView): number {
  const statuses = Array.isArray(task.statuses) ? (task.statuses as { timestamp?: number }[]) : [];
  return Math.max(0, ...statuses.map(({ timestamp }) => timestamp ?? 0));
}

/** One file that is being followed. */
interface Followed {
  readonly task: TaskView;
  readonly file: SandboxFile;
  offset: number;
  /** The begin of a line whose end has not come yet. */
  rest: string;
  isGone: boolean;
}

/** Reads files of several tasks side by side. */
class Follower {
  isPrefixed = false;
  readonly #context: Context;
  readonly #http: Http;
  readonly #name: string;
  readonly #followed = new Map<string, Followed>();

  constructor(context: Context, http: Http, name: string) {
    this.#context = context;
    this.#http = http;
    this.#name = name;
  }

  knows(task: TaskView): boolean {
    return this.#followed.has(task.id);
  }

  /** Shows the last lines of a task's file and remembers where it ended. */
  async begin(task: TaskView, lines: number): Promise<void> {
    const file = await findSandboxFile(this.#http, task, this.#name);
    const { text, end } = await this.#lastLines(file, task, lines);
    const one: Followed = { task, file, offset: end, rest: '', isGone: false };
    this.#followed.set(task.id, one);
    this.#print(one, text);
    this.#flush(one);
  }

  /** Takes up a task that has come while others were followed: from its beginning. */
  async join(task: TaskView): Promise<void> {
    const file = await findSandboxFile(this.#http, task, this.#name).catch(() => undefined);
    if (file === undefined) return;
    if (this.#followed.size > 0) this.#context.io.say(`==> ${clean(task.id)} <==`);
    this.#followed.set(task.id, { task, file, offset: 0, rest: '', isGone: false });
  }

  /** Shows what has been added; true if there was anything. */
  async poll(): Promise<boolean> {
    let isBusy = false;
    for (const one of this.#followed.values()) {
      if (one.isGone) continue;
      const text = await readFrom(this.#http, one.file, one.offset).catch((error: unknown) => {
        // The sandbox of an ended run may go at any time; an agent that is away comes back.
        if (error instanceof DcosError && error.code === 'not-found') one.isGone = true;
        return '';
      });
      one.offset += Buffer.byteLength(text);
      this.#print(one, text);
      isBusy ||= text !== '';
    }
    return isBusy;
  }

  async #lastLines(
    file: SandboxFile,
    task: TaskView,
    lines: number,
  ): Promise<{ text: string; end: number }> {
    try {
      return lines === 0
        ? { text: '', end: await fileSize(this.#http, file) }
        : await lastLines(this.#http, file, lines);
    } catch (error) {
      if (!(error instanceof DcosError) || error.code !== 'not-found') throw error;
      throw new DcosError('not-found', `task ${task.id} has no file '${this.#name}'`, {
        hint: 'Every task has stdout and stderr.',
        cause: error,
      });
    }
  }

  #print(one: Followed, text: string): void {
    if (!this.isPrefixed) {
      this.#context.io.write(clean(text));
      return;
    }
    const lines = (one.rest + text).split('\n');
    one.rest = lines.pop() ?? '';
    for (const line of lines) this.#context.io.result(clean(`${one.task.instance} | ${line}`));
  }

  #flush(one: Followed): void {
    if (one.rest === '') return;
    this.#context.io.result(clean(`${one.task.instance} | ${one.rest}`));
    one.rest = '';
  }
}

/** How often files are read, and how often the cluster is asked for new tasks, in ms. */
const readEveryMs = 300;
const lookEveryMs = 1500;

async function followOn(follower: Follower, http: Http, word: string): Promise<never> {
  let looked = performance.now();
  for (;;) {
    const isBusy = await follower.poll();
    if (!isBusy) await sleep(readEveryMs);
    if (performance.now() - looked < lookEveryMs) continue;
    looked = performance.now();
    const tasks = await listTasks(http, { word }).catch(() => []);
    if (tasks.length > 1) follower.isPrefixed = true;
    for (const task of tasks) if (!follower.knows(task)) await follower.join(task);
  }
}

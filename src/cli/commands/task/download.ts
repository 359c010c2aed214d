/** `dcos task download` */
import { createWriteStream, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Http } from '../../../client/http.js';
import { downloadFile, listSandbox, type SandboxEntry } from '../../../client/sandbox.js';
import { matcherOf, type TaskView } from '../../../client/tasks.js';
import { DcosError } from '../../../core/errors.js';
import type { Command } from '../../command.js';
import type { Context } from '../../context.js';
import { fileError } from '../../local/files.js';
import { oneTask } from '../../one-task.js';
import { clean } from '../../output/clean.js';

/** How deep folders are followed. */
const maxDepth = 64;

/** Brings files of a sandbox here. */
export const download: Command = {
  summary: 'bring files of a task here',
  words: [
    ['<task>', 'its id, instance or name, or a part that only it has'],
    ['[pattern]', 'a file or folder of its sandbox; the last part may hold * ? [ ]'],
  ],
  flags: [{ flags: '--target-dir <folder>', text: 'where they go (the current folder)' }],
  examples: ['dcos task download web', "dcos task download web 'logs/*.txt' --target-dir out"],
  run: async (context, given) => {
    const http = await context.http();
    const task = await oneTask(http, given.word(0), 'all');
    const target = resolve(given.text('targetDir') ?? '.');
    const pattern = given.word(1).replace(/^\/+|\/+$/g, '');
    const folder = pattern.slice(0, Math.max(0, pattern.lastIndexOf('/')));
    const last = pattern.slice(folder === '' ? 0 : folder.length + 1);
    const entries = (await listSandbox(http, task, folder)).filter(
      ({ name }) => last === '' || name === last || isLike(name, last),
    );
    if (entries.length === 0) {
      throw new DcosError('not-found', `task ${task.id} has no file '${pattern}'`, {
        hint: `See: dcos task ls ${given.word(0)} ${folder}`.trimEnd(),
      });
    }
    await bring(context, http, task, { entries, folder, target, depth: 0 });
  },
};

function isLike(name: string, pattern: string): boolean {
  return /[*?[]/.test(pattern) && matcherOf(pattern)({ id: name });
}

/** Entries of one folder and where they go. */
interface Folder {
  readonly entries: readonly SandboxEntry[];
  /** In the sandbox. */
  readonly folder: string;
  readonly target: string;
  readonly depth: number;
}

async function bring(context: Context, http: Http, task: TaskView, from: Folder): Promise<void> {
  const { entries, folder, target, depth } = from;
  mkdirSync(target, { recursive: true });
  for (const entry of entries) {
    // The agent names them: a name that is a path would be written elsewhere.
    if (!isPlainName(entry.name)) continue;
    const here = join(target, entry.name);
    if (!entry.mode.startsWith('d')) {
      await bringFile(http, task, entry, here);
      context.io.detail(1, `${clean(entry.path)} → ${here}`);
    } else if (depth < maxDepth) {
      const inside = folder === '' ? entry.name : `${folder}/${entry.name}`;
      const below = await listSandbox(http, task, inside);
      await bring(context, http, task, {
        entries: below,
        folder: inside,
        target: here,
        depth: depth + 1,
      });
    }
  }
}

async function bringFile(
  http: Http,
  task: TaskView,
  entry: SandboxEntry,
  here: string,
): Promise<void> {
  // What is no plain file (a socket, a link to nowhere) cannot be read and is passed over.
  if (!entry.mode.startsWith('-') && !entry.mode.startsWith('l')) return;
  const content = await downloadFile(http, task, entry);
  try {
    await pipeline(content, createWriteStream(here));
  } catch (error) {
    throw fileError(error, here);
  }
}

function isPlainName(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && !/[/\\\0]/.test(name);
}

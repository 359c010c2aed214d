/** Makes a task's sandbox: its folders, links to volumes, and what it asks to be fetched. */
import {
  appendFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { DcosError, messageOf } from '../../../core/errors.js';
import type { CommandInfo } from '../../../wire/mesos/task.js';
import { type SandboxLink, volumeLinks } from '../layout.js';
import type { AgentState, ExecutorRun, GroupRun, TaskRun } from '../state.js';
import type { Fetcher } from './fetch/fetcher.js';

/** Fills the sandbox of `task`. Throws `failed` with a message fit for its status. */
export async function prepareSandbox(
  state: AgentState,
  task: TaskRun,
  group: GroupRun | undefined,
  fetcher: Fetcher,
): Promise<void> {
  const { sandbox } = task;
  await checkUser(task.info.command, sandbox);
  await mkdir(sandbox, { recursive: true });
  if (group === undefined) pointLatest(sandbox);
  else prepareGroup(state, task, group);
  const own = task.info.resources ?? [];
  for (const link of volumeLinks(task.info.container, own, state.self.workDir, group?.sandbox)) {
    makeLink(sandbox, link);
  }
  await fill(task.info.command, sandbox, task.containerId, fetcher);
}

/** Fills the sandbox of a custom executor. Throws `failed` with a message fit for a status. */
export async function prepareExecutor(
  state: AgentState,
  run: ExecutorRun,
  fetcher: Fetcher,
): Promise<void> {
  const { executor, sandbox, containerId } = run;
  await checkUser(executor.command, sandbox);
  await mkdir(sandbox, { recursive: true });
  pointLatest(sandbox);
  const { workDir } = state.self;
  for (const link of volumeLinks(executor.container, executor.resources ?? [], workDir)) {
    makeLink(sandbox, link);
  }
  await fill(executor.command, sandbox, containerId, fetcher);
}

/** Brings the volumes of a task into the sandbox of its custom executor. Throws `failed`. */
export function prepareWithin(state: AgentState, task: TaskRun): void {
  const { container, resources = [] } = task.info;
  for (const link of volumeLinks(container, resources, state.self.workDir)) {
    makeLink(task.sandbox, link);
  }
}

/** The files of the output, and what is to be fetched. */
async function fill(
  command: CommandInfo | undefined,
  sandbox: string,
  containerId: string,
  fetcher: Fetcher,
): Promise<void> {
  for (const name of ['stdout', 'stderr']) appendFileSync(join(sandbox, name), '', { mode: 0o644 });
  try {
    await fetcher.fetch(command?.uris ?? [], sandbox);
  } catch (error) {
    appendFileSync(join(sandbox, 'stderr'), `${messageOf(error)}\n`);
    throw new DcosError(
      'failed',
      `Failed to fetch all URIs for container '${containerId}': ${messageOf(error)}`,
      { cause: error },
    );
  }
}

/** Volumes of the executor itself, and the way from the task's id to its container. */
function prepareGroup(state: AgentState, task: TaskRun, group: GroupRun): void {
  const { workDir } = state.self;
  mkdirSync(join(group.sandbox, 'tasks'), { recursive: true });
  pointLatest(group.sandbox);
  const held = [...(group.executor.resources ?? []), ...(task.info.resources ?? [])];
  for (const link of volumeLinks(group.executor.container, held, workDir)) {
    makeLink(group.sandbox, link);
  }
  const at = join('tasks', task.info.task_id.value);
  makeLink(group.sandbox, { at, target: task.sandbox, make: false });
}

/** `runs/latest`, replaced in one move. */
function pointLatest(sandbox: string): void {
  const fresh = join(dirname(sandbox), `.latest-${basename(sandbox)}`);
  rmSync(fresh, { force: true });
  symlinkSync(sandbox, fresh);
  renameSync(fresh, join(dirname(sandbox), 'latest'));
}

function makeLink(sandbox: string, link: SandboxLink): void {
  const at = join(sandbox, link.at);
  if (link.make) mkdirSync(link.target, { recursive: true });
  mkdirSync(dirname(at), { recursive: true });
  const there = lstatSync(at, { throwIfNoEntry: false });
  if (there?.isSymbolicLink() && readlinkSync(at) === link.target) return;
  if (there !== undefined) {
    throw new DcosError('failed', `'${link.at}' is wanted in the sandbox by two`);
  }
  if (!existsSync(link.target)) {
    throw new DcosError('failed', `the folder '${link.target}' for '${link.at}' does not exist`);
  }
  symlinkSync(link.target, at);
}

/**
 * Tasks run as the agent's own user, as with `--no-switch_user`; a user that nobody knows is
 * refused as Mesos refuses it.
 */
async function checkUser(command: CommandInfo | undefined, sandbox: string): Promise<void> {
  const user = command?.user;
  if (user === undefined) return;
  const known = await readFile('/etc/passwd', 'utf8').catch(() => undefined);
  if (known === undefined || known.split('\n').some((line) => line.startsWith(`${user}:`))) return;
  throw new DcosError(
    'failed',
    `Failed to chown '${join(sandbox, 'stdout')}' to user '${user}' : No such user '${user}'`,
  );
}

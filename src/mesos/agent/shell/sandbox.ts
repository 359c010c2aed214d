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
import { type SandboxLink, volumeLinks } from '../layout.js';
import type { AgentState, GroupRun, TaskRun } from '../state.js';
import type { Fetcher } from './fetch/fetcher.js';

/** Fills the sandbox of `task`. Throws `failed` with a message fit for its status. */
export async function prepareSandbox(
  state: AgentState,
  task: TaskRun,
  group: GroupRun | undefined,
  fetcher: Fetcher,
): Promise<void> {
  const { sandbox } = task;
  await checkUser(task);
  await mkdir(sandbox, { recursive: true });
  if (group === undefined) pointLatest(sandbox);
  else prepareGroup(state, task, group);
  const own = task.info.resources ?? [];
  for (const link of volumeLinks(task, own, state.self.workDir, group?.sandbox)) {
    makeLink(sandbox, link);
  }
  for (const name of ['stdout', 'stderr']) appendFileSync(join(sandbox, name), '', { mode: 0o644 });
  try {
    await fetcher.fetch(task.info.command?.uris ?? [], sandbox);
  } catch (error) {
    appendFileSync(join(sandbox, 'stderr'), `${messageOf(error)}\n`);
    throw new DcosError(
      'failed',
      `Failed to fetch all URIs for container '${task.containerId}': ${messageOf(error)}`,
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
  const asExecutor = { ...task, info: { ...task.info, container: undefined } } as TaskRun;
  for (const link of volumeLinks(asExecutor, held, workDir, undefined)) {
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
async function checkUser(task: TaskRun): Promise<void> {
  const user = task.info.command?.user;
  if (user === undefined) return;
  const known = await readFile('/etc/passwd', 'utf8').catch(() => undefined);
  if (known === undefined || known.split('\n').some((line) => line.startsWith(`${user}:`))) return;
  throw new DcosError(
    'failed',
    `Failed to chown '${join(task.sandbox, 'stdout')}' to user '${user}' : No such user '${user}'`,
  );
}

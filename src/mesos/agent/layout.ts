/**
 * Where things lie under the work folder: Mesos' own layout (apache/mesos docs/sandbox.md,
 * src/slave/paths.hpp).
 */
import { join, normalize } from 'node:path';
import type { Resource } from '../../wire/mesos/common.js';
import type { ContainerInfo } from '../../wire/mesos/task.js';
import { isVolume, reservedRoleOf } from '../../wire/resources/pool.js';
import type { AgentState } from './state.js';

/** Whether `id` can be one segment of a path. */
export function isPathSafe(id: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be in it
  return id !== '' && id !== '.' && id !== '..' && id.length <= 255 && !/[/\\\x00-\x1f]/.test(id);
}

/** The sandbox of an executor's run. */
export function executorDir(
  state: AgentState,
  frameworkId: string,
  executorId: string,
  containerId: string,
): string {
  return join(
    state.self.workDir,
    'slaves',
    state.agentId ?? 'unregistered',
    'frameworks',
    frameworkId,
    'executors',
    executorId,
    'runs',
    containerId,
  );
}

/** The sandbox of one task of a group, inside its executor's. */
export function taskSandbox(executorSandbox: string, containerId: string): string {
  return join(executorSandbox, 'containers', containerId);
}

/**
 * The folder in which a task's supervisor keeps its notes; never inside the sandbox, which is the
 * task's own.
 */
export function metaDir(workDir: string, containerId: string): string {
  return join(workDir, 'meta', containerId);
}

/** `<role>/<id>` of a persistent volume; roles have slashes, folders don't. */
export function volumeName(resource: Resource): string {
  const role = (reservedRoleOf(resource) ?? '*').replaceAll('/', '__');
  return `${role}/${resource.disk?.persistence?.id ?? ''}`;
}

/** The data of a persistent volume. */
export function volumeDir(workDir: string, volume: string): string {
  return join(workDir, 'volumes', 'roles', volume);
}

/** A link that has to be in the sandbox before the task starts. */
export interface SandboxLink {
  /** Relative to the sandbox. */
  readonly at: string;
  /** Absolute. */
  readonly target: string;
  /** A folder that is made where it is absent. */
  readonly make: boolean;
}

/**
 * Links to the volumes of `resources` and to those that the container asks for. Throws nothing: a
 * path that would leave the sandbox is left out by `insideOf`.
 */
export function volumeLinks(
  container: ContainerInfo | undefined,
  resources: readonly Resource[],
  workDir: string,
  executorSandbox?: string | undefined,
): SandboxLink[] {
  const links: SandboxLink[] = [];
  for (const resource of resources.filter(isVolume)) {
    const at = resource.disk?.volume?.container_path ?? '';
    const target = volumeDir(workDir, volumeName(resource));
    if (isInside(at)) links.push({ at, target, make: true });
  }
  for (const volume of container?.volumes ?? []) {
    const at = volume.container_path;
    if (!isInside(at)) continue;
    const path = sandboxPathOf(volume);
    if (path !== undefined && executorSandbox !== undefined && isInside(path)) {
      links.push({ at, target: join(executorSandbox, path), make: true });
    } else if (volume.host_path?.startsWith('/') === true) {
      links.push({ at, target: volume.host_path, make: false });
    }
  }
  return links;
}

/** Whether a relative path stays where it starts. */
export function isInside(path: string): boolean {
  const clean = normalize(path);
  return path !== '' && !clean.startsWith('/') && !/^\.\.(?:\/|$)/.test(clean) && clean !== '.';
}

function sandboxPathOf(volume: Record<string, unknown>): string | undefined {
  const source = volume.source as
    | { type?: string; sandbox_path?: { type?: string; path?: string } }
    | undefined;
  if (source?.type !== 'SANDBOX_PATH' || source.sandbox_path?.type !== 'PARENT') return undefined;
  return source.sandbox_path.path;
}

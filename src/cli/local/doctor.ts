/** Looks whether this machine can carry a local cluster. */
import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import type { Context } from '../context.js';
import { canListen, freeDiskMb, usableMemory } from './machine.js';

/** What was looked at, and what was found. */
export interface MachineCheck {
  readonly name: string;
  readonly status: 'ok' | 'warning' | 'failed';
  readonly detail: string;
  readonly hint?: string;
}

const leastNodeMajor = 20;
const leastDiskMb = 2048;
const leastMemMb = 2048;

/** All checks, in the order in which they are shown. */
export async function checkMachine(context: Context): Promise<MachineCheck[]> {
  return [
    checkPlatform(),
    checkNode(),
    checkFolder(context.dcosDir),
    checkDisk(context.dcosDir),
    checkMemory(),
    await checkLoopback(),
    checkTool(context.env, 'mvn', 'DCOS_REPOSITORY_MAVEN', ['mvn']),
    checkTool(context.env, 'pip', 'DCOS_REPOSITORY_PYPI', ['pip3', 'pip']),
  ];
}

function checkPlatform(): MachineCheck {
  const detail = `${process.platform} ${process.arch}`;
  const name = 'platform';
  if (process.platform === 'linux' && process.arch === 'x64') return { name, status: 'ok', detail };
  return { name, status: 'warning', detail: `${detail}: tried on linux x64 only` };
}

function checkNode(): MachineCheck {
  const { node } = process.versions;
  const isOld = Number(node.split('.')[0]) < leastNodeMajor;
  return isOld
    ? {
        name: 'node',
        status: 'failed',
        detail: `version ${node} is too old`,
        hint: `Install Node.js ${leastNodeMajor} or newer.`,
      }
    : { name: 'node', status: 'ok', detail: node };
}

function checkFolder(dcosDir: string): MachineCheck {
  const folder = nearestFolder(dcosDir);
  const hint = 'Choose another folder: export DCOS_DIR=/path/to/a/folder';
  if (!statSync(folder).isDirectory()) {
    return { name: 'folder', status: 'failed', detail: `${folder} is not a folder`, hint };
  }
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return { name: 'folder', status: 'ok', detail: dcosDir };
  } catch {
    return { name: 'folder', status: 'failed', detail: `${folder} can't be written`, hint };
  }
}

function checkDisk(dcosDir: string): MachineCheck {
  const freeMb = freeDiskMb(nearestFolder(dcosDir));
  const detail = `${freeMb} MB free in ${dcosDir}`;
  return freeMb < leastDiskMb
    ? { name: 'disk', status: 'warning', detail: `${detail}: less than ${leastDiskMb} MB` }
    : { name: 'disk', status: 'ok', detail };
}

function checkMemory(): MachineCheck {
  const mb = Math.floor(usableMemory() / 1024 / 1024);
  return mb < leastMemMb
    ? { name: 'memory', status: 'warning', detail: `${mb} MB: less than ${leastMemMb} MB` }
    : { name: 'memory', status: 'ok', detail: `${mb} MB` };
}

async function checkLoopback(): Promise<MachineCheck> {
  if (await canListen('127.0.0.1', 0)) return { name: 'ports', status: 'ok', detail: 'loopback' };
  return { name: 'ports', status: 'failed', detail: 'nothing can listen on 127.0.0.1' };
}

function checkTool(
  env: NodeJS.ProcessEnv,
  name: string,
  variable: string,
  programs: readonly string[],
): MachineCheck {
  const base = env[variable];
  if (base) return { name, status: 'ok', detail: `${variable}=${hideLogin(base)}` };
  for (const folder of (env.PATH ?? '').split(delimiter)) {
    const program = programs.map((one) => join(folder, one)).find((path) => existsSync(path));
    if (program !== undefined) return { name, status: 'ok', detail: program };
  }
  return {
    name,
    status: 'warning',
    detail: `${programs[0]} is not on the PATH; packages that need it can't be fetched`,
    hint: `Install it, or name a repository: ${variable}=<url>`,
  };
}

// A repository's address may hold a password.
function hideLogin(url: string): string {
  return url.replace(/\/\/[^@/]*@/, '//');
}

function nearestFolder(path: string): string {
  let folder = path;
  while (!existsSync(folder) && folder !== dirname(folder)) folder = dirname(folder);
  return folder;
}

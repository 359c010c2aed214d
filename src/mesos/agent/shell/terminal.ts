/**
 * Terminals for containers, made by what machines have: util-linux' `script`, else Python. No
 * native module makes one, so that installing needs no compiler.
 */
import { spawn } from 'node:child_process';
import { accessSync, constants, readlinkSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { DcosError } from '../../../core/errors.js';
import type { WindowSize } from '../../../wire/mesos/process-io.js';
import { allProcesses } from './procfs.js';
import { quote } from './supervisor.js';

const pythonProgram = `import os, pty, sys
status = pty.spawn(sys.argv[1:])
ended = os.WIFEXITED(status)
sys.exit(os.WEXITSTATUS(status) if ended else 128 + os.WTERMSIG(status))`;

/**
 * The words that run `words` in a terminal of that size. Throws `failed` where this machine can
 * make none.
 */
export function inTerminal(words: readonly string[], size: WindowSize | undefined): string[] {
  // What makes the terminal turns echo off where it has none itself: it is turned on here.
  const geometry = isSized(size) ? ` rows ${size.rows} cols ${size.columns}` : '';
  const command = `stty sane${geometry} 2>/dev/null; exec ${words.map(quote).join(' ')}`;
  const script = findProgram('script');
  if (script !== undefined) return [script, '-qfec', command, '/dev/null'];
  const python = findProgram('python3');
  if (python !== undefined) return [python, '-c', pythonProgram, '/bin/sh', '-c', command];
  throw new DcosError(
    'failed',
    'This agent cannot give a container a TTY: it has neither `script` (util-linux) nor `python3`',
  );
}

/** Gives the terminal that the process `maker` made another size; its programs are told. */
export function resizeTerminal(maker: number, size: WindowSize): void {
  if (!isSized(size)) return;
  for (const { pid, parent } of allProcesses()) {
    const device = parent === maker ? terminalOf(pid) : undefined;
    if (device === undefined) continue;
    const words = ['-F', device, 'rows', `${size.rows}`, 'cols', `${size.columns}`];
    spawn('stty', words, { stdio: 'ignore' }).on('error', () => {});
    return;
  }
}

function terminalOf(pid: number): string | undefined {
  try {
    const device = readlinkSync(`/proc/${pid}/fd/0`);
    return device.startsWith('/dev/pts/') ? device : undefined;
  } catch {
    return undefined;
  }
}

function isSized(size: WindowSize | undefined): size is WindowSize {
  return size !== undefined && size.rows > 0 && size.columns > 0;
}

function findProgram(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/bin', '/bin'];
  return folders
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, name))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

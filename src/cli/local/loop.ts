/**
 * The loop that keeps one local server running: a few lines of `sh` in a session of their own,
 * which start it again with back-off until the stop file is there (DESIGN §11.8). It outlives the
 * command line and its terminal.
 */
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { fileError, makeFolder, writeWhole } from './files.js';

/**
 * $1 is the server's folder, $2 the stop file, $3 the pid of a server that runs without a loop (or
 * 0), the rest the command. Writes `loop` (`<pid> <starttime>` of itself) and `exits` (`<count>
 * <last status>`).
 */
const script = `
dir=$1 stop=$2 orphan=$3
shift 3
if [ -r /proc/$$/stat ]; then
  read -r _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ begun _ </proc/$$/stat
fi
echo "$$ $begun" >"$dir/loop"
if [ "$orphan" != 0 ]; then
  while kill -0 "$orphan" 2>/dev/null && [ ! -e "$stop" ]; do sleep 0.5; done
fi
count=0 delay=0.2
while [ ! -e "$stop" ]; do
  if [ -f "$dir/log" ] && [ "$(wc -c <"$dir/log")" -gt 10485760 ]; then
    mv -f "$dir/log" "$dir/log.1"
  fi
  rm -f "$dir/ready"
  since=$(date +%s)
  "$@" </dev/null >>"$dir/log" 2>&1
  status=$?
  [ -e "$stop" ] && break
  count=$((count + 1))
  echo "$count $status" >"$dir/exits"
  [ $(($(date +%s) - since)) -ge 10 ] && delay=0.2
  sleep $delay
  case $delay in
    0.2) delay=0.4 ;;
    0.4) delay=0.8 ;;
    0.8) delay=1.6 ;;
    1.6) delay=3.2 ;;
    *) delay=5 ;;
  esac
done
rm -f "$dir/ready" "$dir/loop"
`;

const scriptName = 'loop.sh';

/**
 * Writes the loop's script, once for all servers. It is a file so that a list of processes stays
 * readable, and written by rename, as older loops may still read theirs. Throws `io`.
 */
export function writeLoopScript(localDir: string): void {
  writeWhole(join(localDir, scriptName), script);
}

/** What a loop needs to know. */
export interface LoopOptions {
  readonly localDir: string;
  readonly server: string;
  /** The command and its arguments. */
  readonly command: readonly string[];
  /** A server of this name that lives without a loop; the new loop takes over when it ends. */
  readonly orphanPid?: number | undefined;
  readonly env: NodeJS.ProcessEnv;
}

/**
 * Starts the loop of a server and lets go of it. Throws `io` where its folder or log can't be
 * written.
 */
export function startLoop(options: LoopOptions): void {
  const folder = join(options.localDir, options.server);
  const logPath = join(folder, 'log');
  makeFolder(folder);
  let log: number;
  try {
    log = openSync(logPath, 'a', 0o600);
  } catch (error) {
    throw fileError(error, logPath);
  }
  const stopFile = join(options.localDir, 'stop');
  const orphan = String(options.orphanPid ?? 0);
  const child = spawn(
    '/bin/sh',
    [join(options.localDir, scriptName), folder, stopFile, orphan, ...options.command],
    // Not the caller's folder: it may be removed while the cluster lives.
    { cwd: options.localDir, detached: true, stdio: ['ignore', log, log], env: options.env },
  );
  child.on('error', () => {});
  child.unref();
  closeSync(log);
}

/**
 * What the drills and the side-by-side check know of a service: how it is installed small, which
 * tasks it has, and a client of its own that proves that nothing acknowledged is lost.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Live, Ran } from '../live.js';

/** One service of `packages-registry`, with real software. */
export interface ServiceUnderTest {
  /** The package, and the name of its only instance. */
  readonly name: string;
  /** Packages that must be installed before it, such as `zookeeper` for `hadoop`. */
  readonly needs: readonly string[];
  /** Options for a small machine: small heaps, small volumes; they may name the check's folder. */
  readonly options: object | ((live: Live) => object);
  /** MB of memory that all of its tasks take together with these options. */
  readonly memMb: number;
  /** Idle two cores, warm caches: seconds of an install, and until it is whole after a kill. */
  readonly seconds: { readonly install: number; readonly recover: number };
  /** One Mesos task name of each kind of task that is kept running: `broker-1-broker`. */
  readonly tasks: readonly string[];
  /** The command line of the program of a task, where that starts others which are not meant. */
  readonly program?: RegExp;
  /** Why its client can't work on this machine; absent or `undefined` if it can. */
  readonly obstacle?: () => string | undefined;
  /** Connects a real client to the running service and begins to use it, all the time. */
  begin(live: Live): Promise<Workload>;
}

/** A real client at work, from `begin` to `verify`. */
export interface Workload {
  /** Waits until so many more operations were acknowledged; throws after `timeoutMs`. */
  progress(count: number, timeoutMs?: number): Promise<void>;
  /** Reads everything back; throws naming what was acknowledged and is missing or wrong. */
  verify(): Promise<void>;
  /** Ends the client; may be called at any time, more than once. */
  stop(): Promise<void>;
}

/** Installs a package, its newest version by default; it may take `timeoutMs`. */
export function installPackage(
  live: Live,
  name: string,
  options: ServiceUnderTest['options'],
  timeoutMs: number,
  version?: string,
): Promise<Ran> {
  const file = join(live.dir, `${name}.options.json`);
  writeFileSync(file, JSON.stringify(typeof options === 'function' ? options(live) : options));
  const which = version === undefined ? [] : [`--package-version=${version}`];
  return live.ok(['package', 'install', name, `--options=${file}`, ...which, '--yes'], {
    timeoutMs,
  });
}

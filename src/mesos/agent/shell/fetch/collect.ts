/**
 * Which copies of the fetch cache go: those unused for long, and half-made ones of a process that
 * died.
 */
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../../../core/clock.js';

const keptMs = 7 * 24 * 3600 * 1000;
const keptUnderPressureMs = 3600 * 1000;
const pressure = 0.1;

/**
 * Removes what was last used too long ago; copies `inUse` are being made right now. What is linked
 * into sandboxes stays there.
 */
export async function collectCache(
  folder: string,
  freeFraction: number,
  inUse: ReadonlySet<string>,
): Promise<void> {
  const kept = freeFraction < pressure ? keptUnderPressureMs : keptMs;
  for (const name of await readdir(folder).catch(() => [])) {
    const copy = join(folder, name);
    const known = inUse.has(name.split('.')[0] ?? '');
    const used = await stat(join(copy, 'complete'))
      .catch(() => stat(copy))
      .catch(() => undefined);
    if (known || used === undefined) continue;
    const age = systemClock.now() - used.mtimeMs;
    const half = name.endsWith('.part') || !/^[0-9a-f]{64}$/.test(name);
    if (age > (half ? keptUnderPressureMs : kept)) await rm(copy, { recursive: true, force: true });
  }
}

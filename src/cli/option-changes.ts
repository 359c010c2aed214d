/** What an update of a service would change, as people are shown it. Pure. */
import { isDeepStrictEqual } from 'node:util';
import type { DescribedService, UpdateRequest } from '../client/packages.js';

/** What was and what will be. */
export interface OptionChange {
  readonly from: unknown;
  readonly to: unknown;
}

/** What will be different by its path, each with what it is now; secrets are not shown. */
export function changesOf(
  { version, resolvedOptions, secretOptions }: DescribedService,
  { packageVersion, options = {} }: UpdateRequest,
): Record<string, OptionChange> {
  const changes: Record<string, OptionChange> = {};
  if (packageVersion !== undefined && packageVersion !== version) {
    changes['package version'] = { from: version, to: packageVersion };
  }
  const compare = (path: string, now: unknown, wanted: unknown): void => {
    if (typeof wanted === 'object' && wanted !== null && !Array.isArray(wanted)) {
      const held = (typeof now === 'object' && now !== null ? now : {}) as Record<string, unknown>;
      for (const [name, value] of Object.entries(wanted)) {
        compare(path === '' ? name : `${path}.${name}`, held[name], value);
      }
    } else if (isDeepStrictEqual(now, wanted)) return;
    else if (secretOptions.includes(path))
      changes[path] = { from: hidden(now), to: hidden(wanted) };
    else changes[path] = { from: now ?? null, to: wanted };
  };
  compare('', resolvedOptions, options);
  return changes;
}

const hidden = (value: unknown): unknown => ((value ?? '') === '' ? '' : '(not shown)');

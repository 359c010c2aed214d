/**
 * The words of `dcos service plan|pod|endpoints … <service>`: the service stands last, what else is
 * named before it.
 */

import { asObject } from '../client/answers.js';
import { listApps } from '../client/apps.js';
import type { Http } from '../client/http.js';
import { DcosError } from '../core/errors.js';
import type { Given } from './command.js';
import { didYouMean } from './suggest.js';

/**
 * Splits what was typed; `names` says what may stand before the service, the first `least` of them
 * must. Throws `usage`.
 */
export function serviceWords(
  given: Given,
  names: readonly string[],
  least: number,
): { service: string; words: readonly string[] } {
  const service = given.words.at(-1) ?? '';
  const words = given.words.slice(0, -1);
  if (words.length < least) {
    throw new DcosError(
      'usage',
      `missing: ${names
        .slice(words.length, least)
        .map((name) => `<${name}>`)
        .join(' ')}`,
      {
        hint: 'For example: dcos kafka plan show deploy, dcos service plan show deploy kafka',
      },
    );
  }
  if (words.length > names.length) {
    throw new DcosError('usage', `too many words: ${words.slice(names.length).join(' ')}`);
  }
  return { service, words };
}

/**
 * Runs a call to a service; where the service is not there at all, says so with the nearest name.
 */
export async function askService<T>(
  http: Http,
  service: string,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof DcosError) || !mayBeAbsent(error)) throw error;
    const known = await serviceNames(http).catch(() => undefined);
    const name = service.replace(/^\//, '');
    if (known === undefined || known.includes(name)) throw error;
    throw new DcosError('not-found', `there is no service '${name}'`, {
      hint:
        didYouMean(name, known) ??
        (known.length === 0
          ? 'None is installed. See: dcos package search'
          : `Services: ${known.join(', ')}`),
      cause: error,
    });
  }
}

const mayBeAbsent = (error: DcosError): boolean =>
  error.status === 404 || error.status === 502 || error.status === 503;

/** A service that can be asked. */
export interface InstalledService {
  readonly name: string;
  /** What it may be called as well: its package, and the words of its label. */
  readonly words: readonly string[];
}

/** The services that can be asked: apps that say so by a label. */
export async function installedServices(
  http: Http,
  timeoutMs?: number,
): Promise<InstalledService[]> {
  const apps = await listApps(http, timeoutMs);
  return apps.flatMap((app) => {
    const labels = asObject(app.labels);
    const { DCOS_SERVICE_NAME: name, DCOS_PACKAGE_NAME: packageName } = labels;
    if (typeof name !== 'string') return [];
    const words = String(labels.DCOS_COMMAND_WORDS ?? '').split(/[\s,]+/);
    return [{ name, words: [String(packageName ?? ''), ...words].filter((word) => word !== '') }];
  });
}

/** The names of the services that can be asked. */
export async function serviceNames(http: Http, timeoutMs?: number): Promise<string[]> {
  return (await installedServices(http, timeoutMs)).map(({ name }) => name);
}

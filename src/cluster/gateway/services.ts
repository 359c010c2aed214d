/**
 * Where the service behind `/service/<name>` runs: a task of the app that carries the label
 * DCOS_SERVICE_NAME.
 */
import { DcosError } from '../../core/errors.js';

/** What is looked at of an app. */
export interface ServiceApp {
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly tasks: readonly {
    readonly host?: string | undefined;
    readonly ports?: readonly number[] | undefined;
    readonly state?: string | undefined;
    readonly ipAddresses?: readonly { readonly ipAddress: string }[] | undefined;
  }[];
}

/** A place where a service answers. */
export interface ServicePlace {
  /** As labelled: `kafka`, `team/kafka`. */
  readonly name: string;
  /** `http://host:port`; `undefined` while nothing of it runs. */
  readonly origin: string | undefined;
}

/**
 * The service whose name is the longest beginning of `path` (decoded, without leading slash);
 * `undefined` for none.
 */
export function serviceAt(apps: readonly ServiceApp[], path: string): ServicePlace | undefined {
  let found: ServicePlace | undefined;
  for (const app of apps) {
    const name = app.labels?.DCOS_SERVICE_NAME?.replace(/^\/+|\/+$/g, '');
    if (!name || (path !== name && !path.startsWith(`${name}/`))) continue;
    if (found !== undefined && found.name.length >= name.length) continue;
    found = { name, origin: originOf(app) };
  }
  return found;
}

function originOf(app: ServiceApp): string | undefined {
  const index = Number(app.labels?.DCOS_SERVICE_PORT_INDEX ?? 0);
  const scheme = app.labels?.DCOS_SERVICE_SCHEME === 'https' ? 'https' : 'http';
  for (const { host, ports, state, ipAddresses } of app.tasks) {
    // Names of agents need not resolve; addresses do not have to.
    const address = ipAddresses?.[0]?.ipAddress ?? host;
    const port = ports?.[index];
    if (port === undefined || address === undefined) continue;
    if (state === undefined || state === 'TASK_RUNNING') return `${scheme}://${address}:${port}`;
  }
  return undefined;
}

/** Finds services. */
export interface ServiceDirectory {
  /**
   * Where `path` (`kafka/v1/plans`) leads. Throws `not-found` for no such service, `unreachable`
   * (502) while it is not running.
   */
  find(path: string): Promise<{ readonly name: string; readonly origin: string }>;
  /** Forgets what was learnt: somebody found nobody there. */
  forget(): void;
}

const freshMs = 1_000;

/** A directory that asks `services` with `ask` at most once a second. */
export function createServiceDirectory(
  ask: () => Promise<readonly ServiceApp[]>,
  now: () => number,
): ServiceDirectory {
  let known: Promise<readonly ServiceApp[]> | undefined;
  let knownAt = Number.NEGATIVE_INFINITY;
  const apps = (maxAgeMs: number): Promise<readonly ServiceApp[]> => {
    if (known === undefined || now() - knownAt > maxAgeMs) {
      knownAt = now();
      known = ask();
      known.catch(() => {
        known = undefined;
      });
    }
    return known;
  };
  return {
    find: async (path) => {
      let place = serviceAt(await apps(freshMs), path);
      if (place?.origin === undefined) place = serviceAt(await apps(100), path);
      const wanted = path.split('/')[0];
      if (place === undefined) {
        throw new DcosError('not-found', `there is no service ${wanted}`, {
          hint: 'The services that are there: dcos service list',
        });
      }
      if (place.origin === undefined) {
        throw new DcosError(
          'unreachable',
          `the service ${place.name} is not running at the moment`,
          {
            status: 502,
            hint: `What it waits for: dcos app show /${place.name}, dcos failures`,
          },
        );
      }
      return { name: place.name, origin: place.origin };
    },
    forget: () => {
      known = undefined;
    },
  };
}

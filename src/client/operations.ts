/** Operations of the control plane: preflight, and watching one by long polls until it ends. */
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../core/clock.js';
import { DcosError } from '../core/errors.js';
import type { Operation, Preflight } from '../wire/operations.js';
import type { Http } from './http.js';
import type { InstallRequest } from './packages.js';

/**
 * How long the server may hold a question open, and how long a lost server is waited for, in ms.
 */
const pollMs = 20_000;
const patienceMs = 60_000;

/** A data volume that an uninstall would take away. */
export interface Volume {
  /** Host name. */
  readonly agent: string;
  readonly id: string;
  readonly role: string;
  readonly sizeMb: number;
  readonly containerPath: string;
}

/** What an uninstall would take away. */
export interface UninstallPreview {
  readonly appId: string;
  readonly volumes: readonly Volume[];
  /** Ids of the tasks that run. */
  readonly tasks: readonly string[];
  /** App ids of services that use it: they have to go first. */
  readonly dependents?: readonly string[];
}

/**
 * What an uninstall would take away, looked at without doing anything. Throws `not-found`,
 * `conflict`.
 */
export async function uninstallPreview(
  http: Http,
  request: { packageName: string; appId: string },
): Promise<UninstallPreview> {
  const path = '/operations/uninstall-preview';
  return (await http.json({ method: 'POST', path, body: request })) as UninstallPreview;
}

/** One operation as it is now. Throws `not-found`. */
export async function getOperation(http: Http, id: string): Promise<Operation> {
  return (await http.json({
    method: 'GET',
    path: `/operations/${encodeURIComponent(id)}`,
  })) as Operation;
}

/**
 * What an install would need, checked without doing anything. Throws as the package API for an
 * unknown package.
 */
export async function preflight(http: Http, request: InstallRequest): Promise<Preflight> {
  const data = await http.json({ method: 'POST', path: '/operations/preflight', body: request });
  return data as Preflight;
}

/**
 * Gives the operation now and after every change, until it ends. A control plane that is away for a
 * while is waited for: the operation is its, and goes on when it is back. Throws `unreachable`
 * where it stays away, `not-found`.
 */
export async function* watchOperation(http: Http, id: string): AsyncGenerator<Operation> {
  let revision: number | undefined;
  let awaySince: number | undefined;
  for (;;) {
    let operation: Operation;
    try {
      operation = (await http.json({
        method: 'GET',
        path: `/operations/${encodeURIComponent(id)}`,
        ...(revision === undefined ? {} : { query: { revision, waitMs: pollMs } }),
        timeoutMs: pollMs + 10_000,
      })) as Operation;
      awaySince = undefined;
    } catch (error) {
      awaySince ??= systemClock.monotonic();
      if (!isPassing(error) || systemClock.monotonic() - awaySince > patienceMs) throw error;
      await sleep(250);
      continue;
    }
    if (operation.revision === revision) continue;
    revision = operation.revision;
    yield operation;
    if (operation.status !== 'running') return;
  }
}

function isPassing(error: unknown): boolean {
  return (
    error instanceof DcosError &&
    (error.code === 'unreachable' || error.code === 'timeout' || (error.status ?? 0) >= 500)
  );
}

/**
 * Key material of tasks (`transport-encryption`): which tasks wait for theirs, and the files that
 * it becomes. Pure; `shell/issue.ts` makes it.
 */
import type { TaskSpec } from '../wire/service-spec.js';
import { assetOf } from './deploy.js';
import type { Effect } from './events.js';
import type { Instance, State } from './state.js';

/** Key material of one task, base64 of each file by its name in the sandbox. */
export interface KeyMaterial {
  /** Of the agent: on another one it is of no use. */
  readonly address: string;
  readonly files: Readonly<Record<string, string>>;
  /** ms since 1970 */
  readonly madeAt: number;
}

/** What was asked for and is not there yet. */
export interface KeyRequest {
  readonly address: string;
  /** ms since 1970 */
  readonly askedAt: number;
  /** Why the last attempt failed. */
  readonly failure?: string;
}

/** The name of each file that a task's `transport-encryption` asks for. */
export function keyFilesOf(task: TaskSpec): string[] {
  return (task.tls ?? []).flatMap(({ name, type }) =>
    type === 'TLS'
      ? [`${name}.crt`, `${name}.key`, `${name}.ca`]
      : [`${name}.keystore`, `${name}.truststore`],
  );
}

/** Material is made anew after so long (ms), a third of a certificate's life. */
const renewAfterMs = 275 * 86_400_000;
/** An answer that has not come after so long (ms), or was a failure, is asked for again. */
const againAfterMs = 10_000;

/** The material of a task, if there is some for where its instance is. */
export function keysFor(
  state: State,
  instance: Instance,
  task: TaskSpec,
  now: number,
): KeyMaterial | undefined {
  const held = state.keys.get(assetOf(instance.name, task.name));
  const { address } = instance.reservation?.place ?? {};
  const fits = held?.address === address && keyFilesOf(task).every((file) => held?.files[file]);
  return fits && held !== undefined && now - held.madeAt < renewAfterMs ? held : undefined;
}

/**
 * Asks for the material of those `tasks` that lack theirs. `undefined`: all is there. The instance
 * must have a place, since a certificate names it.
 */
export function awaitKeys(
  state: State,
  instance: Instance,
  tasks: readonly TaskSpec[],
  now: number,
): { readonly effects: Effect[]; readonly reason: string; readonly againAt: number } | undefined {
  const place = instance.reservation?.place;
  const lacking = tasks.filter(
    (task) => task.tls !== undefined && keysFor(state, instance, task, now) === undefined,
  );
  if (place === undefined || lacking.length === 0) return undefined;
  const effects: Effect[] = [];
  let reason = 'waits for its certificate';
  for (const task of lacking) {
    const asset = assetOf(instance.name, task.name);
    const asked = state.keyRequests.get(asset);
    if (asked?.failure !== undefined) reason = `waits for its certificate: ${asked.failure}`;
    const current = asked?.address === place.address && now - asked.askedAt < againAfterMs;
    if (current) continue;
    const failure = asked?.failure === undefined ? {} : { failure: asked.failure };
    state.keyRequests.set(asset, { address: place.address, askedAt: now, ...failure });
    const service = state.serviceName.replaceAll('/', '');
    const hosts = [place.address, place.hostname, 'localhost', '127.0.0.1'];
    effects.push({
      type: 'IssueKeys',
      asset,
      address: place.address,
      name: `${asset}.${service}`.slice(-64).replace(/^[^A-Za-z0-9]+/, ''),
      hosts: [...new Set([...hosts, `${asset}.${service}`])],
      wanted: task.tls ?? [],
    });
  }
  return { effects, reason, againAt: now + againAfterMs };
}

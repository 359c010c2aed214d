/** Names and ids: what a user may call a container, and which one a reference means. Pure. */
import { DcosError } from '../core/errors.js';

/** What a reference is held against. */
export interface Named {
  readonly swarmId: string;
  readonly containerId: string | undefined;
  /** Ids that it had on other nodes. */
  readonly formerIds: readonly string[];
  /** Without a slash. */
  readonly name: string;
  /** Id and name of its node. */
  readonly nodeId: string;
  readonly nodeName: string;
}

const nameForm = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/;
const maxNameLength = 255;

/** Checks a name. Throws `invalid` with the engine's own text. */
export function checkName(name: string): void {
  const shown = name.length > 60 ? `${name.slice(0, 60)}…` : name;
  if (!nameForm.test(name)) {
    throw new DcosError(
      'invalid',
      `Invalid container name (${shown}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`,
    );
  }
  if (name.length > maxNameLength) {
    throw new DcosError(
      'invalid',
      `Invalid container name (${shown}): it has ${name.length} characters, ` +
        `${maxNameLength} are allowed`,
    );
  }
}

/**
 * The container that `reference` means: full or 12-character container id, then swarm id, then
 * name (`name`, `/name`, `NODE/name`), then a unique prefix of an id. Throws `not-found`, and
 * `conflict` for a prefix of several.
 */
export function resolveContainer<Item extends Named>(
  items: Iterable<Item>,
  reference: string,
): Item {
  const all = [...items];
  const absent = new DcosError('not-found', `No such container: ${reference.slice(0, 200)}`);
  if (reference === '' || reference === '/') throw absent;
  const isShort = reference.length === 12;
  const byId = (id: string | undefined): boolean =>
    id === reference || (isShort && id?.startsWith(reference) === true);
  const bare = reference.replace(/^\//, '');
  const found =
    all.find(({ containerId }) => byId(containerId)) ??
    all.find(({ swarmId }) => byId(swarmId)) ??
    all.find(({ formerIds }) => formerIds.some(byId)) ??
    all.find(({ name }) => name === bare) ??
    all.find(
      ({ name, nodeId, nodeName }) =>
        bare === `${nodeName}/${name}` || bare === `${nodeId}/${name}`,
    );
  if (found !== undefined) return found;
  if (!/^[0-9a-f]+$/.test(reference)) throw absent;
  const candidates = all.filter(
    ({ swarmId, containerId }) =>
      swarmId.startsWith(reference) || containerId?.startsWith(reference) === true,
  );
  if (candidates.length > 1) {
    throw new DcosError('invalid', `Multiple IDs found with provided prefix: ${reference}`);
  }
  const [only] = candidates;
  if (only === undefined) throw absent;
  return only;
}

const left = (
  'brave calm clever eager fancy gentle happy jolly keen lucid merry nimble proud ' +
  'quiet sharp silly sleepy swift tender vivid'
).split(' ');
const right = (
  'ada bohr curie darwin edison euler fermi gauss hopper kepler lovelace newton ' +
  'noether pascal planck ritchie tesla turing volta wozniak'
).split(' ');

/** A name for a container that was given none, unlike all in `taken`; `next` gives chance. */
export function inventName(taken: ReadonlySet<string>, next: () => number): string {
  const pick = (words: readonly string[]): string =>
    words[Math.floor(next() * words.length)] ?? 'node';
  for (let attempt = 0; ; attempt += 1) {
    const suffix = attempt === 0 ? '' : String(Math.floor(next() * 10 ** Math.min(9, attempt)));
    const name = `${pick(left)}_${pick(right)}${suffix}`;
    if (!taken.has(name)) return name;
  }
}

/** The answer to a name that is taken, in classic Swarm's words. */
export function nameTaken(name: string): DcosError {
  return new DcosError(
    'conflict',
    `Conflict: The name ${name} is already assigned. You have to delete (or ` +
      `rename) that container to be able to assign ${name} to a container ` +
      'again.',
  );
}

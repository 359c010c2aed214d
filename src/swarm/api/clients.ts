/**
 * What a client of the Docker API makes of names: classic Swarm's `NODE/name` is taken for a link
 * by some, for another network by others. They are told apart by what they call themselves. Pure.
 */

/** How names are given to a client. */
export interface NameManners {
  /** Containers have their plain name first, `NODE/name` after it. */
  readonly plainContainers: boolean;
  /** Networks and volumes have their plain name where only one node has one of it. */
  readonly plainPlaces: boolean;
}

/** Docker's own client reads a name with a slash as that of a link, and shows none, since 29. */
const firstWithoutNodes = 29;

/** Tells by the header `User-Agent`. */
export function nameManners(userAgent: string | undefined): NameManners {
  const text = userAgent ?? '';
  // Compose of the second line looks for networks and volumes by the very name that it gave.
  const isCompose = text.startsWith('compose/');
  const major = Number(/^Docker-Client\/(\d+)\./.exec(text)?.[1] ?? 0);
  return {
    plainContainers: isCompose || major >= firstWithoutNodes,
    plainPlaces: isCompose,
  };
}

/** Who leads a Mesos cluster, and that it is asked anew when that changes. */
import { DcosError, messageOf } from '../errors.js';
import { callHttp } from '../http/request.js';
import { type MesosAddress, parseMesosAddress, shownMesosAddress } from './address.js';

/** ms that one master may take to say who leads. */
const redirectMs = 3_000;

/** The leading master of one cluster. */
export interface Leader {
  /** `http://host:port` of who led last; of any master before it was found. */
  readonly url: string;
  /** Who leads; looked for unless it is known. Throws `unreachable` where nobody does. */
  find(): Promise<string>;
  /** Whoever led does not any more, or can't be reached: the next `find` looks again. */
  forget(): void;
  /** A master said who leads: the value of its `Location`. */
  redirected(location: string): void;
}

/** Makes one for a cluster named by `mesosUrl` (`address.ts`). Throws `invalid`. */
export function leaderOf(mesosUrl: string): Leader {
  const address = parseMesosAddress(mesosUrl);
  // There is nobody else whom one master could be mistaken for.
  const only =
    address.kind === 'masters' && address.urls.length === 1 ? address.urls[0] : undefined;
  let known = only;
  let last = only ?? (address.kind === 'masters' ? (address.urls[0] ?? '') : '');
  let looking: Promise<string> | undefined;
  const look = async (): Promise<string> => {
    known = await findLeader(mesosUrl);
    last = known;
    return known;
  };
  return {
    get url() {
      return last;
    },
    find: () => {
      if (known !== undefined) return Promise.resolve(known);
      looking ??= look().finally(() => {
        looking = undefined;
      });
      return looking;
    },
    forget: () => {
      known = only;
      last = only ?? last;
    },
    redirected: (location) => {
      known = originOf(location, last);
      last = known;
    },
  };
}

/**
 * `http://host:port` of the leading master now. Throws `unreachable` where no master answers or
 * none leads.
 */
export async function findLeader(mesosUrl: string): Promise<string> {
  const address = parseMesosAddress(mesosUrl);
  if (address.kind === 'zookeeper') {
    // Loaded where it is used: most clusters need none of it.
    const { leaderInZooKeeper } = await import('./zookeeper.js');
    return leaderInZooKeeper(address);
  }
  const [first = '', ...others] = address.urls;
  return others.length === 0 ? first : leaderAmong(address, mesosUrl);
}

async function leaderAmong(
  { urls }: Extract<MesosAddress, { kind: 'masters' }>,
  mesosUrl: string,
): Promise<string> {
  const reasons: string[] = [];
  for (const url of urls) {
    try {
      const answer = await callHttp({
        method: 'GET',
        url: `${url}/master/redirect`,
        timeoutMs: redirectMs,
      });
      const { location } = answer.headers;
      if (location !== undefined) return originOf(location, url);
      reasons.push(`${url} knows no leader (${answer.status})`);
    } catch (error) {
      reasons.push(messageOf(error));
    }
  }
  const shown = shownMesosAddress(mesosUrl);
  throw new DcosError('unreachable', `no master of ${shown} leads: ${reasons.join('; ')}`, {
    hint: 'Are the masters running, and are these their addresses?',
  });
}

/** A master's redirect has no scheme: it is that of the master that was asked. */
function originOf(location: string, asked: string): string {
  try {
    return new URL(location, asked).origin;
  } catch (error) {
    throw new DcosError('unreachable', `${asked} redirects to nowhere: ${location}`, {
      cause: error,
    });
  }
}

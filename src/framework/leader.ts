/**
 * Opens a subscription's stream at whichever master leads (apache/mesos docs/scheduler-http-api.md,
 * "Master detection").
 */
import type { IncomingMessage } from 'node:http';
import { DcosError } from '../core/errors.js';
import { streamHttp } from '../core/http/request.js';
import { shownMesosAddress } from '../core/leader/address.js';
import { findLeader } from '../core/leader/leader.js';

/** A SUBSCRIBE call that is ready to be sent. */
interface Ask {
  /** A cluster as `core/leader/address.ts` names it; a master need not lead. */
  readonly mesosUrl: string;
  readonly headers: Record<string, string>;
  readonly body: string;
  readonly signal: AbortSignal;
}

/** The answer of the leader: the stream, and where further calls go. */
interface LeaderStream {
  readonly url: string;
  readonly response: IncomingMessage;
}

const apiPath = '/api/v1/scheduler';
const maxRedirects = 5;

/** Throws `unreachable` where no master answers, `auth` or `failed` where it refuses. */
export async function openAtLeader({
  mesosUrl,
  headers,
  body,
  signal,
}: Ask): Promise<LeaderStream> {
  let url = new URL(apiPath, await findLeader(mesosUrl)).href;
  for (let redirects = 0; redirects <= maxRedirects; redirects += 1) {
    const response = await streamHttp({ method: 'POST', url, headers, body, signal });
    const status = response.statusCode ?? 0;
    const location = response.headers.location;
    if ((status === 307 || status === 302) && location !== undefined) {
      response.destroy();
      // The leader is another master of the same cluster: it gets the same credentials.
      url = new URL(apiPath, new URL(location, url)).href;
      continue;
    }
    if (status !== 200) throw await refusal(url, response);
    return { url, response };
  }
  throw new DcosError('unreachable', `${shownMesosAddress(mesosUrl)} redirects in a circle`);
}

async function refusal(url: string, response: IncomingMessage): Promise<DcosError> {
  let text = '';
  response.setEncoding('utf8');
  try {
    for await (const chunk of response) {
      text += chunk;
      if (text.length > 1_000) break;
    }
  } catch {
    // The status alone has to do.
  }
  const status = response.statusCode ?? 0;
  const code = status === 401 || status === 403 ? 'auth' : 'failed';
  const what = `${new URL(url).origin} refused the subscription with ${status}`;
  return new DcosError(code, `${what}: ${text.slice(0, 300)}`, { status });
}

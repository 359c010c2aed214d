/** Looks at an Apache Mesos directly, before a control plane is attached to it. */
import { DcosError } from '../core/errors.js';
import { findLeader } from '../core/leader/leader.js';
import { asObject } from './answers.js';
import { Http } from './http.js';

/** How long a master may take to say what it is, in ms. */
const timeoutMs = 3000;

/**
 * The version of the master that leads at `mesosUrl` (`core/leader/address.ts`). Throws
 * `unreachable` where nothing answers in 3 s, `invalid` where what answers is no Mesos master,
 * `auth` where it asks for a login.
 */
export async function mesosMasterVersion(mesosUrl: string): Promise<string> {
  const url = await findLeader(mesosUrl);
  const http = new Http({ url, timeoutMs });
  const ask = (path: string) =>
    http.answer({ method: 'GET', path, isOpen: true }).catch((error: unknown) => {
      throw explained(error, url);
    });
  const { status, data } = await ask('/version');
  if (status === 401 || status === 403) {
    throw new DcosError('auth', `the Mesos at ${url} asks for a login`, {
      hint: 'dcos can be attached only to a Mesos without HTTP authentication.',
      status,
    });
  }
  const { version } = asObject(data);
  if (status !== 200 || typeof version !== 'string') {
    throw notAMaster(url, `what answers there is no Mesos (${status} to GET /version)`);
  }
  // An agent has a version too, but does not know where the leading master is.
  const redirect = await ask('/master/redirect');
  if (redirect.status === 404) throw notAMaster(url, 'what answers there is a Mesos agent');
  return version;
}

function notAMaster(url: string, reason: string): DcosError {
  return new DcosError('invalid', `${url} is not a Mesos master: ${reason}`, {
    hint: 'Give the address of a master, for instance http://host:5050',
  });
}

// The usual hint speaks of a cluster of ours.
function explained(error: unknown, url: string): unknown {
  if (!(error instanceof DcosError)) return error;
  if (error.code !== 'unreachable' && error.code !== 'timeout') return error;
  const reason = error.message.split(': ').at(-1) ?? '';
  const why = error.code === 'timeout' ? `no answer within ${timeoutMs / 1000} s` : reason;
  return new DcosError('unreachable', `no Mesos master answers at ${url}: ${why}`, {
    hint: 'Is it running, and is that its address? Masters listen on port 5050.',
    cause: error,
  });
}

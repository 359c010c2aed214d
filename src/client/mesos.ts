/** Looks at an Apache Mesos directly, before a control plane is attached to it. */
import { basicAuthorization, type Credential } from '../core/credentials.js';
import { DcosError } from '../core/errors.js';
import { trustAuthority, trusted } from '../core/http/trust.js';
import { findLeader } from '../core/leader/leader.js';
import { asObject } from './answers.js';
import { Http } from './http.js';

/** What it takes to speak to the masters. */
export interface MesosAccess {
  readonly login?: Credential | undefined;
  /** PEM of the authority that signs for them, beside the known ones. */
  readonly authority?: string | undefined;
}

/** How long a master may take to say what it is, in ms. */
const timeoutMs = 3000;

/**
 * The version of the master that leads at `mesosUrl` (`core/leader/address.ts`). Throws
 * `unreachable` where nothing answers in 3 s, `invalid` where what answers is no Mesos master,
 * `auth` where it asks for a login.
 */
export async function mesosMasterVersion(mesosUrl: string, how: MesosAccess = {}): Promise<string> {
  const { authority } = how;
  if (authority !== undefined) trustAuthority(authority);
  const url = await findLeader(mesosUrl);
  const tls = authority === undefined ? {} : { tls: { ca: trusted()?.join('\n') } };
  const http = new Http({ url, timeoutMs, ...tls });
  const ask = (path: string) =>
    http.answer({ method: 'GET', path, isOpen: true }).catch((error: unknown) => {
      throw explained(error, url);
    });
  const { status, data } = await ask('/version');
  if (status === 401 || status === 403) throw wantsLogin(url, how, status);
  const { version } = asObject(data);
  if (status !== 200 || typeof version !== 'string') {
    throw notAMaster(url, `what answers there is no Mesos (${status} to GET /version)`);
  }
  // An agent has a version too, but does not know where the leading master is.
  const redirect = await ask('/master/redirect');
  if (redirect.status === 404) throw notAMaster(url, 'what answers there is a Mesos agent');
  await checkLogin(http, url, how);
  return version;
}

/** Frameworks and operators are asked for a login where `/version` is open. */
async function checkLogin(http: Http, url: string, how: MesosAccess): Promise<void> {
  const { login } = how;
  const { status } = await http.answer({
    method: 'POST',
    path: '/api/v1',
    body: { type: 'GET_VERSION' },
    isOpen: true,
    headers:
      login === undefined
        ? {}
        : { authorization: basicAuthorization(login.principal, login.secret) },
  });
  if (status === 401 || status === 403) throw wantsLogin(url, how, status);
}

function wantsLogin(url: string, { login }: MesosAccess, status: number): DcosError {
  if (login === undefined) {
    return new DcosError('auth', `the Mesos at ${url} asks for a login`, {
      hint: 'Give it with --principal and --secret-file.',
      status,
    });
  }
  const text = `the Mesos at ${url} does not take the principal ${login.principal} and its secret`;
  return new DcosError('auth', text, {
    hint: 'Both must stand in the credentials that its masters were started with.',
    status,
  });
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

/** Logging in: where user and password come from, and which of the cluster's ways is taken. */
import { statSync } from 'node:fs';
import { asObject } from '../client/answers.js';
import { authProviders, login } from '../client/auth.js';
import type { Http } from '../client/http.js';
import { DcosError } from '../core/errors.js';
import type { Flag, Given } from './command.js';
import type { Context } from './context.js';
import { readIfThere } from './local/files.js';
import { didYouMean } from './suggest.js';

/** The flags of everything that logs in. */
export const loginFlags: readonly Flag[] = [
  { flags: '--provider <id>', text: 'which way to log in: see dcos auth list-providers' },
  { flags: '--username <name>', text: 'who logs in (or DCOS_USERNAME)' },
  {
    flags: '--password <password>',
    text: 'the password; seen by others in the list of processes, better:',
  },
  {
    flags: '--password-file <file>',
    text: 'a file (mode 0600) with the password (or DCOS_PASSWORD)',
  },
];

const passwordTypes = ['dcos-uid-password', 'dcos-uid-password-ldap'];

/**
 * Logs in to a cluster; `undefined` where it asks for no login. Throws `auth`, `usage` where
 * something is missing that can't be asked for without a terminal.
 */
export async function obtainToken(
  context: Context,
  given: Given,
  http: Http,
): Promise<string | undefined> {
  if (!(await needsLogin(http))) return undefined;
  const path = await loginPath(given, http);
  const { env, io } = context;
  const uid =
    given.text('username') ??
    env.DCOS_USERNAME ??
    (await io.ask('User name:', '--username <name>'));
  const password =
    passwordOf(given, env) ??
    (await io.ask('Password:', '--password-file <file>', { isSecret: true }));
  return login(http, uid, password, path);
}

async function needsLogin(http: Http): Promise<boolean> {
  const path = '/pkgpanda/active.buildinfo.full.json';
  const { status } = await http.answer({ method: 'HEAD', path, isOpen: true });
  return status !== 200;
}

async function loginPath(given: Given, http: Http): Promise<string> {
  const providers = await authProviders(http);
  const wanted = given.text('provider');
  if (wanted !== undefined && !Object.hasOwn(providers, wanted)) {
    throw new DcosError('not-found', `the cluster has no login provider '${wanted}'`, {
      hint:
        didYouMean(wanted, Object.keys(providers)) ??
        `There are: ${Object.keys(providers).join(', ')}`,
    });
  }
  const usable = Object.entries(providers)
    .filter(([id]) => wanted === undefined || id === wanted)
    .map(([, provider]) => asObject(provider))
    .find((provider) => passwordTypes.includes(String(provider['authentication-type'])));
  if (usable === undefined && Object.keys(providers).length > 0) {
    throw new DcosError('auth', 'the cluster takes no login by user and password', {
      hint: [
        `It offers: ${Object.keys(providers).join(', ')}.`,
        'A token can be given in DCOS_CLUSTER_SETUP_ACS_TOKEN.',
      ].join('\n'),
    });
  }
  const flow = asObject(usable?.config).start_flow_url;
  return typeof flow === 'string' && flow.startsWith('/') && !flow.startsWith('//')
    ? flow
    : '/acs/api/v1/auth/login';
}

function passwordOf(given: Given, env: NodeJS.ProcessEnv): string | undefined {
  const direct = given.text('password');
  if (direct !== undefined) return direct;
  const file = given.text('passwordFile');
  if (file === undefined) return env.DCOS_PASSWORD;
  const text = readIfThere(file);
  if (text === undefined)
    throw new DcosError('invalid', `cannot read the password file ${file}: no such file`);
  if (process.platform !== 'win32' && (statSync(file).mode & 0o077) !== 0) {
    throw new DcosError('refused', `others may read the password file ${file}`, {
      hint: `chmod 600 ${file}`,
    });
  }
  return text.trim();
}

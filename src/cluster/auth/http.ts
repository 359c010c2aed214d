/** `/acs/api/v1/auth/…` as DC/OS serves it (reference: dcos-cli.md, "Login"). */
import { z } from 'zod';
import { DcosError } from '../../core/errors.js';
import type { Answer, Route } from '../../core/http/server.js';
import type { Auth } from './auth.js';

const loginSchema = z.looseObject({
  uid: z.string().min(1).max(256),
  password: z.string().max(1024),
});
const base = '/acs/api/v1/auth';

/** How to log in, by provider id. */
const providers = {
  'dcos-users': {
    'authentication-type': 'dcos-uid-password',
    'client-method': 'dcos-usercredential-post-receive-authtoken',
    config: { start_flow_url: `${base}/login` },
    description: 'User and password of this cluster',
  },
};

/** The routes of `auth`. */
export function authRoutes(auth: Auth): Route[] {
  return [
    {
      method: 'GET',
      path: `${base}/providers`,
      access: 'open',
      handle: () => ({ status: 200, json: providers }),
    },
    {
      method: 'POST',
      path: `${base}/login`,
      access: 'open',
      handle: async (request) => {
        const body = loginSchema.safeParse(await request.json(16 * 1024));
        if (!body.success) {
          return failure(400, 'ERR_INVALID_DATA', 'the body must be {"uid": …, "password": …}');
        }
        try {
          return {
            status: 200,
            json: { token: await auth.login(body.data.uid, body.data.password) },
          };
        } catch (error) {
          return loginFailure(error);
        }
      },
    },
    {
      method: 'POST',
      path: `${base}/logout`,
      access: 'token',
      handle: async ({ caller }) => {
        if (caller !== undefined) await auth.logout(caller);
        return { status: 204 };
      },
    },
  ];
}

function loginFailure(error: unknown): Answer {
  if (!(error instanceof DcosError)) throw error;
  if (error.status === 429) {
    const { retryAfterS = 1 } = (error.data ?? {}) as { retryAfterS?: number };
    const answer = failure(429, 'ERR_TOO_MANY_FAILURES', error.message);
    return { ...answer, headers: { ...answer.headers, 'retry-after': String(retryAfterS) } };
  }
  if (error.code !== 'auth') throw error;
  return failure(401, 'ERR_INVALID_CREDENTIALS', error.message);
}

function failure(status: number, code: string, description: string): Answer {
  return {
    status,
    json: { title: status === 401 ? 'Unauthorized' : 'Login failed', description, code },
  };
}

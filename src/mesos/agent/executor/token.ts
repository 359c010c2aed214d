/**
 * The token of an executor: a JWT with HS256 that names framework, executor and container, as
 * Mesos' own (apache/mesos docs/authentication.md, "Executor"; claims `fid`, `eid`, `cid`). It is
 * good for one container and as long as that lives.
 */
import { createHmac } from 'node:crypto';
import { equalSecrets } from '../../../core/credentials.js';
import { tryParseJson } from '../../../core/json.js';
import type { ExecutorRun } from '../state.js';

const header = Buffer.from(JSON.stringify({ alg: 'HS256', typ: 'JWT' })).toString('base64url');

/** The token of `run`, signed with the agent's `key`. */
export function executorToken(key: string, run: ExecutorRun): string {
  const claims = {
    fid: run.frameworkId,
    eid: run.executor.executor_id.value,
    cid: run.containerId,
  };
  const body = `${header}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}`;
  return `${body}.${signatureOf(key, body)}`;
}

/** The container that `token` was made for; `undefined` if it was not made with this key. */
export function containerOfToken(key: string, token: string): string | undefined {
  const [head, payload = '', signature = '', ...more] = token.split('.');
  if (head !== header || more.length > 0) return undefined;
  if (!equalSecrets(signature, signatureOf(key, `${head}.${payload}`))) return undefined;
  const claims = tryParseJson(Buffer.from(payload, 'base64url').toString('utf8'));
  const { cid } = (claims ?? {}) as { cid?: unknown };
  return typeof cid === 'string' ? cid : undefined;
}

function signatureOf(key: string, text: string): string {
  return createHmac('sha256', key).update(text).digest('base64url');
}

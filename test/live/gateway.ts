/** The gateway of a local cluster, asked without the command line. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { secretOf } from '../../src/core/credentials.js';
import { callHttp, callJson } from '../../src/core/http/request.js';
import { until } from '../helpers/wait.js';
import { localCluster } from './engine.js';
import type { Live } from './live.js';

/** A path under `$DCOS_DIR/local`. */
export const localPath = (live: Live, ...names: string[]): string =>
  join(live.dcosDir, 'local', ...names);

/** Where the gateway listens. */
export function gatewayUrl(live: Live): string {
  return `http://127.0.0.1:${localCluster(live).control.port}`;
}

/** The key from which all secrets of the cluster follow. */
export function clusterKey(live: Live): string {
  return readFileSync(localPath(live, 'keys', 'cluster.key'), 'utf8').trim();
}

/** A token of the user who started the cluster, or of a service account. */
export async function login(live: Live, uid?: string): Promise<string> {
  const own = JSON.parse(readFileSync(localPath(live, 'credential'), 'utf8')) as object;
  const json = uid === undefined ? own : { uid, password: secretOf(clusterKey(live), uid) };
  const url = `${gatewayUrl(live)}/acs/api/v1/auth/login`;
  const answer = await callJson({ method: 'POST', url, json });
  assert.equal(answer.status, 200, JSON.stringify(answer.json));
  return (answer.json as { token: string }).token;
}

/** `GET path`, as the user who started the cluster; the answer must be 200. */
export async function ask<Result>(live: Live, path: string): Promise<Result> {
  const headers = { authorization: `token=${await login(live)}` };
  const { status, json } = await callJson({ method: 'GET', url: gatewayUrl(live) + path, headers });
  assert.equal(status, 200, JSON.stringify(json));
  return json as Result;
}

/** An update of an installed service: other options, another version, or both. */
export interface ServiceUpdate {
  readonly packageVersion?: string;
  readonly options?: object;
}

/** Asks for it, as the user who started the cluster; the answer with its status. */
export async function requestUpdate(
  live: Live,
  name: string,
  update: ServiceUpdate,
): Promise<{ status: number; operation: string; text: string }> {
  const type = (kind: string): string =>
    `application/vnd.dcos.service.update-${kind}+json;charset=utf-8;version=v1`;
  const answer = await callHttp({
    method: 'POST',
    url: `${gatewayUrl(live)}/cosmos/service/update`,
    headers: {
      authorization: `token=${await login(live)}`,
      'content-type': type('request'),
      accept: type('response'),
    },
    body: JSON.stringify({ appId: `/${name}`, replace: false, ...update }),
    timeoutMs: 60_000,
  });
  const operation = answer.headers['dcos-operation-id'];
  return { status: answer.status, operation: String(operation), text: answer.body.toString() };
}

/** The same to its end, which must be good. */
export async function updateService(
  live: Live,
  name: string,
  update: ServiceUpdate,
  timeoutMs: number,
): Promise<void> {
  const { status, operation, text } = await requestUpdate(live, name, update);
  assert.equal(status, 200, text);
  const look = (): Promise<{ status: string }> => ask(live, `/operations/${operation}`);
  const found = await until(
    async () => {
      const now = await look();
      return now.status !== 'running' && now;
    },
    { what: `the update of ${name}`, timeoutMs, everyMs: 500 },
  );
  assert.equal(found.status, 'complete', JSON.stringify(found));
}

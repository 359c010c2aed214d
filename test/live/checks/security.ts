/** No door without a login, no secret where it can be read. */
import assert from 'node:assert/strict';
import { createPrivateKey, sign } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { secretOf } from '../../../src/core/credentials.js';
import { callHttp, callJson } from '../../../src/core/http/request.js';
import { allProcs, belongsTo } from '../../helpers/procfs.js';
import { embedded, localCluster } from '../engine.js';
import { clusterKey, gatewayUrl, localPath, login } from '../gateway.js';
import type { Live, LiveCheck } from '../live.js';

/** Paths of the gateway that ask for a token. */
const guarded: readonly (readonly [method: string, path: string])[] = [
  ['POST', '/package/list'],
  ['POST', '/package/install'],
  ['POST', '/package/search'],
  ['POST', '/package/describe'],
  ['POST', '/package/uninstall'],
  ['POST', '/package/repository/list'],
  ['GET', '/capabilities'],
  ['POST', '/cosmos/service/describe'],
  ['GET', '/service/marathon/v2/apps'],
  ['POST', '/service/marathon/v2/apps'],
  ['GET', '/service/marathon/v2/info'],
  ['GET', '/service/marathon/ping'],
  ['GET', '/service/marathon/v2/events'],
  ['GET', '/marathon/v2/apps'],
  ['GET', '/service/hello-world/v1/plans'],
  ['GET', '/service/no-such-service/'],
  ['GET', '/mesos/master/state'],
  ['GET', '/mesos/state'],
  ['POST', '/mesos/api/v1'],
  ['POST', '/mesos/api/v1/scheduler'],
  ['GET', '/agent/x/files/debug'],
  ['GET', '/slave/x/slave(1)/state'],
  ['GET', '/system/v1/logs/v2/task/x/file/stdout'],
  ['GET', '/operations'],
  ['GET', '/operations/x'],
  ['POST', '/operations/preflight'],
  ['GET', '/failures'],
  ['GET', '/status'],
  ['POST', '/store/v1/hello-world/epoch'],
  ['GET', '/store/v1/hello-world/records'],
  ['DELETE', '/store/v1/hello-world'],
  ['HEAD', '/pkgpanda/active.buildinfo.full.json'],
];

/** Guards, modes, and a search for every secret wherever it could have leaked. */
export const security: LiveCheck = {
  name: 'security',
  seconds: 45,
  kind: 'core',
  run: async (live) => {
    const step = live.step.bind(live);
    await live.ok(['package', 'install', 'hello-world', '--yes']);
    await step('every door asks for a token that is good', () => doors(live));
    await step('master and agents ask for credentials', () => mesosDoors(live));
    await step('a service reads its own records only', () => namespaces(live));
    await step('other names of this address are refused', () => rebinding(live));
    await step('artifacts open by their signature only', () => artifacts(live));
    await step('secrets are readable by their owner alone', async () => modes(live));
    await step('logged out is logged out', () => loggedOut(live));
    await step('no secret in logs, processes, state and answers', () => canaries(live));
  },
};

/** Whose token was given back comes in by nothing but a login. */
async function loggedOut(live: Live): Promise<void> {
  const shown = await live.ok(['config', 'show', 'core.dcos_acs_token']);
  const token = shown.stdout.trim();
  await live.ok(['auth', 'logout']);
  const refused = await live.dcos(['task', 'list']);
  assert.equal(refused.status, 3, refused.stderr);
  assert.match(refused.stderr, /dcos auth login/);
  const answer = await callJson({
    method: 'GET',
    url: `${gatewayUrl(live)}/status`,
    headers: { authorization: `token=${token}` },
  });
  assert.equal(answer.status, 401, 'the token that was given back');
  await live.ok(['auth', 'login']);
  await live.ok(['task', 'list']);
}

/** A token of this cluster that ended a minute ago. */
function expiredToken(live: Live): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const end = Math.floor(Date.now() / 1000) - 60;
  const claims = { uid: 'admin', exp: end, iat: end - 9 };
  const text = `${part({ alg: 'EdDSA', typ: 'JWT' })}.${part(claims)}`;
  const key = createPrivateKey(readFileSync(localPath(live, 'keys', 'token-private.pem')));
  return `${text}.${sign(null, Buffer.from(text), key).toString('base64url')}`;
}

async function doors(live: Live): Promise<void> {
  const good = await login(live);
  const bad: Record<string, string | undefined> = {
    none: undefined,
    empty: 'token=',
    garbage: 'token=abc.def.ghi',
    changed: `token=${good.slice(0, -4)}AAAA`,
    expired: `token=${expiredToken(live)}`,
    basic: `Basic ${Buffer.from('admin:admin').toString('base64')}`,
  };
  const wrong: string[] = [];
  for (const [method, path] of guarded) {
    for (const [name, authorization] of Object.entries(bad)) {
      const headers = authorization === undefined ? {} : { authorization };
      const { status } = await callHttp({ method, url: gatewayUrl(live) + path, headers });
      if (status !== 401) wrong.push(`${method} ${path} with ${name} token: ${status}`);
    }
  }
  assert.deepEqual(wrong, []);
  for (const authorization of [`token=${good}`, `Bearer ${good}`]) {
    const url = `${gatewayUrl(live)}/status`;
    assert.equal((await callHttp({ method: 'GET', url, headers: { authorization } })).status, 200);
  }
  for (const path of ['/ping', '/metadata', '/acs/api/v1/auth/providers']) {
    assert.equal(
      (await callHttp({ method: 'GET', url: gatewayUrl(live) + path })).status,
      200,
      path,
    );
  }
  const url = `${gatewayUrl(live)}/acs/api/v1/auth/login`;
  const json = { uid: 'admin', password: 'wrong' };
  assert.equal((await callJson({ method: 'POST', url, json })).status, 401);
}

async function mesosDoors(live: Live): Promise<void> {
  const { master, agents } = localCluster(live);
  const places = [...(master === undefined ? [] : [master]), ...agents];
  const wrong: string[] = [];
  for (const { host, port } of places) {
    for (const path of ['/state', '/master/state', '/slave(1)/state', '/files/debug', '/api/v1']) {
      for (const headers of [{}, { authorization: 'Basic Y29udHJvbDp4' }]) {
        const method = path === '/api/v1' ? 'POST' : 'GET';
        const { status } = await callHttp({
          method,
          url: `http://${host}:${port}${path}`,
          headers,
        });
        if (status !== 401 && status !== 404) wrong.push(`${host}:${port}${path}: ${status}`);
      }
    }
  }
  assert.deepEqual(wrong, []);
}

async function namespaces(live: Live): Promise<void> {
  const headers = { authorization: `token=${await login(live, 'hello-world')}` };
  const read = async (name: string): Promise<number> => {
    const url = `${gatewayUrl(live)}/store/v1/${name}/records?prefix=`;
    return (await callHttp({ method: 'GET', url, headers })).status;
  };
  assert.equal(await read('hello-world'), 200);
  for (const other of ['services', 'control', 'operations', 'kafka', '..%2Fservices']) {
    const status = await read(other);
    assert.ok(status >= 400 && status < 500, `${other}: ${status}`);
  }
}

async function rebinding(live: Live): Promise<void> {
  const authorization = `token=${await login(live)}`;
  for (const headers of [{ host: 'evil.example' }, { origin: 'http://evil.example' }]) {
    const url = `${gatewayUrl(live)}/status`;
    const answer = await callHttp({ method: 'GET', url, headers: { authorization, ...headers } });
    assert.equal(answer.status, 403, JSON.stringify(headers));
  }
}

async function artifacts(live: Live): Promise<void> {
  const url = `${gatewayUrl(live)}/artifacts/${'0'.repeat(40)}/${'0'.repeat(64)}/x.tgz`;
  const { status } = await callHttp({ method: 'GET', url });
  assert.ok(status >= 400 && status < 500, String(status));
  const traversal = `${gatewayUrl(live)}/artifacts/x/..%2F..%2Fkeys/cluster.key`;
  assert.ok((await callHttp({ method: 'GET', url: traversal })).status >= 400);
}

function modes(live: Live): void {
  const files = [
    localPath(live, 'credential'),
    ...readdirSync(localPath(live, 'keys'))
      .filter((name) => name !== 'token-public.pem')
      .map((name) => localPath(live, 'keys', name)),
    ...tomls(live),
  ];
  assert.ok(files.length >= 3, String(files));
  for (const file of files) {
    assert.equal((statSync(file).mode & 0o777).toString(8), '600', file);
  }
}

function tomls(live: Live): string[] {
  const all = readdirSync(live.dcosDir, { recursive: true, encoding: 'utf8' });
  return all
    .filter((name) => /(?:^|\/)dcos\.toml$/.test(name))
    .map((name) => join(live.dcosDir, name));
}

async function canaries(live: Live): Promise<void> {
  const key = clusterKey(live);
  const credential = readFileSync(localPath(live, 'credential'), 'utf8');
  const token = await login(live);
  const secrets: Record<string, string> = {
    'cluster key': key,
    password: (JSON.parse(credential) as { password: string }).password,
    'secret of the service': secretOf(key, 'hello-world'),
    'secret of services': secretOf(key, 'services'),
    'secret of control': secretOf(key, 'control'),
    token,
    'private key':
      readFileSync(localPath(live, 'keys', 'token-private.pem'), 'utf8').split('\n')[1] ?? '',
  };
  for (const path of tomls(live)) {
    const saved = /dcos_acs_token\s*=\s*"([^"]+)"/.exec(readFileSync(path, 'utf8'))?.[1];
    if (saved !== undefined) secrets['saved token'] = saved;
  }
  const found: string[] = [];
  for (const [place, text] of [...logs(live), ...commands(live), ...(await answers(live, token))]) {
    for (const [name, secret] of Object.entries(secrets)) {
      if (secret.length >= 8 && text.includes(secret)) found.push(`${place} shows the ${name}`);
    }
  }
  assert.deepEqual(found, []);
}

function logs(live: Live): [string, string][] {
  const all = readdirSync(localPath(live), { recursive: true, encoding: 'utf8' });
  return all
    .filter((name) => /(?:^|\/)(?:log(?:\.1)?|stdout|stderr)$/.test(name))
    .filter((name) => statSync(localPath(live, name)).isFile())
    .map((name) => [name, readFileSync(localPath(live, name), 'utf8')]);
}

function commands(live: Live): [string, string][] {
  return allProcs()
    .filter((proc) => belongsTo(proc, live.dir))
    .map(({ pid, command }) => [`process ${pid}`, command]);
}

async function answers(live: Live, token: string): Promise<[string, string][]> {
  const headers = { authorization: `token=${token}` };
  const gets = [
    '/service/marathon/v2/apps?embed=apps.tasks',
    '/service/marathon/v2/apps//hello-world',
    '/service/marathon/v2/deployments',
    '/service/hello-world/v1/plans/deploy',
    '/mesos/master/state',
    '/mesos/master/tasks',
    '/operations',
    '/failures?all=true',
    '/status',
  ];
  const found: [string, string][] = [['the master', JSON.stringify(await embedded(live).state())]];
  for (const path of gets) {
    const { body } = await callHttp({ method: 'GET', url: gatewayUrl(live) + path, headers });
    found.push([path, body.toString('utf8')]);
  }
  for (const type of ['GET_STATE', 'GET_TASKS', 'GET_FRAMEWORKS', 'GET_FLAGS']) {
    const url = `${gatewayUrl(live)}/mesos/api/v1`;
    const { json } = await callJson({ method: 'POST', url, headers, json: { type } }).catch(
      (error: unknown) => ({ json: String(error) }),
    );
    found.push([type, JSON.stringify(json) ?? '']);
  }
  const lines = [
    ['config', 'show'],
    ['marathon', 'app', 'show', '/hello-world'],
    ['task', 'list', '--json'],
  ];
  for (const args of lines) {
    const ran = await live.dcos(args);
    found.push([`dcos ${args.join(' ')}`, ran.stdout + ran.stderr]);
  }
  return found;
}

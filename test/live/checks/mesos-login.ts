/** A real Apache Mesos that asks frameworks and operators for a login, behind TLS. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tlsFront } from '../../helpers/tls-front.js';
import { until } from '../../helpers/wait.js';
import type { Live, LiveCheck } from '../live.js';
import { mesosInstall, mesosObstacle, mesosScripts } from '../mesos-install.js';
import { holdings, type MasterState, readState, runningTasks } from '../state.js';

/** Attached by principal, secret and authority; all that it runs logs in as that principal. */
export const mesosLogin: LiveCheck = {
  name: 'Apache Mesos with a login and TLS',
  seconds: 90,
  kind: 'rotating',
  obstacle: mesosObstacle,
  run: async (live) => {
    const master = await startMesos(live);
    const front = await tlsFront(`http://${master}`);
    live.onTidy(() => front.close());
    const ca = file(live, 'ca.pem', front.authority);
    const state = () => readState(`http://${master}`);
    const up = ['up', '--mesos', front.url, '--advertise', '127.0.0.1'];
    await live.step('refused without authority, login or the right secret', () =>
      refusals(live, up, ca),
    );
    const secret = file(live, 'secret', 'sesame\n');
    const login = ['--principal', 'dcos', '--secret-file', secret, '--ca', ca];
    await live.step('up', () => live.ok([...up, ...login]));
    await live.step('hello-world, whose scheduler logs in as well', () => installed(live, state));
    await live.step('it starts again as it is', async () => {
      await live.ok(['down']);
      await live.ok(['up']);
      await until(async () => (await active(state)).includes('services'), {
        what: 'the framework services again',
      });
    });
    await live.step('uninstalled, and nothing held', async () => {
      const more = ['--delete-volumes', '--yes'];
      await live.ok(['package', 'uninstall', 'hello-world', ...more]);
      await live.ok(['down', '--purge', '--yes']);
      await until(async () => holdings(await state(), []).length === 0, {
        what: 'a Mesos that holds nothing',
      });
    });
  },
};

function file(live: Live, name: string, text: string): string {
  const path = join(live.dir, name);
  writeFileSync(path, text, { mode: 0o600 });
  return path;
}

/** `host:port` of its master. */
async function startMesos(live: Live): Promise<string> {
  const work = join(live.dir, 'mesos');
  const credentials = { credentials: [{ principal: 'dcos', secret: 'sesame' }] };
  const env = {
    MASTER_AUTHENTICATE_HTTP_FRAMEWORKS: 'true',
    MASTER_HTTP_FRAMEWORK_AUTHENTICATORS: 'basic',
    MASTER_AUTHENTICATE_HTTP_READWRITE: 'true',
    MASTER_CREDENTIALS: file(live, 'credentials.json', JSON.stringify(credentials)),
  };
  const script = (name: string, args: readonly string[]) =>
    live.exec(join(mesosScripts, 'mesos', name), args, { timeoutMs: 90_000, env });
  live.onTidy(async () => {
    await script('stop', [work]);
  });
  const ran = await script('start', [mesosInstall(), work, '3']);
  assert.equal(ran.status, 0, ran.stderr);
  return (JSON.parse(ran.stdout) as { master: string }).master;
}

async function refusals(live: Live, up: readonly string[], ca: string): Promise<void> {
  const wrong = file(live, 'wrong', 'simsim');
  const rows: [string[], number, RegExp][] = [
    [[], 6, /no Mesos master answers|certificate/],
    [['--ca', ca], 3, /asks for a login[\s\S]*--principal/],
    [['--ca', ca, '--principal', 'dcos', '--secret-file', wrong], 3, /does not take/],
    [['--ca', ca, '--principal', 'dcos'], 2, /--secret-file/],
    [['--ca', wrong], 2, /no certificate/],
  ];
  for (const [more, status, text] of rows) {
    const ran = await live.dcos([...up, ...more]);
    assert.equal(ran.status, status, `${more.join(' ')}: ${ran.stderr}`);
    assert.match(ran.stderr, text);
  }
}

async function installed(live: Live, state: () => Promise<MasterState>): Promise<void> {
  await live.ok(['package', 'install', 'hello-world', '--yes'], { timeoutMs: 240_000 });
  assert.ok(runningTasks(await state()).has('hello-0-server'));
  const { frameworks } = (await state()) as unknown as {
    frameworks: { name: string; principal?: string }[];
  };
  const ours = frameworks.filter(({ name }) => ['services', 'hello-world'].includes(name));
  assert.deepEqual(
    ours.map(({ principal }) => principal),
    ['dcos', 'dcos'],
  );
  const { stdout } = await live.ok(['task', 'log', 'hello-0-server']);
  assert.equal(stdout.includes('sesame'), false);
}

async function active(state: () => Promise<MasterState>): Promise<string[]> {
  return (await state()).frameworks.filter((one) => one.active).map(({ name }) => name);
}

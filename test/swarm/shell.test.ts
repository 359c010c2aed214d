/** Handlers of the Docker API over several engines: what is asked of which, what comes of it. */
import t from 'tap';
import { type Asked, addMade, startSwarmApi } from '../helpers/swarm-api.js';

const asks = (asked: readonly Asked[], method: string): string[] =>
  asked.filter((one) => one.method === method).map(({ url }) => url);

t.test('build › prune asks every engine, and sums', async (t) => {
  const api = await startSwarmApi(['node-0', 'node-1']);
  for (const engine of api.engines) {
    engine.answer = ({ url }) =>
      url === '/v1.41/build/prune?all=1'
        ? { status: 200, json: { CachesDeleted: [engine.name], SpaceReclaimed: 5 } }
        : undefined;
  }
  const { status, json } = await api.ask('POST', '/v1.41/build/prune?all=1');
  t.equal(status, 200);
  t.same(json, { CachesDeleted: ['node-0', 'node-1'], SpaceReclaimed: 10 });
  await api.close();
});

t.test('images › a name that was given anew leaves older images elsewhere', async (t) => {
  const api = await startSwarmApi(['node-0', 'node-1', 'node-2']);
  addMade(api.state, 'node-1', 'web', 'd'.repeat(64));
  const ids: Record<string, string> = { 'node-0': 'old', 'node-1': 'new', 'node-2': 'new' };
  for (const engine of api.engines) {
    engine.answer = ({ url, method }) => {
      if (url.startsWith('/commit?')) return { status: 201, json: { Id: 'new' } };
      if (method === 'DELETE') return { status: 200, json: [] };
      if (url === '/images/web%3A1/json') return { status: 200, json: { Id: ids[engine.name] } };
      return undefined;
    };
  }
  const { status } = await api.ask('POST', '/commit?container=web&repo=web&tag=1');
  t.equal(status, 201);
  const removed = api.engines.map(({ asked }) => asks(asked, 'DELETE'));
  t.same(removed, [['/images/web%3A1?force=1&noprune=1'], [], []]);
  await api.close();
});

t.test('networks and volumes › our own label is not shown', async (t) => {
  const api = await startSwarmApi(['node-0']);
  const Labels = { 'dcos.swarm.cluster': 'cluster', team: 'a' };
  const network = { Name: 'back', Id: 'f'.repeat(64), Scope: 'local', Driver: 'bridge', Labels };
  const volume = { Name: 'data', Driver: 'local', Labels };
  const [engine] = api.engines;
  t.ok(engine);
  if (engine === undefined) return;
  engine.answer = ({ url }) => {
    if (url.startsWith('/networks/')) return { status: 200, json: network };
    if (url.startsWith('/networks')) return { status: 200, json: [network] };
    if (url.startsWith('/volumes/')) return { status: 200, json: volume };
    return { status: 200, json: { Volumes: [volume] } };
  };
  const labelsOf = async (path: string): Promise<unknown> => {
    const { json } = await api.ask('GET', path);
    const { Volumes } = json as { Volumes?: { Labels: unknown }[] };
    return (Array.isArray(json) ? json[0] : (Volumes?.[0] ?? json)).Labels;
  };
  for (const path of ['/networks', '/networks/back', '/volumes', '/volumes/data']) {
    t.same(await labelsOf(path), { team: 'a' }, path);
  }
  const nameFor = async (path: string, agent: string): Promise<unknown> => {
    const { json } = await api.ask('GET', path, { headers: { 'user-agent': agent } });
    const { Volumes } = json as { Volumes?: { Name: string }[] };
    return (Array.isArray(json) ? json[0] : Volumes?.[0])?.Name;
  };
  t.equal(await nameFor('/networks', 'Docker-Client/29.9.2 (linux)'), 'node-0/back');
  t.equal(await nameFor('/networks', 'compose/v2.40.3'), 'back');
  t.equal(await nameFor('/volumes', 'docker-compose/1.29.2'), 'node-0/data');
  t.equal(await nameFor('/volumes', 'compose/v2.40.3'), 'data');
  await api.close();
});

t.test('inspect › a port that the engine names twice is shown once', async (t) => {
  const api = await startSwarmApi(['node-0']);
  const id = 'd'.repeat(64);
  addMade(api.state, 'node-0', 'web', id);
  const [engine] = api.engines;
  if (engine !== undefined) {
    const bindings = ['0.0.0.0', '::'].map((HostIp) => ({ HostIp, HostPort: '8080' }));
    const Ports = { '80/tcp': bindings, '81/tcp': null };
    engine.answer = () => ({ status: 200, json: { Id: id, NetworkSettings: { Ports } } });
  }
  const { json } = await api.ask('GET', '/containers/web/json');
  const { Ports } = (json as { NetworkSettings: { Ports: unknown } }).NetworkSettings;
  t.same(Ports, { '80/tcp': [{ HostIp: '127.0.0.1', HostPort: '8080' }], '81/tcp': null });
  await api.close();
});

/** Answers of the Docker API: lists, filters, events, images, sizes. */
import t from 'tap';
import { nameManners } from '../../src/swarm/api/clients.js';
import { eventPasses, nodeEvent, parseFilters } from '../../src/swarm/api/events.js';
import { isImage, mergeImages } from '../../src/swarm/api/images.js';
import { bytesText, isTooNew } from '../../src/swarm/api/info.js';
import { type Entry, listContainers } from '../../src/swarm/api/list.js';
import type { ContainerSummary } from '../../src/wire/docker.js';

function anEntry(name: string, given: Partial<ContainerSummary> = {}, isUp = true): Entry {
  return {
    summary: {
      Id: name.padEnd(64, '0'),
      Names: [`/${name}`],
      Image: 'busybox',
      Created: 100,
      State: isUp ? 'running' : 'exited',
      Status: isUp ? 'Up 2 minutes (healthy)' : 'Exited (3) 1 second ago',
      Labels: {},
      Ports: [],
      ...given,
    },
    swarmId: `5${name}`.padEnd(64, '0'),
    nodeName: 'node-0',
    nodeAddress: '10.0.0.7',
    isNodeHealthy: true,
  };
}

t.test('ps › names of nodes, addresses, one row per port, Host Down', async (t) => {
  const ports = ['0.0.0.0', '::'].map((IP) => ({
    IP,
    PrivatePort: 80,
    PublicPort: 8080,
    Type: 'tcp',
  }));
  const [shown] = listContainers([anEntry('web', { Ports: ports })], {
    all: false,
    limit: 0,
    filters: {},
  });
  t.same(shown?.Names, ['/node-0/web']);
  t.same(shown?.Ports, [{ IP: '10.0.0.7', PrivatePort: 80, PublicPort: 8080, Type: 'tcp' }]);
  const [both] = listContainers([anEntry('web')], {
    all: false,
    limit: 0,
    filters: {},
    plainFirst: nameManners('Docker-Client/29.9.2 (linux)').plainContainers,
  });
  t.same(both?.Names, ['/web', '/node-0/web'], 'docker 29 shows no name with a slash');
  t.notOk(nameManners('Docker-Client/28.2.2 (linux)').plainContainers);
  t.notOk(nameManners(undefined).plainContainers);
  const away = { ...anEntry('db'), isNodeHealthy: false };
  t.same(listContainers([away], { all: false, limit: 0, filters: {} }), []);
  t.equal(listContainers([away], { all: true, limit: 0, filters: {} })[0]?.Status, 'Host Down');
});

t.test('ps › every filter', async (t) => {
  const entries = [
    anEntry('web', { Created: 300, Labels: { tier: 'front' }, ImageID: 'sha256:abc' }),
    anEntry('db', {
      Created: 200,
      Image: 'pg:9',
      Mounts: [{ Name: 'data', Destination: '/var' }],
      NetworkSettings: { Networks: { back: { NetworkID: 'f00' } } },
      Ports: [{ PrivatePort: 5432, PublicPort: 9000, Type: 'tcp' }],
    }),
    anEntry('old', { Created: 100 }, false),
  ];
  const names = (text: string, all = true) =>
    listContainers(entries, { all, limit: 0, filters: parseFilters(text) ?? {} }).map(({ Names }) =>
      Names?.[0]?.slice('/node-0/'.length),
    );
  t.same(names('{}'), ['web', 'db', 'old']);
  t.same(names('{}', false), ['web', 'db']);
  t.same(names('{"status":["exited"]}', false), ['old']);
  t.same(names('{"exited":{"3":true}}', false), ['old']);
  t.same(names('{"name":["^/web$"]}'), ['web']);
  t.same(names('{"name":["e"]}'), ['web']);
  t.same(names('{"label":["tier=front"]}'), ['web']);
  t.same(names('{"label":["tier","none"]}'), []);
  t.same(names('{"ancestor":["pg:9"]}'), ['db']);
  t.same(names('{"ancestor":["abc"]}'), ['web']);
  t.same(names('{"volume":["data"]}'), ['db']);
  t.same(names('{"volume":["/var","x"]}'), ['db']);
  t.same(names('{"network":["back"]}'), ['db']);
  t.same(names('{"publish":["9000"]}'), ['db']);
  t.same(names('{"expose":["5400-5500/tcp"]}'), ['db']);
  t.same(names('{"health":["healthy"]}'), ['web', 'db']);
  t.same(names('{"before":["db"]}'), ['old']);
  t.same(names('{"since":["node-0/old"]}'), ['web', 'db']);
  t.same(names('{"node":["node-1"]}'), []);
  t.throws(() => names('{"colour":["red"]}'), { code: 'invalid' });
  t.throws(() => names('{"before":["nobody"]}'), { code: 'not-found' });
  t.equal(parseFilters('[1]'), undefined);
  t.equal(parseFilters('{'), undefined);
});

t.test('events › carry their node and pass filters', async (t) => {
  const node = {
    agentId: 'agent-1',
    name: 'node-0',
    address: '10.0.0.7',
    task: undefined,
  } as unknown as Parameters<typeof nodeEvent>[1];
  const event = nodeEvent(
    {
      Type: 'container',
      Action: 'health_status: healthy',
      from: 'busybox',
      Actor: { ID: 'abc', Attributes: { name: 'web', image: 'busybox:1', tier: 'front' } },
    },
    node,
  );
  t.equal(event.from, 'busybox node:node-0');
  t.match(event.node, { Name: 'node-0', Id: 'agent-1', Ip: '10.0.0.7' });
  const passes = (text: string) => eventPasses(event, parseFilters(text) ?? {});
  t.ok(passes('{"type":["container"],"event":["health_status"]}'));
  t.ok(passes('{"container":["web"],"node":["node-0"]}'));
  t.ok(passes('{"image":["busybox"],"label":["tier=front"]}'));
  t.notOk(passes('{"container":["db"]}'));
  t.notOk(passes('{"label":["tier=front","none"]}'));
  t.notOk(passes('{"event":["die"]}'));
});

t.test('images › one list, tags without duplicates, newest first', async (t) => {
  const merged = mergeImages([
    [{ Id: 'sha256:a1', RepoTags: ['web:1'], Created: 1 }],
    [
      { Id: 'sha256:a1', RepoTags: ['web:1', 'web:2'], Created: 1 },
      { Id: 'sha256:b2', RepoTags: ['<none>:<none>'], Created: 9 },
    ],
  ]);
  t.same(
    merged.map(({ Id }) => Id),
    ['sha256:b2', 'sha256:a1'],
  );
  t.same(merged[1]?.RepoTags, ['web:1', 'web:2']);
  const image = { Id: `sha256:abc${'0'.repeat(61)}`, RepoTags: ['host:5000/web:latest'] };
  t.ok(isImage(image, 'host:5000/web'));
  t.ok(isImage(image, 'abc'));
  t.notOk(isImage(image, 'web'));
  t.equal(bytesText(0), '0 B');
  t.equal(bytesText(20 * 1024 ** 2), '20 MiB');
  t.equal(bytesText(1.5 * 1024 ** 3), '1.5 GiB');
  t.ok(isTooNew('1.52', '1.47'));
  t.notOk(isTooNew('1.9', '1.41'));
});

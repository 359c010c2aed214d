/**
 * What an uninstalled service leaves on an agent that is gone, through the shell of operations: a
 * real store and store door, and a master that only answers.
 */
import t from 'tap';
import { startOperations } from '../../src/cluster/operations/run.js';
import type { Operator } from '../../src/cluster/operator.js';
import { openStoreDoor } from '../../src/cluster/store-door.js';
import { silentLogger } from '../../src/core/logger.js';
import type { Packages } from '../../src/packages/packages.js';
import type { Resource } from '../../src/wire/mesos/common.js';
import type { OperatorAgent } from '../../src/wire/mesos/operator.js';
import { memoryStore } from '../helpers/service-world.js';
import { until } from '../helpers/wait.js';
import { release, scheduler } from './operations-world.js';

const reservations: Resource['reservations'] = [
  { type: 'DYNAMIC', role: 'kafka-role', principal: 'kafka' },
];
const cpus: Resource = { name: 'cpus', type: 'SCALAR', scalar: { value: 1 }, reservations };
const volume: Resource = {
  name: 'disk',
  type: 'SCALAR',
  scalar: { value: 64 },
  reservations,
  disk: {
    persistence: { id: 'v', principal: 'kafka' },
    volume: { mode: 'RW', container_path: 'data' },
  },
};

/** A master that does what it is told with the resources of its agents. */
class Master {
  readonly calls: string[] = [];
  agents: OperatorAgent[] = [];

  add(id: string, total_resources: Resource[]): OperatorAgent {
    const agent = { agent_info: { id: { value: id }, hostname: `host-${id}` }, total_resources };
    this.agents.push(agent);
    return agent;
  }

  operator(): Operator {
    const take = (call: string, agentId: string, resources: readonly Resource[]): void => {
      this.calls.push(`${call} ${agentId}`);
      const agent = this.agents.find(({ agent_info }) => agent_info.id?.value === agentId);
      if (agent === undefined) throw new Error(`no agent ${agentId}`);
      const gone = new Set(resources.map(({ name }) => name));
      agent.total_resources = agent.total_resources?.filter(({ name }) => !gone.has(name));
    };
    const refuse = (): never => {
      throw new Error('is not asked');
    };
    return {
      url: 'http://master',
      authorization: '',
      agents: async () => ({ agents: this.agents }),
      frameworks: async () => ({ frameworks: [] }),
      unreserve: async (agentId, resources) => take('unreserve', agentId, resources),
      destroyVolumes: async (agentId, volumes) => take('destroy', agentId, volumes),
      tasks: async () => refuse(),
      version: async () => refuse(),
      teardown: async () => refuse(),
      subscribe: async () => refuse(),
    };
  }
}

const lostRecord = {
  resourceId: 'r1',
  instance: 'broker-1',
  agentId: 'a3',
  hostname: 'host-a3',
  role: 'kafka-role',
};

t.test(
  'held › what only the service knew to be lost is kept, and freed when it is back',
  async (t) => {
    const records = new Map<string, unknown>([
      ['installed/kafka', installed()],
      ['data/kafka/lost/r1', lostRecord],
      ['data/kafka/lost/r2', { ...lostRecord, resourceId: 'r2' }],
    ]);
    const store = memoryStore(records);
    const master = new Master();
    master.add('a1', []);
    const door = openStoreDoor(store);
    const keptAtRemoval: boolean[] = [];
    const start = () =>
      startOperations({
        store,
        packages: {} as Packages,
        apps: {
          put: async () => {},
          get: async () => undefined,
          remove: async () => {},
          orderUninstall: async () => {},
          refusals: async () => [],
          plan: async () => ({ status: 'COMPLETE', errors: [], steps: [] }),
          endpoints: async () => [],
        },
        operator: master.operator(),
        cluster: { url: '', mesosUrl: '', publicKey: '' },
        // The incidents know nothing of it: the control plane was down when the agent went.
        lostAgents: () => [],
        serviceRecords: door.records,
        removeNamespace: async (account) => {
          keptAtRemoval.push(records.has('held/a3'));
          await door.remove(account);
        },
        log: silentLogger,
        onFatal: (error) => t.fail(String(error)),
      });
    const operations = await start();
    t.teardown(() => operations.stop());
    await operations.request((ids) => ({ type: 'UninstallRequested', appId: '/kafka', ...ids }));
    const ended = () =>
      [...operations.state.operations.values()].find(
        ({ operation }) => operation.status !== 'running',
      );
    const { operation } = await until(ended, { what: 'the uninstall' });
    t.match(operation, { status: 'complete', notes: /still hold resources of it: host-a3/ });
    t.same(keptAtRemoval, [true], 'kept before it is forgotten there');
    t.same(
      [...records.keys()].filter((key) => key.startsWith('data/')),
      [],
    );
    t.match(records.get('held/a3'), { agentId: 'a3', roles: ['kafka-role'] });
    operations.stop();

    const later = await start();
    t.teardown(() => later.stop());
    later.agentsObserved({ agents: master.agents });
    t.same(master.calls, [], 'other agents are left alone');
    const other: Resource = {
      ...cpus,
      name: 'mem',
      reservations: [{ type: 'DYNAMIC', role: 'x' }],
    };
    const back = master.add('a3', [volume, cpus, other]);
    await until(
      () => {
        later.agentsObserved({ agents: master.agents });
        return !records.has('held/a3');
      },
      { what: 'the record gone' },
    );
    t.same(master.calls, ['destroy a3', 'unreserve a3']);
    t.same(back.total_resources, [other], 'what is of other roles stays');
  },
);

function installed(): object {
  return {
    appId: '/kafka',
    release,
    userOptions: {},
    facts: scheduler,
    status: 'installed',
    operationId: 'op1',
  };
}

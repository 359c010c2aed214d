/** Random histories of a cluster, with the rules checked after every step. */
import fc from 'fast-check';
import t from 'tap';
import { type Random, seededRandom } from '../../../src/core/random.js';
import { candidates } from '../../../src/mesos/master/allocate.js';
import type { OperatorAction } from '../../../src/mesos/master/operator-calls.js';
import { dominantShare } from '../../../src/mesos/master/shares.js';
import type { RegisterMessage } from '../../../src/wire/agent-link.js';
import type { OfferOperation } from '../../../src/wire/mesos/scheduler.js';
import type { TaskInfo, TaskStatus } from '../../../src/wire/mesos/task.js';
import { conversionOf, convert } from '../../../src/wire/resources/convert.js';
import { contains, poolOf, resourcesOf, unallocated } from '../../../src/wire/resources/pool.js';
import { violations } from '../../helpers/master-rules.js';
import {
  type AgentEnd,
  aFramework,
  agentResources,
  aTask,
  launch,
  MasterWorld,
  offersTo,
  type Scheduler,
  scalar,
} from '../../helpers/master-world.js';

/** An agent as a simulated machine: it does what it is ordered, unless it is frozen. */
class SimulatedAgent {
  end: AgentEnd | undefined;
  id: string | undefined;
  frozen = false;
  resources = poolOf(agentResources);
  readonly tasks = new Map<string, { framework: string; info: TaskInfo; statuses: TaskStatus[] }>();
  readonly frameworks = new Map<string, RegisterMessage['frameworks'][number]>();
  launched = 0;
  applied = 0;
  /** How many orders it has taken in. */
  #read = 0;
  readonly host: string;

  constructor(host: string) {
    this.host = host;
  }

  register(world: MasterWorld): void {
    const message: Partial<RegisterMessage> = {
      resources: resourcesOf(this.resources),
      tasks: [...this.tasks.values()].map(({ framework, info, statuses }) => ({
        framework_id: { value: framework },
        task: info,
        executor_id: info.task_id,
        statuses,
      })),
      frameworks: [...this.frameworks.values()],
    };
    this.end = world.register(message, this.id, this.host);
    this.#read = 0;
    this.frozen = false;
  }

  /** Takes in what it was ordered since the last time. */
  work(world: MasterWorld): void {
    const { end } = this;
    if (end === undefined || this.frozen) return;
    while (this.#read < end.orders.length) {
      const order = end.orders[this.#read];
      this.#read += 1;
      if (order === undefined) return;
      if (order.type === 'REGISTERED') {
        this.id = order.agent_id.value;
        for (const { value } of order.shut_down_frameworks) this.forget(value);
      } else if (order.type === 'REFUSED') {
        this.id = undefined;
        this.tasks.clear();
        this.resources = poolOf(agentResources);
      } else if (order.type === 'PING') world.pong(end);
      else if (order.type === 'RUN_TASK') {
        this.frameworks.set(order.framework.id?.value ?? '', order.framework);
        this.#run(world, order.framework.id?.value ?? '', order.task);
      } else if (order.type === 'KILL_TASK') {
        this.finish(world, `${order.framework_id.value} ${order.task_id.value}`, 'TASK_KILLED');
      } else if (order.type === 'SHUTDOWN_FRAMEWORK') this.forget(order.framework_id.value);
      else if (order.type === 'APPLY_OPERATION') {
        const conversion = conversionOf(order.operation);
        const done =
          conversion !== undefined &&
          convert(this.resources, {
            consumed: unallocated(conversion.consumed),
            produced: unallocated(conversion.produced),
          });
        this.applied += done ? 1 : 0;
        world.report(end, {
          type: 'OPERATION_UPDATE',
          operation_uuid: order.operation_uuid,
          state: done ? 'OPERATION_FINISHED' : 'OPERATION_FAILED',
        });
      }
    }
  }

  forget(framework: string): void {
    this.frameworks.delete(framework);
    for (const [key, task] of this.tasks) if (task.framework === framework) this.tasks.delete(key);
  }

  #run(world: MasterWorld, framework: string, info: TaskInfo): void {
    this.tasks.set(`${framework} ${info.task_id.value}`, { framework, info, statuses: [] });
    this.launched += 1;
    this.#say(world, `${framework} ${info.task_id.value}`, 'TASK_RUNNING');
  }

  finish(world: MasterWorld, key: string, state: TaskStatus['state']): void {
    this.#say(world, key, state);
    this.tasks.delete(key);
  }

  #say(world: MasterWorld, key: string, state: TaskStatus['state']): void {
    const task = this.tasks.get(key);
    if (task === undefined || this.end === undefined) return;
    task.statuses.push({ task_id: task.info.task_id, state });
    world.update(this.end, task.framework, task.info.task_id.value, state);
  }
}

const rarely = new Set([
  ...['gone', 'drained', 'deactivated'],
  ...['master-dies', 'teardown', 'long', 'agent-freezes'],
]);

/** What operators order of an agent. */
const orders = {
  gone: 'MARK_AGENT_GONE',
  drained: 'DRAIN_AGENT',
  deactivated: 'DEACTIVATE_AGENT',
  reactivated: 'REACTIVATE_AGENT',
} as const;

/** One run of a cluster in which everything that can happen does. */
class Simulation {
  world: MasterWorld;
  readonly agents: SimulatedAgent[];
  readonly schedulers: Scheduler[] = [];
  readonly #random: Random;
  #made = 0;
  #masters = 1;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
    this.world = new MasterWorld();
    this.agents = ['a', 'b', 'c'].map((host) => new SimulatedAgent(host));
  }

  #below(most: number): number {
    return Math.floor(this.#random.next() * most);
  }

  #pick<Item>(list: readonly Item[]): Item | undefined {
    return list[this.#below(list.length)];
  }

  /** One random thing happens; then everybody who can does what is due. */
  step(): string {
    const actions = [
      'agent-registers',
      'agent-breaks',
      'agent-freezes',
      'framework-subscribes',
      'framework-again',
      'stream-breaks',
      'teardown',
      'answer',
      'answer',
      'answer',
      'answer',
      'answer',
      'revive',
      'kill',
      'task-ends',
      'task-ends',
      'tick',
      'tick',
      'long',
      'gone',
      'drained',
      'deactivated',
      'reactivated',
      'master-dies',
    ] as const;
    // What is rare in life is rare here, so that something can grow in between.
    const drawn = this.#pick(actions) ?? 'tick';
    const rare = rarely.has(drawn);
    const action = rare && this.#below(8) > 0 ? 'answer' : drawn;
    this.#act(action);
    for (const agent of this.agents) agent.work(this.world);
    return action;
  }

  #act(action: string): void {
    const agent = this.#pick(this.agents);
    const scheduler = this.#pick(this.schedulers);
    const { world } = this;
    if (action === 'agent-registers') agent?.register(world);
    else if (action === 'agent-breaks' && agent?.end) world.cut(agent.end.stream);
    else if (action === 'agent-freezes' && agent) agent.frozen = true;
    else if (action === 'framework-subscribes' && this.schedulers.length < 5) {
      this.#made += 1;
      const role = this.#pick(['x', 'y', 'y/z']) ?? 'x';
      const failover_timeout = this.#pick([0, 5, 60]) ?? 0;
      const info = aFramework(`f${this.#made}`, { roles: [role], failover_timeout });
      this.schedulers.push(world.subscribe(info));
    } else if (action === 'framework-again' && scheduler) {
      const index = this.schedulers.indexOf(scheduler);
      const info = aFramework(scheduler.principal, { failover_timeout: 5, roles: ['x', 'y'] });
      const again = world.subscribe(info, scheduler.principal, scheduler.id);
      if (again.id === '') this.schedulers.splice(index, 1);
      else this.schedulers[index] = again;
    } else if (action === 'stream-breaks' && scheduler) world.cut(scheduler.stream);
    else if (action === 'teardown' && scheduler) world.call(scheduler, { type: 'TEARDOWN' });
    else if (action === 'answer' && scheduler) this.#answer(scheduler);
    else if (action === 'revive' && scheduler) world.call(scheduler, { type: 'REVIVE' });
    else if (action === 'kill' && scheduler) {
      const task = this.#pick([...(world.state.frameworks.get(scheduler.id)?.tasks.keys() ?? [])]);
      if (task) world.call(scheduler, { type: 'KILL', kill: { task_id: { value: task } } });
    } else if (action === 'task-ends' && agent && !agent.frozen) {
      const key = this.#pick([...agent.tasks.keys()]);
      if (key) agent.finish(world, key, 'TASK_FINISHED');
    } else if (action === 'tick') world.pass(1);
    else if (action === 'long') this.#pass(8);
    else if (agent?.id && action in orders) {
      const type = orders[action as keyof typeof orders];
      const body = { agent_id: { value: agent.id }, mark_gone: this.#below(2) === 0 };
      world.operate({ type, [type.toLowerCase()]: body } as OperatorAction);
    } else if (action === 'master-dies') this.#restart();
  }

  #pass(seconds: number): void {
    for (let second = 0; second < seconds; second += 1) {
      this.world.pass(1);
      for (const agent of this.agents) agent.work(this.world);
    }
  }

  #restart(): void {
    this.#masters += 1;
    const records = new Map<string, unknown>();
    for (const { key, value } of this.world.writes) {
      if (value === null) records.delete(key);
      else records.set(key, value);
    }
    const { now, writes } = this.world;
    this.world = new MasterWorld({ id: `master-${this.#masters}`, startedAt: now }, records);
    this.world.now = now;
    this.world.writes.push(...writes);
    for (const agent of this.agents) agent.end = undefined;
    for (const [index, one] of this.schedulers.entries()) {
      this.schedulers[index] = { ...one, stream: 'none', events: [] };
    }
  }

  #answer(scheduler: Scheduler): void {
    const offers = offersTo(scheduler).filter(({ id }) => this.world.state.offers.has(id.value));
    const offer = this.#pick(offers);
    if (offer === undefined) return;
    const refuse_seconds = this.#pick([0, 2, 60]) ?? 0;
    if (this.#below(3) === 0) {
      const decline = { offer_ids: [offer.id], filters: { refuse_seconds } };
      this.world.call(scheduler, { type: 'DECLINE', decline });
      return;
    }
    const operations = Array.from({ length: 1 + this.#below(3) }, () =>
      this.#operation(scheduler.principal, offer),
    );
    this.world.accept(scheduler, offer, operations, refuse_seconds);
  }

  #operation(principal: string, offer: ReturnType<typeof offersTo>[number]): OfferOperation {
    const { agent_id, resources: offered, allocation_info } = offer;
    const role = allocation_info?.role ?? '*';
    this.#made += 1;
    const made = `n${this.#made}`;
    const id = this.#below(2) === 0 ? {} : { id: { value: made } };
    const reservations = [{ type: 'DYNAMIC' as const, role, principal }];
    const reserved = scalar('disk', 1 + this.#below(5000), { reservations });
    const free = offered.filter((one) => one.reservations?.length && !one.disk);
    const volumes = offered.filter(({ disk }) => disk?.persistence !== undefined);
    const kind = this.#below(6);
    if (kind === 0) return { type: 'RESERVE', ...id, reserve: { resources: [reserved] } };
    if (kind === 1) return { type: 'UNRESERVE', ...id, unreserve: { resources: free } };
    if (kind === 2) {
      const disk = {
        persistence: { id: made },
        volume: { mode: 'RW' as const, container_path: 'data' },
      };
      const volume = { ...(this.#pick(free) ?? reserved), disk };
      return { type: 'CREATE', ...id, create: { volumes: [volume] } };
    }
    if (kind === 3) return { type: 'DESTROY', ...id, destroy: { volumes } };
    const cpus = this.#pick([0.1, 1, 3, 100]) ?? 1;
    const resources = [scalar('cpus', cpus), scalar('mem', 100), ...volumes.slice(0, 1)];
    return launch(aTask(made, agent_id.value, { resources }));
  }
}

t.test('master › whatever happens, resources add up and nobody gone holds any', async (t) => {
  const counts = { tasks: 0, operations: 0 };
  for (let seed = 1; seed <= 25; seed += 1) {
    const simulation = new Simulation(seed);
    const done: string[] = [];
    for (let index = 0; index < 300; index += 1) {
      done.push(simulation.step());
      const wrong = violations(simulation.world.state);
      if (wrong.length > 0) {
        t.same(wrong, [], `seed ${seed}, step ${index}: ${done.slice(-6).join(', ')}`);
        return;
      }
    }
    for (const agent of simulation.agents) {
      counts.tasks += agent.launched;
      counts.operations += agent.applied;
    }
    t.same(wrongAtEnd(simulation), [], `seed ${seed}: at the end`);
  }
  t.ok(counts.tasks > 100 && counts.operations > 100, `it was busy: ${JSON.stringify(counts)}`);
});

/**
 * What is wrong once all frameworks have gone: everything but reservations and volumes must be free
 * again on every agent that is there.
 */
function wrongAtEnd({ world, agents, schedulers }: Simulation): string[] {
  for (const agent of agents) agent.register(world);
  for (const scheduler of schedulers) world.cut(scheduler.stream);
  for (const agent of agents) agent.work(world);
  for (let second = 0; second < 62; second += 1) {
    world.pass(1);
    for (const agent of agents) agent.work(world);
  }
  const { state } = world;
  return [
    ...[...state.frameworks.keys()].map((id) => `framework ${id} is left`),
    ...[...state.offers.keys()].map((id) => `offer ${id} is left`),
    ...[...state.agents.values()]
      .filter(({ used, free, total }) => used.size > 0 || !contains(free, resourcesOf(total)))
      .map(({ id }) => `${id} is not free`),
    ...violations(state),
  ];
}

t.test(
  'allocate › whoever has the smallest dominant share in the poorest role comes first',
  async () => {
    const framework = fc.record({
      role: fc.constantFrom('x', 'y', 'z'),
      cpus: fc.integer({ min: 0, max: 40 }),
      mem: fc.integer({ min: 0, max: 4000 }),
    });
    fc.assert(
      fc.property(fc.array(framework, { minLength: 1, maxLength: 8 }), (list) => {
        const { state, ...world } = withFrameworks(list);
        const total = { cpus: 40_000, mem: 4_000_000, disk: 0, gpus: 0 };
        const order = candidates(state, total);
        const shares = order.map(([role, one]) => dominantShare(one.held.get(role), total));
        const roleShare = (role: string): number => {
          const sum = { cpus: 0, mem: 0, disk: 0, gpus: 0 };
          for (const one of world.infos) {
            if (one.role !== role) continue;
            sum.cpus += one.cpus * 1000;
            sum.mem += one.mem * 1000;
          }
          return dominantShare(sum, total);
        };
        return order.every(([role], index) => {
          const next = order[index + 1]?.[0];
          if (next === undefined) return true;
          if (next === role) return (shares[index] ?? 0) <= (shares[index + 1] ?? 0);
          return roleShare(role) <= roleShare(next);
        });
      }),
      { numRuns: 200 },
    );
  },
);

function withFrameworks(infos: readonly { role: string; cpus: number; mem: number }[]) {
  const world = new MasterWorld();
  for (const [index, { role, cpus, mem }] of infos.entries()) {
    const { id } = world.subscribe(aFramework(`f${index}`, { roles: [role] }));
    const held = { cpus: cpus * 1000, mem: mem * 1000, disk: 0, gpus: 0 };
    world.state.frameworks.get(id)?.held.set(role, held);
  }
  return { state: world.state, infos };
}

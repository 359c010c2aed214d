/**
 * The scheduler of a declarative service against a model master, from seeds: it dies at any
 * effect, agents are cut off, streams break, tasks fail, accepted offers come to nothing.
 */
import t from 'tap';
import { drive } from '../../src/core/drive.js';
import { type Random, seededRandom } from '../../src/core/random.js';
import type { Write } from '../../src/core/store/store.js';
import { statusOfPlan } from '../../src/framework/plan.js';
import { makeConfig } from '../../src/sdk/config.js';
import type { CommandResult, Effect, Event, PodVerb } from '../../src/sdk/events.js';
import { createJournal } from '../../src/sdk/journal.js';
import { type State, stateOf } from '../../src/sdk/state.js';
import { step } from '../../src/sdk/step.js';
import type { SchedulerEvent } from '../../src/wire/mesos/scheduler.js';
import { resourcesOf } from '../../src/wire/resources/pool.js';
import { parseServiceSpec } from '../../src/wire/service-spec.js';
import { ModelMaster } from '../helpers/model-master.js';

const tickMs = 250;
const templates = { peers: '{{#pods.node}}{{name}}={{address}}:{{port}} {{/pods.node}}{{WORD}}' };

/** Two pods: `node`, whose members name each other and hold data, and `web`, which may shrink. */
const yaml = `
name: svc
pods:
  node:
    count: 3
    placement: 'hostname:UNIQUE'
    tasks:
      server:
        goal: RUNNING
        cmd: run
        cpus: 0.5
        memory: 64
        ports: {peer: {port: 0, advertise: true}}
        volume: {path: data, type: ROOT, size: 10}
        configs: {peers: {template: peers, dest: peers.txt}}
  web:
    count: \${WEBS}
    allow-decommission: true
    tasks: {server: {goal: RUNNING, cmd: 'web \${WORD}', cpus: 0.2, memory: 32}}
  init:
    count: 1
    tasks: {once: {goal: ONCE, cmd: init, cpus: 0.1, memory: 16}}
plans:
  deploy: {strategy: serial, phases: {nodes: {strategy: parallel, pod: node},
    webs: {pod: web}, init: {pod: init}}}
  update: {strategy: serial, phases: {nodes: {pod: node}, webs: {pod: web}, init: {pod: init}}}
`;

function configEvent(options: Record<string, string>): Event {
  const result = parseServiceSpec(yaml, options);
  if (!result.ok) return { type: 'ConfigRefused', violations: result.violations };
  return { type: 'Configured', config: makeConfig(result.spec, templates, options) };
}

/** One cluster, one store, and a scheduler that may die at any effect. */
class Simulation {
  readonly random: Random;
  readonly master: ModelMaster;
  readonly records = new Map<string, unknown>();
  now = 1_000_000;
  options: Record<string, string> = { WEBS: '2', WORD: 'one' };
  uninstalling = false;
  crashes = 0;
  /** The log so far: messages with what they are about. */
  readonly log: string[] = [];
  state: State;
  driver: ReturnType<typeof drive<State, Event, Effect>>;
  #effectsLeft = Number.POSITIVE_INFINITY;
  #generation = 0;
  #wakeAt: number | undefined;

  constructor(seed: number) {
    this.random = seededRandom(seed);
    this.master = new ModelMaster(this.random, 4, 'svc-role');
    this.state = this.#load();
    this.driver = this.start();
  }

  start(): ReturnType<typeof drive<State, Event, Effect>> {
    this.#generation += 1;
    this.#effectsLeft = Number.POSITIVE_INFINITY;
    this.#wakeAt = undefined;
    const generation = this.#generation;
    const alive = (): boolean => this.#alive(generation);
    this.state = this.#load();
    const journal = createJournal(this.state, 'the master');
    this.driver = drive<State, Event, Effect>({
      state: this.state,
      step: (state, event, now) => {
        const effects = step(state, event, now);
        for (const { message, fields } of journal.after(event)) {
          this.log.push([message, fields.instance ?? fields.step ?? fields.plan ?? ''].join(' '));
        }
        return effects;
      },
      store: { commit: async (writes) => this.#commit(writes, generation) },
      clock: { now: () => this.now },
      perform: {
        Send: ({ call }) => {
          if (alive()) this.master.call(call);
        },
        SubscribeAnew: () => {
          if (alive()) this.#subscribe(undefined, generation);
        },
        Teardown: () => {
          if (!alive()) return;
          this.master.call({ type: 'TEARDOWN' });
          this.driver.submit({ type: 'Erased' });
        },
        WakeAt: ({ at }) => {
          this.#wakeAt = at;
        },
      },
      onFatal: (error) => {
        throw error;
      },
    });
    this.driver.submit(this.uninstalling ? { type: 'Ticked' } : configEvent(this.options));
    if (!this.state.erased) this.#subscribe(this.state.frameworkId, generation);
    return this.driver;
  }

  #load(): State {
    const { random, uninstalling } = this;
    const service = { serviceName: 'svc', role: 'svc-role', principal: 'svc' };
    const api = { host: '127.0.0.1', port: 1 };
    return stateOf({ ...service, api, uninstalling, random }, structuredClone(this.records));
  }

  #subscribe(frameworkId: string | undefined, generation: number): void {
    this.master.subscribe(frameworkId, (event) => {
      if (generation === this.#generation) this.#receive(event);
    });
  }

  #receive(event: SchedulerEvent): void {
    if (event.type === 'SUBSCRIBED') {
      const frameworkId = event.subscribed.framework_id.value;
      this.driver.submit({ type: 'Subscribed', frameworkId });
    } else if (event.type === 'OFFERS') {
      this.driver.submit({ type: 'OffersReceived', offers: event.offers.offers });
    } else if (event.type === 'UPDATE') {
      this.driver.submit({ type: 'TaskUpdated', status: event.update.status });
    } else if (event.type === 'ERROR') this.driver.submit({ type: 'FrameworkRemoved' });
  }

  #alive(generation: number): boolean {
    if (generation !== this.#generation || this.#effectsLeft <= 0) return false;
    this.#effectsLeft -= 1;
    return true;
  }

  #commit(writes: readonly Write[], generation: number): void {
    if (generation !== this.#generation || this.#effectsLeft <= 0) return;
    for (const { key, value } of writes) {
      if (value === null) this.records.delete(key);
      else this.records.set(key, structuredClone(value));
    }
  }

  /** A while of the cluster's life. */
  async live(ms: number): Promise<void> {
    for (const end = this.now + ms; this.now < end; ) {
      this.now += tickMs;
      this.master.advance(this.now);
      for (const task of this.master.tasks.values()) {
        if (task.info.name.startsWith('init')) this.master.finish(task);
      }
      if (this.#wakeAt !== undefined && this.#wakeAt <= this.now) {
        this.#wakeAt = undefined;
        this.driver.submit({ type: 'Ticked' });
      }
      await this.driver.idle();
      this.check();
    }
  }

  /** What must hold at every moment. */
  check(): void {
    const live = [...this.master.tasks.values()].filter(
      ({ state, agent }) => agent.reachable && ['TASK_STAGING', 'TASK_RUNNING'].includes(state),
    );
    const owners = live.map(({ info, killed }) => (killed ? info.task_id.value : nameOf(info)));
    if (new Set(owners).size < owners.length) {
      throw new Error(`two live tasks for one instance: ${owners.sort().join(' ')}`);
    }
  }

  /** One misfortune. */
  async hurt(): Promise<void> {
    const { random, master } = this;
    const pick = <Item>(list: readonly Item[]): Item | undefined =>
      list[Math.floor(random.next() * list.length)];
    switch (Math.floor(random.next() * 8)) {
      case 0:
      case 1: {
        // Dies after some effects; what was not stored or sent by then never happens.
        this.#effectsLeft = Math.floor(random.next() * 4);
        await this.live(tickMs * 2);
        this.crashes += 1;
        this.start();
        break;
      }
      case 2: {
        const task = pick([...master.tasks.values()]);
        if (task) master.fail(task);
        break;
      }
      case 3: {
        const agent = pick(master.agents);
        if (agent) master.cutOff(agent);
        break;
      }
      case 4:
        for (const agent of master.agents) master.heal(agent);
        break;
      case 5:
        master.disconnect();
        this.driver.submit({ type: 'Disconnected' });
        await this.live(tickMs);
        this.#subscribe(this.state.frameworkId, this.#generation);
        break;
      case 6: {
        const instance = pick([...this.state.instances.keys()]);
        const verb = pick(['restart', 'replace', 'pause', 'resume'] as const) ?? 'restart';
        if (instance === undefined) break;
        this.command(verb, instance);
        break;
      }
      default:
        if (random.next() < 0.3) {
          this.options = { WEBS: pick(['1', '2', '3']) ?? '2', WORD: pick(['one', 'two']) ?? '' };
          this.start();
        }
    }
    await this.live(random.next() * 8_000);
  }

  command(verb: PodVerb, instance: string): void {
    void this.driver
      .ask<CommandResult>((requestId) => ({ type: 'PodCommanded', requestId, verb, instance }))
      .catch(() => undefined);
  }

  async calm(ms: number): Promise<void> {
    for (const agent of this.master.agents) this.master.heal(agent);
    if (!this.master.subscribed) this.#subscribe(this.state.frameworkId, this.#generation);
    for (const { name: instance, paused } of this.state.instances.values()) {
      if (paused) this.command('resume', instance);
    }
    await this.live(ms);
  }

  /** Everything of ours that the agents hold. */
  reserved(): string[] {
    return this.master.agents.flatMap(({ free }) =>
      resourcesOf(free)
        .filter(({ reservations }) => (reservations?.length ?? 0) > 0)
        .map(({ name }) => name),
    );
  }
}

const nameOf = (info: { name: string }): string => info.name;

for (const seed of [1, 2, 3, 4]) {
  t.test(`simulation › seed ${seed}: whatever happens, it comes to what was asked`, async (t) => {
    const simulation = new Simulation(seed);
    await simulation.live(20_000);
    t.equal(planStatus(simulation, 'deploy'), 'COMPLETE', 'the first deployment');
    for (let round = 0; round < 40; round += 1) await simulation.hurt();
    // Back-offs of what failed and reconciliations of what was lost take their time.
    await simulation.calm(900_000);
    const running = [...simulation.master.tasks.values()]
      .filter(({ state }) => state === 'TASK_RUNNING')
      .map(({ info }) => nameOf(info))
      .filter((name) => !name.startsWith('init'))
      .sort();
    const webs = Number(simulation.options.WEBS);
    const wanted = [
      ...[0, 1, 2].map((index) => `node-${index}-server`),
      ...Array.from({ length: webs }, (_, index) => `web-${index}-server`),
    ];
    t.same(running, wanted, `after ${simulation.crashes} crashes`);
    t.equal(planStatus(simulation, 'recovery'), 'COMPLETE', 'recovered');
    t.same([...simulation.state.leftovers.keys()], [], 'nothing is held for nobody');
    simulation.uninstalling = true;
    simulation.start();
    await simulation.live(120_000);
    t.equal(planStatus(simulation, 'deploy'), 'COMPLETE', 'uninstalled');
    t.same(simulation.reserved(), [], 'nothing is reserved');
    t.same([...simulation.records.keys()], [], 'nothing is stored');
  });
}

t.test('uninstall › an agent that is gone does not hold it up, and is written down', async (t) => {
  const simulation = new Simulation(11);
  await simulation.live(20_000);
  const lost = simulation.master.agents.find((agent) =>
    [...simulation.master.tasks.values()].some((task) => task.agent === agent),
  );
  if (lost === undefined) return t.fail('no task runs');
  simulation.master.cutOff(lost);
  await simulation.live(5_000);
  simulation.uninstalling = true;
  simulation.start();
  await simulation.live(60_000);
  t.equal(planStatus(simulation, 'deploy'), 'COMPLETE');
  const kept = [...simulation.records];
  t.ok(kept.length > 0);
  for (const [key, value] of kept) {
    t.match(key, /^lost\//);
    t.match(value, { agentId: lost.id, role: 'svc-role' });
  }
});

t.test('recovery › a cut-off agent: data waits for it, what holds nothing moves', async (t) => {
  const simulation = new Simulation(12);
  await simulation.live(20_000);
  const holder = [...simulation.master.tasks.values()].find(
    ({ info }) => info.name === 'node-1-server',
  );
  if (holder === undefined) return t.fail('node-1 does not run');
  simulation.master.cutOff(holder.agent);
  await simulation.live(30_000);
  const recovery = simulation.state.plans.get('recovery')?.plan;
  const step = recovery?.phases
    .flatMap(({ steps }) => steps)
    .find(({ asset }) => asset === 'node-1');
  t.match(step?.message, /waits for agent host-\d, which is unreachable; 'pod replace node-1'/);
  const webs = [...simulation.master.tasks.values()].filter(
    ({ info, agent, state }) =>
      info.name.startsWith('web-') && agent.reachable && state === 'TASK_RUNNING',
  );
  t.equal(webs.length, 2, 'both web instances run elsewhere');
  simulation.master.heal(holder.agent);
  await simulation.live(5_000);
  t.equal(simulation.state.instances.get('node-1')?.task?.id, holder.info.task_id.value);
  t.equal(planStatus(simulation, 'recovery'), 'COMPLETE');
});

t.test('journal › each thing is told once, and a reconciliation tells nothing new', async (t) => {
  const simulation = new Simulation(13);
  await simulation.live(20_000);
  const count = (text: string): number => simulation.log.filter((line) => line === text).length;
  for (const name of ['node-0', 'node-1', 'node-2', 'web-0', 'web-1', 'init-0']) {
    t.equal(count(`task launched ${name}`), 1, `${name} launched`);
  }
  t.equal(count('configuration accepted '), 1);
  t.equal(count('plan complete deploy'), 1);
  t.equal(count('task ended init-0'), 1);
  simulation.log.length = 0;
  simulation.start();
  await simulation.live(20_000);
  t.same(simulation.log, ['configuration unchanged ', 'subscribed to the Mesos master ']);
  simulation.log.length = 0;
  const [web] = [...simulation.master.tasks.values()].filter(({ info, state }) => {
    return info.name === 'web-1-server' && state === 'TASK_RUNNING';
  });
  if (web === undefined) return t.fail('web-1 does not run');
  simulation.master.fail(web);
  await simulation.live(20_000);
  const begun = ['task ended web-1', 'recovery begun web-1:[server]', 'task launched web-1'];
  t.same(simulation.log.slice(0, 3).sort(), [...begun].sort());
  t.same(simulation.log.filter((line) => line.startsWith('recovery done')).length, 1);
});

function planStatus({ state }: Simulation, name: string): string {
  const plan = state.plans.get(name)?.plan;
  if (plan === undefined) return 'missing';
  const status = statusOfPlan(plan);
  return status === 'COMPLETE' ? status : `${status} ${JSON.stringify(plan, null, 1)}`;
}

t.test(
  'simulation › members that name each other start with the offers that show their places',
  async (t) => {
    const simulation = new Simulation(5);
    await simulation.live(5_000);
    t.equal(planStatus(simulation, 'deploy'), 'COMPLETE', 'no time-out had to pass');
  },
);

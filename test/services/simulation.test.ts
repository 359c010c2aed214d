/**
 * `services` against a model master: crashes at any effect, cut-off agents, broken streams,
 * failing tasks; from seeds (DESIGN §3).
 */
import t from 'tap';
import { drive } from '../../src/core/drive.js';
import { type Random, seededRandom } from '../../src/core/random.js';
import type { Write } from '../../src/core/store/store.js';
import type { Change, Effect, Event } from '../../src/services/messages.js';
import { empty, type Instance, instancesOf, load, type State } from '../../src/services/state.js';
import { step } from '../../src/services/step.js';
import type { SchedulerEvent } from '../../src/wire/mesos/scheduler.js';
import { ModelMaster } from '../helpers/model-master.js';

const tickMs = 250;

/** One cluster, one store, and a `services` that may die at any effect. */
class Simulation {
  readonly random: Random;
  readonly master: ModelMaster;
  readonly records = new Map<string, unknown>();
  now = 1_000_000;
  state: State;
  crashes = 0;
  #driver: ReturnType<typeof drive<State, Event, Effect>>;
  #effectsLeft = Number.POSITIVE_INFINITY;
  #generation = 0;

  constructor(seed: number) {
    this.random = seededRandom(seed);
    this.master = new ModelMaster(this.random, 3);
    this.state = empty('services', this.random);
    this.#driver = this.#start();
  }

  #start(): ReturnType<typeof drive<State, Event, Effect>> {
    this.#generation += 1;
    const generation = this.#generation;
    this.#effectsLeft = Number.POSITIVE_INFINITY;
    const state = empty('services', this.random);
    this.state = state;
    load(state, structuredClone(this.records));
    const driver = drive<State, Event, Effect>({
      state,
      step,
      store: { commit: async (writes) => this.#commit(writes, generation) },
      clock: { now: () => this.now },
      perform: {
        Send: ({ call }) => {
          if (!this.#alive(generation)) return;
          if (call.type === 'ACKNOWLEDGE') this.#checkStored(call.acknowledge.task_id.value);
          this.master.call(call);
        },
        Launch: ({ offerId, tasks, refuseSeconds }) => {
          if (!this.#alive(generation)) return;
          for (const { task_id } of tasks) this.#checkIntent(task_id.value);
          this.master.call({
            type: 'ACCEPT',
            accept: {
              offer_ids: [{ value: offerId }],
              operations: [{ type: 'LAUNCH', launch: { task_infos: [...tasks] } }],
              filters: { refuse_seconds: refuseSeconds },
            },
          });
        },
        Subscribe: () => {
          if (this.#alive(generation)) this.subscribe();
        },
        Publish: () => {},
      },
      onFatal: (error) => {
        throw error;
      },
    });
    this.#driver = driver;
    return driver;
  }

  /** Counts down to a planned crash. */
  #alive(generation: number): boolean {
    if (generation !== this.#generation) return false;
    this.#effectsLeft -= 1;
    return this.#effectsLeft > 0;
  }

  #commit(writes: readonly Write[], generation: number): void {
    if (!this.#alive(generation)) return;
    for (const { key, value } of writes) {
      if (value === null) this.records.delete(key);
      else this.records.set(key, structuredClone(value));
    }
  }

  #checkIntent(taskId: string): void {
    if (!this.records.has('framework'))
      throw new Error('a launch before the framework id was stored');
    if (!this.records.has(`instance/${taskId}`))
      throw new Error(`${taskId} launched before it was stored`);
  }

  #checkStored(taskId: string): void {
    const stored = this.records.get(`instance/${taskId}`) as Instance | undefined;
    const known = this.state.instances.get(taskId);
    if (stored?.state !== known?.state)
      throw new Error(`${taskId} acknowledged before it was stored`);
  }

  /** Dies after so many effects of what comes, and is started again. */
  planCrash(effects: number): void {
    this.#effectsLeft = effects;
  }

  get crashed(): boolean {
    return this.#effectsLeft <= 0;
  }

  async restart(): Promise<void> {
    this.crashes += 1;
    this.master.disconnect();
    this.#driver.stop();
    this.#start();
    this.subscribe();
    await this.#driver.idle();
  }

  subscribe(): void {
    const generation = this.#generation;
    const submit = (event: SchedulerEvent): void => {
      if (generation === this.#generation) this.#receive(event);
    };
    this.master.subscribe(this.state.frameworkId, submit);
  }

  #receive(event: SchedulerEvent): void {
    const driver = this.#driver;
    if (event.type === 'SUBSCRIBED') {
      driver.submit({ type: 'Subscribed', frameworkId: event.subscribed.framework_id.value });
    } else if (event.type === 'OFFERS') {
      driver.submit({ type: 'OffersReceived', offers: event.offers.offers });
    } else if (event.type === 'UPDATE') {
      driver.submit({ type: 'StatusReceived', status: event.update.status });
    } else if (event.type === 'ERROR') driver.submit({ type: 'FrameworkRemoved' });
  }

  submit(changes: readonly Change[], force: boolean): void {
    void this.#driver
      .ask((requestId) => ({ type: 'AppsSubmitted', requestId, changes, force }))
      .catch(() => {});
  }

  kill(taskId: string): void {
    void this.#driver
      .ask((requestId) => ({
        type: 'KillRequested',
        requestId,
        taskIds: [taskId],
        scale: false,
        force: false,
      }))
      .catch(() => {});
  }

  async tick(): Promise<void> {
    this.now += tickMs;
    this.master.advance(this.now);
    this.#driver.submit({ type: 'Ticked' });
    await this.#driver.idle();
    if (this.crashed) await this.restart();
    if (!this.master.subscribed) {
      this.#driver.submit({ type: 'Disconnected' });
      this.subscribe();
      await this.#driver.idle();
    }
    this.checkDoubles();
  }

  /**
   * Invariant 2, where the strategy forbids any overlap: one live task on reachable agents, those
   * given up as lost apart.
   */
  checkDoubles(): void {
    const live = new Map<string, number>();
    for (const [id, task] of this.master.tasks) {
      if (!this.state.instances.has(id) || !task.agent.reachable) continue;
      if (task.state !== 'TASK_RUNNING' && task.state !== 'TASK_STAGING') continue;
      const app = id.slice(0, id.indexOf('.'));
      live.set(app, (live.get(app) ?? 0) + 1);
    }
    const single = live.get('single') ?? 0;
    if (single > 1) throw new Error(`${single} live tasks of /single`);
  }
}

const ids = ['/web', '/team/db', '/single'];

function randomChange(random: Random): Change {
  const id = ids[Math.floor(random.next() * ids.length)] ?? '/web';
  const single = id === '/single';
  const given = {
    cmd: `run ${Math.floor(random.next() * 3)}`,
    cpus: 0.5,
    mem: 64,
    instances: single ? 1 : Math.floor(random.next() * 5),
    ...(single ? { upgradeStrategy: { minimumHealthCapacity: 0, maximumOverCapacity: 0 } } : {}),
  };
  const dice = random.next();
  if (dice < 0.6) return { kind: 'update', id, given, partial: true, mustExist: false };
  if (dice < 0.8) return { kind: 'restart', id };
  return { kind: 'delete', id };
}

/** One bad thing, or one wish of a user. */
function disturb(sim: Simulation): void {
  const { random, master } = sim;
  const dice = random.next();
  const agent = master.agents[Math.floor(random.next() * master.agents.length)];
  const tasks = [...master.tasks.values()];
  const task = tasks[Math.floor(random.next() * tasks.length)];
  if (dice < 0.3) sim.submit([randomChange(random)], random.next() < 0.5);
  else if (dice < 0.5) sim.planCrash(1 + Math.floor(random.next() * 6));
  else if (dice < 0.55 && task) master.fail(task);
  else if (dice < 0.6 && task) sim.kill(task.info.task_id.value);
  else if (dice < 0.7 && agent) master.cutOff(agent);
  else if (dice < 0.85 && agent) master.heal(agent);
  else if (dice < 0.92) master.disconnect();
  else if (dice < 0.95) master.forget();
  else if (dice < 0.96) master.remove();
}

/** What is wrong once everything has had time to settle; empty when all is as wanted. */
function wrongs(sim: Simulation): string[] {
  const { state, master } = sim;
  const wrong: string[] = [];
  for (const app of state.apps.values()) {
    const running = instancesOf(state, app.id).filter((one) => one.state === 'TASK_RUNNING');
    if (running.length !== app.instances)
      wrong.push(`${app.id}: ${running.length} of ${app.instances} run`);
  }
  for (const [id, task] of master.tasks) {
    const live = task.state === 'TASK_RUNNING' || task.state === 'TASK_STAGING';
    if (live && !state.instances.has(id)) wrong.push(`${id} runs and nobody knows it`);
  }
  for (const id of state.instances.keys()) {
    if (!master.tasks.has(id)) wrong.push(`${id} is known and does not run`);
    if (!sim.records.has(`instance/${id}`)) wrong.push(`${id} is not stored`);
  }
  for (const { id, steps } of state.deployments.values()) {
    const app = steps[0]?.actions[0]?.app ?? '';
    const apps = JSON.stringify([state.apps.get(app), instancesOf(state, app)]);
    wrong.push(`deployment ${id} is left: ${JSON.stringify(steps)} ${apps}`);
  }
  const stored = [...sim.records.keys()].filter((key) => key.startsWith('instance/'));
  if (stored.length !== state.instances.size) wrong.push('records of instances that are gone');
  return wrong;
}

async function simulate(seed: number, disturbances: number): Promise<Simulation> {
  const sim = new Simulation(seed);
  sim.subscribe();
  for (let index = 0; index < disturbances; index += 1) {
    disturb(sim);
    const pause = Math.floor(sim.random.next() ** 2 * 30);
    for (let ticks = 0; ticks <= pause; ticks += 1) await sim.tick();
  }
  for (const agent of sim.master.agents) sim.master.heal(agent);
  sim.planCrash(Number.POSITIVE_INFINITY);
  // Long enough for any back-off and refusal of the scenario.
  for (let ticks = 0; ticks < 400 && wrongs(sim).length > 0; ticks += 1) {
    for (let skip = 0; skip < 4; skip += 1) await sim.tick();
  }
  return sim;
}

t.test(
  'simulation › after any faults every app runs as wanted and nothing is left over',
  async (t) => {
    const seeds = Number(process.env.SIMULATION_SEEDS ?? 60);
    const first = Number(process.env.SIMULATION_FIRST ?? 1);
    let crashes = 0;
    for (let seed = first; seed < first + seeds; seed += 1) {
      let wrong: string[];
      try {
        const sim = await simulate(seed, 60);
        crashes += sim.crashes;
        wrong = wrongs(sim);
      } catch (error) {
        wrong = [(error as Error).stack ?? String(error)];
      }
      if (wrong.length > 0) t.fail(`seed ${seed}`, { wrong });
    }
    t.ok(crashes > 0, `${crashes} crashes survived`);
  },
);

t.test('simulation › the same seed gives the same run', async (t) => {
  const [a, b] = [await simulate(7, 40), await simulate(7, 40)];
  t.same([...a.records.keys()], [...b.records.keys()]);
  t.equal(a.now, b.now);
});

t.test('simulation › a master that lost its memory restarts no task', async (t) => {
  const sim = new Simulation(1);
  sim.subscribe();
  const given = { cmd: 'run', cpus: 0.5, mem: 64, instances: 3 };
  sim.submit([{ kind: 'create', id: '/web', given }], false);
  for (let ticks = 0; ticks < 40; ticks += 1) await sim.tick();
  const before = [...sim.master.tasks.keys()];
  sim.master.forget();
  for (let ticks = 0; ticks < 400; ticks += 1) await sim.tick();
  t.equal(before.length, 3);
  t.same([...sim.master.tasks.keys()], before);
  t.same(wrongs(sim), []);
});

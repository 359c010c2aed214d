/**
 * The scheduler of a declarative service against a model master, from a seed: it dies at any
 * effect, agents are cut off, streams break, tasks fail, accepted offers come to nothing.
 */
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
import type { ModelTask } from './model-agent.js';
import { ModelMaster } from './model-master.js';

const tickMs = 250;

/** The service that is simulated. */
export interface SimulatedService {
  readonly yaml: string;
  readonly templates: Readonly<Record<string, string>>;
  readonly options: Readonly<Record<string, string>>;
  /** Other options that it may be given, of which one is chosen. */
  readonly updates: readonly Readonly<Record<string, string>>[];
  /** Whether a task comes to its end by itself. */
  readonly ends: (taskName: string) => boolean;
}

function configEvent({ yaml, templates }: SimulatedService, options: Record<string, string>) {
  const result = parseServiceSpec(yaml, options);
  if (!result.ok) return { type: 'ConfigRefused', violations: result.violations } as const;
  return { type: 'Configured', config: makeConfig(result.spec, templates, options) } as const;
}

/** One cluster, one store, and a scheduler that may die at any effect. */
export class Simulation {
  readonly service: SimulatedService;
  readonly random: Random;
  readonly master: ModelMaster;
  readonly records = new Map<string, unknown>();
  now = 1_000_000;
  options: Record<string, string>;
  uninstalling = false;
  crashes = 0;
  /** The log so far: messages with what they are about. */
  readonly log: string[] = [];
  /** What lies in the ZooKeeper, and for how many tries it does not answer. */
  znodes: readonly string[] = ['/svc', '/svc/leader'];
  zookeeperAway = 0;
  state: State;
  driver: ReturnType<typeof drive<State, Event, Effect>>;
  #effectsLeft = Number.POSITIVE_INFINITY;
  #generation = 0;
  #wakeAt: number | undefined;

  constructor(seed: number, service: SimulatedService) {
    this.service = service;
    this.options = { ...service.options };
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
        this.judge?.(state, now);
        for (const { message, fields } of journal.after(event)) {
          const what = fields.task ?? fields.instance ?? fields.step ?? fields.plan ?? '';
          this.log.push([message, String(what).replace(/__.*/, '')].join(' '));
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
        IssueKeys: ({ asset, address, wanted }) => {
          if (!alive()) return;
          const files = Object.fromEntries(
            wanted.flatMap(({ name }) =>
              ['crt', 'key', 'ca'].map((kind) => [`${name}.${kind}`, 'eA==']),
            ),
          );
          this.driver.submit({ type: 'KeysIssued', asset, address, files });
        },
        RemoveZnodes: ({ nodes }) => {
          if (alive()) this.#removeZnodes(nodes.paths);
        },
        WakeAt: ({ at }) => {
          this.#wakeAt = at;
        },
      },
      onFatal: (error) => {
        throw error;
      },
    });
    this.driver.submit(
      this.uninstalling ? { type: 'Ticked' } : configEvent(this.service, this.options),
    );
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

  #removeZnodes(paths: readonly string[]): void {
    const live = [...this.master.tasks.values()].filter(
      ({ state, agent }) => agent.reachable && ['TASK_STAGING', 'TASK_RUNNING'].includes(state),
    );
    if (live.length > 0) throw new Error('nodes are removed while tasks run that make them');
    this.zookeeperAway -= 1;
    if (this.zookeeperAway >= 0) {
      this.driver.submit({ type: 'ZnodesRemoved', error: 'no answer' });
      return;
    }
    this.znodes = this.znodes.filter((node) => !paths.some((path) => node.startsWith(path)));
    this.driver.submit({ type: 'ZnodesRemoved' });
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
        if (this.service.ends(task.info.name)) this.master.finish(task);
      }
      if (this.#wakeAt !== undefined && this.#wakeAt <= this.now) {
        this.#wakeAt = undefined;
        this.driver.submit({ type: 'Ticked' });
      }
      await this.driver.idle();
      this.check();
      this.watch?.();
    }
  }

  /** What must hold after each single step of the scheduler. */
  judge: ((state: State, now: number) => void) | undefined;

  /** More that must hold at every moment. */
  watch: (() => void) | undefined;

  /** What must hold at every moment. */
  check(): void {
    const live = [...this.master.tasks.values()].filter(
      ({ state, agent }) => agent.reachable && ['TASK_STAGING', 'TASK_RUNNING'].includes(state),
    );
    const owners = live.map(({ info, killed }) => (killed ? info.task_id.value : info.name));
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
          this.options = { ...this.options, ...pick(this.service.updates) };
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

  /** Asks something of the scheduler; its answer. */
  ask(make: (requestId: string) => Event): Promise<CommandResult> {
    return this.driver.ask<CommandResult>(make);
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

/** The status of a plan, with all of it where it is not complete. */
export function planStatus({ state }: Simulation, name: string): string {
  const plan = state.plans.get(name)?.plan;
  if (plan === undefined) return 'missing';
  const status = statusOfPlan(plan);
  return status === 'COMPLETE' ? status : `${status} ${JSON.stringify(plan, null, 1)}`;
}

/** The tasks that were launched since the log was emptied, in order. */
export const launches = ({ log }: Simulation): string[] =>
  log
    .filter((line) => line.startsWith('task launched'))
    .map((line) => line.split(' ').at(-1) ?? '');

/** The task of that name that runs where the master sees it. */
export function running({ master }: Simulation, name: string): ModelTask {
  const found = [...master.tasks.values()].find(
    ({ info, state, agent }) => agent.reachable && info.name === name && state === 'TASK_RUNNING',
  );
  if (found === undefined) throw new Error(`${name} does not run`);
  return found;
}

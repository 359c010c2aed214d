/** A pretended Mesos and pretended engines around the pure core of a swarm, from one seed. */
import { type Random, seededRandom } from '../../src/core/random.js';
import { readCreate } from '../../src/swarm/create/want.js';
import type { Effect, Event } from '../../src/swarm/messages.js';
import { empty, load, type State } from '../../src/swarm/state.js';
import { step } from '../../src/swarm/step.js';
import type { Offer } from '../../src/wire/mesos/scheduler.js';
import type { TaskInfo, TaskState } from '../../src/wire/mesos/task.js';
import {
  containerOf,
  factsOf,
  isOver,
  labelOf,
  listedAgent,
  offerOf,
  type PretendedAgent,
  type PretendedTask,
  problemsOf,
  settings,
} from './swarm-cluster.js';

/** What came of a run. */
export interface SimulationResult {
  readonly problems: readonly string[];
  readonly crashes: number;
  readonly made: number;
  readonly moved: number;
}

class Crash extends Error {}

class World {
  readonly random: Random;
  readonly store = new Map<string, unknown>();
  readonly agents: PretendedAgent[] = [];
  readonly tasks = new Map<string, PretendedTask>();
  state: State;
  now = 1_000;
  crashes = 0;
  made = 0;
  moved = 0;
  /** Crashes happen while it is above 0. */
  crashChance = 0;
  #queue: Event[] = [];
  #wantsOffers = true;
  #offers = 0;
  #containers = 0;
  #requests = new Map<string, string>();

  constructor(seed: number) {
    this.random = seededRandom(seed);
    for (let index = 0; index < 3; index += 1) {
      this.agents.push({ id: `agent-${index}`, isUp: true, isForgotten: false, engine: new Map() });
    }
    this.state = this.#fresh();
  }

  #fresh(): State {
    const state = empty(settings, this.random);
    load(state, new Map(structuredClone([...this.store])), this.now);
    return state;
  }

  /** Starts the manager from its records: all that it has not stored is gone. */
  restart(): void {
    this.crashes += 1;
    this.#queue = [];
    this.#requests.clear();
    this.#wantsOffers = true;
    this.state = this.#fresh();
    this.begin();
  }

  begin(): void {
    this.submit({ type: 'Subscribed', frameworkId: 'framework' });
    this.listAgents();
  }

  submit(event: Event): void {
    this.#queue.push(event);
  }

  /** Runs all events that wait; a crash starts anew. */
  drain(): void {
    for (let event = this.#queue.shift(); event !== undefined; event = this.#queue.shift()) {
      try {
        this.#fold(event);
      } catch (error) {
        if (!(error instanceof Crash)) throw error;
        this.restart();
      }
    }
  }

  #maybeCrash(): void {
    if (this.random.next() < this.crashChance) throw new Crash();
  }

  #fold(event: Event): void {
    const effects = step(this.state, event, this.now);
    this.#maybeCrash();
    for (const effect of effects) {
      if (effect.type !== 'Persist') continue;
      for (const { key, value } of effect.writes) {
        if (value === null) this.store.delete(key);
        else this.store.set(key, structuredClone(value));
      }
    }
    for (const effect of effects) {
      this.#maybeCrash();
      this.#perform(effect);
    }
  }

  #perform(effect: Effect): void {
    switch (effect.type) {
      case 'PlaceSoon':
        this.submit({ type: 'PlacementDue' });
        break;
      case 'Reply':
        if (typeof effect.result === 'string') this.#make(effect.requestId, effect.result);
        break;
      case 'MakeAgain':
        this.moved += 1;
        this.#makeFor(effect.swarmId);
        break;
      case 'RemoveStray':
        this.#remove(effect.agentId, effect.containerId);
        break;
      case 'Send':
        this.#call(effect.call);
        break;
      default:
        break;
    }
  }

  #call(call: Extract<Effect, { type: 'Send' }>['call']): void {
    if (call.type === 'SUPPRESS') this.#wantsOffers = false;
    if (call.type === 'REVIVE') this.#wantsOffers = true;
    if (call.type === 'KILL') this.#kill(call.kill.task_id.value);
    if (call.type === 'RECONCILE') {
      const asked = (call.reconcile.tasks ?? []).map(({ task_id }) => task_id.value);
      const all = asked.length === 0 ? [...this.tasks.keys()] : asked;
      for (const id of all) this.tell(id);
    }
    if (call.type !== 'ACCEPT') return;
    for (const operation of call.accept.operations ?? []) {
      if (operation.type !== 'LAUNCH') continue;
      for (const info of operation.launch.task_infos) this.#launch(info);
    }
  }

  #launch(info: TaskInfo): void {
    const agent = this.agents.find(({ id }) => id === info.agent_id.value);
    if (agent === undefined) return;
    const isEngine = info.name === 'engine';
    const state: TaskState = !agent.isUp
      ? 'TASK_LOST'
      : isEngine
        ? 'TASK_RUNNING'
        : 'TASK_STARTING';
    this.tasks.set(info.task_id.value, { info, agent, state });
    this.tell(info.task_id.value);
    const expected = labelOf(info, 'SWARM_CONTAINER_ID');
    if (expected === undefined || !agent.isUp) return;
    if (agent.engine.has(expected)) this.#set(info.task_id.value, 'TASK_RUNNING');
    else this.#set(info.task_id.value, 'TASK_FINISHED');
  }

  #set(taskId: string, state: TaskState): void {
    const task = this.tasks.get(taskId);
    if (task === undefined) return;
    task.state = state;
    this.tell(taskId);
  }

  /** The last status of a task, as the master gives it. */
  tell(taskId: string): void {
    const task = this.tasks.get(taskId);
    if (task?.agent.isForgotten) {
      const status = { task_id: { value: taskId }, state: 'TASK_UNKNOWN' } as const;
      this.submit({ type: 'StatusReceived', status });
      return;
    }
    const container = task === undefined ? undefined : containerOf(task);
    const data = Buffer.from(JSON.stringify({ containerId: container })).toString('base64');
    this.submit({
      type: 'StatusReceived',
      status: {
        task_id: { value: taskId },
        state: task?.state ?? 'TASK_UNKNOWN',
        ...(task === undefined ? {} : { agent_id: { value: task.agent.id } }),
        ...(container === undefined ? {} : { data }),
      },
    });
    if (task !== undefined && isOver(task.state)) this.tasks.delete(taskId);
  }

  #kill(taskId: string): void {
    const task = this.tasks.get(taskId);
    if (!task?.agent.isUp || task.agent.isForgotten) return;
    const container = containerOf(task);
    this.#set(taskId, 'TASK_KILLED');
    if (container !== undefined) this.#remove(task.agent.id, container);
  }

  #remove(agentId: string, containerId: string): void {
    const agent = this.agents.find(({ id }) => id === agentId);
    if (!agent?.isUp) return;
    // Its executor sees that it is gone.
    const held = [...this.tasks].filter(
      ([, task]) => task.agent === agent && containerOf(task) === containerId,
    );
    agent.engine.delete(containerId);
    for (const [taskId, { state }] of held) {
      if (state === 'TASK_RUNNING') this.#set(taskId, 'TASK_FINISHED');
    }
  }

  /** A client asks for a container. */
  request(isMovable: boolean): void {
    this.#containers += 1;
    const swarmId = String(this.#containers).padStart(12, '0').padEnd(64, 'f');
    const requestId = `request-${this.#containers}`;
    this.#requests.set(requestId, swarmId);
    const Env = isMovable ? ['reschedule:on-node-failure'] : [];
    const { body, reschedules } = readCreate({ Image: 'busybox', Env });
    const name = `container-${this.#containers % 40}`;
    const common = { requestId, swarmId, name, body, reschedules, pins: [] };
    this.submit({ type: 'ContainerRequested', ...common });
  }

  #make(requestId: string, agentId: string): void {
    const swarmId = this.#requests.get(requestId);
    if (swarmId === undefined || !this.agents.some(({ id }) => id === agentId)) return;
    this.#makeFor(swarmId, requestId);
  }

  /** The engine makes it, or refuses. */
  #makeFor(swarmId: string, requestId?: string): void {
    const container = this.state.containers.get(swarmId);
    const taskId = container?.taskId ?? '';
    const agent = this.agents.find(({ id }) => id === container?.agentId);
    const isRefused = this.random.next() < 0.1;
    if (container === undefined || agent === undefined || !agent.isUp || isRefused) {
      this.submit({ type: 'ContainerRefused', swarmId, taskId });
      return;
    }
    const there = [...agent.engine.values()].find((one) => one.swarmId === swarmId);
    if (there !== undefined && there.taskId !== taskId) this.#remove(agent.id, there.containerId);
    this.made += 1;
    const isThere = there?.taskId === taskId;
    const containerId = isThere ? there.containerId : `c${String(this.made).padStart(63, '0')}`;
    agent.engine.set(containerId, { swarmId, containerId, taskId });
    this.#set(taskId, 'TASK_RUNNING');
    this.#maybeCrash();
    const asked = requestId === undefined ? {} : { requestId };
    this.submit({ type: 'ContainerMade', ...asked, swarmId, taskId, containerId });
  }

  /** A user removes a container: the engine first, then the record. */
  removeSome(): void {
    const made = [...this.state.containers.values()].filter(({ phase }) => phase === 'made');
    const container = made[Math.floor(this.random.next() * made.length)];
    if (container?.containerId === undefined) return;
    this.#remove(container.agentId ?? '', container.containerId);
    this.submit({ type: 'ContainerRemoved', swarmId: container.swarmId });
  }

  /** An agent is cut off, or comes back with all that it had. */
  flip(agent: PretendedAgent, isUp: boolean): void {
    if (agent.isUp === isUp || agent.isForgotten) return;
    agent.isUp = isUp;
    for (const [taskId, task] of this.tasks) {
      if (task.agent !== agent) continue;
      const isThere = labelOf(task.info, 'DCOS_SWARM_ID') === undefined;
      const isMade = containerOf(task) !== undefined;
      this.#set(
        taskId,
        !isUp ? 'TASK_UNREACHABLE' : isThere || isMade ? 'TASK_RUNNING' : 'TASK_STARTING',
      );
    }
    this.listAgents();
  }

  /** The master loses its memory of an agent, until that comes back: then it tells what ended. */
  forget(agent: PretendedAgent, isForgotten: boolean): void {
    if (agent.isForgotten === isForgotten || !agent.isUp) return;
    agent.isForgotten = isForgotten;
    for (const [taskId, { state, agent: of }] of this.tasks) {
      if (of === agent && isOver(state)) this.tell(taskId);
    }
    this.listAgents();
  }

  /** The executor of an agent dies: its tasks are lost, its containers go on. */
  killExecutor(agent: PretendedAgent): void {
    if (!agent.isUp || agent.isForgotten) return;
    for (const [taskId, task] of this.tasks)
      if (task.agent === agent) this.#set(taskId, 'TASK_FAILED');
  }

  listAgents(): void {
    const agents = this.agents.flatMap(({ id, isUp, isForgotten }) =>
      isUp && !isForgotten ? [listedAgent(id)] : [],
    );
    this.submit({ type: 'AgentsListed', agents });
  }

  #offerOf(agentId: string): Offer {
    this.#offers += 1;
    return offerOf(agentId, `offer-${this.#offers}`);
  }

  /** One turn of the clock: offers, answers of engines, lists of what they have. */
  tick(): void {
    this.now += 100;
    this.submit({ type: 'Ticked' });
    for (const agent of this.agents) {
      if (!agent.isUp) continue;
      if (this.#wantsOffers && !agent.isForgotten)
        this.submit({ type: 'OffersReceived', offers: [this.#offerOf(agent.id)] });
      const node = this.state.nodes.get(agent.id);
      if (node?.task?.isRunning !== true) continue;
      const facts = factsOf(agent.id);
      this.submit({ type: 'NodeAnswered', agentId: agent.id, facts });
      if (this.random.next() < 0.3) {
        const found = [...agent.engine.values()].map((one) => ({ ...one, isRunning: true }));
        this.submit({ type: 'NodeInventoried', agentId: agent.id, found });
      }
    }
    this.drain();
  }
}

/** Runs one seed: a storm of requests, losses and crashes, then rest. */
export function runSeed(seed: number): SimulationResult {
  const world = new World(seed);
  world.begin();
  world.drain();
  world.crashChance = 0.01;
  for (let turn = 0; turn < 60; turn += 1) {
    const chance = world.random.next();
    const agent = world.agents[Math.floor(world.random.next() * 3)];
    if (chance < 0.4) world.request(world.random.next() < 0.5);
    else if (chance < 0.5) world.removeSome();
    else if (chance < 0.58 && agent !== undefined) world.flip(agent, !agent.isUp);
    else if (chance < 0.64 && agent !== undefined) world.killExecutor(agent);
    else if (chance < 0.7) world.restart();
    else if (chance < 0.74 && agent !== undefined) {
      world.forget(agent, !agent.isForgotten);
      // Mostly longer than a task may be unknown.
      for (let wait = 0; wait < 4; wait += 1) {
        world.now += 25_000;
        world.tick();
      }
    }
    world.tick();
  }
  world.crashChance = 0;
  for (const agent of world.agents) {
    world.forget(agent, false);
    world.flip(agent, true);
  }
  // Longer than the longest wait for a task that the master does not know.
  for (let turn = 0; turn < 150; turn += 1) {
    world.now += 5_000;
    world.tick();
  }
  const { crashes, made, moved } = world;
  return { problems: problemsOf(world), crashes, made, moved };
}

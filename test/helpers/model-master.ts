/**
 * A model of a Mesos cluster for simulations: one framework, agents that can be cut off, tasks
 * that can fail, updates sent again until acknowledged. Synchronous, driven by a seed; it refuses
 * calls that Mesos would refuse and throws, since those are bugs.
 */
import type { Random } from '../../src/core/random.js';
import type { OutgoingCall } from '../../src/framework/connection.js';
import type { Resource } from '../../src/wire/mesos/common.js';
import type { Offer, OfferOperation, SchedulerEvent } from '../../src/wire/mesos/scheduler.js';
import type { TaskInfo, TaskState, TaskStatus } from '../../src/wire/mesos/task.js';
import { conversionOf, convert } from '../../src/wire/resources/convert.js';
import {
  add,
  contains,
  exclusive,
  isShared,
  resourcesOf,
  subtract,
} from '../../src/wire/resources/pool.js';
import {
  agentOf,
  bare,
  type ModelAgent,
  type ModelTask,
  stateOf,
  statusOf,
} from './model-agent.js';

interface Update {
  readonly status: TaskStatus;
  sentAt: number;
}

const terminal = new Set<TaskState>([
  'TASK_FAILED',
  'TASK_KILLED',
  'TASK_FINISHED',
  'TASK_DROPPED',
  'TASK_GONE_BY_OPERATOR',
]);
const resendMs = 10_000;

/** The cluster. `deliver` gets the events of the current subscription. */
export class ModelMaster {
  readonly agents: ModelAgent[];
  readonly tasks = new Map<string, ModelTask>();
  frameworkId: string | undefined;
  removed = new Set<string>();
  readonly launched = new Set<string>();
  readonly exitCodes = new Map<string, number>(); // of checks, by the names of tasks
  #deliver: ((event: SchedulerEvent) => void) | undefined;
  readonly #random: Random;
  readonly #offers = new Map<string, Offer>();
  readonly #refused = new Map<string, number>();
  readonly #updates = new Map<string, Update[]>();
  #suppressed = false;
  #now = 0;
  readonly #role: string;

  constructor(random: Random, agents: number, role = 'services') {
    this.#random = random;
    this.#role = role;
    this.agents = Array.from({ length: agents }, (_, index) => agentOf(index, role));
  }

  get subscribed(): boolean {
    return this.#deliver !== undefined;
  }

  /** A new subscription; `undefined` when the framework has been removed (ERROR was delivered). */
  subscribe(frameworkId: string | undefined, deliver: (event: SchedulerEvent) => void): void {
    if (frameworkId !== undefined && this.removed.has(frameworkId)) {
      deliver({ type: 'ERROR', error: { message: 'Framework has been removed' } });
      return;
    }
    this.frameworkId = frameworkId ?? `framework-${this.#random.uuid()}`;
    this.#deliver = deliver;
    this.#suppressed = false;
    this.#offers.clear();
    this.#refused.clear();
    deliver({ type: 'SUBSCRIBED', subscribed: { framework_id: { value: this.frameworkId } } });
  }

  /** The stream breaks: nothing more of it arrives. */
  disconnect(): void {
    this.#deliver = undefined;
    this.#offers.clear();
  }

  /** Time passes: updates again, offers, tasks that end. */
  advance(now: number): void {
    this.#now = now;
    for (const task of [...this.tasks.values()]) {
      if (!task.agent.reachable || !this.#knows(task.agent)) continue;
      if (task.killed && !terminal.has(task.state)) this.#end(task, 'TASK_KILLED');
      else if (task.state === 'TASK_STAGING') this.#report(task, 'TASK_RUNNING');
      else if (task.state === 'TASK_RUNNING' && task.info.check && task.checked === undefined) {
        task.checked = this.exitCodes.get(task.info.name) ?? 0;
        this.#report(task, 'TASK_RUNNING');
      }
    }
    for (const queue of this.#updates.values()) {
      const [head] = queue;
      if (head !== undefined && now - head.sentAt >= resendMs) this.#send(head);
    }
    this.#offer();
  }

  call(call: OutgoingCall): void {
    if (this.#deliver === undefined) return;
    switch (call.type) {
      case 'ACCEPT':
        this.#accept(call.accept);
        break;
      case 'DECLINE':
        this.#decline(call.decline.offer_ids, call.decline.filters?.refuse_seconds ?? 5);
        break;
      case 'KILL':
        this.#kill(call.kill.task_id.value);
        break;
      case 'ACKNOWLEDGE':
        this.#acknowledge(call.acknowledge.task_id.value, call.acknowledge.uuid);
        break;
      case 'RECONCILE':
        this.#reconcile((call.reconcile.tasks ?? []).map(({ task_id }) => task_id.value));
        break;
      case 'SUPPRESS':
        this.#suppressed = true;
        break;
      case 'REVIVE':
        this.#suppressed = false;
        this.#refused.clear();
        break;
      case 'TEARDOWN':
        this.remove();
        break;
      default:
        throw new Error(`the model does not know ${call.type}`);
    }
  }

  /** The framework is removed with all of its tasks. */
  remove(): void {
    if (this.frameworkId !== undefined) this.removed.add(this.frameworkId);
    for (const task of this.tasks.values())
      if (!terminal.has(task.state)) add(task.agent.free, exclusive(bare(task.info)));
    this.tasks.clear();
    this.#updates.clear();
    this.disconnect();
  }

  /** The master starts again and has forgotten its agents; they come back within seconds. */
  forget(): void {
    this.disconnect();
    for (const agent of this.agents) agent.knownAt = this.#now + 3_000;
  }

  #knows(agent: ModelAgent): boolean {
    return this.#now >= agent.knownAt;
  }

  /** A task fails by itself. */
  fail(task: ModelTask): void {
    if (task.agent.reachable && task.state === 'TASK_RUNNING') this.#end(task, 'TASK_FAILED');
  }

  /** A task comes to its end by itself. */
  finish(task: ModelTask): void {
    if (task.agent.reachable && task.state === 'TASK_RUNNING') this.#end(task, 'TASK_FINISHED');
  }

  /** The agent is cut off: its tasks go on, unseen. */
  cutOff(agent: ModelAgent): void {
    if (!agent.reachable) return;
    agent.reachable = false;
    for (const offer of [...this.#offers.values()]) {
      if (offer.agent_id.value === agent.id) this.#rescind(offer);
    }
    for (const task of this.#live(agent))
      this.#tell(task, 'TASK_UNREACHABLE', 'REASON_AGENT_REMOVED');
  }

  heal(agent: ModelAgent): void {
    if (agent.reachable) return;
    agent.reachable = true;
    for (const task of this.#live(agent)) this.#tell(task, task.state, 'REASON_AGENT_REREGISTERED');
  }

  /** An operator says that the agent never comes back; what was reserved there is no more. */
  markGone(agent: ModelAgent): void {
    this.agents.splice(this.agents.indexOf(agent), 1);
    for (const offer of [...this.#offers.values()]) {
      if (offer.agent_id.value === agent.id) this.#rescind(offer);
    }
    for (const task of this.#live(agent)) {
      this.#end(task, 'TASK_GONE_BY_OPERATOR');
    }
  }

  #live(agent: ModelAgent): ModelTask[] {
    return [...this.tasks.values()].filter(
      (task) => task.agent === agent && !terminal.has(task.state),
    );
  }

  #rescind(offer: Offer): void {
    this.#offers.delete(offer.id.value);
    this.#deliver?.({ type: 'RESCIND', rescind: { offer_id: offer.id } });
  }

  #offer(): void {
    if (this.#deliver === undefined || this.#suppressed) return;
    const offers: Offer[] = [];
    for (const agent of this.agents) {
      const out = [...this.#offers.values()].some(({ agent_id }) => agent_id.value === agent.id);
      const refused = (this.#refused.get(agent.id) ?? 0) > this.#now;
      if (out || refused || !agent.reachable || !this.#knows(agent) || agent.free.size === 0)
        continue;
      const offer: Offer = {
        id: { value: this.#random.uuid() },
        framework_id: { value: this.frameworkId ?? '' },
        agent_id: { value: agent.id },
        hostname: agent.hostname,
        resources: resourcesOf(agent.free),
        allocation_info: { role: this.#role },
      };
      this.#offers.set(offer.id.value, offer);
      offers.push(offer);
    }
    if (offers.length > 0) this.#deliver({ type: 'OFFERS', offers: { offers } });
  }

  #accept(accept: Extract<OutgoingCall, { type: 'ACCEPT' }>['accept']): void {
    const offers = accept.offer_ids.map(({ value }) => this.#offers.get(value));
    for (const { value } of accept.offer_ids) this.#offers.delete(value);
    const [offer] = offers;
    const agent = this.agents.find(({ id }) => id === offer?.agent_id.value);
    for (const operation of accept.operations ?? []) {
      if (operation.type === 'LAUNCH') this.#launch(agent, operation.launch.task_infos);
      else this.#convert(agent, operation);
    }
    if (agent !== undefined)
      this.#refused.set(agent.id, this.#now + (accept.filters?.refuse_seconds ?? 5) * 1000);
  }

  #convert(agent: ModelAgent | undefined, operation: OfferOperation): void {
    const conversion = conversionOf(operation);
    if (agent === undefined || !agent.reachable || conversion === undefined) return;
    if (operation.type === 'DESTROY' && this.#inUse(agent, operation.destroy.volumes)) return;
    if (!convert(agent.free, conversion)) {
      throw new Error(`impossible: ${JSON.stringify(operation)}`);
    }
  }

  /** Mesos drops the destruction of a shared volume that a task still holds. */
  #inUse(agent: ModelAgent, volumes: readonly Resource[]): boolean {
    const ids = volumes.filter(isShared).map(({ disk }) => disk?.persistence?.id);
    return this.#live(agent).some(({ info }) =>
      bare(info).some((held) => isShared(held) && ids.includes(held.disk?.persistence?.id)),
    );
  }

  #launch(agent: ModelAgent | undefined, infos: readonly TaskInfo[]): void {
    for (const info of infos) {
      const taskId = info.task_id.value;
      if (this.launched.has(taskId)) throw new Error(`task ${taskId} was launched twice`);
      this.launched.add(taskId);
      if (agent === undefined || !agent.reachable) {
        this.#tellStatus({
          task_id: info.task_id,
          agent_id: info.agent_id,
          state: 'TASK_DROPPED',
          reason: 'REASON_INVALID_OFFERS',
        });
        continue;
      }
      if (!contains(agent.free, bare(info)))
        throw new Error(`task ${taskId} asks more than was offered`);
      // A shared volume stays free while it is held.
      subtract(agent.free, exclusive(bare(info)));
      this.tasks.set(taskId, { info, agent, state: 'TASK_STAGING', killed: false });
    }
  }

  #decline(ids: readonly { value: string }[], seconds: number): void {
    for (const { value } of ids) {
      const offer = this.#offers.get(value);
      if (offer === undefined) continue;
      this.#offers.delete(value);
      this.#refused.set(offer.agent_id.value, this.#now + seconds * 1000);
    }
  }

  #kill(taskId: string): void {
    const task = this.tasks.get(taskId);
    if (task === undefined || !this.#knows(task.agent)) {
      this.#tellStatus({
        task_id: { value: taskId },
        state: 'TASK_UNKNOWN',
        reason: 'REASON_RECONCILIATION',
      });
    } else if (task.agent.reachable) task.killed = true;
  }

  #acknowledge(taskId: string, uuid: string): void {
    const queue = this.#updates.get(taskId) ?? [];
    if (queue[0]?.status.uuid !== uuid) return;
    queue.shift();
    const [next] = queue;
    if (next !== undefined) this.#send(next);
    const task = this.tasks.get(taskId);
    if (queue.length === 0 && task !== undefined && terminal.has(task.state))
      this.tasks.delete(taskId);
  }

  #reconcile(ids: readonly string[]): void {
    if (ids.length === 0) {
      for (const task of this.tasks.values())
        if (!terminal.has(task.state) && this.#knows(task.agent)) this.#tell(task, stateOf(task));
      return;
    }
    for (const id of ids) {
      const task = this.tasks.get(id);
      if (task !== undefined && this.#knows(task.agent))
        this.#tell(task, stateOf(task), 'REASON_RECONCILIATION');
      else
        this.#tellStatus({
          task_id: { value: id },
          state: 'TASK_UNKNOWN',
          reason: 'REASON_RECONCILIATION',
        });
    }
  }

  #end(task: ModelTask, state: TaskState): void {
    add(task.agent.free, exclusive(bare(task.info)));
    this.#report(task, state);
  }

  /** An update of the agent: sent again until acknowledged, one after the other. */
  #report(task: ModelTask, state: TaskState): void {
    task.state = state;
    const taskId = task.info.task_id.value;
    const status = { ...statusOf(task, state), uuid: this.#random.uuid() };
    const queue = this.#updates.get(taskId) ?? [];
    this.#updates.set(taskId, queue);
    const update = { status, sentAt: this.#now };
    queue.push(update);
    if (queue.length === 1) this.#send(update);
  }

  #send(update: Update): void {
    update.sentAt = this.#now;
    const taskId = update.status.task_id.value;
    const agent = this.tasks.get(taskId)?.agent;
    if (agent !== undefined && !(agent.reachable && this.#knows(agent))) return;
    this.#tellStatus(update.status);
  }

  #tell(task: ModelTask, state: TaskState, reason?: string): void {
    this.#tellStatus({ ...statusOf(task, state), ...(reason === undefined ? {} : { reason }) });
  }

  #tellStatus(status: TaskStatus): void {
    this.#deliver?.({ type: 'UPDATE', update: { status } });
  }
}

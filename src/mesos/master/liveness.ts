/**
 * Time: pings, heartbeats, time-outs. The clock that counts is the process's own awake time. When
 * this process itself was frozen, or the machine slept, nobody else is to blame for the silence:
 * that time counts for nothing.
 */
import { count, note, order, persist, type Turn, tell } from './events.js';
import { removeFramework } from './frameworks.js';
import { rescind, takeOutOfUse } from './holdings.js';
import { tellOutcome } from './operations.js';
import { detach } from './register.js';
import { forgetOrders, storeAgent } from './standing.js';
import type { Agent, Framework, MasterState, StoredAgent, TaskRecord } from './state.js';
import {
  applyStatus,
  isTerminal,
  keep,
  mastersStatus,
  publishStatus,
  stateFor,
  tellStatus,
} from './tasks.js';

/**
 * A longer gap between two events than this many ping intervals means that this process did not
 * run.
 */
const longestGap = 2;

/**
 * Lets awake time pass up to `now`; returns nothing, and never lets a gap count for more than
 * `longestGap` intervals.
 */
export function passTime(state: MasterState, now: number): void {
  const most = longestGap * state.options.pingIntervalMs;
  state.awakeMs += Math.min(Math.max(now - state.lastNow, 0), most);
  state.lastNow = now;
}

/** One ping interval has passed. */
export function ticked(turn: Turn): void {
  const { state, now } = turn;
  const gap = now - state.lastTick;
  state.lastTick = now;
  const slept = gap < 0 || gap > longestGap * state.options.pingIntervalMs;
  if (slept) note(turn, 'this process did not run for a while; no agent is blamed', { gapMs: gap });
  for (const agent of [...state.agents.values()]) ping(turn, agent, slept);
  beat(turn);
  expire(turn);
}

function ping(turn: Turn, agent: Agent, slept: boolean): void {
  if (slept) {
    agent.missedPings = 0;
    agent.awaitsPong = false;
  }
  if (agent.awaitsPong || agent.link === undefined) agent.missedPings += 1;
  const { state } = turn;
  const silent = agent.missedPings >= state.options.maxMissedPings;
  // Where removals are limited the agent is pinged on, and saved by an answer.
  if (silent && state.awakeMs >= state.nextRemovalAt) {
    state.nextRemovalAt = state.awakeMs + (state.options.removalIntervalMs ?? 0);
    lose(turn, agent);
    return;
  }
  agent.pings += 1;
  agent.awaitsPong = agent.link !== undefined;
  order(turn, agent, { type: 'PING', sequence: agent.pings });
}

/**
 * The agent does not answer: that is made durable before any framework hears of it; it may come
 * back with its tasks.
 */
function lose(turn: Turn, agent: Agent): void {
  const { state, now } = turn;
  rememberUnreachable(turn, agent.id, { info: agent.info, registeredAt: agent.registeredAt });
  note(turn, 'agent unreachable', { agent: agent.id, hostname: agent.info.hostname });
  count(state, 'master/slave_unreachable_completed');
  detach(turn, agent, (framework, task) => {
    if (isTerminal(task.state)) {
      framework.tasks.delete(task.task_id.value);
      keep(framework.completed, task, state.options.maxCompletedTasks);
      return;
    }
    takeOutOfUse(state, agent, framework, task.resources);
    becomeUnreachable(turn, framework, task, now);
  });
}

function becomeUnreachable(
  turn: Turn,
  framework: Framework,
  task: TaskRecord,
  since: number,
): void {
  const status = mastersStatus(turn, task, stateFor(framework, 'TASK_UNREACHABLE'), {
    message: 'health check timed out',
    reason: 'REASON_AGENT_REMOVED',
    unreachable_time: { nanoseconds: since * 1_000_000 },
  });
  framework.tasks.delete(task.task_id.value);
  if (framework.capabilities.has('PARTITION_AWARE')) {
    applyStatus(turn, framework, task, status);
  } else {
    // Its framework takes it for lost, yet it may return, to be killed then: the record waits with
    // the unreachable ones.
    task.statuses.push(status);
    task.state = 'TASK_UNREACHABLE';
    publishStatus(turn, framework, status, status.state);
  }
  framework.unreachable.set(task.task_id.value, task);
  tellStatus(turn, framework, status);
}

function rememberUnreachable(
  turn: Turn,
  id: string,
  { info, registeredAt }: Pick<StoredAgent, 'info' | 'registeredAt'>,
): void {
  const { state, now } = turn;
  const { resources: _told, ...kept } = info;
  state.recoveredAgents.delete(id);
  state.unreachableAgents.set(id, { info: kept, registeredAt, unreachableAt: now });
  storeAgent(turn, id, { info, registeredAt, standing: 'unreachable', unreachableAt: now });
  for (const oldest of state.unreachableAgents.keys()) {
    if (state.unreachableAgents.size <= state.options.maxUnreachableAgents) break;
    state.unreachableAgents.delete(oldest);
    forgetOrders(state, oldest);
    persist(turn, `agents/${oldest}`, null);
  }
}

function beat(turn: Turn): void {
  const { state } = turn;
  for (const framework of state.frameworks.values()) {
    if (framework.stream === undefined || framework.heartbeatAt > state.awakeMs) continue;
    framework.heartbeatAt += state.options.heartbeatMs;
    tell(turn, framework, { type: 'HEARTBEAT' });
  }
  for (const [stream, due] of state.subscribers) {
    if (due > state.awakeMs) continue;
    state.subscribers.set(stream, due + state.options.heartbeatMs);
    turn.effects.push({ type: 'Send', streams: [stream], message: { type: 'HEARTBEAT' } });
  }
}

function expire(turn: Turn): void {
  const { state } = turn;
  for (const framework of [...state.frameworks.values()]) {
    if (framework.failoverAt !== undefined && framework.failoverAt <= state.awakeMs) {
      removeFramework(turn, framework, 'failover timeout');
    }
  }
  for (const offer of [...state.offers.values()]) {
    if (offer.expiresAt <= state.awakeMs) rescind(turn, offer, true);
  }
  for (const operation of [...state.operations.values()]) {
    const waits = operation.statusUuid !== undefined && operation.resendAt <= state.awakeMs;
    if (waits) tellOutcome(turn, operation);
  }
  // Agents that a fresh master knows from its store alone have this long to come back; only then is
  // their silence news, and their tasks unreachable.
  if (state.recoveredAgents.size > 0 && state.awakeMs >= state.options.reregisterTimeoutMs) {
    for (const [id, absent] of [...state.recoveredAgents]) rememberUnreachable(turn, id, absent);
  }
  // Refusals that have run out are found when their agent is looked at.
  state.allDirty = true;
}

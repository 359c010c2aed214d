/**
 * ACCEPT and DECLINE: what a framework does with its offers. The operations of one ACCEPT are done
 * in order, each seeing what those before it left and produced (apache/mesos docs/scheduler-http-
 * api.md, "ACCEPT").
 */

import type { Resource } from '../../wire/mesos/common.js';
import type { Filters, OfferOperation, SchedulerCall } from '../../wire/mesos/scheduler.js';
import type { TaskInfo } from '../../wire/mesos/task.js';
import { type Pool, poolOf, resourcesOf } from '../../wire/resources/pool.js';
import { count, type Turn } from './events.js';
import { setFree, takeOutOfOffer } from './holdings.js';
import { refusalKey } from './keys.js';
import { launchGroup, launchTask } from './launch.js';
import { operate, refuseOperation } from './operations.js';
import {
  type Agent,
  type Framework,
  type MasterState,
  type OfferRecord,
  refusalMs,
} from './state.js';
import { defaultRole, mastersStatus, stateFor, tellStatus } from './tasks.js';

type Accept = Extract<SchedulerCall, { type: 'ACCEPT' }>['accept'];
type Decline = Extract<SchedulerCall, { type: 'DECLINE' }>['decline'];

/** What an ACCEPT works with: its agent, its role, and what of the offers is left. */
export interface Acceptance {
  readonly framework: Framework;
  readonly agent: Agent;
  readonly role: string;
  /** Allocated to `role`. */
  readonly left: Pool;
}

/** Carries out an ACCEPT. */
export function accepted(turn: Turn, framework: Framework, accept: Accept): void {
  const { state } = turn;
  count(state, 'master/messages_accept');
  const ids = accept.offer_ids.map(({ value }) => value);
  const problem = problemWith(state, framework, ids);
  const offers = [...new Set(ids)]
    .map((id) => state.offers.get(id))
    .filter((offer) => offer !== undefined)
    .filter((offer) => offer.frameworkId === framework.id);
  const agent = state.agents.get(offers[0]?.agentId ?? '');
  if (problem !== undefined || agent === undefined) {
    for (const offer of offers) giveBack(turn, framework, offer, undefined);
    refuseAll(turn, framework, accept.operations ?? [], problem ?? 'No offers specified');
    return;
  }
  for (const offer of offers) takeOutOfOffer(state, offer);
  const role = offers[0]?.role ?? defaultRole(framework.info);
  const left = poolOf(offers.flatMap((offer) => offer.resources));
  const acceptance: Acceptance = { framework, agent, role, left };
  for (const operation of accept.operations ?? []) carryOut(turn, acceptance, operation);
  const rest = resourcesOf(left);
  refuse(turn, framework, role, agent.id, rest, accept.filters);
  setFree(state, agent, rest);
}

function carryOut(turn: Turn, acceptance: Acceptance, operation: OfferOperation): void {
  if (operation.type === 'LAUNCH') {
    for (const task of operation.launch.task_infos) launchTask(turn, acceptance, task);
  } else if (operation.type === 'LAUNCH_GROUP') {
    launchGroup(turn, acceptance, operation.launch_group);
  } else operate(turn, acceptance, operation);
}

/**
 * Why these offers can't be used together, in Mesos' words (src/master/validation.cpp, namespace
 * offer).
 */
function problemWith(
  state: MasterState,
  framework: Framework,
  ids: readonly string[],
): string | undefined {
  if (ids.length === 0) return 'No offers specified';
  const seen = new Set<string>();
  let first: OfferRecord | undefined;
  for (const id of ids) {
    if (seen.has(id)) return `Duplicate offer ${id} in offer list`;
    seen.add(id);
    const offer = state.offers.get(id);
    if (offer === undefined) return `Offer ${id} is no longer valid`;
    if (offer.frameworkId !== framework.id) {
      const whose = `has invalid framework ${offer.frameworkId}`;
      return `Offer ${id} ${whose} while framework ${framework.id} is expected`;
    }
    first ??= offer;
    if (offer.agentId !== first.agentId) {
      return (
        `Aggregated offers must belong to one single agent. Offer ${id} uses agent ` +
        `${offer.agentId} and offer ${first.id} uses agent ${first.agentId}`
      );
    }
    if (offer.role !== first.role) {
      return (
        `Aggregated offers must be allocated to the same role. Offer ${id} uses role ` +
        `${offer.role} but another is using role ${first.role}`
      );
    }
  }
  return undefined;
}

/** Nothing of the ACCEPT is done: each task and each operation with an id is told why. */
function refuseAll(
  turn: Turn,
  framework: Framework,
  operations: readonly OfferOperation[],
  problem: string,
): void {
  for (const operation of operations) {
    if (operation.type !== 'LAUNCH' && operation.type !== 'LAUNCH_GROUP') {
      const message = `Operation attempted with invalid offers: ${problem}`;
      refuseOperation(turn, framework, operation, message);
    }
    for (const task of tasksOf(operation)) {
      const status = mastersStatus(turn, task, stateFor(framework, 'TASK_DROPPED'), {
        message: `Task launched with invalid offers: ${problem}`,
        reason: 'REASON_INVALID_OFFERS',
      });
      tellStatus(turn, framework, status);
    }
  }
}

function tasksOf(operation: OfferOperation): readonly TaskInfo[] {
  if (operation.type === 'LAUNCH') return operation.launch.task_infos;
  return operation.type === 'LAUNCH_GROUP' ? operation.launch_group.task_group.tasks : [];
}

/** Carries out a DECLINE; offers that are gone already are passed over. */
export function declined(turn: Turn, framework: Framework, decline: Decline): void {
  count(turn.state, 'master/messages_decline_offers');
  for (const { value } of decline.offer_ids) {
    const offer = turn.state.offers.get(value);
    if (offer?.frameworkId !== framework.id) continue;
    giveBack(turn, framework, offer, decline.filters ?? {});
  }
}

function giveBack(
  turn: Turn,
  framework: Framework,
  offer: OfferRecord,
  filters: Filters | undefined,
): void {
  takeOutOfOffer(turn.state, offer);
  if (filters !== undefined) {
    refuse(turn, framework, offer.role, offer.agentId, offer.resources, filters);
  }
  const agent = turn.state.agents.get(offer.agentId);
  if (agent !== undefined) setFree(turn.state, agent, offer.resources);
}

/** The most refusals kept of one framework for one role on one agent. */
const maxRefusals = 8;
/** Refusals that last longer are looked at by the tick alone. */
const longestWakeMs = 60_000;

/**
 * The framework is not offered these resources of the agent again, or less than them, for as long
 * as `filters` says.
 */
function refuse(
  turn: Turn,
  framework: Framework,
  role: string,
  agentId: string,
  resources: readonly Resource[],
  filters: Filters | undefined,
): void {
  const forMs = refusalMs(filters);
  if (forMs === 0 || resources.length === 0) return;
  const key = refusalKey(role, agentId);
  const earlier = framework.refusals.get(key) ?? [];
  const refusal = { until: turn.state.awakeMs + forMs, refused: poolOf(resources) };
  framework.refusals.set(key, [...earlier, refusal].slice(-maxRefusals));
  if (forMs <= longestWakeMs) turn.effects.push({ type: 'Wake', inMs: forMs + 2 });
}

/**
 * The calls of a subscribed scheduler (apache/mesos docs/scheduler-http-api.md): who may make
 * them, and where each goes.
 */
import type { SchedulerCall } from '../../wire/mesos/scheduler.js';
import { accepted, declined } from './accept.js';
import { count, note, order, reply, type Turn } from './events.js';
import { orderKill } from './kills.js';
import { inverseOffersAnswered } from './maintenance/inverse-offers.js';
import { operationAcknowledged } from './operations.js';
import { reconciled, reconcileOne } from './reconcile.js';
import { operationsReconciled } from './reconcile-operations.js';
import type { Framework } from './state.js';
import { acknowledged } from './status.js';
import { tornDown } from './subscribe.js';
import { frameworkUpdated } from './update-framework.js';

/** A call on an existing subscription. */
export type SubscribedCall = Exclude<SchedulerCall, { type: 'SUBSCRIBE' }>;

/** Carries out a call, or answers why it is refused. */
export function called(
  turn: Turn,
  requestId: string,
  principal: string,
  stream: string | undefined,
  call: SubscribedCall,
): void {
  const framework = turn.state.frameworks.get(call.framework_id.value);
  const refusal = refusalOf(framework, principal, stream);
  if (framework === undefined || refusal !== undefined) {
    const [status, text] = refusal ?? [400, 'Framework cannot be found'];
    reply(turn, requestId, status, text);
    return;
  }
  if (call.type === 'UPDATE_FRAMEWORK') {
    const problem = frameworkUpdated(turn, framework, call.update_framework);
    reply(turn, requestId, problem === undefined ? 200 : 400, problem);
    return;
  }
  carryOut(turn, framework, call);
  reply(turn, requestId, 202);
}

function refusalOf(
  framework: Framework | undefined,
  principal: string,
  stream: string | undefined,
): [number, string] | undefined {
  if (framework === undefined) return [400, 'Framework cannot be found'];
  if (framework.principal !== undefined && framework.principal !== principal) {
    return [403, 'Framework belongs to another principal'];
  }
  if (framework.stream === undefined) return [403, 'Framework is not subscribed'];
  if (stream === undefined) {
    return [400, "All non-subscribe calls should include the 'Mesos-Stream-Id' header"];
  }
  if (framework.stream === stream) return undefined;
  return [
    400,
    `The stream ID '${stream}' included in this request didn't match the stream ID currently ` +
      `associated with framework ID ${framework.id}`,
  ];
}

type ActingCall = Exclude<SubscribedCall, { type: 'UPDATE_FRAMEWORK' }>;

function carryOut(turn: Turn, framework: Framework, call: ActingCall): void {
  switch (call.type) {
    case 'TEARDOWN':
      tornDown(turn, framework);
      return;
    case 'ACCEPT':
      accepted(turn, framework, call.accept);
      return;
    case 'DECLINE':
      declined(turn, framework, call.decline);
      return;
    case 'REVIVE':
      revived(turn, framework, call.revive?.roles ?? []);
      return;
    case 'SUPPRESS':
      suppressed(turn, framework, call.suppress?.roles ?? []);
      return;
    case 'KILL':
      killed(turn, framework, call.kill);
      return;
    case 'SHUTDOWN':
      shutDown(turn, framework, call.shutdown);
      return;
    case 'ACKNOWLEDGE': {
      const { agent_id, task_id, uuid } = call.acknowledge;
      const ids = { agentId: agent_id.value, taskId: task_id.value, uuid };
      acknowledged(turn, framework, ids);
      return;
    }
    case 'ACKNOWLEDGE_OPERATION_STATUS': {
      const { operation_id, uuid } = call.acknowledge_operation_status;
      operationAcknowledged(turn, framework, operation_id.value, uuid);
      return;
    }
    case 'RECONCILE':
      reconciled(turn, framework, call.reconcile.tasks ?? []);
      return;
    case 'ACCEPT_INVERSE_OFFERS':
      inverseOffersAnswered(turn, framework, 'ACCEPT', call.accept_inverse_offers);
      return;
    case 'DECLINE_INVERSE_OFFERS':
      inverseOffersAnswered(turn, framework, 'DECLINE', call.decline_inverse_offers);
      return;
    case 'RECONCILE_OPERATIONS':
      operationsReconciled(turn, framework, call.reconcile_operations.operations ?? []);
      return;
    case 'MESSAGE':
      messageSent(turn, framework, call.message);
      return;
    case 'REQUEST':
      // Mesos' allocator ignores requests for resources, too.
      count(turn.state, 'master/messages_resource_request');
      return;
  }
}

/** The framework wants offers again, for these roles or for all: what it refused is forgotten. */
function revived(turn: Turn, framework: Framework, roles: readonly string[]): void {
  count(turn.state, 'master/messages_revive_offers');
  const wanted = roles.length > 0 ? roles : framework.roles;
  for (const role of wanted) {
    framework.suppressed.delete(role);
    for (const key of framework.refusals.keys()) {
      if (key.endsWith(` ${role}`)) framework.refusals.delete(key);
    }
  }
  turn.state.allDirty = true;
}

function suppressed(turn: Turn, framework: Framework, roles: readonly string[]): void {
  count(turn.state, 'master/messages_suppress_offers');
  for (const role of roles.length > 0 ? roles : framework.roles) framework.suppressed.add(role);
}

type Kill = Extract<SubscribedCall, { type: 'KILL' }>['kill'];

function killed(turn: Turn, framework: Framework, kill: Kill): void {
  const { state } = turn;
  count(state, 'master/messages_kill_task');
  const task = framework.tasks.get(kill.task_id.value);
  const agent = task === undefined ? undefined : state.agents.get(task.agent_id.value);
  if (task === undefined || agent === undefined) {
    reconcileOne(turn, framework, kill);
    return;
  }
  if (kill.agent_id !== undefined && kill.agent_id.value !== agent.id) {
    const asked = kill.agent_id.value;
    note(turn, 'a kill names the wrong agent', { task: kill.task_id.value, asked, on: agent.id });
    return;
  }
  const killPolicy = kill.kill_policy === undefined ? {} : { killPolicy: kill.kill_policy };
  orderKill(turn, agent, framework, task, killPolicy);
}

type Shutdown = Extract<SubscribedCall, { type: 'SHUTDOWN' }>['shutdown'];

function shutDown(turn: Turn, framework: Framework, { agent_id, executor_id }: Shutdown): void {
  const agent = turn.state.agents.get(agent_id.value);
  if (agent === undefined) return;
  const framework_id = { value: framework.id };
  order(turn, agent, { type: 'SHUTDOWN_EXECUTOR', framework_id, executor_id });
}

type Message = Extract<SubscribedCall, { type: 'MESSAGE' }>['message'];

function messageSent(turn: Turn, framework: Framework, message: Message): void {
  count(turn.state, 'master/messages_framework_to_executor');
  const agent = turn.state.agents.get(message.agent_id.value);
  if (agent === undefined) return;
  const framework_id = { value: framework.id };
  const { executor_id, data } = message;
  order(turn, agent, { type: 'FRAMEWORK_MESSAGE', framework_id, executor_id, data });
}

/**
 * Answers of the v1 operator API's calls that only ask (apache/mesos docs/operator-http-api.md).
 */
import type { OperatorQuery } from '../operator-calls.js';
import type { Framework, MasterState, OperationRecord } from '../state.js';
import { flagsOf } from './flags.js';
import { maintenanceStatus, scheduleView } from './maintenance.js';
import { agentMessage, frameworkMessage, masterInfo, unlessEmpty } from './messages.js';
import { metricsOf } from './metrics.js';
import { quotaStatus, weightInfos } from './quota.js';
import { rolesMessage } from './roles.js';
import { versionOf } from './version.js';

/** The whole answer to a call. */
export function answerTo(state: MasterState, type: OperatorQuery): Record<string, unknown> {
  const body = bodyOf(state, type);
  // Mesos only sets this one when there is a weight to show.
  const unset = type === 'GET_WEIGHTS' && state.weights.size === 0;
  return unset ? { type } : { type, [type.toLowerCase()]: body };
}

function bodyOf(state: MasterState, type: OperatorQuery): Record<string, unknown> {
  switch (type) {
    case 'GET_HEALTH':
      return { healthy: true };
    case 'GET_FLAGS':
      return { flags: Object.entries(flagsOf(state)).map(([name, value]) => ({ name, value })) };
    case 'GET_VERSION':
      return { version_info: versionOf(state) };
    case 'GET_METRICS':
      return {
        metrics: Object.entries(metricsOf(state)).map(([name, value]) => ({ name, value })),
      };
    case 'GET_STATE':
      return getState(state);
    case 'GET_AGENTS':
      return getAgents(state);
    case 'GET_FRAMEWORKS':
      return getFrameworks(state);
    case 'GET_EXECUTORS':
      return getExecutors(state);
    case 'GET_TASKS':
      return getTasks(state);
    case 'GET_OPERATIONS':
      return unlessEmpty('operations', [...state.operations.values()].map(operationMessage));
    case 'GET_ROLES':
      return unlessEmpty('roles', rolesMessage(state));
    case 'GET_MASTER':
      return {
        master_info: masterInfo(state.options),
        start_time: state.options.startedAt / 1000,
        elected_time: state.options.startedAt / 1000,
      };
    case 'GET_QUOTA':
      return { status: quotaStatus(state) };
    case 'GET_MAINTENANCE_SCHEDULE':
      return { schedule: scheduleView(state) };
    case 'GET_MAINTENANCE_STATUS':
      return { status: maintenanceStatus(state) };
    case 'GET_LOGGING_LEVEL':
      return { level: state.logging.level };
    case 'GET_WEIGHTS':
      return unlessEmpty('weight_infos', weightInfos(state));
  }
}

/** GET_STATE, which is also the first event of an operator's stream. */
export function getState(state: MasterState): Record<string, unknown> {
  return {
    get_tasks: getTasks(state),
    get_executors: getExecutors(state),
    get_frameworks: getFrameworks(state),
    get_agents: getAgents(state),
  };
}

function getAgents(state: MasterState): Record<string, unknown> {
  return {
    agents: [...state.agents.values()].map((agent) => agentMessage(state, agent)),
    recovered_agents: [...state.recoveredAgents].map(([id, { info }]) => ({
      ...info,
      id: { value: id },
    })),
  };
}

function getFrameworks(state: MasterState): Record<string, unknown> {
  const shown = (framework: Framework) => frameworkMessage(state, framework);
  return {
    frameworks: [...state.frameworks.values()].map(shown),
    completed_frameworks: state.completedFrameworks.map(shown),
  };
}

function getExecutors(state: MasterState): Record<string, unknown> {
  const executors = [...state.frameworks.values()].flatMap((framework) =>
    [...framework.executors.values()].map(({ agentId, info }) => ({
      executor_info: info,
      agent_id: { value: agentId },
    })),
  );
  return { executors };
}

function getTasks(state: MasterState): Record<string, unknown> {
  const frameworks = [...state.frameworks.values()];
  return {
    tasks: frameworks.flatMap(({ tasks }) => [...tasks.values()]),
    unreachable_tasks: frameworks.flatMap(({ unreachable }) => [...unreachable.values()]),
    completed_tasks: [...frameworks, ...state.completedFrameworks].flatMap((one) => one.completed),
  };
}

function operationMessage(record: OperationRecord): Record<string, unknown> {
  const { operation, frameworkId, agentId, state, message, uuid } = record;
  const status = {
    ...(operation.id === undefined ? {} : { operation_id: operation.id }),
    state,
    ...(message === undefined ? {} : { message }),
  };
  return {
    ...(frameworkId === undefined ? {} : { framework_id: { value: frameworkId } }),
    agent_id: { value: agentId },
    info: operation,
    latest_status: status,
    statuses: [status],
    uuid: { value: Buffer.from(uuid.replaceAll('-', ''), 'hex').toString('base64') },
  };
}

/**
 * What is wrong with a task by itself, in Mesos' words and order (apache/mesos
 * src/master/validation.cpp, namespace task; src/common/validation.cpp).
 */
import type { CheckInfo, CommandInfo, HealthCheck, TaskInfo } from '../../wire/mesos/task.js';

/** The longest name of a file, and so of an id. */
const nameMax = 255;

/** Why this can be no id of a task or an executor. */
export function idProblem(id: string): string | undefined {
  if (id === '') return 'ID must not be empty';
  if (Buffer.byteLength(id) > nameMax) {
    return `ID must not be greater than ${nameMax} characters`;
  }
  if (id === '.' || id === '..') return `'${id}' is disallowed`;
  const isControl = [...id].some((letter) => letter < ' ' || letter === '\x7f');
  return isControl || /[/\\]/.test(id) ? `'${id}' contains invalid characters` : undefined;
}

/** Why the task can't be run as it wants to be: its times and its checks. */
export function wishProblem(info: TaskInfo): string | undefined {
  const { kill_policy, max_completion_time, check, health_check } = info;
  if ((kill_policy?.grace_period?.nanoseconds ?? 0) < 0) {
    return "Task's 'kill_policy.grace_period' must be non-negative";
  }
  if ((max_completion_time?.nanoseconds ?? 0) < 0) {
    return "Task's `max_completion_time` must be non-negative";
  }
  const checked = check === undefined ? undefined : checkProblem(check);
  if (checked !== undefined) return `Task uses invalid check: ${checked}`;
  const healthy = health_check === undefined ? undefined : healthCheckProblem(health_check);
  return healthy === undefined ? undefined : `Task uses invalid health check: ${healthy}`;
}

function checkProblem(check: CheckInfo): string | undefined {
  const { type, http } = check;
  if (type === 'COMMAND') {
    if (check.command === undefined) return missing('command', type, 'check');
    const problem = commandProblem(check.command.command, 'Command check');
    if (problem !== undefined) return problem;
  }
  if (type === 'HTTP') {
    if (http === undefined) return missing('http', type, 'check');
    if (http.path !== undefined && !http.path.startsWith('/')) {
      return `The path '${http.path}' of HTTP check must start with '/'`;
    }
  }
  if (type === 'TCP' && check.tcp === undefined) return missing('tcp', type, 'check');
  if (type === 'UNKNOWN') return "'UNKNOWN' is not a valid check type";
  return timesProblem(check, ['delay_seconds', 'interval_seconds', 'timeout_seconds']);
}

function healthCheckProblem(check: HealthCheck): string | undefined {
  const { type, http } = check;
  const kind = 'health check';
  if (type === undefined) return "HealthCheck must specify 'type'";
  if (type === 'COMMAND') {
    if (check.command === undefined) return missing('command', type, kind);
    const problem = commandProblem(check.command, 'Command health check');
    if (problem !== undefined) return problem;
  }
  if (type === 'HTTP') {
    if (http === undefined) return missing('http', type, kind);
    if (http.scheme !== undefined && !/^https?$/.test(http.scheme)) {
      return `Unsupported HTTP health check scheme: '${http.scheme}'`;
    }
    if (http.path !== undefined && !http.path.startsWith('/')) {
      return `The path '${http.path}' of HTTP health check must start with '/'`;
    }
  }
  if (type === 'TCP' && check.tcp === undefined) return missing('tcp', type, kind);
  if (type === 'UNKNOWN') return "'UNKNOWN' is not a valid health check type";
  const times = ['delay_seconds', 'grace_period_seconds', 'interval_seconds', 'timeout_seconds'];
  return timesProblem(check, times);
}

function missing(field: string, type: string, kind: string): string {
  return `Expecting '${field}' to be set for ${type} ${kind}`;
}

function commandProblem({ value, shell }: CommandInfo, whose: string): string | undefined {
  if (value !== undefined) return undefined;
  return `${whose} must contain ${shell === false ? "'executable path'" : "'shell command'"}`;
}

function timesProblem(
  check: Readonly<Record<string, unknown>>,
  names: readonly string[],
): string | undefined {
  const wrong = names.find((name) => Number(check[name] ?? 0) < 0);
  return wrong === undefined ? undefined : `Expecting '${wrong}' to be non-negative`;
}

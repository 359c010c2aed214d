/**
 * The environment of a task: what Mesos sets, then what the task asks for; nothing of the agent's
 * own.
 */
import { dirname } from 'node:path';
import type { CommandInfo, ContainerInfo } from '../../wire/mesos/task.js';
import type { AgentState, TaskRun } from './state.js';

const systemPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/**
 * Variables by name. `nodePath` is the Node that runs the agent: tasks find `node` on their PATH.
 */
export function environmentOf(
  state: AgentState,
  task: TaskRun,
  nodePath: string,
  command: CommandInfo | undefined = task.info.command,
): Record<string, string> {
  const { host } = state.self;
  const agentId = state.agentId ?? task.info.agent_id.value;
  const role = task.info.resources?.find((each) => each.allocation_info)?.allocation_info?.role;
  return {
    PATH: systemPathOf(nodePath),
    HOME: task.sandbox,
    LANG: 'C.UTF-8',
    MESOS_SANDBOX: task.sandbox,
    MESOS_DIRECTORY: task.sandbox,
    MESOS_TASK_ID: task.info.task_id.value,
    MESOS_EXECUTOR_ID: task.executorId,
    MESOS_FRAMEWORK_ID: task.frameworkId,
    MESOS_AGENT_ID: agentId,
    MESOS_SLAVE_ID: agentId,
    MESOS_CONTAINER_ID: task.containerId,
    MESOS_CONTAINER_IP: host,
    ...(role === undefined ? {} : { MESOS_ALLOCATION_ROLE: role }),
    LIBPROCESS_IP: host,
    ...variablesOf(task.info.command),
    ...(command === task.info.command ? {} : variablesOf(command)),
  };
}

/** Where programs are looked for: the `node` that runs the agent comes first. */
export function systemPathOf(nodePath: string): string {
  return `${dirname(nodePath)}:${systemPath}`;
}

/** What a command asks to have in its environment. */
export function variablesOf(command: CommandInfo | undefined): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const { name, value, secret } of command?.environment?.variables ?? []) {
    // Bytes that no environment can hold would end the start of the task.
    if (name === '' || /[=\0]/.test(name)) continue;
    const data = secret?.value?.data;
    const text = value ?? (data && Buffer.from(data, 'base64').toString('utf8')) ?? '';
    variables[name] = text.replaceAll('\0', '');
  }
  return variables;
}

/**
 * `words` under the limits that their container asks for (`RLimitInfo`): by `prlimit` of
 * util-linux, whose own words in `stderr` say which limit this user may not raise.
 */
export function limitedWords(words: readonly string[], container?: ContainerInfo): string[] {
  const rlimits = container?.rlimit_info?.rlimits ?? [];
  if (rlimits.length === 0) return [...words];
  const flags = rlimits.map(({ type, soft, hard }) => {
    const name = type.replace(/^RLMT_/, '').toLowerCase();
    return `--${name}=${soft ?? 'unlimited'}:${hard ?? 'unlimited'}`;
  });
  return ['prlimit', ...flags, '--', ...words];
}

/**
 * The words of a command: a shell's for the shell form, else the program and its arguments without
 * argv[0].
 */
export function wordsOf(command: CommandInfo): string[] {
  const value = command.value ?? '';
  if (command.shell ?? true) return ['/bin/sh', '-c', value];
  return [value, ...(command.arguments ?? []).slice(1)];
}

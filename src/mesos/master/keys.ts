/** The keys of the master's maps that are made of two ids. */

/** Of an executor of a framework. */
export function executorKey(agentId: string, executorId: string): string {
  return `${agentId} ${executorId}`;
}

/** Of what a framework refused. */
export function refusalKey(role: string, agentId: string): string {
  return `${agentId} ${role}`;
}

/** Of a task of any framework. */
export function taskKey(frameworkId: string, taskId: string): string {
  return `${frameworkId} ${taskId}`;
}

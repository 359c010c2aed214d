/** Tasks, as the master's state tells them. */
import { asList, asObject } from './answers.js';
import type { Http } from './http.js';
import { mesosState } from './nodes.js';

/** A task as in the master's state. */
export type Task = Readonly<Record<string, unknown>>;

/** Tasks and what belongs to them. */
export interface TaskView {
  readonly task: Task;
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly agentId: string;
  readonly frameworkId: string;
  readonly hostname: string;
  readonly user: string;
  readonly region: string;
  readonly zone: string;
  /** The instance that the task is one run of: the label `DCOS_INSTANCE`, else its name. */
  readonly instance: string;
}

/** Which tasks are wanted. */
export interface TaskFilter {
  /** Part of an id, or a pattern with `*`, `?`, `[ ]` over the whole id; all tasks if left out. */
  readonly word?: string | undefined;
  /** Running ones (default), ended ones, or both. */
  readonly kind?: 'active' | 'completed' | 'all';
  readonly agentId?: string | undefined;
}

/** The tasks that the filter wants, in the master's order. */
export async function listTasks(http: Http, filter: TaskFilter = {}): Promise<TaskView[]> {
  return tasksOf(await mesosState(http), filter);
}

/** The tasks in a state that the filter wants. Pure. */
export function tasksOf(state: Readonly<Record<string, unknown>>, filter: TaskFilter): TaskView[] {
  const { word, kind = 'active', agentId } = filter;
  const agents = new Map(
    asList(state.slaves).map((agent): [string, Record<string, unknown>] => {
      const view = asObject(agent);
      return [String(view.id), view];
    }),
  );
  const frameworks = asList(state.frameworks).map(asObject);
  const gone = kind === 'active' ? [] : asList(state.completed_frameworks).map(asObject);
  const matches = word === undefined ? () => true : matcherOf(word);
  return [...frameworks, ...gone].flatMap((framework) => {
    const active =
      kind === 'completed'
        ? []
        : [...asList(framework.tasks), ...asList(framework.unreachable_tasks)];
    const ended = kind === 'active' ? [] : asList(framework.completed_tasks);
    return [...active, ...ended]
      .map((task) => viewOf(asObject(task), framework, agents))
      .filter((view) => matches(view) && (agentId === undefined || view.agentId.includes(agentId)));
  });
}

function viewOf(
  task: Task,
  framework: Readonly<Record<string, unknown>>,
  agents: ReadonlyMap<string, Record<string, unknown>>,
): TaskView {
  const agentId = String(task.slave_id ?? '');
  const agent = agents.get(agentId) ?? {};
  const fault = asObject(asObject(agent.domain).fault_domain);
  const label = asList(task.labels)
    .map(asObject)
    .find(({ key }) => key === 'DCOS_INSTANCE');
  const name = String(task.name ?? '');
  return {
    task,
    id: String(task.id ?? ''),
    name,
    state: String(task.state ?? ''),
    agentId,
    frameworkId: String(task.framework_id ?? framework.id ?? ''),
    hostname: String(agent.hostname ?? ''),
    user: String(task.user ?? framework.user ?? ''),
    region: String(asObject(fault.region).name ?? ''),
    zone: String(asObject(fault.zone).name ?? ''),
    instance: typeof label?.value === 'string' ? label.value : name,
  };
}

/**
 * Whether a task is meant by a word: part of its id or instance, or a pattern over the whole id.
 * Pure.
 */
export function matcherOf(word: string): (task: { id: string; instance?: string }) => boolean {
  if (!/[*?[]/.test(word)) {
    return ({ id, instance }) => id.includes(word) || instance === word;
  }
  const pattern = new RegExp(`^${word.replace(/\[[^\]]*\]|[\s\S]/g, globPart)}$`);
  return ({ id }) => pattern.test(id);
}

function globPart(part: string): string {
  if (part === '*') return '.*';
  if (part === '?') return '.';
  if (part.length > 1) {
    const inside = part.slice(1, -1).replace(/[\\^\]]/g, '\\$&');
    return inside === '' ? '\\[\\]' : `[${inside.replace(/^!/, '^')}]`;
  }
  return part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

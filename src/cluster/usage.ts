/**
 * Who uses what of the shared machines, and how many machines the same services would take if each
 * had its own. Pure.
 */
import type { Status } from '../wire/status.js';
import type { FailuresState, KnownTask } from './failures/state.js';
import { serviceKey } from './failures/state.js';

/** What one service has, and on how many agents. */
export interface Usage {
  readonly cpus: number;
  readonly memMb: number;
  readonly diskMb: number;
  /** Ids. */
  readonly agents: ReadonlySet<string>;
}

/** Tasks that hold resources, those of lost agents excepted. */
function holders(state: FailuresState): KnownTask[] {
  return [...state.tasks.values()].filter((task) => task.state !== 'TASK_UNREACHABLE');
}

/** Usage by service key. Resources of executors, which belong to no task, are not counted. */
export function usageByService(state: FailuresState): Map<string, Usage> {
  return usageBy(state, ({ framework, service }) => serviceKey(framework, service));
}

function usageBy(state: FailuresState, keyOf: (task: KnownTask) => string): Map<string, Usage> {
  const found = new Map<string, Usage & { readonly agents: Set<string> }>();
  for (const task of holders(state)) {
    const key = keyOf(task);
    const before = found.get(key) ?? { cpus: 0, memMb: 0, diskMb: 0, agents: new Set<string>() };
    found.set(key, {
      cpus: before.cpus + task.uses.cpus,
      memMb: before.memMb + task.uses.memMb,
      diskMb: before.diskMb + task.uses.diskMb,
      agents: before.agents.add(task.agentId),
    });
  }
  return found;
}

/**
 * How many agents are in use, and how many machines there would have to be if every service had
 * machines of its own, as many as it is spread over now. A declarative service's scheduler, the app
 * `/kafka`, belongs to the framework `kafka`.
 */
export function sharingOf(state: FailuresState): Status['sharing'] {
  const siloOf = ({ framework, service }: KnownTask): string =>
    framework === 'services' ? service.replace(/^\//, '') : framework;
  const silos = [...usageBy(state, siloOf).values()];
  const used = new Set(silos.flatMap(({ agents }) => [...agents]));
  return {
    services: silos.length,
    machines: used.size,
    separate: silos.reduce((sum, { agents }) => sum + agents.size, 0),
  };
}

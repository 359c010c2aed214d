/**
 * The maintenance schedule and when one is refused, in Mesos' words (apache/mesos
 * docs/maintenance.md, src/master/maintenance.cpp).
 */
import type { Agent, MasterState } from '../state.js';

/** A machine, by the host name and the address of its agents. */
export interface MachineId {
  readonly hostname?: string | undefined;
  readonly ip?: string | undefined;
}

/** When a machine will not be there; without a duration, from then on. */
export interface Unavailability {
  readonly start: { readonly nanoseconds: number };
  readonly duration?: { readonly nanoseconds: number } | undefined;
}

/** Machines that will not be there at the same time. */
export interface Window {
  readonly machine_ids?: readonly MachineId[] | undefined;
  readonly unavailability: Unavailability;
}

/** A machine of the schedule. */
export interface Machine {
  readonly id: MachineId;
  /** DRAINING: frameworks are asked to leave. DOWN: its agents are not taken in. */
  readonly mode: 'DRAINING' | 'DOWN';
  readonly unavailability: Unavailability;
}

/** All that is stored of it. */
export interface Maintenance {
  readonly windows: readonly Window[];
  /** By `machineKey`. */
  readonly machines: ReadonlyMap<string, Machine>;
}

/** Equal for equal machines. */
export function machineKey({ hostname = '', ip = '' }: MachineId): string {
  return `${hostname.toLowerCase()} ${ip}`;
}

/** The machine that an agent is on, if it is scheduled. */
export function machineOf(
  { maintenance }: MasterState,
  { info, ip }: Pick<Agent, 'info' | 'ip'>,
): Machine | undefined {
  return maintenance.machines.get(machineKey({ hostname: info.hostname, ip }));
}

/** A machine as Mesos' texts name it. */
export function machineText({ hostname, ip }: MachineId): string {
  return `Machine '${JSON.stringify({ hostname, ip })}'`;
}

/** Why a machine, or one of several, can't be one. */
export function machinesProblem(ids: readonly MachineId[]): string | undefined {
  const seen = new Set<string>();
  for (const id of ids) {
    if (!id.hostname && !id.ip) return "Both 'hostname' and 'ip' for a machine are empty";
    if (id.ip && !/^(\d{1,3}\.){3}\d{1,3}$/.test(id.ip)) return `Failed to parse the IP '${id.ip}'`;
    const key = machineKey(id);
    if (seen.has(key)) return `${machineText(id)} appears more than once in the schedule`;
    seen.add(key);
  }
  return undefined;
}

/** Why a schedule can't replace the one there is. */
export function scheduleProblem(
  maintenance: Maintenance,
  windows: readonly Window[],
): string | undefined {
  for (const { machine_ids = [], unavailability } of windows) {
    if (machine_ids.length === 0) return 'List of machines in the maintenance window is empty';
    if ((unavailability.duration?.nanoseconds ?? 0) < 0) {
      return "Unavailability 'duration' is negative";
    }
  }
  const ids = windows.flatMap(({ machine_ids = [] }) => machine_ids);
  const problem = machinesProblem(ids);
  if (problem !== undefined) return problem;
  const kept = new Set(ids.map(machineKey));
  for (const [key, { id, mode }] of maintenance.machines) {
    if (mode === 'DOWN' && !kept.has(key)) {
      return `${machineText(id)} is deactivated and cannot be removed from the schedule`;
    }
  }
  return undefined;
}

/** The schedule as stored: a list instead of the map. */
export function storedMaintenance(record: unknown): Maintenance {
  const { windows, machines } = record as { windows: Window[]; machines: Machine[] };
  return { windows, machines: new Map(machines.map((one) => [machineKey(one.id), one])) };
}

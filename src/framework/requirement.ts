/** What one launch needs of an agent; `match.ts` holds it against an offer. */
import type { Attribute, Domain } from '../wire/mesos/common.js';
import type { Constraint } from './constraints.js';

/** A port that the task listens on. */
export interface PortWish {
  /**
   * Unique within one requirement; `''` is allowed for a nameless one (its index then tells it
   * apart).
   */
  readonly name: string;
  /** 0 takes any offered port. */
  readonly port: number;
  /** Of a port 0: inclusive ranges that it must lie in; any where absent. */
  readonly ranges?: readonly (readonly [begin: number, end: number])[];
  /** Of a port 0: the one to take where it is free. */
  readonly preferred?: number;
}

/** A persistent volume; needs `Requirement.reservation`. */
export interface VolumeWish {
  /** Relative to the sandbox; tells the volumes of one reservation apart. */
  readonly containerPath: string;
  readonly sizeMb: number;
  /** ROOT: a share of the agent's disk. MOUNT: a whole disk of at least `sizeMb`. */
  readonly type: 'ROOT' | 'MOUNT';
  /** Of a MOUNT: profiles of disks that will do; any where absent. */
  readonly profiles?: readonly string[];
  /**
   * The persistence id to create it with; unique per agent and role. An existing volume keeps its
   * own.
   */
  readonly id: string;
  /** Several tasks may hold it at the same time; needs the capability SHARED_RESOURCES. */
  readonly shared?: boolean;
}

/** Whose the resources are to be, before and after the task. */
export interface ReservationWish {
  readonly role: string;
  readonly principal: string | undefined;
  /** Tells this instance's reservation from all others of the role. */
  readonly labels: Readonly<Record<string, string>>;
  /**
   * true: launch only where a reservation with these labels is (relaunch on the same ports and
   * volumes).
   * false: make what is missing, wherever it fits.
   */
  readonly existing: boolean;
}

/** What one launch needs. Amounts are per launch, memory and disk in MiB. */
export interface Requirement {
  readonly cpus: number;
  readonly memMb: number;
  /** Disk without a volume (the sandbox). */
  readonly diskMb: number;
  readonly gpus: number;
  readonly ports: readonly PortWish[];
  readonly volumes: readonly VolumeWish[];
  readonly constraints: readonly Constraint[];
  /** Absent: resources go back to the cluster when the task ends. */
  readonly reservation?: ReservationWish;
  /**
   * Roles whose resources may be used (`*` is unreserved); all that the offer has when absent
   * (Marathon's acceptedResourceRoles).
   */
  readonly acceptedRoles?: readonly string[];
}

/** An agent as constraints see it. */
export interface Place {
  readonly hostname: string;
  readonly attributes?: readonly Attribute[] | undefined;
  readonly domain?: Domain | undefined;
}

/** A requirement of nothing, to be spread over: `{...nothing, cpus: 1}`. */
export const nothing: Requirement = {
  cpus: 0,
  memMb: 0,
  diskMb: 0,
  gpus: 0,
  ports: [],
  volumes: [],
  constraints: [],
};

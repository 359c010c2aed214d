/**
 * `service.yaml`: what a declarative service consists of. The keys are those of the DC/OS SDK's
 * `svc.yml`
 * (dcos-commons docs, reference/sdk.md §2). Read by the service's scheduler, and by the control
 * plane before it installs.
 * A key that this version does not run is refused by name: a service never runs with half of what
 * it asked for.
 */

import type { RuleSpec } from './service-rules.js';

/** A whole service. */
export interface ServiceSpec {
  /** `kafka` or `team/kafka`, without leading `/`. */
  readonly name: string;
  readonly webUrl?: string;
  /** The system's user that tasks run as; the agent's default when absent. */
  readonly user?: string;
  /** In the order of the file, which is the order of the default deploy plan. */
  readonly pods: readonly PodSpec[];
  readonly plans: readonly PlanSpec[];
  /** Files for clients, besides the advertised ports. */
  readonly endpoints?: readonly EndpointSpec[];
  /** What must hold among its options; absent where there are none. */
  readonly rules?: readonly RuleSpec[];
  /** Absent: what cannot run where its data is waits for a person. */
  readonly replacement?: ReplacementSpec;
  /** What its software keeps in a ZooKeeper; the uninstall removes it. */
  readonly zookeeperNodes?: ZookeeperNodes;
}

/** Nodes of a ZooKeeper with all that is below them. */
export interface ZookeeperNodes {
  /** `address:port,address:port` */
  readonly servers: string;
  /** Absolute, never the root. */
  readonly paths: readonly string[];
}

/** A file that `/v1/endpoints/<name>` gives as text: what clients are configured with. */
export interface EndpointSpec {
  readonly name: string;
  /** Path below the package's `templates/`; it sees options, `service` and `pods`. */
  readonly template: string;
}

/** When an instance is replaced without a person, in seconds. */
export interface ReplacementSpec {
  /** For so long it has to be missing. */
  readonly afterS: number;
  /** So long after the last one at the earliest. */
  readonly minDelayS: number;
}

/** `count` instances `<type>-0`, `<type>-1`… of the same tasks. */
export interface PodSpec {
  readonly type: string;
  readonly count: number;
  /** Marathon's placement text (reference/sdk.md §7); empty for none. */
  readonly placement: string;
  readonly uris: readonly string[];
  readonly allowDecommission: boolean;
  /** In the order of the file. */
  readonly tasks: readonly TaskSpec[];
  /** What the tasks hold, each at least one task's; the first is the first task's. */
  readonly sets: readonly ResourceSetSpec[];
  /** Volumes that all tasks of the pod see at the same time. */
  readonly volumes: readonly VolumeSpec[];
  /** Paths of the agent's machine that they see. */
  readonly hostVolumes?: readonly HostVolumeSpec[];
  /** Limits of each of their processes. */
  readonly rlimits?: readonly RlimitSpec[];
}

/** A path of the agent's machine, seen in the sandbox. */
export interface HostVolumeSpec {
  readonly hostPath: string;
  /** Relative to the sandbox. */
  readonly path: string;
  readonly mode: 'RW' | 'RO';
}

/** A limit of a process as in `getrlimit(2)`; none where the numbers are absent. */
export interface RlimitSpec {
  /** `NOFILE`, `MEMLOCK`… */
  readonly type: string;
  readonly soft?: number;
  readonly hard?: number;
}

/** Resources that one running task at a time may own. */
export interface ResourceSetSpec {
  /** Of the set, or of the task whose resources are written in itself. */
  readonly name: string;
  readonly cpus: number;
  readonly memMb: number;
  readonly ports: readonly PortSpec[];
  readonly volumes: readonly VolumeSpec[];
}

/**
 * RUNNING: kept running. FINISH: runs to its end again after each change of configuration. ONCE:
 * runs to its end one time.
 */
export type TaskGoal = 'RUNNING' | 'FINISH' | 'ONCE';

/** A program of a pod instance. Its name in Mesos is `<type>-<index>-<name>`. */
export interface TaskSpec {
  readonly name: string;
  readonly goal: TaskGoal;
  /** Its end takes the pod's other running tasks along: they start again together. */
  readonly essential: boolean;
  /** Given to `/bin/sh -c`. */
  readonly cmd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly configs: readonly ConfigSpec[];
  /** Name of the set that it owns while it runs. */
  readonly resourceSet: string;
  readonly healthCheck?: HealthCheckSpec;
  readonly readinessCheck?: ReadinessCheckSpec;
  readonly discovery?: {
    readonly prefix?: string;
    readonly visibility: 'FRAMEWORK' | 'CLUSTER' | 'EXTERNAL';
  };
  readonly killGracePeriodS: number;
  /** Key material that is put into its sandbox before it starts. */
  readonly tls?: readonly TlsSpec[];
}

/**
 * Key material: TLS as PEM (`<name>.crt`, `.key`, `.ca`), KEYSTORE as a PKCS#12 key store and a JKS
 * trust store (`<name>.keystore`, `.truststore`, password `notsecure`).
 */
export interface TlsSpec {
  readonly name: string;
  readonly type: 'TLS' | 'KEYSTORE';
}

/** A config file: a template of the package, rendered for each instance. */
export interface ConfigSpec {
  readonly name: string;
  /**
   * Path below the package's `templates/` (the SDK's habit of a longer path that ends so is taken
   * too).
   */
  readonly template: string;
  /** Relative to the sandbox. */
  readonly dest: string;
}

/** A port; names are unique over the service. */
export interface PortSpec {
  readonly name: string;
  /** 0: any. */
  readonly port: number;
  /** Name of the environment variable that holds it; none when absent. */
  readonly envKey?: string;
  /** Shown by `/v1/endpoints/<name>`. */
  readonly advertise: boolean;
  /** Of a port 0: inclusive ranges that it must lie in. */
  readonly ranges?: readonly (readonly [begin: number, end: number])[];
  /** A virtual address, told to Mesos as a label for whoever provides such: `name:port`. */
  readonly vip?: string;
}

/** A persistent volume. */
export interface VolumeSpec {
  /** Relative to the sandbox. */
  readonly path: string;
  readonly sizeMb: number;
  /** A whole disk of at least that size; a share of the agent's own disk where absent. */
  readonly type?: 'MOUNT';
  /** Of a MOUNT: profiles of disks that will do. */
  readonly profiles?: readonly string[];
}

/** Failing kills the task. Seconds. */
export interface HealthCheckSpec {
  readonly cmd: string;
  readonly intervalS: number;
  readonly gracePeriodS: number;
  readonly maxConsecutiveFailures: number;
  readonly delayS: number;
  readonly timeoutS: number;
}

/** A step is complete once it succeeds. Seconds. */
export interface ReadinessCheckSpec {
  readonly cmd: string;
  readonly intervalS: number;
  readonly delayS: number;
  readonly timeoutS: number;
  /**
   * An exit code that means ready as well, and that this one leads the others: of a serial phase
   * it is worked on last.
   */
  readonly leaderExitCode?: number;
}

/** A plan; `deploy` and `update` have a meaning of their own, others wait to be started by hand. */
export interface PlanSpec {
  readonly name: string;
  readonly strategy: 'serial' | 'parallel';
  readonly phases: readonly PhaseSpec[];
}

/** Steps over the instances of one pod. */
export interface PhaseSpec {
  readonly name: string;
  readonly pod: string;
  readonly strategy: 'serial' | 'parallel' | 'serial-canary' | 'parallel-canary';
  /** Phases of the plan that must be complete before; only in a parallel plan. */
  readonly after?: readonly string[];
  /** One step per instance, with all of its tasks, when absent. */
  readonly steps?: readonly StepSpec[];
}

/** The steps of one instance, or of all that no other entry names. */
export interface StepSpec {
  readonly instance: number | 'default';
  /** Each is one step: the tasks that it launches together. */
  readonly groups: readonly (readonly string[])[];
}

/** One thing wrong with a `service.yaml`. */
export interface SpecViolation {
  /** `pods.broker.tasks.broker.cpus`; empty for the file itself. */
  readonly path: string;
  /** Names the wrong value and what is allowed. */
  readonly message: string;
}

/** What was read, or all that is wrong with it. */
export type SpecResult =
  | { readonly ok: true; readonly spec: ServiceSpec }
  | { readonly ok: false; readonly violations: readonly SpecViolation[] };

export { parseServiceSpec } from './service-spec-parse.js';
export { portsOf, setOf, stepsOfPhase, volumesOf } from './service-spec-pods.js';

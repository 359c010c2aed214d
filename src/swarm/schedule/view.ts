/** What the placement of a container looks at: nodes with what is on them, and what is wanted. */
import type { Expression } from './expressions.js';

/** A port of the host that a container claims. */
export interface HostPort {
  /** Empty: every address. */
  readonly ip: string;
  readonly port: number;
  readonly protocol: string;
}

/** What is known of a container for the placement of others. */
export interface PlacedContainer {
  readonly swarmId: string;
  readonly containerId: string | undefined;
  readonly name: string;
  readonly image: string;
  readonly labels: Readonly<Record<string, string>>;
  /** As its user asked, 0 where nothing was asked. */
  readonly cpus: number;
  readonly memBytes: number;
  readonly hostPorts: readonly HostPort[];
  readonly isHostMode: boolean;
  /** `80/tcp`: what it exposes; counts in host mode. */
  readonly exposed: readonly string[];
  readonly isRunning: boolean;
}

/** A node as the scheduler sees it. */
export interface NodeView {
  /** The agent's id. */
  readonly id: string;
  /** Unique in the cluster. */
  readonly name: string;
  /** What tells engines apart: nodes with the same one share their host ports. */
  readonly engineId: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly isHealthy: boolean;
  /** Why it is not, for reasons. */
  readonly error: string | undefined;
  /** Failures in a row, of at most `failureLimit`. */
  readonly failures: number;
  /** With overcommit. */
  readonly cpus: number;
  readonly memBytes: number;
  readonly containers: readonly PlacedContainer[];
  /** Ids, `repo:tag` and `repo` of its images. */
  readonly images: readonly string[];
}

/** Something that is on certain nodes only, and binds its users to them: a volume, a network. */
export interface Pin {
  /** `--volume=data` */
  readonly flag: string;
  /** What a node without it does not have. */
  readonly what: string;
  /** Ids of nodes. */
  readonly nodes: readonly string[];
}

/** What a container asks of its place. */
export interface Want {
  readonly constraints: readonly Expression[];
  readonly affinities: readonly Expression[];
  readonly whitelists: readonly Expression[];
  /** Containers that must be on the same node, by what asked for it: `--link=web`. */
  readonly dependencies: readonly { readonly flag: string; readonly container: string }[];
  readonly pins: readonly Pin[];
  readonly hostPorts: readonly HostPort[];
  readonly isHostMode: boolean;
  readonly exposed: readonly string[];
  /** Which instance of a compose service it is to be. */
  readonly instance: string | undefined;
  /** It is made to replace the container that is that instance. */
  readonly replaces: boolean;
  /** As asked, 0 where nothing was. */
  readonly cpus: number;
  readonly memBytes: number;
}

/** Failures in a row that make a node unhealthy (`--engine-failure-retry`). */
export const failureLimit = 3;

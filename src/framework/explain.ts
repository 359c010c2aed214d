/** Why something waits: shortfalls of many agents as one reason per requirement, and what no agent could ever give. Pure. */
import type { Shortfall, ShortfallKind } from './match.js';
import type { AgentTotals, Requirement } from './requirement.js';

/** One reason over all agents: asked, best free, by how many agents. */
export interface Reason {
  readonly kind: ShortfallKind;
  readonly asked: string;
  /** The nearest miss; absent where it is no amount. */
  readonly bestFree?: number;
  /** How many agents said no for this reason, and how many were asked; each counted once. */
  readonly agents: number;
  readonly ofAgents: number;
  /** `8 cpus asked: 3 of 3 agents have less free, the best 4`. */
  readonly text: string;
}

/** Sums up the newest answer of each agent; most frequent reason first. */
export declare function explain(
  shortfallsByAgent: ReadonlyMap<string, readonly Shortfall[]>,
): Reason[];

/** Whether an empty cluster could take it. */
export type Feasibility =
  | { readonly possible: true }
  | {
      readonly possible: false;
      /** One line, naming the largest agent and what is missing. */
      readonly text: string;
      readonly largest?: {
        readonly hostname: string;
        readonly cpus: number;
        readonly memMb: number;
        readonly diskMb: number;
      };
      readonly missing: readonly Shortfall[];
    };

/** Whether `instances` of `requirement` could ever be placed on `agents`, were they empty. */
export declare function feasible(
  requirement: Requirement,
  agents: readonly AgentTotals[],
  instances?: number,
): Feasibility;

/**
 * UPDATE_WEIGHTS (apache/mesos src/master/weights_handler.cpp): a role of weight 3 is entitled to
 * three times as much as its neighbour of weight 1.
 */
import { persist, reply, type Turn } from '../events.js';
import { rescindAll } from '../holdings.js';
import { roleProblem } from '../subscribe.js';

/** The weight of one role (mesos.proto, WeightInfo). */
export interface WeightInfo {
  readonly weight: number;
  readonly role?: string | undefined;
}

/** UPDATE_WEIGHTS: all of them, or none. */
export function weightsUpdated(turn: Turn, requestId: string, infos: readonly WeightInfo[]): void {
  const asked = infos.map(({ role = '', weight }) => ({ role: role.trim(), weight }));
  const problem = asked.map(problemOf).find((one) => one !== undefined);
  if (problem !== undefined) {
    reply(turn, requestId, 400, `Failed to validate update weights request JSON${problem}`);
    return;
  }
  const { state } = turn;
  for (const { role, weight } of asked) state.weights.set(role, weight);
  if (asked.length > 0) persist(turn, 'weights', { weights: [...state.weights] });
  const inUse = new Set([...state.frameworks.values()].flatMap(({ roles }) => roles));
  if (asked.some(({ role }) => inUse.has(role))) rescindAll(turn, state.offers.keys(), true);
  state.allDirty = true;
  reply(turn, requestId, 200);
}

function problemOf({ role, weight }: { role: string; weight: number }): string | undefined {
  const bad = roleProblem(role);
  if (bad !== undefined) return `: Invalid role '${role}': ${bad}`;
  return weight > 0
    ? undefined
    : ` for role '${role}': Invalid weight '${weight}': Weights must be positive`;
}

/** The weights of a record of the store. */
export function storedWeights(record: unknown): Map<string, number> {
  return new Map((record as { weights: readonly (readonly [string, number])[] }).weights);
}

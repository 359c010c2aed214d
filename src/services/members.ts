/**
 * How many instances to start and which to stop: a fixed size, or a rolling replacement (marathon
 * ScalingProposition, TaskReplaceActor). Pure.
 */

/** One live instance as this arithmetic sees it. */
export interface Member {
  readonly id: string;
  /** Has the wanted configuration. */
  readonly current: boolean;
  readonly healthy: boolean;
  /** Its kill is under way: it still takes room, and counts for nothing else. */
  readonly stopping: boolean;
}

/** What to do now. */
export interface Moves {
  readonly start: number;
  readonly stop: readonly string[];
}

/**
 * Keeps `count` members, whatever their configuration. `members` come in the order in which they
 * should go.
 */
export function keepCount(members: readonly Member[], count: number): Moves {
  const live = members.filter(({ stopping }) => !stopping);
  const surplus = Math.max(0, live.length - count);
  // A stopping one is waited for: never two live tasks for one instance.
  return {
    start: Math.max(0, count - members.length),
    stop: live.slice(0, surplus).map(({ id }) => id),
  };
}

/** How far an update may go. */
export interface UpgradeStrategy {
  readonly minimumHealthCapacity: number;
  readonly maximumOverCapacity: number;
}

/**
 * Replaces members that are not current, step by step: healthy old ones stop only as far as the
 * strategy allows.
 */
export function replaceAll(
  members: readonly Member[],
  count: number,
  strategy: UpgradeStrategy,
): Moves {
  const live = members.filter(({ stopping }) => !stopping);
  const old = live.filter(({ current }) => !current);
  const fresh = live.filter(({ current }) => current);
  const minHealthy = Math.ceil(count * strategy.minimumHealthCapacity);
  const capacity = Math.floor(count * (1 + strategy.maximumOverCapacity));
  // Without room for one more, nothing could ever be replaced.
  const room = capacity <= minHealthy ? minHealthy + 1 : capacity;
  const healthy = live.filter((member) => member.healthy).length;
  const sparable = Math.max(0, healthy - minHealthy);
  const unhealthyOld = old.filter((member) => !member.healthy);
  const healthyOld = old.filter((member) => member.healthy);
  const surplus = fresh.slice(0, Math.max(0, fresh.length - count));
  return {
    start: Math.max(0, Math.min(count - fresh.length, room - members.length)),
    stop: [...unhealthyOld, ...healthyOld.slice(0, sparable), ...surplus].map(({ id }) => id),
  };
}

/**
 * Whether `count` healthy members are there and nobody else; with `replacing` all of the wanted
 * configuration.
 */
export function isSettled(members: readonly Member[], count: number, replacing: boolean): boolean {
  const right = members.filter((m) => (m.current || !replacing) && m.healthy && !m.stopping);
  return right.length === count && members.length === count;
}

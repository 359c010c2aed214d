/** How Mesos reads JSON as protobuf where JSON can say more. */

/**
 * The same value without the fields that are null: they count as not set, and libraries that write
 * whole protobuf objects send many of them (apache/mesos 3rdparty/stout, protobuf.hpp, `parse`).
 */
export function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.filter((each) => each !== null).map(withoutNulls);
  if (typeof value !== 'object' || value === null) return value;
  const set = Object.entries(value).filter(([, each]) => each !== null);
  return Object.fromEntries(set.map(([name, each]) => [name, withoutNulls(each)]));
}

/**
 * What must not be lost goes through this interface (DESIGN §7): one JSON record per entity,
 * written in durable batches.
 */
import type { Json } from '../json.js';

/** One change of one record: `value: null` deletes it. */
export interface Write {
  /** `<kind>/<id>`, at most `maxKeyBytes` bytes. */
  readonly key: string;
  readonly value: Json;
}

/** The largest key that any store takes, in bytes. */
export const maxKeyBytes = 1024;
/** The largest record that any store takes, in bytes of JSON. */
export const maxRecordBytes = 1024 * 1024;

/** A key-value store of JSON records. */
export interface Store {
  /**
   * Every record whose key starts with `prefix`, in key order. Throws `corrupt` if one can't be
   * read.
   */
  load(prefix: string): Promise<Map<string, unknown>>;
  /**
   * Applies all writes or none, and resolves once they survive a crash of the machine.
   * Throws `fenced` if a newer owner has taken the store, `invalid` for a key or record over its
   * limit, `io` if the medium failed. After `fenced` or `io` the process must exit and load again
   * (DESIGN §3).
   */
  commit(writes: readonly Write[]): Promise<void>;
  /** Ends its use; later calls fail. */
  close(): Promise<void>;
}

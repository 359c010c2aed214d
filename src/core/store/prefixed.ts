/**
 * One room's part of a store that several share: all its keys lie under a prefix that it does not
 * see.
 */
import type { Store } from './store.js';

/**
 * The records of `store` whose keys start with `prefix`, under keys without it. `close` leaves
 * `store` open.
 */
export function prefixedStore(store: Store, prefix: string): Store {
  return {
    load: async (wanted) => {
      const records = await store.load(prefix + wanted);
      return new Map([...records].map(([key, value]) => [key.slice(prefix.length), value]));
    },
    commit: (writes) =>
      store.commit(writes.map(({ key, value }) => ({ key: prefix + key, value }))),
    close: async () => {},
  };
}

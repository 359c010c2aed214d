/** What the master says of its version: that of the Mesos whose API it speaks. */
import type { MasterState } from '../state.js';

/** `/version` and GET_VERSION. */
export function versionOf({ options }: MasterState): Record<string, string | number> {
  return {
    version: options.version,
    build_date: new Date(options.startedAt).toISOString().slice(0, 19).replace('T', ' '),
    build_time: options.startedAt / 1000,
    build_user: '',
  };
}

/**
 * The store of a service scheduler: a namespace of the control plane's store, over HTTP (DESIGN
 * §11.1). A control plane that can't be reached is waited for: what depends on the write stays
 * undone meanwhile.
 */
import { DcosError, messageOf } from '../errors.js';
import { callJson } from '../http/request.js';
import type { Logger } from '../logger.js';
import type { Store } from './store.js';

/** Where and as whom to store. */
export interface HttpStoreOptions {
  /** The control plane, `http://host:port`. */
  readonly url: string;
  /** `[a-z0-9._-]+`, a service's own. */
  readonly namespace: string;
  /** Gives a token that is valid now. */
  readonly token: () => Promise<string>;
  readonly log: Logger;
  /** Ends the waiting for a control plane that can't be reached. */
  readonly signal?: AbortSignal;
}

const longestPauseMs = 5_000;

/** Takes the namespace over: after this every earlier owner's `commit` throws `fenced`. */
export async function openHttpStore(options: HttpStoreOptions): Promise<Store> {
  const base = `${options.url}/store/v1/${options.namespace}`;
  const { epoch } = (await patiently(options, 'POST', `${base}/epoch`, {})) as { epoch: number };
  return {
    load: async (prefix) => {
      const path = `${base}/records?prefix=${encodeURIComponent(prefix)}`;
      const { records } = (await patiently(options, 'GET', path)) as {
        records: Record<string, unknown>;
      };
      return new Map(Object.entries(records).sort(([a], [b]) => (a < b ? -1 : 1)));
    },
    commit: async (writes) => {
      await patiently(options, 'POST', `${base}/writes`, { epoch, writes });
    },
    close: async () => {},
  };
}

/**
 * Asks until there is an answer. Asking again is safe even where the first answer was lost: writes
 * set whole records, and an epoch that was handed out to nobody only leaves a gap.
 */
async function patiently(
  options: HttpStoreOptions,
  method: string,
  url: string,
  json?: unknown,
): Promise<unknown> {
  let warned = false;
  // Told while the pauses grow, and once more at the end: a control plane may be away for days.
  const warn = (pauseMs: number, message: string, fields: Record<string, unknown>): void => {
    warned = true;
    if (pauseMs < longestPauseMs) options.log.warn(message, { url, ...fields });
  };
  for (let pauseMs = 100; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    try {
      const authorization = `token=${await options.token()}`;
      const answer = await callJson({
        method,
        url,
        headers: { authorization },
        ...(json === undefined ? {} : { json }),
      });
      if (answer.status === 409)
        throw new DcosError('fenced', 'another scheduler has taken over this service');
      if (answer.status === 400 || answer.status === 413) {
        throw new DcosError(
          'invalid',
          `the store refused the write: ${JSON.stringify(answer.json)}`,
        );
      }
      if (answer.status === 200) {
        if (warned) options.log.info('the store can be reached again', { url });
        return answer.json;
      }
      const { status } = answer;
      warn(pauseMs, 'the store answered with an error; trying again', { status });
    } catch (error) {
      if (error instanceof DcosError && (error.code === 'fenced' || error.code === 'invalid'))
        throw error;
      warn(pauseMs, 'the store cannot be reached; trying again', { error: messageOf(error) });
    }
    if (options.signal?.aborted)
      throw new DcosError('failed', 'stopped while waiting for the store');
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

/** An app that is not there: says so with the nearest id. */
import { absolute, listApps } from '../../../client/apps.js';
import type { Http } from '../../../client/http.js';
import { DcosError } from '../../../core/errors.js';
import { didYouMean } from '../../suggest.js';

/** Runs `work`; where it throws `not-found`, adds the id that may have been meant. */
export async function withAppHint<T>(http: Http, id: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof DcosError) || error.code !== 'not-found') throw error;
    const ids = (await listApps(http)).map((app) => String(app.id));
    throw new DcosError('not-found', error.message, {
      hint: didYouMean(absolute(id), ids) ?? 'See: dcos app list',
      status: error.status,
      cause: error,
    });
  }
}

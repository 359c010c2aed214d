/** `/failures`: incidents, newest first (docs/architecture.md, "Failures"). */
import { DcosError } from '../../core/errors.js';
import type { Route } from '../../core/http/server.js';
import type { Incident } from '../../wire/incidents.js';
import type { FailuresState } from './state.js';

/** How long a healed incident is shown without being asked for, in ms. */
const recentMs = 24 * 60 * 60 * 1000;

/**
 * Incidents that were open at `since` (ms since 1970) or later: open ones first, then newest first.
 */
export function incidentsSince(state: FailuresState, since: number): Incident[] {
  return [...state.incidents.values()]
    .map(({ incident }) => incident)
    .filter(({ endedAt }) => endedAt === undefined || endedAt >= since)
    .sort(
      (a, b) =>
        Number(b.status === 'open') - Number(a.status === 'open') ||
        b.startedAt - a.startedAt ||
        Number(b.id.slice(2)) - Number(a.id.slice(2)),
    );
}

/** Open incidents, newest first. */
export function openIncidents(state: FailuresState): Incident[] {
  return incidentsSince(state, Number.POSITIVE_INFINITY);
}

/** The routes of `failures`. */
export function failuresRoutes(state: FailuresState, now: () => number): Route[] {
  return [
    {
      method: 'GET',
      path: '/failures',
      access: 'token',
      handle: ({ query }) => ({
        status: 200,
        json: {
          incidents: incidentsSince(state, query.get('all') === 'true' ? 0 : now() - recentMs),
        },
      }),
    },
    {
      method: 'GET',
      path: '/failures/:id',
      access: 'token',
      handle: ({ params }) => {
        const record = state.incidents.get(params.id ?? '');
        if (record === undefined) {
          throw new DcosError('not-found', `there is no incident ${params.id}`, {
            hint: 'All that are kept: dcos failures --all',
          });
        }
        return { status: 200, json: record.incident };
      },
    },
  ];
}

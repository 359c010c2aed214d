/** `/failures`: incidents, newest first (docs/architecture.md, "Failures"). */
import { DcosError } from '../../core/errors.js';
import type { Route } from '../../core/http/server.js';
import type { Incident } from '../../wire/incidents.js';
import type { FailuresState } from './state.js';

/** Open incidents, or all, newest first. */
export function incidentsOf(state: FailuresState, all: boolean): Incident[] {
  return [...state.incidents.values()]
    .map(({ incident }) => incident)
    .filter(({ status }) => all || status === 'open')
    .sort((a, b) => b.startedAt - a.startedAt || Number(b.id.slice(2)) - Number(a.id.slice(2)));
}

/** The routes of `failures`. */
export function failuresRoutes(state: FailuresState): Route[] {
  return [
    {
      method: 'GET',
      path: '/failures',
      access: 'token',
      handle: ({ query }) => ({
        status: 200,
        json: { incidents: incidentsOf(state, query.get('all') === 'true') },
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

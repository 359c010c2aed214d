/** What operators ask a master. */
import { type Fields, get, operator, type Scenario, scenario } from '../steps.js';

const queries = [
  'GET_HEALTH',
  'GET_VERSION',
  'GET_MASTER',
  'GET_AGENTS',
  'GET_FRAMEWORKS',
  'GET_EXECUTORS',
  'GET_TASKS',
  'GET_OPERATIONS',
  'GET_ROLES',
  'GET_STATE',
  'GET_QUOTA',
  'GET_WEIGHTS',
  'GET_LOGGING_LEVEL',
  'GET_MAINTENANCE_SCHEDULE',
  'GET_MAINTENANCE_STATUS',
  'GET_FLAGS',
] as const;

const paths = [
  '/health',
  '/master/health',
  '/version',
  '/master/state',
  '/state-summary',
  '/master/slaves',
  '/frameworks',
  '/master/tasks',
  '/roles',
  '/quota',
  '/weights',
  '/maintenance/schedule',
  '/maintenance/status',
  '/machine/down',
  '/machine/up',
  '/flags',
  '/redirect',
  '/files/debug',
  '/files/browse',
  '/files/browse?path=/nowhere',
  '/files/read?path=/nowhere',
  '/files/download?path=/nowhere',
  '/registrar(1)/registry',
  '/system/stats.json',
  '/nowhere',
  '/api/v1',
  '/api/v1/scheduler',
  '/teardown',
  '/master/create-volumes',
  '/master/destroy-volumes',
  '/master/reserve',
  '/master/unreserve',
  '/logging/toggle',
  '/metrics/snapshot?timeout=1secs',
];

const askedOf = (name: string, about: string, body: Fields): Scenario =>
  scenario(`operators › ${name}`, [about], operator(body));

/** They need no task. */
export const operatorScenarios: readonly Scenario[] = [
  ...queries.map((type) => askedOf(type, type, { type })),
  ...paths.map((path) =>
    scenario(`operators › GET ${path}`, [path.replace(/\?.*/, '')], get(path)),
  ),
];

/** What an agent is asked. */
import {
  accept,
  launch,
  ofAgent,
  offered,
  type Scenario,
  type Step,
  scenario,
  subscribed,
  task,
  untilTask,
} from '../steps.js';

const running = untilTask('t', 'TASK_RUNNING');

const queries = [
  'GET_HEALTH',
  'GET_VERSION',
  'GET_FLAGS',
  'GET_LOGGING_LEVEL',
  'GET_STATE',
  'GET_CONTAINERS',
  'GET_FRAMEWORKS',
  'GET_EXECUTORS',
  'GET_OPERATIONS',
  'GET_TASKS',
  'GET_AGENT',
  'GET_RESOURCE_PROVIDERS',
];

const paths = [
  '/health',
  '/slave(1)/health',
  '/version',
  '/state',
  '/slave(1)/state',
  '/flags',
  '/containers',
  '/monitor/statistics',
  '/monitor/statistics.json',
  '/files/debug',
  '/files/browse?path=/nowhere',
  '/files/browse?path=/etc',
  '/nowhere',
  '/api/v1',
  '/api/v1/executor',
  '/system/stats.json',
];

/** Of an agent without tasks. */
export const agentScenarios: readonly Scenario[] = [
  ...queries.map((type) => scenario(`agents › ${type}`, [type], ofAgent(1, { type }))),
  ...paths.map((path) =>
    scenario(`agents › GET ${path}`, [path], { step: 'ask', ask: { agent: 1, path } }),
  ),
  scenario(
    'agents › files of a sandbox',
    ['LIST_FILES', 'READ_FILE', '/files/browse', '/files/read', '/files/download'],
    subscribed(),
    offered(),
    accept(
      launch(task('t', 'printf 0123456789 > data; mkdir -p sub; touch sub/x; exec sleep 1000')),
    ),
    running,
    {
      step: 'ask',
      ask: { agent: 1, path: '/state' },
      until: { frameworks: [{ executors: [{ id: 't' }] }] },
      learn: { name: 'sandbox', at: 'frameworks.0.executors.0.directory' },
      unseen: true,
    },
    ofAgent(
      1,
      { type: 'READ_FILE', read_file: { path: '{sandbox}/data', offset: 2, length: 3 } },
      { until: { read_file: { data: 'MjM0' } } },
    ),
    ofAgent(1, { type: 'READ_FILE', read_file: { path: '{sandbox}/data', offset: 8 } }),
    ofAgent(1, {
      type: 'READ_FILE',
      read_file: { path: '{sandbox}/data', offset: 100, length: 3 },
    }),
    ofAgent(1, { type: 'READ_FILE', read_file: { path: '{sandbox}', offset: 0, length: 3 } }),
    ofAgent(1, { type: 'LIST_FILES', list_files: { path: '{sandbox}/sub' } }),
    ofAgent(1, { type: 'LIST_FILES', list_files: { path: '{sandbox}/data' } }),
    ofAgent(1, {
      type: 'LIST_FILES',
      list_files: { path: '{sandbox}/../../../../../../../../../../etc' },
    }),
    ...[
      '/files/browse?path={sandbox}/sub',
      '/files/browse?path={sandbox}/data',
      '/files/browse',
      '/files/read?path={sandbox}/data&offset=2&length=3',
      '/files/read?path={sandbox}/data',
      '/files/read?path={sandbox}/data&offset=-2',
      '/files/read?path={sandbox}/data&offset=x',
      '/files/read?path={sandbox}/data&offset=0&length=-2',
      '/files/read?path={sandbox}/data&offset=20',
      '/files/read?path={sandbox}',
      '/files/read?offset=1',
      '/files/download?path={sandbox}/data',
      '/files/download?path={sandbox}',
      '/files/download?path={sandbox}/nowhere',
      '/files/download',
    ].map((path): Step => ({ step: 'ask', ask: { agent: 1, path } })),
  ),
];

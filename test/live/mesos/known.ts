/** The differences between the embedded cluster and an Apache Mesos that have a reason. */
import type { Known } from './compare.js';

type Kind = Known['kind'];
const differs = (kind: Kind, about: string, where: RegExp, why: string): Known => ({
  kind,
  about,
  where,
  why,
});

/** The words of a text, whatever their order. */
function wordsOf(text: string): string {
  return text
    .replaceAll('"', '')
    .split(/[\s;]+|(?<=\S)\.(?=\s|$)/)
    .sort()
    .join(' ');
}

const aboutJson = /^"Failed to (?:parse|convert|validate).*JSON/;
const aboutRegex = /Failed to construct regex from pattern/;

/** Each of them; the first that matches is the reason. */
export const known: readonly Known[] = [
  differs('own', '/flags, GET_FLAGS', /\bflags[.[]/, 'flags are those that mean something here'),
  differs(
    'own',
    '/metrics/snapshot, GET_METRICS',
    /(?:\/metrics\/snapshot|GET_METRICS) \| (?:body|headers)/,
    'metrics are those that mean something here; values follow what was played before',
  ),
  differs(
    'version',
    'versions',
    /\b(?:build_(?:date|user)|git_(?:sha|tag|branch)|version)$/,
    'the embedded one is Mesos 1.12.0 to its clients, and its build names nobody',
  ),
  differs(
    'version',
    'GET_MASTER',
    /master_info\.capabilities|registry .*capabilities/,
    '1.11 has no name for the capability QUOTA_V2',
  ),
  differs(
    'own',
    'agents',
    /attributes(?:\[(?:node|os)\]|\.(?:node|os)$)/,
    'agents say which Node they have, so that schedulers need not bring one',
  ),
  differs(
    'own',
    'agents',
    /capabilities(?:\[(?:RESOURCE_PROVIDER|TASK_RESOURCE_LIMITS)\]|\[\d+\]|\.\d+$)/,
    'agents have neither resource providers (CSI) nor limits apart from what was asked for',
  ),
  differs(
    'own',
    'agent /state',
    /master_hostname$/,
    'the address of the master is not turned into a name',
  ),
  differs(
    'version',
    'agent GET_AGENT',
    /get_agent\.agent_info\.checkpoint/,
    'the flag is always set; 1.11 leaves it out here',
  ),
  differs(
    'own',
    'agent /monitor/statistics.json',
    /GET \/monitor\/statistics\.json/,
    'the older name is answered too',
  ),
  differs(
    'own',
    '/files/debug, LIST_FILES of the master',
    /GET \/files\/debug/,
    'the log of the master is always attached, as /master/log',
  ),
  differs(
    'stand-in',
    'UPDATE',
    /(?:update\.status|statuses\.\d+)\.reason$/,
    'an exit status comes without a reason, as recorded of 1.12',
  ),
  differs(
    'stand-in',
    'UPDATE of checks',
    /check_status\.(?:command|http|tcp|type)$/,
    'the first updates hold an empty check status, as recorded of 1.12',
  ),
  differs(
    'stand-in',
    'UPDATE of pods',
    /container_id\.parent\.value$/,
    'a nested container names its parent from the first update on',
  ),
  differs(
    'stand-in',
    'UPDATE of health checks',
    /status\.healthy$/,
    'TASK_KILLING says nothing of health, as recorded of 1.12',
  ),
  differs(
    'stand-in',
    'LAUNCH',
    /a program that is not there/,
    'a program that is not there runs for a moment and exits with 127, as a shell says it',
  ),
  differs(
    'stand-in',
    'KILL',
    /a grace of its own \| .*message/,
    'what ends a task after its grace is SIGKILL, and the message says so',
  ),
  differs(
    'stand-in',
    'fetching',
    /a URI that is not there \| .*message/,
    'the message says which URI failed and why',
  ),
  {
    ...differs(
      'own',
      'texts about resources',
      /(?:message|body)$/,
      'where a text lists resources, their order is another',
    ),
    when: (embedded, apache) => wordsOf(embedded) === wordsOf(apache),
  },
  {
    ...differs(
      'own',
      '/quota, /weights',
      /(?:POST|PUT) \/(?:quota|weights) \| body$/,
      'what is wrong with a field of the JSON is told in our parser’s words',
    ),
    when: (embedded, apache) => aboutJson.test(embedded) && aboutJson.test(apache),
  },
  {
    ...differs(
      'own',
      'offer constraints',
      /message$/,
      'expressions are JavaScript’s, and what is wrong with one is told in its words',
    ),
    when: (embedded, apache) => aboutRegex.test(embedded) && aboutRegex.test(apache),
  },
  differs(
    'stand-in',
    'UPDATE of pods',
    /(?:takes the other along|kills the pod) \| events of f \| of (?:b|FAILURE)\./,
    'a task that is killed takes the others of its group along',
  ),
  differs(
    'stand-in',
    'KILL',
    /a framework that knows no TASK_KILLING \| events of f/,
    'TASK_KILLING goes to frameworks that know it alone, as recorded of 1.12',
  ),
  differs(
    'own',
    'command tasks',
    /executor_info\.command|executors\[Command Executor .*resources\.|reserved_resources_allocated/,
    'the agent runs the command itself: there is no executor, and no 0.1 CPU and 32 MB for one',
  ),
  differs(
    'own',
    'GET_QUOTA, /quota',
    /(?:configs|infos)\[\w+\]\.role/,
    'a quota that was set to nothing is gone at once; Mesos shows it until its next failover',
  ),
];

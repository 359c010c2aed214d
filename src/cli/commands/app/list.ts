/** `dcos app list` */

import { asList, asObject } from '../../../client/answers.js';
import { type App, listApps, listDeployments, listQueue } from '../../../client/apps.js';
import { type Command, outputFlags, quietFlag } from '../../command.js';
import { printList } from '../../output/list.js';

/** Lists apps. */
export const list: Command = {
  summary: 'list apps',
  flags: [...outputFlags, quietFlag],
  examples: ['dcos app list', 'dcos app list -q', 'dcos app list --json'],
  run: async (context, given) => {
    const http = await context.http();
    const [apps, deployments, queue] = await Promise.all([
      listApps(http),
      listDeployments(http),
      listQueue(http),
    ]);
    const actions = actionsByApp(deployments);
    const waiting = new Set(queue.map((entry) => String(asObject(entry.app).id ?? '')));
    await printList(context.io, given, apps, {
      name: ({ id }) => String(id),
      columns: [
        { heading: 'ID', value: ({ id }) => String(id) },
        { heading: 'MEM', value: ({ mem }) => String(mem ?? '') },
        { heading: 'CPUS', value: ({ cpus }) => String(cpus ?? '') },
        {
          heading: 'TASKS',
          value: ({ tasksRunning, instances }) =>
            `${Number(tasksRunning ?? 0)}/${Number(instances ?? 0)}`,
        },
        { heading: 'HEALTH', value: healthOf },
        { heading: 'DEPLOYMENT', value: ({ id }) => actions.get(String(id)) ?? '---' },
        { heading: 'WAITING', value: ({ id }) => String(waiting.has(String(id))) },
        {
          heading: 'CONTAINER',
          value: ({ container }) => String(asObject(container).type ?? 'mesos').toLowerCase(),
        },
        {
          heading: 'CMD',
          value: ({ cmd, args }) =>
            String(cmd ?? (args === undefined ? '' : asList(args).join(' '))),
          maxWidth: 30,
        },
        { heading: 'ROLE', value: ({ role }) => String(role ?? '') },
      ],
    });
  },
};

function healthOf(app: App): string {
  if (asList(app.healthChecks).length === 0) return '---';
  return `${Number(app.tasksHealthy ?? 0)}/${Number(app.tasksRunning ?? 0)}`;
}

const words: Readonly<Record<string, string>> = {
  ResolveArtifacts: 'artifacts',
  ScaleApplication: 'scale',
  StartApplication: 'start',
  StopApplication: 'stop',
  RestartApplication: 'restart',
  KillAllOldTasksOf: 'kill-tasks',
};

function actionsByApp(deployments: readonly Record<string, unknown>[]): Map<string, string> {
  const byApp = new Map<string, string>();
  for (const deployment of deployments) {
    for (const action of asList(deployment.currentActions).map(asObject)) {
      const name = String(action.action ?? action.type ?? '');
      byApp.set(String(action.app ?? ''), words[name] ?? name);
    }
  }
  return byApp;
}

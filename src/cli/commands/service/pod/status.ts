/** `dcos <service> pod status` */
import { asList, asObject } from '../../../../client/answers.js';
import { callService } from '../../../../client/services.js';
import type { Command } from '../../../command.js';
import { clean } from '../../../output/clean.js';
import { formatJson } from '../../../output/list.js';
import { askService, serviceWords } from '../../../service-words.js';

/** Shows how the pods of a service are. */
export const status: Command = {
  summary: 'how the pods of a service are, or one of them',
  words: [['<words...>', '[pod] <service>']],
  flags: [{ flags: '--json', text: 'print JSON' }],
  examples: [
    'dcos kafka pod status',
    'dcos kafka pod status broker-1',
    'dcos service pod status kafka',
  ],
  run: async (context, given) => {
    const { service, words } = serviceWords(given, ['pod'], 0);
    const [pod] = words;
    const http = await context.http();
    const rest = pod === undefined ? 'pod/status' : `pod/${encodeURIComponent(pod)}/status`;
    const { data } = await askService(http, service, () =>
      callService(http, service, { method: 'GET', rest }),
    );
    context.io.result(given.has('json') ? formatJson(data) : clean(podTree(asObject(data))));
  },
};

function podTree(body: Record<string, unknown>): string {
  if (body.pods === undefined) return instanceLines(body, '').join('\n');
  const types = asList(body.pods).map(asObject);
  const lines = types.flatMap((type, at) => {
    const isLast = at === types.length - 1;
    const children = asList(type.instances).flatMap((instance, index, all) => {
      const isEnd = index === all.length - 1;
      const [head = '', ...tasks] = instanceLines(asObject(instance), isEnd ? '   ' : '│  ');
      return [`${isEnd ? '└─' : '├─'} ${head}`, ...tasks];
    });
    return [
      `${isLast ? '└─' : '├─'} ${String(type.name)}`,
      ...children.map((line) => `${isLast ? '   ' : '│  '}${line}`),
    ];
  });
  return [String(body.service ?? ''), ...lines].join('\n');
}

function instanceLines(instance: Record<string, unknown>, indent: string): string[] {
  const tasks = asList(instance.tasks).map(asObject);
  return [
    String(instance.name ?? ''),
    ...tasks.map((task, at) => {
      const branch = at === tasks.length - 1 ? '└─' : '├─';
      return `${indent}${branch} ${String(task.name)} (${String(task.status)})`;
    }),
  ];
}

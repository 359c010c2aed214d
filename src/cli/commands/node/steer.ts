/** `dcos node drain|decommission|deactivate|reactivate` */
import { setTimeout as pause } from 'node:timers/promises';
import type { Http } from '../../../client/http.js';
import { type AgentName, type AgentOrder, listAgents, orderAgent } from '../../../client/nodes.js';
import { listTasks } from '../../../client/tasks.js';
import { DcosError } from '../../../core/errors.js';
import { type Command, type Given, yesFlag } from '../../command.js';
import type { Context } from '../../context.js';
import { didYouMean } from '../../suggest.js';

const word: readonly [string, string] = ['<agent>', 'its id, or its host name'];

/** How often an agent that is drained is looked at, in ms. */
const lookEveryMs = 500;

/** Takes every task away from an agent, so that its machine can be worked on. */
export const drain: Command = {
  summary: 'stop all tasks of an agent and offer it no more, for work on its machine',
  words: [word],
  flags: [
    {
      flags: '--max-grace-period <duration>',
      text: 'the longest that a task gets to end: 30s, 5m',
    },
    { flags: '--decommission', text: 'give the agent up for good once it is drained' },
    { flags: '--wait', text: 'wait until nothing runs on it any more' },
    yesFlag,
  ],
  examples: ['dcos node drain 127.0.9.2 --wait', 'dcos node reactivate 127.0.9.2'],
  run: async (context, given) => {
    const http = await context.http();
    const agent = await find(http, given.word(0));
    const period = given.text('maxGracePeriod');
    const markGone = given.has('decommission');
    const maxGraceMs = period === undefined ? undefined : durationMs(period);
    if (markGone) await permit(context, given, http, agent);
    await orderAgent(http, agent.id, { type: 'DRAIN_AGENT', maxGraceMs, markGone });
    if (given.has('wait')) await drained(context, http, agent);
  },
};

/** Gives an agent up for good: what it held is replaced elsewhere. */
export const decommission: Command = {
  summary: 'give an agent up for good: its tasks and volumes count as lost and are replaced',
  words: [word],
  flags: [yesFlag],
  examples: ['dcos node decommission 127.0.9.2'],
  notes: 'For a machine that never comes back. Should it, its agent joins as a new one.',
  run: async (context, given) => {
    const http = await context.http();
    const agent = await find(http, given.word(0));
    await permit(context, given, http, agent);
    await orderAgent(http, agent.id, { type: 'MARK_AGENT_GONE' });
  },
};

/** Keeps an agent out of offers; its tasks go on. */
export const deactivate: Command = steer(
  'offer an agent no more; its tasks go on',
  'DEACTIVATE_AGENT',
  'dcos node deactivate 127.0.9.2',
);

/** Takes an agent in again that was deactivated or drained. */
export const reactivate: Command = steer(
  'offer an agent again that was deactivated or drained',
  'REACTIVATE_AGENT',
  'dcos node reactivate 127.0.9.2',
);

function steer(
  summary: string,
  type: 'DEACTIVATE_AGENT' | 'REACTIVATE_AGENT',
  example: string,
): Command {
  return {
    summary,
    words: [word],
    examples: [example],
    run: async (context, given) => {
      const http = await context.http();
      const order: AgentOrder = { type };
      await orderAgent(http, (await find(http, given.word(0))).id, order);
    },
  };
}

async function find(http: Http, name: string): Promise<AgentName> {
  const agents = await listAgents(http);
  const exact = agents.find(({ id }) => id === name);
  const named = exact ? [exact] : agents.filter(({ hostname }) => hostname === name);
  const [first, second] = named;
  if (first !== undefined && second === undefined) return first;
  const known = agents.map(({ id, hostname }) => `${hostname} (${id})`).join(', ');
  if (first !== undefined) {
    const ids = named.map(({ id }) => id).join(', ');
    throw new DcosError('conflict', `several agents are called '${name}': ${ids}`, {
      hint: 'Name one by its id.',
    });
  }
  const names = agents.flatMap(({ id, hostname }) => [id, hostname]);
  throw new DcosError('not-found', `there is no agent '${name}'`, {
    hint: didYouMean(name, names) ?? `There are: ${known || 'none'}`,
  });
}

async function permit(
  { io }: Context,
  given: Given,
  http: Http,
  { id, hostname }: AgentName,
): Promise<void> {
  if (given.has('yes')) return;
  const tasks = await listTasks(http, { agentId: id });
  for (const { name, id: taskId } of tasks) io.say(`  ${name}  ${taskId}`);
  const what = `Give up agent ${hostname} (${id}) with ${tasks.length} tasks and its volumes?`;
  const isSure = await io.confirm(what, '--yes', true);
  if (!isSure) throw new DcosError('refused', 'nothing was done');
}

async function drained(context: Context, http: Http, { id, hostname }: AgentName): Promise<void> {
  const progress = await context.io.progress(`draining ${hostname}`);
  context.interruptNote = 'The agent is drained without you; dcos node list shows how far it is.';
  try {
    for (;;) {
      const agent = (await listAgents(http)).find((one) => one.id === id);
      if (agent === undefined || agent.drainState === 'DRAINED') return;
      if (agent.drainState === undefined) {
        throw new DcosError('conflict', `agent ${hostname} is not being drained any more`);
      }
      const tasks = await listTasks(http, { agentId: id });
      progress.update(`draining ${hostname}: ${tasks.length} tasks left`);
      await pause(lookEveryMs);
    }
  } finally {
    progress.end();
    context.interruptNote = undefined;
  }
}

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** `30s`, `5m`, `1h`, `250ms` in ms. Throws `usage`. */
function durationMs(text: string): number {
  const [, number, unit = ''] = /^(\d{1,9})(ms|s|m|h)$/.exec(text) ?? [];
  const factor = unitMs[unit];
  if (number !== undefined && factor !== undefined) return Number(number) * factor;
  throw new DcosError(
    'usage',
    `--max-grace-period must be a duration such as 30s or 5m, not '${text}'`,
  );
}

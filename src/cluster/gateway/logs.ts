/**
 * `/system/v1/logs/v2/task/<task>/file/<name>`: what a task writes, from its sandbox (dcos-cli.md
 * §4).
 */
import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { DcosError } from '../../core/errors.js';
import type { Answer, Request, Route } from '../../core/http/server.js';
import type { OperatorTask } from '../../wire/mesos/operator.js';
import type { Operator } from '../operator.js';
import { type AgentCalls, readFile, readTail, sandboxesOf } from '../sandbox.js';

/** What the route works with. */
export interface LogsOptions {
  readonly operator: Operator;
  readonly agent: (agentId: string) => Promise<AgentCalls>;
}

const maxTailBytes = 4 * 1024 * 1024;
const pieceBytes = 64 * 1024;
const followMs = 300;
const keepAliveMs = 15_000;

/** The route. */
export function logsRoute(options: LogsOptions): Route {
  return {
    method: 'GET',
    path: '/system/v1/logs/v2/task/:task/file/*file',
    access: 'token',
    handle: async (request) => {
      const file = request.params.file || 'stdout';
      if (file.split('/').includes('..'))
        throw new DcosError('invalid', 'the file must lie in the sandbox');
      const place = await findFile(options, request.params.task ?? '', file);
      const lines = Math.abs(Number(request.query.get('skip') ?? 0)) || Number.POSITIVE_INFINITY;
      const isFollow = (request.headers.accept ?? '').includes('text/event-stream');
      return isFollow ? follow(request, place, lines) : tail(place, lines);
    },
  };
}

interface Place {
  readonly agent: AgentCalls;
  readonly path: string;
}

async function findFile(
  { operator, agent }: LogsOptions,
  taskId: string,
  file: string,
): Promise<Place> {
  const { tasks = [], completed_tasks = [], unreachable_tasks = [] } = await operator.tasks();
  const all: OperatorTask[] = [...tasks, ...unreachable_tasks, ...completed_tasks];
  const task = all.find((each) => each.task_id.value === taskId);
  if (task === undefined) throw new DcosError('not-found', `there is no task ${taskId}`);
  const place = await agent(task.agent_id.value);
  for (const folder of await sandboxesOf(place, taskId)) {
    const path = `${folder}/${file}`;
    if ((await readFile(place, path, -1, 0)) !== undefined) return { agent: place, path };
  }
  throw new DcosError('not-found', `the task ${taskId} has no file ${file}`);
}

async function tail({ agent, path }: Place, lines: number): Promise<Answer> {
  const found = await readTail(agent, path, lines, maxTailBytes);
  if (found === undefined || found.lines.length === 0) return { status: 204 };
  return { status: 200, text: `${found.lines.join('\n')}\n` };
}

/** The last lines, then each new one as it is written, until the caller goes. */
async function follow(
  { response }: Request,
  { agent, path }: Place,
  lines: number,
): Promise<undefined> {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  response.flushHeaders();
  const found = await readTail(agent, path, Number.isFinite(lines) ? lines : 10, maxTailBytes);
  for (const line of found?.lines ?? []) await send(response, entry(line));
  let offset = found?.end ?? 0;
  let rest = '';
  let quietMs = 0;
  while (!response.destroyed) {
    // A file that can't be read at the moment is asked for again: the agent may be restarting.
    const piece = await readFile(agent, path, offset, pieceBytes).catch(() => undefined);
    const data = piece?.data ?? '';
    if (data === '') {
      await sleep(followMs);
      quietMs += followMs;
      if (quietMs >= keepAliveMs) {
        await send(response, ':\n\n');
        quietMs = 0;
      }
      continue;
    }
    offset += Buffer.byteLength(data);
    const whole = (rest + data).split('\n');
    rest = whole.pop() ?? '';
    for (const line of whole) await send(response, entry(line));
    quietMs = 0;
  }
  return undefined;
}

function entry(line: string): string {
  return `data: ${JSON.stringify({ fields: { MESSAGE: line } })}\n\n`;
}

/** Waits for a slow reader instead of keeping what it has not read. */
async function send(response: ServerResponse, text: string): Promise<void> {
  if (response.destroyed || response.write(text)) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      response.off('drain', done);
      response.off('close', done);
      resolve();
    };
    response.on('drain', done);
    response.on('close', done);
  });
}

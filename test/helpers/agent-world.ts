/** A real agent process and the master's end of its link, scripted by the test. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { basicAuthorization, secretOf } from '../../src/core/credentials.js';
import type { AgentMessage, MasterOrder, RegisterMessage } from '../../src/wire/agent-link.js';
import type { FrameworkInfo } from '../../src/wire/mesos/scheduler.js';
import type { TaskInfo, TaskStatus } from '../../src/wire/mesos/task.js';
import { encodeRecord } from '../../src/wire/recordio.js';
import { root } from './paths.js';

const clusterKey = 'ab'.repeat(32);
/** The framework of all tasks. */
export const framework: FrameworkInfo = {
  user: 'root',
  name: 'test',
  id: { value: 'framework-1' },
  roles: ['test'],
  failover_timeout: 60,
  checkpoint: true,
  capabilities: [{ type: 'TASK_KILLING_STATE' }],
};
const framework_id = { value: 'framework-1' };

/** The sources as one program; built once per test process. */
let program: Promise<string> | undefined;
async function buildProgram(): Promise<string> {
  const file = join(root, '.cache', `agent-under-test-${process.pid}.mjs`);
  await build({
    stdin: {
      contents: `import { runAgent } from './src/mesos/agent/main.ts';
        const server = await runAgent(process.argv[2], 1);
        process.on('SIGTERM', () => server.stop().then(() => process.exit(0)));
        process.stdout.write('ready\\n');`,
      resolveDir: root,
      loader: 'ts',
    },
    outfile: file,
    bundle: true,
    platform: 'node',
    format: 'esm',
    external: ['lmdb'],
    banner: {
      js: "import{createRequire as r}from'node:module';const require=r(import.meta.url);",
    },
  });
  process.on('exit', () => rmSync(file, { force: true }));
  return file;
}

type Update = { readonly status: TaskStatus };

/** One agent with its master; `close` leaves nothing behind. */
export class World {
  readonly dir = mkdtempSync(join(tmpdir(), 'dcos-agent-test-'));
  readonly registrations: RegisterMessage[] = [];
  readonly messages: AgentMessage[] = [];
  readonly log: string[] = [];
  /** Whether updates are acknowledged as they come. */
  acknowledging = true;
  /** What a registration is answered with. */
  onRegister = (message: RegisterMessage): MasterOrder => ({
    type: 'REGISTERED',
    agent_id: { value: message.agent.id?.value ?? 'agent-S0' },
    ping_interval_ms: 1000,
    max_missed_pings: 5,
    shut_down_frameworks: [],
  });
  /** Of the control plane, which may ask the agent. */
  readonly authorization = basicAuthorization('control', secretOf(clusterKey, 'control'));
  port = 0;
  process: ChildProcess | undefined;
  #stream: http.ServerResponse | undefined;
  #waiters = new Set<() => void>();
  #server = http.createServer((request, response) => void this.#serve(request, response));

  /** Makes the cluster's folder and starts the master's end. */
  async open(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    const probe = http.createServer();
    await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
    this.port = (probe.address() as AddressInfo).port;
    await new Promise((resolve) => probe.close(resolve));
    mkdirSync(join(this.dir, 'keys'));
    writeFileSync(join(this.dir, 'keys/cluster.key'), clusterKey);
    const master = { host: '127.0.0.1', port: (this.#server.address() as AddressInfo).port };
    const agent = {
      index: 1,
      host: '127.0.0.1',
      port: this.port,
      rack: 'rack-1',
      cpus: 4,
      memMb: 1024,
      diskMb: 1024,
      ports: [21000, 21099],
    };
    const control = { host: '127.0.0.1', port: 1, advertise: '127.0.0.1' };
    const cluster = { schema: 1, id: 'c', name: 'c', control, master, agents: [agent] };
    writeFileSync(join(this.dir, 'cluster.json'), JSON.stringify(cluster));
    return this;
  }

  /** Starts the agent and waits until it has registered. */
  async start(): Promise<void> {
    program ??= buildProgram();
    const count = this.registrations.length;
    const child = spawn(process.execPath, [await program, this.dir], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, SECRET_OF_AGENT: 'x' },
    });
    child.stderr?.on('data', (chunk) => this.log.push(String(chunk)));
    this.process = child;
    await this.until(() => this.registrations.length > count || child.exitCode !== null);
    if (child.exitCode !== null) throw new Error(`the agent ended: ${this.log.join('')}`);
  }

  /** Sends the agent a signal and waits for its end. */
  async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await ended;
  }

  async close(): Promise<void> {
    writeFileSync(join(this.dir, 'stop'), '');
    if (this.process !== undefined && this.process.exitCode === null) {
      if (this.process.signalCode === null) await this.end('SIGTERM');
      else await this.start().then(() => this.end('SIGTERM'));
    }
    this.drop();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    rmSync(this.dir, { recursive: true, force: true });
  }

  order(order: MasterOrder): void {
    this.#stream?.write(encodeRecord(JSON.stringify(order)));
  }

  run(task: TaskInfo): void {
    this.order({ type: 'RUN_TASK', framework, task });
  }

  kill(taskId: string, graceMs?: number): void {
    const policy =
      graceMs === undefined
        ? {}
        : { kill_policy: { grace_period: { nanoseconds: graceMs * 1e6 } } };
    this.order({ type: 'KILL_TASK', framework_id, task_id: { value: taskId }, ...policy });
  }

  acknowledge(status: TaskStatus): void {
    const { task_id, uuid = '' } = status;
    this.order({ type: 'ACKNOWLEDGE', framework_id, task_id, uuid });
  }

  /** Ends the stream, as a master that dies. */
  drop(): void {
    this.#stream?.destroy();
    this.#stream = undefined;
  }

  /** All statuses of a task that were sent, in order, each once however often it was sent. */
  statuses(taskId: string): TaskStatus[] {
    const seen = new Set<string | undefined>();
    return this.messages
      .filter((each): each is Extract<AgentMessage, Update> => each.type === 'UPDATE')
      .map((each) => each.status)
      .filter((status) => status.task_id.value === taskId)
      .filter(({ uuid }) => !seen.has(uuid) && seen.add(uuid));
  }

  /** The first status of that state, once it is there. */
  async status(taskId: string, state: string, reason?: string): Promise<TaskStatus> {
    const find = (): TaskStatus | undefined =>
      this.statuses(taskId).find(
        (each) => each.state === state && (reason === undefined || each.reason === reason),
      );
    await this.until(() => find() !== undefined, `${taskId} ${state}`);
    return find() as TaskStatus;
  }

  /** Resolves when `holds`, looked at after every message. */
  async until(holds: () => boolean, what = String(holds)): Promise<void> {
    let wake = (): void => {};
    const deadline = Date.now() + 20_000;
    while (!holds()) {
      if (Date.now() > deadline) {
        const told = JSON.stringify(this.messages, null, 1).slice(-3000);
        throw new Error(`did not come: ${what}\n${told}\n${this.log.join('')}`);
      }
      await new Promise<void>((resolve) => {
        wake = resolve;
        this.#waiters.add(wake);
        setTimeout(resolve, 50);
      });
      this.#waiters.delete(wake);
    }
  }

  /** The sandbox of a task that was run by itself. */
  sandbox(taskId: string): string {
    return join(
      this.dir,
      'agent-1/work/slaves/agent-S0/frameworks/framework-1/executors',
      taskId,
      'runs/latest',
    );
  }

  read(taskId: string, name: string): string {
    return readFileSync(join(this.sandbox(taskId), name), 'utf8');
  }

  /** Asks the agent's own server. */
  async get(path: string, body?: unknown): Promise<{ status: number; text: string; json: never }> {
    const answer = await fetch(`http://127.0.0.1:${this.port}${path}`, {
      headers: { authorization: this.authorization, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    const isJson = answer.headers.get('content-type')?.includes('json') === true;
    return { status: answer.status, text, json: (isJson ? JSON.parse(text) : undefined) as never };
  }

  async #serve(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = JSON.parse(Buffer.concat(chunks).toString());
    if (request.url === '/internal/agents') {
      this.#stream?.destroy();
      this.#stream = response;
      response.writeHead(200, { 'content-type': 'application/recordio' });
      this.order(this.onRegister(body));
      this.registrations.push(body);
    } else {
      response.writeHead(202).end();
      this.messages.push(body);
      if (body.type === 'UPDATE' && this.acknowledging) this.acknowledge(body.status);
    }
    for (const wake of this.#waiters) wake();
  }
}

let counter = 0;
/** A task that runs `command`; its id is `name`. */
export function aTask(command: string, more: Partial<TaskInfo> = {}): TaskInfo {
  counter += 1;
  const name = `task-${counter}`;
  return {
    name,
    task_id: { value: name },
    agent_id: { value: 'agent-S0' },
    resources: [
      { name: 'cpus', type: 'SCALAR', scalar: { value: 0.1 }, allocation_info: { role: 'test' } },
    ],
    command: { value: command },
    ...more,
  };
}

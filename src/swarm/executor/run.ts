/**
 * The program `dcos-swarm executor`: one per agent and swarm. It tells Mesos of its containers, and
 * passes the manager's requests, and nobody else's, on to the engine.
 */
import type * as http from 'node:http';
import { systemClock } from '../../core/clock.js';
import { DcosError, messageOf } from '../../core/errors.js';
import { createLogger, type Logger } from '../../core/logger.js';
import { systemRandom } from '../../core/random.js';
import type { Environment } from '../../framework/service-environment.js';
import { containerSummarySchema, type EngineEvent } from '../../wire/docker.js';
import { clusterLabel, idLabel, nodeLabel, taskLabel } from '../create/labels.js';
import { AgentStream } from './shell/agent-stream.js';
import { createDoor } from './shell/door.js';
import { callEngine, followEngine } from './shell/engine.js';
import {
  type ExecutorEffect,
  type ExecutorInput,
  emptyExecutor,
  holds,
  type OwnContainer,
  type PlaceTask,
  stepExecutor,
  subscriptionOf,
} from './step.js';

/** What an executor is started with. */
interface ExecutorSettings {
  readonly clusterId: string;
  readonly nodeId: string;
  readonly socketPath: string;
  readonly host: string;
  readonly port: number;
  readonly publicKey: string;
  readonly executorId: string;
}

const needed = [
  'MESOS_AGENT_ENDPOINT',
  'MESOS_FRAMEWORK_ID',
  'MESOS_EXECUTOR_ID',
  'SWARM_CLUSTER_ID',
  'SWARM_NODE_ID',
  'SWARM_SOCKET',
  'SWARM_PORT',
  'SWARM_PUBLIC_KEY',
];

/** How long a container may take to end when its agent stops, seconds. */
const stopSeconds = 5;

/** How long an agent may be away where Mesos does not say, ms. */
const defaultRecoveryMs = 15 * 60_000;

/** Runs until its tasks are over, or Mesos ends it. Throws `usage` where variables are missing. */
export function runExecutor(env: Environment): void {
  const missing = needed.filter((name) => !env[name]);
  if (missing.length > 0) {
    throw new DcosError('usage', `the environment lacks ${missing.join(', ')}`, {
      hint: 'This program is started by Mesos, as the executor of a swarm.',
    });
  }
  const value = (name: string): string => env[name] ?? '';
  new Executor(
    {
      clusterId: value('SWARM_CLUSTER_ID'),
      nodeId: value('SWARM_NODE_ID'),
      socketPath: value('SWARM_SOCKET'),
      host: env.SWARM_HOST || '0.0.0.0',
      port: Number(value('SWARM_PORT')),
      publicKey: value('SWARM_PUBLIC_KEY'),
      executorId: value('MESOS_EXECUTOR_ID'),
    },
    env,
    createLogger('swarm-executor'),
  );
}

class Executor {
  readonly #settings: ExecutorSettings;
  readonly #log: Logger;
  readonly #state;
  readonly #stream: AgentStream;
  readonly #abort = new AbortController();
  #server: http.Server | undefined;

  constructor(settings: ExecutorSettings, env: Environment, log: Logger) {
    this.#settings = settings;
    this.#log = log;
    this.#state = emptyExecutor(settings.executorId, systemRandom);
    this.#serve();
    this.#stream = new AgentStream({
      door: {
        endpoint: env.MESOS_AGENT_ENDPOINT ?? '',
        frameworkId: env.MESOS_FRAMEWORK_ID ?? '',
        executorId: settings.executorId,
        token: env.MESOS_EXECUTOR_AUTHENTICATION_TOKEN,
      },
      log,
      subscription: () => subscriptionOf(this.#state),
      recoveryTimeoutMs: durationMs(env.MESOS_RECOVERY_TIMEOUT) ?? defaultRecoveryMs,
      onMessage: (message) => {
        const { type, launch, launch_group, kill, acknowledged } = message;
        for (const task of [
          ...(launch ? [launch.task] : []),
          ...(launch_group?.task_group.tasks ?? []),
        ])
          this.#submit({ type: 'Launched', task });
        if (kill) this.#submit({ type: 'KillAsked', taskId: kill.task_id.value });
        if (acknowledged) {
          const { task_id, uuid } = acknowledged;
          this.#submit({ type: 'Acknowledged', taskId: task_id.value, uuid });
        }
        if (type === 'SHUTDOWN') void this.#stopAll();
      },
      // The containers go on: whoever comes back finds them by their labels.
      onGivenUp: () => this.#leave('the agent did not come back'),
    });
    void followEngine(settings.socketPath, this.#abort.signal, {
      onOpen: () => void this.#list(),
      onEvent: (event) => this.#engineEvent(event),
      onLost: (reason) => this.#log.warn('the engine is away', { reason }),
    });
    process.on('SIGTERM', () => this.#leave('terminated'));
  }

  /**
   * The agent stops, or the framework is gone: nothing of ours runs on unaccounted. The containers
   * stay, stopped, for whoever takes them up again.
   */
  async #stopAll(): Promise<void> {
    // First of all the manager: what it does not see ends for it not by itself.
    this.#server?.closeAllConnections();
    this.#server?.close();
    try {
      const own = await this.#own();
      const { socketPath } = this.#settings;
      await Promise.all(
        own.map(({ containerId }) =>
          callEngine(socketPath, 'POST', `/containers/${containerId}/stop?t=${stopSeconds}`),
        ),
      );
    } catch (error) {
      this.#log.warn('the containers could not be stopped', { error: messageOf(error) });
    }
    this.#leave('the agent ends this executor');
  }

  #leave(reason: string): void {
    this.#log.info('the executor ends', { reason });
    this.#abort.abort();
    this.#stream.close();
    process.exit(0);
  }

  #submit(input: ExecutorInput): void {
    for (const effect of stepExecutor(this.#state, input, systemClock.now())) this.#perform(effect);
  }

  #perform(effect: ExecutorEffect): void {
    switch (effect.type) {
      case 'Update':
        this.#stream.update(effect.status);
        break;
      case 'List':
        void this.#list();
        break;
      case 'Remove':
        void this.#remove(effect.task);
        break;
      case 'Leave':
        this.#leave('its last task is over');
    }
  }

  #engineEvent({ Action, id, Actor }: EngineEvent): void {
    const { clusterId, nodeId } = this.#settings;
    const labels = Actor?.Attributes ?? {};
    const containerId = Actor?.ID ?? id;
    if (labels[clusterLabel] !== clusterId || containerId === undefined) return;
    if (labels[nodeLabel] !== nodeId) return;
    const swarmId = labels[idLabel] ?? '';
    if (Action === 'create') {
      const container = { swarmId, containerId, taskId: labels[taskLabel] };
      this.#submit({ type: 'ContainerCreated', container });
    }
    if (Action === 'destroy') this.#submit({ type: 'ContainerDestroyed', containerId });
  }

  async #list(): Promise<void> {
    try {
      this.#submit({ type: 'EngineListed', containers: await this.#own() });
    } catch (error) {
      // The next connection of the event stream lists again.
      this.#log.warn('the engine cannot be asked', { error: messageOf(error) });
    }
  }

  async #own(swarmId?: string): Promise<OwnContainer[]> {
    const { clusterId, nodeId, socketPath } = this.#settings;
    const label = [
      `${clusterLabel}=${clusterId}`,
      `${nodeLabel}=${nodeId}`,
      ...(swarmId ? [`${idLabel}=${swarmId}`] : []),
    ];
    const filters = encodeURIComponent(JSON.stringify({ label }));
    const { json } = await callEngine(
      socketPath,
      'GET',
      `/containers/json?all=1&filters=${filters}`,
    );
    return (Array.isArray(json) ? json : []).flatMap((entry): OwnContainer[] => {
      const parsed = containerSummarySchema.safeParse(entry);
      if (!parsed.success) return [];
      const { Id, Labels } = parsed.data;
      const id = Labels?.[idLabel];
      return id === undefined
        ? []
        : [{ swarmId: id, containerId: Id, taskId: Labels?.[taskLabel] }];
    });
  }

  /** Tries until the engine has none left. */
  async #remove(task: PlaceTask): Promise<void> {
    const { socketPath } = this.#settings;
    const { taskId, swarmId } = task;
    const held = async (): Promise<OwnContainer[]> =>
      (await this.#own(swarmId)).filter((container) => holds(task, container));
    while (!this.#abort.signal.aborted) {
      try {
        const own = await held();
        for (const { containerId } of own) {
          await callEngine(socketPath, 'DELETE', `/containers/${containerId}?force=1`);
        }
        if (own.length === 0 || (await held()).length === 0) {
          this.#submit({ type: 'Removed', taskId });
          return;
        }
      } catch (error) {
        this.#log.warn('a container cannot be removed yet', { swarmId, error: messageOf(error) });
      }
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }

  #serve(): void {
    const { host, port } = this.#settings;
    this.#server = createDoor(this.#settings);
    this.#server.on('error', (error) => this.#leave(`cannot listen: ${messageOf(error)}`));
    this.#server.listen(port, host);
  }
}

/** `15mins`, `10secs`, as Mesos writes durations. */
function durationMs(text: string | undefined): number | undefined {
  const found = /^([\d.]+)(ms|secs|mins|hrs)$/.exec(text ?? '');
  if (found === null) return undefined;
  const unit = { ms: 1, secs: 1_000, mins: 60_000, hrs: 3_600_000 }[found[2] as 'ms'];
  return Number(found[1]) * unit;
}

/**
 * Watches every node: what its engine says about itself, at a bounded interval; its events, all the
 * time; what it has of ours, whenever its event stream begins anew.
 */
import { systemClock } from '../../core/clock.js';
import { messageOf } from '../../core/errors.js';
import { tryParseJson } from '../../core/json.js';
import type { Logger } from '../../core/logger.js';
import {
  containerSummarySchema,
  type EngineEvent,
  engineEventSchema,
  engineInfoSchema,
  imageSummarySchema,
} from '../../wire/docker.js';
import { nodeEvent } from '../api/events.js';
import { clusterLabel, idLabel, nodeLabel } from '../create/labels.js';
import type { Event, FoundContainer } from '../messages.js';
import type { EngineFacts, Node, State } from '../state.js';
import type { Engines } from './engines.js';
import type { EventHub } from './hub.js';

/** What a watcher needs. */
export interface WatchOptions {
  readonly state: State;
  readonly engines: Engines;
  readonly hub: EventHub;
  readonly log: Logger;
  readonly submit: (event: Event) => void;
}

const lookMs = 500;
const factsMs = 15_000;
const pauseMs = 500;
const factsTimeoutMs = 10_000;

/** One watch per node and executor. */
export class Watch {
  readonly #options: WatchOptions;
  readonly #running = new Map<string, AbortController>();
  readonly #timer: NodeJS.Timeout;

  constructor(options: WatchOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#look(), lookMs);
    this.#timer.unref();
  }

  /** Ends all watches. */
  close(): void {
    clearInterval(this.#timer);
    for (const abort of this.#running.values()) abort.abort();
  }

  /** Begins watches of executors that run, ends those of others. */
  #look(): void {
    const wanted = new Map<string, Node>();
    for (const node of this.#options.state.nodes.values()) {
      if (node.task?.isRunning) wanted.set(node.task.taskId, node);
    }
    for (const [taskId, abort] of this.#running) {
      if (wanted.has(taskId)) continue;
      abort.abort();
      this.#running.delete(taskId);
    }
    for (const [taskId, node] of wanted) {
      if (this.#running.has(taskId)) continue;
      const abort = new AbortController();
      this.#running.set(taskId, abort);
      void this.#follow(node, abort.signal);
      void this.#keepFacts(node, abort.signal);
    }
  }

  async #keepFacts(node: Node, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const isGood = await this.refresh(node);
      await pause(isGood ? factsMs : pauseMs, signal);
    }
  }

  /** Asks a node's engine about itself, now. */
  async refresh(node: Node): Promise<boolean> {
    const { submit } = this.#options;
    try {
      const facts = await factsOf(this.#options.engines, node);
      submit({ type: 'NodeAnswered', agentId: node.agentId, facts });
      return true;
    } catch (error) {
      submit({ type: 'NodeFailed', agentId: node.agentId, error: messageOf(error) });
      return false;
    }
  }

  async #follow(node: Node, signal: AbortSignal): Promise<void> {
    const { engines, log } = this.#options;
    while (!signal.aborted) {
      try {
        const stream = await engines.open(node, 'GET', '/events', { signal });
        if (stream.statusCode !== 200) throw new Error(`it answered ${stream.statusCode}`);
        await this.#inventory(node);
        let rest = '';
        stream.setEncoding('utf8');
        for await (const chunk of stream as AsyncIterable<string>) {
          const lines = (rest + chunk).split('\n');
          rest = lines.pop() ?? '';
          for (const line of lines) this.#receive(node, line);
        }
      } catch (error) {
        if (signal.aborted) return;
        log.debug('no events of a node', { node: node.name, reason: messageOf(error) });
      }
      await pause(pauseMs, signal);
      if (!signal.aborted) await this.refresh(node);
    }
  }

  #receive(node: Node, line: string): void {
    const { state, hub, submit } = this.#options;
    const parsed = engineEventSchema.safeParse(tryParseJson(line));
    if (!parsed.success) return;
    const event = parsed.data;
    if (!isOurs(state, node, event)) return;
    hub.publish(nodeEvent(event, node));
    const containerId = event.Actor?.ID ?? event.id;
    if (event.Type === 'image') void this.refresh(node);
    if (event.Type !== 'container' || containerId === undefined) return;
    if (event.Action === 'start') submit({ type: 'RunningChanged', containerId, isRunning: true });
    if (event.Action === 'die') submit({ type: 'RunningChanged', containerId, isRunning: false });
  }

  async #inventory(node: Node): Promise<void> {
    const { state, engines, submit } = this.#options;
    const label = [`${clusterLabel}=${state.settings.clusterId}`];
    const filters = encodeURIComponent(JSON.stringify({ label }));
    const { json, status } = await engines.call(
      node,
      'GET',
      `/containers/json?all=1&filters=${filters}`,
    );
    if (status !== 200 || !Array.isArray(json)) return;
    const found = json.flatMap((entry): FoundContainer[] => {
      const parsed = containerSummarySchema.safeParse(entry);
      if (!parsed.success) return [];
      const { Id, State, Labels } = parsed.data;
      const of = Labels?.[nodeLabel];
      // On an engine that serves several nodes each looks after its own, and after nobody's.
      if (of !== node.agentId && of !== undefined && state.nodes.has(of)) return [];
      const isRunning = State === 'running' || State === 'paused' || State === 'restarting';
      return [{ swarmId: Labels?.[idLabel] ?? '', containerId: Id, isRunning }];
    });
    submit({ type: 'NodeInventoried', agentId: node.agentId, found });
  }
}

/** Whether an event concerns this swarm: its own containers, and whatever is no container. */
function isOurs(state: State, node: Node, { Type, Actor }: EngineEvent): boolean {
  const labels = Actor?.Attributes ?? {};
  if (Type === 'container') {
    const { clusterId } = state.settings;
    return labels[clusterLabel] === clusterId && labels[nodeLabel] === node.agentId;
  }
  if (Type === 'network' || Type === 'volume') {
    const container = labels.container;
    if (container === undefined) return true;
    return [...state.containers.values()].some(({ containerId }) => containerId === container);
  }
  return true;
}

async function factsOf(engines: Engines, node: Node): Promise<EngineFacts> {
  const options = { timeoutMs: factsTimeoutMs };
  const [info, version, images] = await Promise.all([
    engines.call(node, 'GET', '/info', options),
    engines.call(node, 'GET', '/version', options),
    engines.call(node, 'GET', '/images/json', options),
  ]);
  const parsed = engineInfoSchema.safeParse(info.json);
  if (info.status !== 200 || !parsed.success) throw new Error(`it answered ${info.status}`);
  const { data } = parsed;
  const { ApiVersion = '1.24', MinAPIVersion = '1.12' } = (version.json ?? {}) as {
    ApiVersion?: string;
    MinAPIVersion?: string;
  };
  const own = Object.fromEntries(
    (data.Labels ?? []).map((text): [string, string] => {
      const at = text.indexOf('=');
      return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
    }),
  );
  return {
    engineId: data.ID ?? '',
    engineKey: [data.ID, data.Name, data.DockerRootDir].join('|'),
    version: data.ServerVersion ?? '',
    apiVersion: ApiVersion,
    minApiVersion: MinAPIVersion,
    cpus: data.NCPU ?? node.cpus,
    memBytes: data.MemTotal ?? node.memMb * 1048576,
    labels: {
      ...own,
      storagedriver: data.Driver ?? '',
      kernelversion: data.KernelVersion ?? '',
      operatingsystem: data.OperatingSystem ?? '',
      ostype: data.OSType ?? '',
      architecture: data.Architecture ?? '',
    },
    images: imageNames(images.json),
  };
}

/** Ids, `repo:tag` and `repo` of images. */
function imageNames(json: unknown): string[] {
  const names = new Set<string>();
  for (const entry of Array.isArray(json) ? json : []) {
    const parsed = imageSummarySchema.safeParse(entry);
    if (!parsed.success) continue;
    names.add(parsed.data.Id);
    for (const tag of parsed.data.RepoTags ?? []) {
      names.add(tag);
      names.add(tag.replace(/:[^:/]*$/, ''));
    }
  }
  return [...names];
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    timer.unref();
    signal.addEventListener('abort', done);
  });
}

/** Now, in ms since 1970; for events of our own. */
export const eventTime = (): number => systemClock.now();

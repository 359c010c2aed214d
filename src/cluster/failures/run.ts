/**
 * The shell of `failures`: listens to the master, looks at its lists now and then, and fetches
 * evidence from agents.
 */
import { type Clock, systemClock } from '../../core/clock.js';
import { type Driver, drive } from '../../core/drive.js';
import { DcosError, messageOf } from '../../core/errors.js';
import type { Logger } from '../../core/logger.js';
import type { Store } from '../../core/store/store.js';
import type { GetAgents, OperatorEvent } from '../../wire/mesos/operator.js';
import type { Operator } from '../operator.js';
import { type AgentCalls, readTail, sandboxesOf } from '../sandbox.js';
import type { FailuresEffect, FailuresEvent } from './events.js';
import { openOnes } from './incidents.js';
import { type FailuresState, loadFailures } from './state.js';
import { stepFailures } from './step.js';

/** What `failures` works with. */
export interface FailuresOptions {
  readonly store: Store;
  readonly operator: Operator;
  /** How an agent is called. Throws where it is not known. */
  readonly agent: (agentId: string) => Promise<AgentCalls>;
  /** What users want of the apps of the framework `services`, by service key. */
  readonly wantedApps: () => Promise<ReadonlyMap<string, number>>;
  /** Told of every fresh list of agents. */
  readonly onAgents: (agents: GetAgents) => void;
  /** The cluster is being stopped on purpose: what vanishes now is no failure. */
  readonly isStopping: () => boolean;
  readonly log: Logger;
  readonly onFatal: (error: unknown) => void;
  readonly clock?: Clock;
  readonly lookMs?: number;
}

/** Running failures. */
export interface Failures {
  /** To be read only. */
  readonly state: FailuresState;
  stop(): void;
}

/** The name that `services` of the control plane has as a framework. */
export const servicesFramework = 'services';
const defaultLookMs = 2_000;
const reconnectMs = { first: 200, longest: 2_000 } as const;
const evidenceLines = 10;
const evidenceBytes = 8 * 1024;
/**
 * Looks in a row without an answer that mean that the master is lost, even where the stream still
 * seems to live.
 */
const maxUnanswered = 2;

/** Loads the incidents and begins to listen. */
export async function startFailures(options: FailuresOptions): Promise<Failures> {
  const { operator, log } = options;
  const state = loadFailures(await options.store.load(''));
  const stopped = new AbortController();
  const submit = (event: FailuresEvent): void => {
    if (!stopped.signal.aborted && !options.isStopping()) driver.submit(event);
  };
  const driver: Driver<FailuresEvent> = drive<FailuresState, FailuresEvent, FailuresEffect>({
    state,
    step: stepFailures,
    perform: {
      GatherEvidence: (effect) => {
        gather(options, effect)
          .then((lines) => {
            if (lines.length > 0)
              submit({ type: 'EvidenceFound', incidentId: effect.incidentId, lines });
          })
          .catch((error) => log.debug('no evidence could be had', { error: messageOf(error) }));
      },
    },
    store: options.store,
    clock: options.clock ?? systemClock,
    onFatal: options.onFatal,
  });
  const stream: Stream = { signal: stopped.signal, current: undefined };
  void listen(operator, submit, stream);
  const looking = keepLooking(options, state, submit, stream);
  return {
    state,
    stop: () => {
      stopped.abort();
      stream.current?.abort();
      clearInterval(looking);
      driver.stop();
    },
  };
}

/** The present subscription, so that it can be given up. */
interface Stream {
  readonly signal: AbortSignal;
  current: AbortController | undefined;
}

/**
 * Stays subscribed; a connection that is refused is the master's fault, a stream that ends may be
 * ours.
 */
async function listen(
  operator: Operator,
  submit: (event: FailuresEvent) => void,
  stream: Stream,
): Promise<void> {
  const { signal } = stream;
  let pauseMs: number = reconnectMs.first;
  while (!signal.aborted) {
    const current = new AbortController();
    stream.current = current;
    try {
      await operator.subscribe((event) => {
        pauseMs = reconnectMs.first;
        const fact = factOf(event);
        if (fact !== undefined) submit(fact);
      }, current.signal);
      submit({ type: 'Disconnected' });
    } catch (error) {
      if (signal.aborted) return;
      submit({ type: 'MasterUnreachable', url: operator.url, reason: messageOf(error) });
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
    pauseMs = Math.min(pauseMs * 2, reconnectMs.longest);
  }
}

function factOf(event: OperatorEvent): FailuresEvent | undefined {
  switch (event.type) {
    case 'SUBSCRIBED':
      return { type: 'Connected', state: event.subscribed.get_state ?? {} };
    case 'TASK_ADDED':
      return { type: 'TaskAdded', task: event.task_added.task };
    case 'TASK_UPDATED': {
      const { framework_id, status, state } = event.task_updated;
      return { type: 'TaskUpdated', frameworkId: framework_id.value, status, state };
    }
    case 'AGENT_REMOVED':
      return { type: 'AgentRemoved', agentId: event.agent_removed.agent_id.value };
    case 'FRAMEWORK_ADDED':
      return { type: 'FrameworkChanged', framework: event.framework_added.framework };
    case 'FRAMEWORK_UPDATED':
      return { type: 'FrameworkChanged', framework: event.framework_updated.framework };
    case 'FRAMEWORK_REMOVED': {
      const { id } = event.framework_removed.framework_info;
      return id === undefined ? undefined : { type: 'FrameworkRemoved', frameworkId: id.value };
    }
    default:
      // AGENT_ADDED: the next look finds it, with all that is to be known.
      return undefined;
  }
}

function keepLooking(
  options: FailuresOptions,
  state: FailuresState,
  submit: (event: FailuresEvent) => void,
  stream: Stream,
): NodeJS.Timeout {
  const { operator, onAgents, wantedApps } = options;
  let under = false;
  let unanswered = 0;
  const look = async (): Promise<void> => {
    const [agents, frameworks] = await Promise.all([operator.agents(), operator.frameworks()]);
    unanswered = 0;
    onAgents(agents);
    submit({ type: 'Looked', agents, frameworks });
    const ofServices = openOnes(state).some(({ incident }) =>
      incident.services.some(
        ({ framework, missing }) => framework === servicesFramework && missing > 0,
      ),
    );
    if (!ofServices) return;
    submit({ type: 'WantedObserved', framework: servicesFramework, wanted: await wantedApps() });
  };
  return setInterval(() => {
    if (under || !state.connected) return;
    under = true;
    look()
      .catch((error: unknown) => {
        options.log.debug('a look at the cluster failed', { error: messageOf(error) });
        const lost =
          error instanceof DcosError && (error.code === 'unreachable' || error.code === 'timeout');
        unanswered = lost ? unanswered + 1 : 0;
        if (unanswered < maxUnanswered) return;
        submit({ type: 'MasterUnreachable', url: operator.url, reason: messageOf(error) });
        // A frozen master keeps the stream open: only a new subscription tells when it is there
        // again.
        stream.current?.abort();
      })
      .finally(() => {
        under = false;
      });
  }, options.lookMs ?? defaultLookMs);
}

async function gather(
  options: FailuresOptions,
  { agentId, taskId }: Extract<FailuresEffect, { type: 'GatherEvidence' }>,
): Promise<string[]> {
  const agent = await options.agent(agentId);
  for (const folder of await sandboxesOf(agent, taskId)) {
    const tail = await readTail(agent, `${folder}/stderr`, evidenceLines, evidenceBytes);
    if (tail !== undefined)
      return tail.lines.filter((line) => line !== '').map((line) => `stderr: ${line}`);
  }
  return [];
}

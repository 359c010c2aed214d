/** How incidents are opened, joined, and seen to heal. Pure: changes the state that it is given. */
import type { Json } from '../../core/json.js';
import type { Write } from '../../core/store/store.js';
import type { Incident } from '../../wire/incidents.js';
import type { FailuresEffect } from './events.js';
import {
  type FailuresState,
  type IncidentRecord,
  type KnownAgent,
  limits,
  serviceKey,
} from './state.js';

/** What one event changes: the incidents and agents to keep, and the effects that follow. */
export class Changes {
  readonly #incidents = new Set<string>();
  readonly #agents = new Set<string>();
  readonly effects: FailuresEffect[] = [];

  /** Keeps the incident as it is once the event is done. */
  touch(record: IncidentRecord): void {
    this.#incidents.add(record.incident.id);
  }

  /** Keeps the agent as it is once the event is done. */
  touchAgent(agent: KnownAgent): void {
    this.#agents.add(agent.id);
  }

  /** All of it, durable records first. */
  toEffects(state: FailuresState): FailuresEffect[] {
    const writes: Write[] = [];
    for (const id of this.#incidents) {
      writes.push({
        key: `incident/${id}`,
        value: (state.incidents.get(id) ?? null) as unknown as Json,
      });
    }
    for (const id of this.#agents) {
      const agent = state.agents.get(id);
      const kept = agent === undefined ? null : { ...agent, missing: 0, seen: false };
      writes.push({ key: `agent/${id}`, value: kept as unknown as Json });
    }
    return writes.length === 0 ? this.effects : [{ type: 'Persist', writes }, ...this.effects];
  }
}

/** Opens an incident; the oldest healed one makes room for it where there are too many. */
export function openIncident(
  state: FailuresState,
  changes: Changes,
  now: number,
  given: Pick<Incident, 'kind' | 'summary'> &
    Partial<Pick<Incident, 'cause' | 'evidence' | 'agent'>>,
): IncidentRecord {
  const id = `i-${state.nextIncident}`;
  state.nextIncident += 1;
  const record: IncidentRecord = {
    incident: {
      id,
      evidence: [],
      lost: [],
      actions: [],
      services: [],
      startedAt: now,
      status: 'open',
      ...given,
    },
    wanted: {},
    agents: [],
    frameworks: [],
  };
  state.incidents.set(id, record);
  changes.touch(record);
  makeRoom(state, changes);
  return record;
}

function makeRoom(state: FailuresState, changes: Changes): void {
  if (state.incidents.size <= limits.incidents) return;
  const all = [...state.incidents.values()];
  const oldest = all.find(({ incident }) => incident.status === 'healed') ?? all[0];
  if (oldest === undefined) return;
  state.incidents.delete(oldest.incident.id);
  changes.touch(oldest);
}

/** Adds a line of evidence, once, within bounds. */
export function addEvidence(record: IncidentRecord, lines: readonly string[]): void {
  for (const line of lines) {
    const text = line.slice(0, 500);
    const { evidence } = record.incident;
    if (text !== '' && evidence.length < limits.evidence && !evidence.includes(text))
      evidence.push(text);
  }
}

/** Notes what the system did; the oldest notes make room. */
export function addAction(record: IncidentRecord, at: number, text: string): void {
  record.incident.actions.push({ at, text });
  if (record.incident.actions.length > limits.actions) record.incident.actions.shift();
}

/** Notes a lost task, once, and that its service had `wanted` of them before. */
export function addLost(
  record: IncidentRecord,
  lost: Incident['lost'][number],
  wanted: number,
): void {
  const { incident } = record;
  const before = incident.lost.find((each) => each.taskId === lost.taskId);
  if (before !== undefined) before.state = lost.state;
  else if (incident.lost.length < limits.lost) incident.lost.push(lost);
  const key = serviceKey(lost.framework, lost.service);
  record.wanted[key] = Math.max(record.wanted[key] ?? 0, wanted);
  if (!incident.services.some((each) => serviceKey(each.framework, each.service) === key)) {
    incident.services.push({ framework: lost.framework, service: lost.service, missing: 0 });
  }
}

/** Opens a healed incident again: what had failed has failed again soon after. */
export function reopen(record: IncidentRecord): void {
  record.incident.status = 'open';
  delete record.incident.endedAt;
}

/** Open incidents. */
export function openOnes(state: FailuresState): IncidentRecord[] {
  return [...state.incidents.values()].filter(({ incident }) => incident.status === 'open');
}

/** Counts again what is missing, notes when services are whole, and closes what has healed. */
export function reassess(state: FailuresState, changes: Changes, now: number): void {
  if (!state.connected) return;
  for (const record of openOnes(state)) {
    let changed = false;
    for (const service of record.incident.services) {
      const key = serviceKey(service.framework, service.service);
      const missing = Math.max(0, (record.wanted[key] ?? 0) - (state.running.get(key) ?? 0));
      if (missing === service.missing && (missing > 0 || service.wholeAt !== undefined)) continue;
      changed = true;
      service.missing = missing;
      if (missing > 0) delete service.wholeAt;
      else service.wholeAt ??= now;
    }
    if (hasHealed(state, record)) {
      record.incident.status = 'healed';
      record.incident.endedAt = now;
      changed = true;
    }
    if (changed) changes.touch(record);
  }
}

/**
 * Services are whole, frameworks are there again; what took nothing down is over when it is back
 * itself.
 */
function hasHealed(
  state: FailuresState,
  { incident, agents, frameworks }: IncidentRecord,
): boolean {
  if (incident.services.some(({ missing }) => missing > 0)) return false;
  const connected = new Map(
    [...state.frameworks.values()].map((each) => [each.name, each.connected]),
  );
  if (frameworks.some((name) => connected.get(name) === false)) return false;
  if (incident.services.length > 0 || frameworks.length > 0 || incident.kind === 'master')
    return true;
  return agents.every((id) => state.agents.get(id)?.state !== 'unreachable');
}

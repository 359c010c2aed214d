/**
 * What the body of a create asks of its place: expressions from environment and labels, ports,
 * dependencies, resources (Docker Swarm, "Swarm filters"). Pure.
 */
import { DcosError } from '../../core/errors.js';
import { tryParseJson } from '../../core/json.js';
import type { CreateBody, HostConfig } from '../../wire/docker.js';
import { parseExpressions } from '../schedule/expressions.js';
import type { HostPort, Want } from '../schedule/view.js';
import { composeInstance, expressionLabels, type LabelKind, replaceLabel } from './labels.js';

/** Expressions by kind, as texts. */
export type ExpressionTexts = Readonly<Record<LabelKind, readonly string[]>>;

/** A create that was read. */
export interface ReadCreate {
  readonly want: Want;
  /** Started elsewhere when its node is lost. */
  readonly reschedules: boolean;
  /** The body with expressions moved from its environment to its labels. */
  readonly body: CreateBody;
}

const kinds: readonly LabelKind[] = ['constraint', 'affinity', 'whitelist', 'reschedule'];

/** Reads a create. Throws `invalid` with classic Swarm's texts. */
export function readCreate(body: CreateBody): ReadCreate {
  const { texts, env } = expressionsOf(body);
  const labels = { ...body.Labels };
  for (const kind of kinds) {
    if (texts[kind].length > 0) labels[expressionLabels[kind]] = JSON.stringify(texts[kind]);
  }
  const kept: CreateBody = { ...body, Labels: labels };
  if (body.Env != null) kept.Env = env;
  const host = body.HostConfig ?? {};
  const want: Want = {
    constraints: parseExpressions('constraint', texts.constraint),
    affinities: parseExpressions('affinity', texts.affinity),
    whitelists: parseExpressions('whitelist', texts.whitelist),
    dependencies: dependenciesOf(host),
    pins: [],
    hostPorts: hostPortsOf(host),
    isHostMode: host.NetworkMode === 'host',
    exposed: Object.keys(body.ExposedPorts ?? {}),
    instance: composeInstance(body.Labels),
    replaces: body.Labels?.[replaceLabel] !== undefined,
    cpus: cpusOf(host),
    memBytes: Math.max(0, host.Memory || host.MemoryReservation || 0),
  };
  return { want, reschedules: reschedulesOf(texts.reschedule), body: kept };
}

function expressionsOf(body: CreateBody): { texts: ExpressionTexts; env: string[] } {
  const texts: Record<LabelKind, string[]> = {
    constraint: [],
    affinity: [],
    whitelist: [],
    reschedule: [],
  };
  const env: string[] = [];
  for (const entry of body.Env ?? []) {
    const kind = kinds.find((name) => entry.startsWith(`${name}:`));
    if (kind === undefined) env.push(entry);
    else texts[kind].push(entry.slice(kind.length + 1));
  }
  for (const kind of kinds) {
    const label = body.Labels?.[expressionLabels[kind]];
    const list = label === undefined ? undefined : tryParseJson(label);
    if (!Array.isArray(list)) continue;
    for (const text of list)
      if (!texts[kind].includes(String(text))) texts[kind].push(String(text));
  }
  return { texts, env };
}

function reschedulesOf(policies: readonly string[]): boolean {
  const fail = (text: string): DcosError => new DcosError('invalid', text, { status: 500 });
  if (policies.length > 1) throw fail('too many reschedule policies');
  const [policy = 'off'] = policies;
  if (policy !== 'off' && policy !== 'on-node-failure') {
    throw fail(`invalid reschedule policy: ${policy}`);
  }
  return policy === 'on-node-failure';
}

/** NanoCpus, else quota over period, else shares: below 64 they are whole CPUs, as in Swarm. */
export function cpusOf(host: HostConfig): number {
  const nano = host.NanoCpus ?? host.NanoCPUs ?? 0;
  if (nano > 0) return nano / 1e9;
  const quota = host.CpuQuota ?? 0;
  if (quota > 0) return quota / (host.CpuPeriod || 100_000);
  const shares = host.CpuShares ?? 0;
  if (shares <= 0) return 0;
  return shares < 64 ? shares : shares / 1024;
}

function dependenciesOf(host: HostConfig): Want['dependencies'] {
  const from = (host.VolumesFrom ?? []).map((text) => {
    const container = text.split(':')[0] ?? '';
    return { flag: `--volumes-from=${text}`, container };
  });
  const links = (host.Links ?? []).map((text) => {
    const container = (text.split(':')[0] ?? '').replace(/^\//, '');
    return { flag: `--link=${text}`, container };
  });
  const shared = [
    ['--net', host.NetworkMode],
    ['--pid', host.PidMode],
    ['--ipc', host.IpcMode],
  ].flatMap(([flag, mode]) =>
    mode?.startsWith('container:') ? [{ flag: `${flag}=${mode}`, container: mode.slice(10) }] : [],
  );
  return [...from, ...links, ...shared];
}

function hostPortsOf(host: HostConfig): HostPort[] {
  return Object.entries(host.PortBindings ?? {}).flatMap(([key, bindings]) =>
    (bindings ?? []).flatMap(({ HostIp, HostPort }): HostPort[] => {
      // A range such as 8000-8010 is the engine's to choose from.
      if (!/^\d+$/.test(HostPort ?? '') || Number(HostPort) === 0) return [];
      const port = Number(HostPort);
      if (port > 65_535) {
        throw new DcosError('invalid', `invalid port specification: "${HostPort}"`);
      }
      return [{ ip: HostIp ?? '', port, protocol: key.split('/')[1] ?? 'tcp' }];
    }),
  );
}

/** `docker info`, `docker version` and the node rows that scripts read (classic Swarm). Pure. */
import { filters } from '../schedule/filters.js';
import type { NodeView } from '../schedule/view.js';
import { healthOf, type State } from '../state.js';
import { nodeViews, statusWord } from '../views.js';

/** What this program says it is: classic Swarm's last version, since clients look at it. */
export const swarmVersion = 'swarm/1.2.9';
/** The newest version of the API that is understood here. */
const newestApi = '1.47';
/** What is said while no engine has answered. */
const fallbackApi = '1.40';

const minorOf = (version: string): number => Number(version.split('.')[1] ?? 0);

/** The versions that every engine and we understand. */
export function apiVersions(state: State): { readonly max: string; readonly min: string } {
  let max: string | undefined;
  let min = '1.12';
  for (const { facts } of state.health.values()) {
    if (facts === undefined) continue;
    if (max === undefined || minorOf(facts.apiVersion) < minorOf(max)) max = facts.apiVersion;
    if (minorOf(facts.minApiVersion) > minorOf(min)) min = facts.minApiVersion;
  }
  if (max === undefined) return { max: fallbackApi, min };
  return { max: minorOf(max) < minorOf(newestApi) ? max : newestApi, min };
}

/** Whether `asked` is newer than `max`. */
export function isTooNew(asked: string, max: string): boolean {
  const [major, newest] = [Number(asked.split('.')[0]), Number(max.split('.')[0])];
  return major === newest ? minorOf(asked) > minorOf(max) : major > newest;
}

/** How many containers are in each state, by node. */
export interface Counts {
  readonly running: number;
  readonly paused: number;
  readonly stopped: number;
}

/** The machine that the manager runs on. */
export interface Machine {
  readonly hostname: string;
  readonly kernel: string;
  readonly arch: string;
}

/** The answer to `GET /info`. */
export function infoOf(
  state: State,
  counts: ReadonlyMap<string, Counts>,
  images: number,
  machine: Machine,
  now: number,
): Record<string, unknown> {
  const nodes = nodeViews(state);
  const sum = (pick: (one: Counts) => number): number =>
    [...counts.values()].reduce((total, one) => total + pick(one), 0);
  const [running, paused, stopped] = [
    sum((one) => one.running),
    sum((one) => one.paused),
    sum((one) => one.stopped),
  ];
  return {
    ID: state.settings.clusterId,
    Containers: running + paused + stopped,
    ContainersRunning: running,
    ContainersPaused: paused,
    ContainersStopped: stopped,
    Images: images,
    DriverStatus: null,
    SystemStatus: systemStatus(state, nodes, counts),
    Plugins: { Volume: [], Network: [], Authorization: null, Log: [] },
    MemoryLimit: true,
    SwapLimit: true,
    CpuCfsPeriod: true,
    CpuCfsQuota: true,
    CPUShares: true,
    CPUSet: true,
    IPv4Forwarding: true,
    Debug: false,
    OomKillDisable: true,
    SystemTime: new Date(now).toISOString(),
    NEventsListener: 0,
    KernelVersion: machine.kernel,
    OperatingSystem: 'linux',
    OSType: 'linux',
    Architecture: machine.arch,
    NCPU: nodes.reduce((total, { cpus }) => total + cpus, 0),
    MemTotal: nodes.reduce((total, { memBytes }) => total + memBytes, 0),
    Name: machine.hostname,
    ServerVersion: swarmVersion,
    Labels: null,
    ExperimentalBuild: false,
    HttpProxy: '',
    HttpsProxy: '',
    NoProxy: '',
    SecurityOptions: null,
    Swarm: { NodeID: '', NodeAddr: '', LocalNodeState: 'inactive', ControlAvailable: false },
  };
}

function systemStatus(
  state: State,
  nodes: readonly NodeView[],
  counts: ReadonlyMap<string, Counts>,
): [string, string][] {
  return [
    ['Role', 'primary'],
    ['Strategy', state.settings.strategy],
    ['Filters', filters.map(({ name }) => name).join(', ')],
    ['Nodes', String(nodes.length)],
    ...nodes.flatMap((node) => rowsOf(state, node, counts.get(node.id))),
  ];
}

function rowsOf(state: State, view: NodeView, counts: Counts | undefined): [string, string][] {
  const node = state.nodes.get(view.id);
  if (node === undefined) return [];
  const { facts, updatedAt, error } = healthOf(state, view.id);
  const address = `${node.address}:${node.task?.port ?? 0}`;
  const total = view.containers.length;
  const cpus = view.containers.reduce((all, one) => all + one.cpus, 0);
  const mem = view.containers.reduce((all, one) => all + one.memBytes, 0);
  const labels = Object.entries(view.labels)
    .map(([key, value]) => `${key}=${value}`)
    .sort();
  const detail = (name: string, value: string): [string, string] => [`  └ ${name}`, value];
  const { running = 0, paused = 0, stopped = 0 } = counts ?? {};
  const problem = view.error ?? error;
  return [
    [` ${view.name}`, node.task === undefined ? '(unknown)' : address],
    detail('ID', `${facts?.engineId ?? ''}|${address}`),
    detail('Status', statusWord(state, node)),
    detail(
      'Containers',
      counts === undefined
        ? String(total)
        : `${total} (${running} Running, ${paused} Paused, ${stopped} Stopped)`,
    ),
    detail('Reserved CPUs', `${Math.round(cpus * 100) / 100} / ${view.cpus}`),
    detail('Reserved Memory', `${bytesText(mem)} / ${bytesText(view.memBytes)}`),
    detail('Labels', labels.join(', ')),
    ...(problem ? [detail('Error', problem)] : []),
    detail('UpdatedAt', new Date(updatedAt).toISOString().replace(/\.\d+Z$/, 'Z')),
    detail('ServerVersion', facts?.version ?? ''),
    detail('Agent', view.id),
    ...(node.region === undefined ? [] : [detail('Region', node.region)]),
    ...(node.zone === undefined ? [] : [detail('Zone', node.zone)]),
  ];
}

/** `0 B`, `20 MiB`, `1.5 GiB`. */
export function bytesText(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${Number(value.toPrecision(4))} ${units[unit]}`;
}

/**
 * What a user of a swarm may not ask of an engine: all that would amount to root on the agent,
 * unless the package's options allow it (DESIGN §9). Pure.
 */
import { DcosError } from '../../core/errors.js';
import type { CreateBody, HostConfig } from '../../wire/docker.js';

/** What the options of the package allow. */
export interface Allowances {
  /** Bind mounts of the agent's own paths. */
  readonly hostPaths: boolean;
  /** Privileged containers, devices, capabilities, and the agent's own namespaces. */
  readonly privileged: boolean;
  /** The agent's own network: `--net host`. */
  readonly hostNetwork: boolean;
}

/** The capabilities that engines give by default: to name them is no demand. */
const plainCapabilities = new Set(
  (
    'AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE NET_RAW ' +
    'SETFCAP SETGID SETPCAP SETUID SYS_CHROOT'
  ).split(' '),
);

/** Refuses what is not allowed. Throws `refused` (403) naming the field and the option. */
export function checkCreate(body: CreateBody, allowed: Allowances): void {
  const host = body.HostConfig ?? {};
  if (!allowed.hostPaths) checkPaths(host);
  const joins = Object.keys(body.NetworkingConfig?.EndpointsConfig ?? {});
  if (!allowed.hostNetwork && [host.NetworkMode, ...joins].includes('host')) {
    throw refusal('--net host', 'containers.allow_host_network');
  }
  if (!allowed.privileged) checkPrivileges(host);
}

/** Refuses a volume that is a path of the agent in disguise (`-o type=none -o o=bind`). */
export function checkVolume(
  driver: string | undefined,
  options: Readonly<Record<string, string>> | null | undefined,
  allowed: Allowances,
): void {
  if (allowed.hostPaths) return;
  if (
    Object.keys(options ?? {}).some((key) => ['device', 'o', 'type', 'mountpoint'].includes(key))
  ) {
    const isTmpfs = options?.type === 'tmpfs' && !/bind/.test(options.o ?? '');
    if (!isTmpfs) throw refusal('a volume of a device or path', 'containers.allow_host_paths');
  }
  if (driver !== undefined && driver !== '' && driver !== 'local') {
    throw refusal(`the volume driver ${driver}`, 'containers.allow_host_paths');
  }
}

function checkPaths(host: HostConfig): void {
  for (const bind of host.Binds ?? []) {
    const source = bind.split(':')[0] ?? '';
    if (bind.includes(':') && isPath(source)) {
      throw refusal(`a mount of the path ${source}`, 'containers.allow_host_paths');
    }
  }
  for (const { Type, Source, VolumeOptions } of host.Mounts ?? []) {
    if (Type !== 'volume' && Type !== 'tmpfs') {
      throw refusal(
        `a mount of type ${Type}${Source ? ` (${Source})` : ''}`,
        'containers.allow_host_paths',
      );
    }
    const config = VolumeOptions?.DriverConfig;
    checkVolume(config?.Name, config?.Options, noAllowances);
  }
  if (host.VolumeDriver) checkVolume(host.VolumeDriver, undefined, noAllowances);
}

const noAllowances: Allowances = { hostPaths: false, privileged: false, hostNetwork: false };
const isPath = (source: string): boolean => /^[/\\~.]/.test(source);

function checkPrivileges(host: HostConfig): void {
  const option = 'containers.allow_privileged';
  if (host.Privileged) throw refusal('--privileged', option);
  for (const name of host.CapAdd ?? []) {
    const bare = name.toUpperCase().replace(/^CAP_/, '');
    if (!plainCapabilities.has(bare)) throw refusal(`--cap-add ${name}`, option);
  }
  const lists = [
    ['--device', host.Devices],
    ['--device-cgroup-rule', host.DeviceCgroupRules],
    ['--gpus', host.DeviceRequests],
  ] as const;
  for (const [flag, list] of lists) if ((list?.length ?? 0) > 0) throw refusal(flag, option);
  for (const text of host.SecurityOpt ?? []) {
    if (!/^no-new-privileges(?:[:=]true)?$/.test(text))
      throw refusal(`--security-opt ${text}`, option);
  }
  const modes = [
    ['--pid', host.PidMode],
    ['--ipc', host.IpcMode],
    ['--uts', host.UTSMode],
    ['--userns', host.UsernsMode],
    ['--cgroupns', host.CgroupnsMode],
  ] as const;
  for (const [flag, mode] of modes) if (mode === 'host') throw refusal(`${flag} host`, option);
  // An empty list lifts the engine's own masks from /proc and /sys.
  if (host.MaskedPaths != null || host.ReadonlyPaths != null) {
    throw refusal('MaskedPaths or ReadonlyPaths', option);
  }
  if (host.CgroupParent) throw refusal('--cgroup-parent', option);
  if (host.Runtime && host.Runtime !== 'runc') throw refusal(`--runtime ${host.Runtime}`, option);
  if ((host.OomScoreAdj ?? 0) < 0) throw refusal('an --oom-score-adj below 0', option);
}

function refusal(what: string, option: string): DcosError {
  return new DcosError(
    'refused',
    `${what} is not allowed in this swarm (option ${option} of its package)`,
    { status: 403 },
  );
}

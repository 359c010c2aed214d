/** What a pod of a `service.yaml` asks of the container around its tasks: host paths, limits. */
import type { HostVolumeSpec, RlimitSpec } from './service-spec.js';
import type { SpecNode } from './service-spec-node.js';
import { checkInside } from './service-spec-task.js';

/**
 * The resource limits of POSIX and Linux (`getrlimit(2)`) that Mesos knows (`RLimitInfo.RLimit`,
 * without its prefix `RLMT_`).
 */
const rlimits: readonly string[] = [
  'AS',
  'CORE',
  'CPU',
  'DATA',
  'FSIZE',
  'LOCKS',
  'MEMLOCK',
  'MSGQUEUE',
  'NICE',
  'NOFILE',
  'NPROC',
  'RSS',
  'RTPRIO',
  'RTTIME',
  'SIGPENDING',
  'STACK',
];

/** Far above what any of them may be; numbers stay exact. */
const limit = { min: 0, max: Number.MAX_SAFE_INTEGER } as const;

/** Reads `host-volumes`: paths of the agent's machine that the pod's tasks see. */
export function readHostVolumes(node: SpecNode): HostVolumeSpec[] {
  return node.children('host-volumes').map(({ node: volume }) => {
    volume.keys(['host-path', 'container-path', 'mode']);
    const hostPath = volume.text('host-path');
    if (!hostPath.startsWith('/') || hostPath.split('/').includes('..')) {
      volume.wrong('host-path', `'${hostPath}' must be an absolute path without '..'`);
    }
    const path = volume.text('container-path');
    checkInside(volume, 'container-path', path);
    return { hostPath, path, mode: volume.choice('mode', ['RW', 'RO'], 'RW') };
  });
}

/** Reads `rlimits`: `RLIMIT_NOFILE: {soft: 1024, hard: 4096}`, or without numbers for no limit. */
export function readRlimits(node: SpecNode): RlimitSpec[] {
  return node.children('rlimits').flatMap(({ name, node: rlimit }) => {
    rlimit.keys(['soft', 'hard']);
    const type = name.replace(/^RLIMIT_/, '');
    if (!name.startsWith('RLIMIT_') || !rlimits.includes(type)) {
      const known = rlimits.map((known) => `RLIMIT_${known}`).join(', ');
      rlimit.wrong('', `is not among the limits: ${known}`);
    }
    if (!rlimit.has('soft') && !rlimit.has('hard')) return [{ type }];
    const soft = rlimit.number('soft', limit);
    const hard = rlimit.number('hard', limit);
    if (soft > hard) rlimit.wrong('soft', `${soft} is above hard, ${hard}`);
    return [{ type, soft, hard }];
  });
}

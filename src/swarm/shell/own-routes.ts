/** What a swarm serves beside the Docker API: its plan, its health, credentials for clients. */
import { systemClock } from '../../core/clock.js';
import { DcosError } from '../../core/errors.js';
import type { Answer, Route } from '../../core/http/server.js';
import type { Swarm } from './context.js';
import { healthyNodes } from './context.js';
import type { ManagerKeys } from './keys.js';

/** How far the start or the uninstall is. */
export interface Progress {
  readonly isUninstalling: boolean;
  readonly isSubscribed: () => boolean;
  readonly isTorn: () => boolean;
  readonly isErased: () => boolean;
}

/** The routes, to stand before those of Docker; `address` is that of the Docker API. */
export function ownRoutes(
  swarm: Swarm,
  keys: ManagerKeys,
  progress: Progress,
  address: string,
): Route[] {
  return [
    {
      method: 'GET',
      path: '/v1/plans/deploy',
      access: 'token',
      handle: () => planAnswer(swarm, progress),
    },
    {
      method: 'GET',
      path: '/v1/endpoints',
      access: 'token',
      handle: () => ({ status: 200, json: ['docker'] }),
    },
    {
      method: 'GET',
      path: '/v1/endpoints',
      access: 'token',
      handle: () => ({ status: 200, json: ['docker'] }),
    },
    {
      method: 'GET',
      path: '/v1/endpoints/docker',
      access: 'token',
      handle: () => ({ status: 200, json: { address: [address], dns: [address] } }),
    },
    {
      method: 'POST',
      path: '/v1/credentials',
      access: 'token',
      handle: ({ caller }) => credentials(keys, caller?.uid, caller?.claims),
    },
  ];
}

/** A credential is good for so long, ms: people keep it in their client's configuration. */
const credentialMs = 30 * 24 * 3_600_000;

function credentials(
  keys: ManagerKeys,
  uid: string | undefined,
  claims: Readonly<Record<string, unknown>> | undefined,
): Answer {
  if (uid === undefined || claims?.aud !== undefined || claims?.is_service === true) {
    throw new DcosError('forbidden', 'credentials are given to users of the cluster only');
  }
  const now = systemClock.now();
  return {
    status: 200,
    json: {
      token: keys.credentialFor(uid, now, credentialMs),
      expires: new Date(now + credentialMs).toISOString(),
    },
  };
}

/** The plan as operations read it: 200 when complete, 202 before. */
function planAnswer(swarm: Swarm, progress: Progress): Answer {
  const { nodes } = swarm.state;
  const healthy = healthyNodes(swarm).length;
  const steps: [string, boolean, string][] = progress.isUninstalling
    ? [
        ['kill-tasks', progress.isTorn(), ''],
        ['deregister-service', progress.isErased(), ''],
      ]
    : [
        ['register', progress.isSubscribed(), ''],
        [
          'engines',
          healthy > 0,
          nodes.size === 0
            ? 'no agent has a Docker engine: start one (dcos up --docker)'
            : `${healthy} of ${nodes.size} nodes`,
        ],
      ];
  const phases = steps.map(([name, isDone, message]) => {
    const status = isDone ? 'COMPLETE' : 'IN_PROGRESS';
    const one = { id: name, name, status: isDone ? 'COMPLETE' : 'PENDING', message };
    return { id: name, name, steps: [one], strategy: 'serial', status };
  });
  const isComplete = steps.every(([, isDone]) => isDone);
  const status = isComplete ? 'COMPLETE' : 'IN_PROGRESS';
  return {
    status: isComplete ? 200 : 202,
    json: { phases, errors: [], strategy: 'serial', status },
  };
}

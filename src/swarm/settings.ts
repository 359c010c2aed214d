/** The options of the package, as the environment has them. */
import { DcosError } from '../core/errors.js';
import type { Environment, ServiceEnvironment } from '../framework/service-environment.js';
import type { Allowances } from './create/policy.js';
import { strategyOf } from './schedule/strategies.js';
import type { Settings } from './state.js';

/** Reads them. Throws `usage` naming a variable that makes no sense. */
export function settingsOf(
  env: Environment,
  { serviceName, role, mesos }: ServiceEnvironment,
  own: Pick<Settings, 'clusterId' | 'user' | 'publicKey'>,
): Settings {
  const number = (name: string, fallback: number): number => {
    const value = Number(env[name] || fallback);
    if (Number.isFinite(value) && value >= 0) return value;
    throw new DcosError('usage', `${name}=${env[name]} is no amount`);
  };
  const strategy = strategyOf(env.SWARM_STRATEGY || 'spread');
  if (strategy === undefined) {
    throw new DcosError('usage', `SWARM_STRATEGY=${env.SWARM_STRATEGY} is no strategy`, {
      hint: 'It is spread, binpack or random.',
    });
  }
  return {
    serviceName,
    role,
    principal: mesos.principal,
    ...own,
    strategy,
    offerTimeoutMs: number('SWARM_OFFER_TIMEOUT', 5) * 1000,
    defaultCpus: number('SWARM_DEFAULT_CPUS', 0.05),
    defaultMemMb: number('SWARM_DEFAULT_MEM', 32),
    overcommit: number('SWARM_OVERCOMMIT', 0.05),
    executorCpus: number('SWARM_EXECUTOR_CPUS', 0.05),
    executorMemMb: number('SWARM_EXECUTOR_MEM', 96),
    uris: [env.SWARM_DCOS_URI, env.SWARM_NODE_URI].filter(
      (uri) => uri !== undefined && uri !== '',
    ) as string[],
  };
}

/** What containers may ask for. */
export function allowancesOf(env: Environment): Allowances {
  return {
    hostPaths: env.SWARM_ALLOW_HOST_PATHS === 'true',
    privileged: env.SWARM_ALLOW_PRIVILEGED === 'true',
    hostNetwork: env.SWARM_ALLOW_HOST_NETWORK === 'true',
  };
}

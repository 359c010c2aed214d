/**
 * What operations and `services` tell a program of ours that runs as an app (docs/architecture.md,
 * "Apps that are our own programs"). Pure.
 */
import type { Credential } from '../core/credentials.js';
import { DcosError } from '../core/errors.js';

/** The variables of a process. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The environment of such a program, read. */
export interface ServiceEnvironment {
  /** Without a leading `/`; also the framework's name. */
  readonly serviceName: string;
  readonly role: string;
  readonly principal: string;
  readonly secret: string;
  /** As whom it speaks to the master: itself, unless the cluster has one principal for all. */
  readonly mesos: Credential;
  /** PEM of the authority that signs for the masters, beside the known ones. */
  readonly mesosAuthority: string | undefined;
  /** PEM; verifies the tokens of callers. */
  readonly publicKey: string;
  /** `http://host:port`, without a `/` at the end. */
  readonly controlUrl: string;
  readonly mesosUrl: string;
  readonly host: string;
  readonly port: number;
  readonly uninstalling: boolean;
}

const needed = [
  'DCOS_SERVICE_NAME',
  'DCOS_SERVICE_ACCOUNT',
  'DCOS_SERVICE_SECRET',
  'DCOS_PUBLIC_KEY',
  'DCOS_URL',
  'DCOS_MESOS_URL',
  'PORT0',
];

/** Reads it. Throws `usage` naming every variable that is missing. */
export function serviceEnvironmentOf(env: Environment): ServiceEnvironment {
  const missing = needed.filter((name) => !env[name]);
  if (missing.length > 0) {
    throw new DcosError('usage', `the environment lacks ${missing.join(', ')}`, {
      hint: 'This program is the scheduler of a service; "dcos package install" starts it.',
    });
  }
  const value = (name: string): string => env[name] ?? '';
  const serviceName = value('DCOS_SERVICE_NAME').replace(/^\//, '');
  return {
    serviceName,
    role: env.DCOS_ROLE || `${serviceName.replaceAll('/', '__')}-role`,
    principal: value('DCOS_SERVICE_ACCOUNT'),
    secret: value('DCOS_SERVICE_SECRET'),
    mesos: {
      principal: env.DCOS_MESOS_PRINCIPAL || value('DCOS_SERVICE_ACCOUNT'),
      secret: env.DCOS_MESOS_SECRET || value('DCOS_SERVICE_SECRET'),
    },
    mesosAuthority: env.DCOS_MESOS_CA || undefined,
    publicKey: value('DCOS_PUBLIC_KEY'),
    controlUrl: value('DCOS_URL').replace(/\/$/, ''),
    mesosUrl: value('DCOS_MESOS_URL'),
    host: env.HOST || '127.0.0.1',
    port: Number(value('PORT0')),
    uninstalling: env.SDK_UNINSTALL === 'true',
  };
}

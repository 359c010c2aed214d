/**
 * What the scheduler reads of the world when it starts: environment, files of its package, a token
 * of the cluster.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DcosError } from '../core/errors.js';
import { parseServiceSpec } from '../wire/service-spec.js';
import { makeConfig, optionsOf } from './config.js';
import type { Event } from './events.js';

/**
 * Everything that operations and `services` tell a scheduler (docs/architecture.md, "Apps that are
 * our own programs").
 */
export interface Surroundings {
  readonly serviceName: string;
  readonly role: string;
  readonly principal: string;
  readonly secret: string;
  readonly publicKey: string;
  readonly controlUrl: string;
  readonly mesosUrl: string;
  readonly host: string;
  readonly port: number;
  readonly uninstalling: boolean;
  readonly user: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Reads the environment. Throws `usage` naming every variable that is missing. */
export function surroundingsOf(env: Readonly<Record<string, string | undefined>>): Surroundings {
  const needed = [
    'DCOS_SERVICE_NAME',
    'DCOS_SERVICE_ACCOUNT',
    'DCOS_SERVICE_SECRET',
    'DCOS_PUBLIC_KEY',
    'DCOS_URL',
    'DCOS_MESOS_URL',
    'PORT0',
  ];
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
    publicKey: value('DCOS_PUBLIC_KEY'),
    controlUrl: value('DCOS_URL').replace(/\/$/, ''),
    mesosUrl: value('DCOS_MESOS_URL'),
    host: env.HOST || '127.0.0.1',
    port: Number(value('PORT0')),
    uninstalling: env.SDK_UNINSTALL === 'true',
    user: env.USER || env.LOGNAME || 'root',
    env,
  };
}

const maxTemplates = 200;

/**
 * The configuration that this start was given, or what is wrong with it. Reads `service/` of the
 * working folder.
 */
export function readConfiguration(folder: string, surroundings: Surroundings): Event {
  const refused = (path: string, message: string): Event => {
    return { type: 'ConfigRefused', violations: [{ path, message }] };
  };
  const yamlPath = join(folder, 'service.yaml');
  if (!existsSync(yamlPath)) return refused('service.yaml', 'is missing from the package');
  const options = optionsOf(surroundings.env);
  const result = parseServiceSpec(readFileSync(yamlPath, 'utf8'), options);
  if (!result.ok) return { type: 'ConfigRefused', violations: result.violations };
  try {
    const config = makeConfig(result.spec, readTemplates(join(folder, 'templates')), options);
    return { type: 'Configured', config };
  } catch (error) {
    if (error instanceof DcosError) return refused('', error.message);
    throw error;
  }
}

function readTemplates(folder: string): Record<string, string> {
  if (!existsSync(folder)) return {};
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).slice(0, maxTemplates);
  return Object.fromEntries(
    files.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return [path.slice(folder.length + 1), readFileSync(path, 'utf8')];
    }),
  );
}

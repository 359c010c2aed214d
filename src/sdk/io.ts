/**
 * What the scheduler reads of the world when it starts: environment, files of its package, a token
 * of the cluster.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DcosError } from '../core/errors.js';
import {
  type Environment,
  type ServiceEnvironment,
  serviceEnvironmentOf,
} from '../framework/service-environment.js';
import type { ServiceCommands } from '../wire/service-commands.js';
import { parseServiceCommands } from '../wire/service-commands-parse.js';
import { parseServiceSpec } from '../wire/service-spec.js';
import { makeConfig, optionsOf } from './config.js';
import type { Event } from './events.js';

/** What a scheduler needs of its environment. */
export interface Surroundings extends ServiceEnvironment {
  /** Whom its tasks run as. */
  readonly user: string;
  /** All of it: options of the service are among it. */
  readonly env: Environment;
}

/** Reads the environment. Throws `usage` naming every variable that is missing. */
export function surroundingsOf(env: Environment): Surroundings {
  return { ...serviceEnvironmentOf(env), user: env.USER || env.LOGNAME || 'root', env };
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

/** The package's own commands, or what is wrong with them; `undefined` where it has none. */
export interface CommandsFile {
  readonly commands: ServiceCommands | undefined;
  readonly errors: readonly string[];
}

/** Reads `commands.yaml` of the package. What is wrong with it keeps no service from running. */
export function readCommands(folder: string, surroundings: Surroundings): CommandsFile {
  const path = join(folder, 'commands.yaml');
  if (!existsSync(path)) return { commands: undefined, errors: [] };
  const result = parseServiceCommands(readFileSync(path, 'utf8'), optionsOf(surroundings.env));
  if (result.ok) return { commands: result.commands, errors: [] };
  const errors = result.violations.map((one) => `${one.path} ${one.message}`.trim());
  return { commands: undefined, errors };
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

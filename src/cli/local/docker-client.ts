/** The user's own docker client, configured for a swarm. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { SwarmAccess } from '../../client/swarm.js';
import { DcosError, systemCodeOf } from '../../core/errors.js';
import { tryParseJson } from '../../core/json.js';
import { writeWhole } from './files.js';

/** The variables of a client of a swarm. */
export type DockerVariables = Readonly<Record<string, string>>;

/**
 * Writes a client's configuration to `folder`: the user's own, with the credential in it, 0600.
 * Gives the variables that make a client use it. Throws `io`.
 */
export function configureClient(
  access: SwarmAccess,
  folder: string,
  env: NodeJS.ProcessEnv,
): DockerVariables {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const own = env.DOCKER_CONFIG === folder ? undefined : env.DOCKER_CONFIG;
  const usual = own ?? join(homedir(), '.docker');
  const config = {
    ...configOf(join(usual, 'config.json')),
    cliPluginsExtraDirs: [join(usual, 'cli-plugins')].filter(existsSync),
    HttpHeaders: { Authorization: `Bearer ${access.token}` },
  };
  const { currentContext: _context, ...kept } = config as Record<string, unknown>;
  writeWhole(join(folder, 'config.json'), `${JSON.stringify(kept, null, 2)}\n`);
  return {
    DOCKER_HOST: `tcp://${access.host}:${access.port}`,
    DOCKER_CONFIG: folder,
    // Builds go to one of the nodes, by the builder that every engine has.
    DOCKER_BUILDKIT: '0',
    COMPOSE_DOCKER_CLI_BUILD: '0',
  };
}

function configOf(path: string): Record<string, unknown> {
  if (!existsSync(path)) return {};
  const json = tryParseJson(readFileSync(path, 'utf8'));
  return typeof json === 'object' && json !== null ? (json as Record<string, unknown>) : {};
}

/** Runs `docker` with the user's terminal; gives its exit status. Throws `not-found`. */
export function runDocker(
  words: readonly string[],
  variables: DockerVariables,
  env: NodeJS.ProcessEnv,
): Promise<number> {
  const {
    DOCKER_CONTEXT: _context,
    DOCKER_TLS_VERIFY: _tls,
    DOCKER_CERT_PATH: _certs,
    ...rest
  } = env;
  return new Promise((resolve, reject) => {
    const child = spawn('docker', [...words], { stdio: 'inherit', env: { ...rest, ...variables } });
    // The terminal sends its ctrl-C to both; the client decides what it means.
    const ignore = (): void => {};
    process.on('SIGINT', ignore);
    child.on('error', (error) => {
      process.off('SIGINT', ignore);
      const isMissing = systemCodeOf(error) === 'ENOENT';
      reject(
        isMissing
          ? new DcosError('not-found', 'the program docker is not installed here', {
              hint: 'Install a Docker client, or use any other: ' + 'dcos swarm env',
            })
          : error,
      );
    });
    child.on('close', (code, signal) => {
      process.off('SIGINT', ignore);
      resolve(code ?? (signal === null ? 1 : 130));
    });
  });
}

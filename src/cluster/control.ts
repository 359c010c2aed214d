/**
 * Puts the control plane together: gateway, auth, packages, operations, services, failures and the
 * store door in one process.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { systemClock } from '../core/clock.js';
import { secretOf } from '../core/credentials.js';
import { DcosError } from '../core/errors.js';
import { trustAuthority } from '../core/http/trust.js';
import { createLogger } from '../core/logger.js';
import { systemRandom } from '../core/random.js';
import type { RunningServer } from '../core/running.js';
import { openLmdbStore } from '../core/store/lmdb.js';
import { prefixedStore } from '../core/store/prefixed.js';
import type { Store } from '../core/store/store.js';
import { createPackages, type Packages } from '../packages/packages.js';
import { createServices, type Services } from '../services/services.js';
import { type LocalCluster, localPaths } from '../wire/local-cluster.js';
import { type Auth, openAuth } from './auth/auth.js';
import { authRoutes } from './auth/http.js';
import { authorityRoutes } from './authority.js';
import { failuresRoutes } from './failures/http.js';
import { type Failures, servicesFramework, startFailures } from './failures/run.js';
import { type FailuresState, serviceKey } from './failures/state.js';
import { type AgentDirectory, createAgentDirectory } from './gateway/agents.js';
import { startGateway } from './gateway/gateway.js';
import { logsRoute } from './gateway/logs.js';
import { gatewayRoutes } from './gateway/routes.js';
import { createServiceDirectory, type ServiceDirectory } from './gateway/services.js';
import { type MesosLogin, mesosLoginOf } from './mesos-login.js';
import { mesosSecretSource } from './operations/app-facts.js';
import { type Apps, createApps } from './operations/apps.js';
import { cosmosOperationRoutes } from './operations/cosmos.js';
import { operationsRoutes } from './operations/http.js';
import { type Operations, startOperations } from './operations/run.js';
import { installedReleases } from './operations/state.js';
import { createOperator, mesosUrlOf, type Operator } from './operator.js';
import type { AgentCalls } from './sandbox.js';
import {
  programFolder,
  readCluster,
  readClusterFile,
  readClusterFileIfThere,
} from './server-folder.js';
import { statusRoute } from './status.js';
import { openStoreDoor, type StoreDoor } from './store-door.js';

/** What all parts share. */
interface Ground {
  readonly dir: string;
  readonly cluster: LocalCluster;
  readonly clusterKey: string;
  readonly publicKey: string;
  /** The control plane as agents reach it. */
  readonly url: string;
  readonly store: Store;
  readonly auth: Auth;
  readonly operator: Operator;
  readonly login: MesosLogin;
  readonly env: Environment;
  readonly onFatal: (error: unknown) => void;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Starts the control plane of the local cluster in `dir`. Throws `corrupt` for damaged state,
 * `conflict` where its port is taken.
 */
export async function runControl(
  dir: string,
  env: Environment,
  onFatal: (error: unknown) => void,
): Promise<RunningServer> {
  const ground = await layGround(dir, env, onFatal);
  const rooms = await startRooms(ground);
  const { cluster, auth, store } = ground;
  const { services, failures, operations } = rooms;
  const directory = createServiceDirectory(
    async () => serviceApps(services),
    () => systemClock.monotonic(),
  );
  const server = await startGateway({
    cluster,
    routes: routesOf(ground, rooms, directory),
    auth,
    services: directory,
    log: createLogger('gateway'),
  });
  return {
    host: server.host,
    port: server.port,
    stop: async () => {
      operations.stop();
      failures.stop();
      await server.close();
      await services.stop();
      await store.close();
    },
  };
}

/** The rooms of the control plane, running. */
interface Rooms {
  readonly services: Services;
  readonly failures: Failures;
  readonly operations: Operations;
  readonly packages: Packages;
  readonly apps: Apps;
  readonly door: StoreDoor;
  readonly agents: AgentDirectory;
  readonly agent: (id: string) => Promise<AgentCalls>;
}

async function startRooms(ground: Ground): Promise<Rooms> {
  const { cluster, auth, operator, store, onFatal } = ground;
  const agents = createAgentDirectory(
    () => operator.agents(),
    () => systemClock.monotonic(),
  );
  const agent = async (id: string): Promise<AgentCalls> => ({
    origin: await agents.origin(id),
    authorization: operator.authorization,
  });
  const services = await createServices(servicesOptions(ground));
  let operations: Operations | undefined;
  const failures = await startFailures({
    store: prefixedStore(store, 'failures/'),
    operator,
    agent,
    wantedApps: async () => wantedOf(services),
    onAgents: (list) => {
      agents.learn(list);
      operations?.agentsObserved(list);
    },
    isStopping: () => existsSync(join(ground.dir, localPaths.stopFile)),
    log: createLogger('failures'),
    onFatal,
  });
  const packages = packagesOf(ground, () => operations);
  const apps = createApps(ownUrl(cluster), () => auth.internalToken());
  const door = openStoreDoor(prefixedStore(store, 'door/'));
  operations = await startOperations({
    store: prefixedStore(store, 'operations/'),
    packages,
    apps,
    operator,
    cluster: {
      url: ground.url,
      mesosUrl: mesosUrlOf(cluster),
      publicKey: ground.publicKey,
      mesosPrincipal: ground.login.shared?.principal,
      mesosAuthority: ground.login.authority,
    },
    lostAgents: () => lostAgentsOf(failures.state),
    serviceRecords: door.records,
    removeNamespace: door.remove,
    log: createLogger('operations'),
    onFatal,
  });
  return { services, failures, operations, packages, apps, door, agents, agent };
}

function routesOf(ground: Ground, rooms: Rooms, directory: ServiceDirectory) {
  const { cluster, auth, operator } = ground;
  const { services, failures, operations, packages, apps, door, agents, agent } = rooms;
  const version = programVersion();
  return gatewayRoutes({
    cluster,
    version,
    operator,
    agents,
    services: directory,
    marathon: services.routes,
    forAll: [
      ...authRoutes(auth),
      ...door.routes,
      ...authorityRoutes(ground.dir, cluster.id, systemClock),
    ],
    forUsers: [
      ...cosmosOperationRoutes({ operations, packages, apps, operator }),
      ...packages.routes,
      ...operationsRoutes(operations, packages, operator),
      ...failuresRoutes(failures.state, systemClock.now),
      statusRoute({
        cluster,
        version,
        operator,
        failures: failures.state,
        operations: operations.state,
        wantedApps: async () => wantedOf(services),
      }),
      logsRoute({ operator, agent }),
    ],
  });
}

async function layGround(
  dir: string,
  env: Environment,
  onFatal: (error: unknown) => void,
): Promise<Ground> {
  const cluster = readCluster(dir);
  const clusterKey = readClusterFile(dir, localPaths.clusterKey);
  const publicKey = readClusterFile(dir, localPaths.tokenPublicKey);
  const login = mesosLoginOf(cluster, clusterKey, {
    secret: readClusterFileIfThere(dir, localPaths.mesosSecret),
    authority: readClusterFileIfThere(dir, localPaths.mesosAuthority),
  });
  if (login.authority !== undefined) trustAuthority(login.authority);
  const store = await openLmdbStore(join(dir, localPaths.server('control'), 'store'));
  const auth = await openAuth({
    clusterKey,
    privateKeyPem: readClusterFile(dir, localPaths.tokenPrivateKey),
    publicKeyPem: publicKey,
    credential: readClusterFile(dir, localPaths.credential),
    store: prefixedStore(store, 'auth/'),
    clock: systemClock,
    random: systemRandom,
  });
  return {
    dir,
    cluster,
    clusterKey,
    publicKey,
    url: `http://${cluster.control.advertise}`,
    store,
    auth,
    operator: createOperator(cluster, login),
    login,
    onFatal,
    env,
  };
}

function servicesOptions({ cluster, clusterKey, login, store, onFatal }: Ground) {
  return {
    store: prefixedStore(store, 'services/'),
    mesosUrl: mesosUrlOf(cluster),
    frameworkName: servicesFramework,
    hostname: cluster.control.advertise.replace(/:\d+$/, ''),
    role: servicesFramework,
    ...login.as(servicesFramework),
    clock: systemClock,
    log: createLogger('services'),
    resolveSecret: (source: string): string => {
      if (source === mesosSecretSource && login.shared !== undefined) return login.shared.secret;
      const account = /^account\/(.+)$/.exec(source)?.[1];
      if (account === undefined) throw new DcosError('not-found', `there is no secret ${source}`);
      return secretOf(clusterKey, account);
    },
    onFatal,
  };
}

function packagesOf(ground: Ground, operations: () => Operations | undefined) {
  const { dir, clusterKey, url, operator, env } = ground;
  const programDir = programFolder();
  return createPackages({
    registryDir: join(programDir, 'packages-registry'),
    ownDir: join(dirname(dir), 'packages'),
    onBroken: ({ message }) => createLogger('packages').warn(message),
    programDir,
    artifactsDir: join(dir, localPaths.server('control'), 'artifacts'),
    clusterKey,
    advertiseUrl: url,
    repositories: {
      maven: env.DCOS_REPOSITORY_MAVEN,
      pypi: env.DCOS_REPOSITORY_PYPI,
      npm: env.DCOS_REPOSITORY_NPM,
    },
    needsNode: async () => {
      const { agents = [] } = await operator.agents();
      return agents.some(
        ({ agent_info }) => !agent_info.attributes?.some(({ name }) => name === 'node'),
      );
    },
    installed: () =>
      installedReleases(operations()?.state).map(({ appId, release, userOptions }) => ({
        ...release,
        appId,
        userOptions,
      })),
  });
}

/** How the control plane reaches itself. */
function ownUrl({ control: { host, port } }: LocalCluster): string {
  return `http://${host === '0.0.0.0' ? '127.0.0.1' : host}:${port}`;
}

function wantedOf(services: Services): Map<string, number> {
  return new Map(
    services.listApps().map(({ id, instances }) => [serviceKey(servicesFramework, id), instances]),
  );
}

function serviceApps(services: Services) {
  return services.listApps().map((app) => ({ ...app, tasks: services.tasks(app.id) }));
}

function lostAgentsOf({ agents }: FailuresState) {
  return [...agents.values()]
    .filter(({ state, roles }) => state === 'unreachable' && roles.length > 0)
    .map(({ id, hostname, roles }) => ({ agentId: id, hostname, roles }));
}

function programVersion(): string {
  const text = readFileSync(join(programFolder(), 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

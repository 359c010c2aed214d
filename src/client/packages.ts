/** Packages: the Cosmos API (cosmos-api.md). */
import { DcosError, type ErrorCode } from '../core/errors.js';
import { mediaType } from '../wire/media-type.js';
import { asList, asObject, errorOfAnswer } from './answers.js';
import type { Answer, Http } from './http.js';

/** A package as search tells it. */
export interface FoundPackage {
  readonly name: string;
  readonly currentVersion: string;
  readonly versions: Readonly<Record<string, unknown>>;
  readonly description: string;
  readonly framework: boolean;
  readonly selected: boolean;
}

/** A package as describe tells it: the whole package object. */
export type PackageObject = Readonly<Record<string, unknown>>;

/** An installed package, as list tells it. */
export interface InstalledPackage {
  readonly appId: string;
  readonly definition: PackageObject;
}

/** What an install is asked for with. */
export interface InstallRequest {
  readonly packageName: string;
  readonly packageVersion?: string | undefined;
  readonly options?: Readonly<Record<string, unknown>> | undefined;
  readonly appId?: string | undefined;
}

/** What a request that starts an operation came to. */
export interface Accepted {
  /** The operation that now works, whether this request began it or another one. */
  readonly operationId: string | undefined;
  readonly body: Readonly<Record<string, unknown>>;
  /** Another request was first (409): the operation is its. */
  readonly isConflict: boolean;
}

const codeByType: Readonly<Record<string, ErrorCode>> = {
  PackageNotFound: 'not-found',
  VersionNotFound: 'not-found',
  PackageNotInstalled: 'not-found',
  MarathonAppNotFound: 'not-found',
  UninstallNonExistentAppForPackage: 'not-found',
  AmbiguousAppId: 'conflict',
};

async function call(http: Http, path: string, body: unknown, version = 1): Promise<Answer> {
  const kind = path.replaceAll('/', '.');
  return http.answer({
    method: 'POST',
    path: `/package/${path}`,
    body,
    headers: {
      'Content-Type': mediaType(`${kind}-request`, 1),
      Accept: mediaType(`${kind}-response`, version),
    },
  });
}

async function succeed(
  http: Http,
  path: string,
  body: unknown,
  version = 1,
): Promise<Record<string, unknown>> {
  const answer = await call(http, path, body, version);
  if (answer.status >= 400) throw packageError(answer, http.connection.url);
  return asObject(answer.data);
}

/**
 * The error of a Cosmos answer, with the class that its `type` stands for and every violation of
 * the options.
 */
export function packageError(answer: Answer, url: string): DcosError {
  const plain = errorOfAnswer(answer, url);
  const body = asObject(answer.data);
  const code = codeByType[String(body.type)] ?? plain.code;
  const violations = asList(asObject(body.data).errors)
    .map(violationOf)
    .filter((line) => line !== '');
  return new DcosError(code, [plain.message, ...violations].join('\n  '), {
    hint: plain.hint,
    status: answer.status,
    data: answer.data,
  });
}

function violationOf(entry: unknown): string {
  const { instance, message } = asObject(entry);
  const { pointer } = asObject(instance);
  if (typeof message !== 'string') return '';
  return typeof pointer === 'string' ? `${pointer === '' ? '/' : pointer}: ${message}` : message;
}

/** Packages whose name, description or tags contain the query. */
export async function searchPackages(http: Http, query?: string): Promise<FoundPackage[]> {
  const { packages } = await succeed(http, 'search', query === undefined ? {} : { query });
  return asList(packages).map((entry) => {
    const { name, currentVersion, versions, description, framework, selected } = asObject(entry);
    return {
      name: String(name ?? ''),
      currentVersion: String(currentVersion ?? ''),
      versions: asObject(versions),
      description: String(description ?? ''),
      framework: framework === true,
      selected: selected === true,
    };
  });
}

/** The names of all packages. */
export async function clusterPackageNames(http: Http): Promise<string[]> {
  return (await searchPackages(http)).map(({ name }) => name);
}

/** The whole package object. Throws `not-found`. */
export async function describePackage(
  http: Http,
  packageName: string,
  packageVersion?: string,
): Promise<PackageObject> {
  const body = { packageName, ...(packageVersion === undefined ? {} : { packageVersion }) };
  return asObject((await succeed(http, 'describe', body, 3)).package);
}

/** All versions of a package, newest release first. Throws `not-found`. */
export async function packageVersions(http: Http, packageName: string): Promise<string[]> {
  const { results } = await succeed(http, 'list-versions', {
    packageName,
    includePackageVersions: true,
  });
  const releases = Object.entries(asObject(results));
  return releases.sort(([, a], [, b]) => Number(b) - Number(a)).map(([version]) => version);
}

/** The Marathon app that an install would create. */
export async function renderPackage(
  http: Http,
  request: InstallRequest,
): Promise<Record<string, unknown>> {
  return asObject((await succeed(http, 'render', request)).marathonJson);
}

/** What is installed. */
export async function listPackages(
  http: Http,
  filter: { packageName?: string | undefined; appId?: string | undefined } = {},
): Promise<InstalledPackage[]> {
  const { packages } = await succeed(http, 'list', filter);
  return asList(packages).map((entry) => {
    const { appId, packageInformation } = asObject(entry);
    return {
      appId: String(appId ?? ''),
      definition: asObject(asObject(packageInformation).packageDefinition),
    };
  });
}

/** Asks for an install. A conflict (409) is an answer, not an error. */
export async function installPackage(http: Http, request: InstallRequest): Promise<Accepted> {
  const answer = await call(http, 'install', request, 2);
  if (answer.status >= 400 && answer.status !== 409)
    throw packageError(answer, http.connection.url);
  return acceptedOf(answer);
}

/**
 * Asks for an uninstall. Throws `not-found`, `conflict` where several apps of that package are
 * installed.
 */
export async function uninstallPackage(
  http: Http,
  request: { packageName: string; appId?: string | undefined; all?: boolean | undefined },
): Promise<Accepted> {
  const answer = await call(http, 'uninstall', request);
  if (answer.status >= 400) throw packageError(answer, http.connection.url);
  return acceptedOf(answer);
}

function acceptedOf(answer: Answer): Accepted {
  return {
    operationId: answer.headers['dcos-operation-id'],
    body: asObject(answer.data),
    isConflict: answer.status === 409,
  };
}

/** An installed service, as Cosmos describes it. */
export interface DescribedService {
  readonly appId: string | undefined;
  readonly version: string;
  readonly upgradesTo: readonly string[];
  readonly downgradesTo: readonly string[];
  readonly resolvedOptions: Readonly<Record<string, unknown>>;
  readonly userProvidedOptions: Readonly<Record<string, unknown>>;
  /** Paths of options that are secrets, marked by `x-secret` in the package's `config.json`. */
  readonly secretOptions: readonly string[];
}

/** Describes an installed service by its name. Throws `not-found`. */
export async function describeService(http: Http, service: string): Promise<DescribedService> {
  const appId = `/${service.replace(/^\//, '')}`;
  const answer = await serviceCall(http, 'describe', { appId });
  if (answer.status >= 400) throw packageError(answer, http.connection.url);
  const body = asObject(answer.data);
  const { version = '', config } = asObject(body.package);
  return {
    appId,
    version: String(version),
    upgradesTo: asList(body.upgradesTo).map(String),
    downgradesTo: asList(body.downgradesTo).map(String),
    resolvedOptions: asObject(body.resolvedOptions),
    userProvidedOptions: asObject(body.userProvidedOptions),
    secretOptions: secretsIn(asObject(config)),
  };
}

function secretsIn(schema: Readonly<Record<string, unknown>>, path = ''): string[] {
  if (schema['x-secret'] === true) return [path];
  return Object.entries(asObject(schema.properties)).flatMap(([name, below]) =>
    secretsIn(asObject(below), path === '' ? name : `${path}.${name}`),
  );
}

/** What an update is asked for with. */
export interface UpdateRequest {
  readonly appId: string;
  readonly packageVersion?: string;
  readonly options?: Readonly<Record<string, unknown>>;
  /** The options are all; those that were given before are forgotten. */
  readonly replace: boolean;
}

/** Asks for an update. Throws as the cluster refuses it: nothing has changed then. */
export async function updateService(http: Http, request: UpdateRequest): Promise<Accepted> {
  const answer = await serviceCall(http, 'update', request);
  if (answer.status >= 400) throw packageError(answer, http.connection.url);
  return acceptedOf(answer);
}

function serviceCall(http: Http, verb: string, body: unknown): Promise<Answer> {
  return http.answer({
    method: 'POST',
    path: `/cosmos/service/${verb}`,
    body,
    headers: {
      'Content-Type': mediaType(`${verb}-request`, 1, 'service'),
      Accept: mediaType(`${verb}-response`, 1, 'service'),
    },
  });
}

/**
 * The options that an installed service was given by its user; `undefined` where the cluster does
 * not tell.
 */
export async function userOptionsOf(
  http: Http,
  appId: string,
): Promise<Record<string, unknown> | undefined> {
  const answer = await http.answer({
    method: 'POST',
    path: '/cosmos/service/describe',
    body: { appId },
    headers: {
      'Content-Type': mediaType('describe-request', 1, 'service'),
      Accept: mediaType('describe-response', 1, 'service'),
    },
  });
  if (answer.status >= 400) return undefined;
  return asObject(asObject(answer.data).userProvidedOptions);
}

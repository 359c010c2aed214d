/**
 * The package API of DC/OS (Cosmos): media types, their negotiation, requests and error bodies
 * (cosmos-api.md §1, §2). Paths and answers are served by `packages` and by `cluster/operations`.
 */
import { z } from 'zod';
import { DcosError, type ErrorCode } from '../core/errors.js';
import { mediaType } from './media-type.js';

export { mediaType };

/** The media type of every error body. */
export const errorMediaType = mediaType('error', 1);

const appId = z.string().transform((id) => (id.startsWith('/') ? id : `/${id}`));
const options = z.record(z.string(), z.unknown());

/** Bodies of the requests, by kind. App ids come out absolute. Null members count as absent. */
export const cosmosRequests = {
  search: z.looseObject({ query: z.string().nullish() }),
  listVersions: z.looseObject({ packageName: z.string(), includePackageVersions: z.boolean() }),
  describe: z.looseObject({ packageName: z.string(), packageVersion: z.string().nullish() }),
  render: z.looseObject({
    packageName: z.string(),
    packageVersion: z.string().nullish(),
    options: options.nullish(),
    appId: appId.nullish(),
  }),
  install: z.looseObject({
    packageName: z.string(),
    packageVersion: z.string().nullish(),
    options: options.nullish(),
    appId: appId.nullish(),
    managerId: z.string().nullish(),
  }),
  uninstall: z.looseObject({
    packageName: z.string(),
    appId: appId.nullish(),
    all: z.boolean().nullish(),
    managerId: z.string().nullish(),
    packageVersion: z.string().nullish(),
  }),
  list: z.looseObject({ packageName: z.string().nullish(), appId: appId.nullish() }),
  repositoryList: z.looseObject({}),
  serviceDescribe: z.looseObject({
    appId,
    managerId: z.string().nullish(),
    packageName: z.string().nullish(),
    packageVersion: z.string().nullish(),
  }),
  serviceUpdate: z.looseObject({
    appId,
    packageVersion: z.string().nullish(),
    options: options.nullish(),
    replace: z.boolean(),
    managerId: z.string().nullish(),
    packageName: z.string().nullish(),
    currentPackageVersion: z.string().nullish(),
  }),
} as const;

/** The HTTP statuses of the error types that do not answer 400, and our own class of each type. */
const errorTypes: Readonly<Record<string, { status?: number; code?: ErrorCode }>> = {
  PackageNotFound: { code: 'not-found' },
  VersionNotFound: { code: 'not-found' },
  PackageNotInstalled: { code: 'not-found' },
  MarathonAppNotFound: { code: 'not-found' },
  UninstallNonExistentAppForPackage: { code: 'not-found' },
  PackageAlreadyInstalled: { status: 409, code: 'conflict' },
  ServiceDependencyMissing: { status: 409, code: 'conflict' },
  ServiceInUse: { status: 409, code: 'conflict' },
  ServiceUpdateRefused: { code: 'invalid' },
  ServiceAlreadyStarted: { status: 409, code: 'conflict' },
  MarathonBadGateway: { status: 502, code: 'unreachable' },
  MarathonGenericError: { status: 500, code: 'failed' },
  IncompleteUninstall: { status: 503, code: 'failed' },
  ServiceUnavailable: { status: 503, code: 'unreachable' },
  Forbidden: { status: 403, code: 'forbidden' },
  unhandled_exception: { status: 500, code: 'failed' },
};

/** What `cosmosError` puts into `DcosError.data`. */
interface CosmosErrorData {
  readonly cosmosType: string;
  readonly cosmosData: Readonly<Record<string, unknown>> | undefined;
}

/**
 * An error of the package API: `type` is Cosmos' class name (§2), from which status and code
 * follow; `data` is the body's `data`. `cosmosErrorBody` turns it into the body again.
 */
export function cosmosError(
  type: string,
  message: string,
  data?: Readonly<Record<string, unknown>>,
  hint?: string,
): DcosError {
  const known = errorTypes[type];
  const carried: CosmosErrorData = { cosmosType: type, cosmosData: data };
  return new DcosError(known?.code ?? 'invalid', message, {
    status: known?.status ?? 400,
    data: carried,
    ...(hint === undefined ? {} : { hint }),
  });
}

function carriedBy(error: unknown): CosmosErrorData | undefined {
  const data = error instanceof DcosError ? error.data : undefined;
  if (typeof data !== 'object' || data === null || !('cosmosType' in data)) return undefined;
  return data as CosmosErrorData;
}

/**
 * The body of an error: `{type, message, data?, hint?}`. `hint` is ours; Cosmos' clients ignore it.
 */
export interface CosmosErrorBody {
  readonly type: string;
  readonly message: string;
  readonly data?: unknown;
  readonly hint?: string;
}

/** The body of any error: those not made by `cosmosError` are `unhandled_exception`s. */
export function cosmosErrorBody(error: DcosError): CosmosErrorBody {
  const carried = carriedBy(error);
  const hint = error.hint === undefined ? {} : { hint: error.hint };
  if (carried === undefined) return { type: fallbackType(error), message: error.message, ...hint };
  const data = carried.cosmosData === undefined ? {} : { data: carried.cosmosData };
  return { type: carried.cosmosType, message: error.message, ...data, ...hint };
}

function fallbackType(error: DcosError): string {
  return error.code === 'auth'
    ? 'Unauthorized'
    : error.code === 'forbidden'
      ? 'Forbidden'
      : 'unhandled_exception';
}

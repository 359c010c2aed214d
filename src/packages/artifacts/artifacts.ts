/**
 * All archives of a release: what they take to fetch, and fetching, packing and naming them
 * (docs/architecture.md, "Artifacts").
 */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { Readable as ReadableStream } from 'node:stream';
import { DcosError } from '../../core/errors.js';
import type { JsonObject } from '../../core/json.js';
import type { ArtifactPlan, ArtifactProgress, PackageRelease, ServiceFiles } from '../packages.js';
import { readOptional } from '../repositories.js';
import { type ArchiveStore, archiveKey } from './archives.js';
import { type FileCache, sha256Of } from './cache.js';
import { entriesOf } from './entries.js';
import { type BaseUrls, fetchFiles } from './fetch.js';
import { nodeRuntime } from './node-runtime.js';
import type { PackEntry } from './pack.js';
import { packProgram } from './program.js';
import {
  type ArchiveSpec,
  type ArtifactFile,
  parseLock,
  type ResolvedAsset,
  resolveAsset,
} from './resolve.js';

/** What the artifacts of releases are made with. */
export interface ArtifactsOptions {
  readonly cache: FileCache;
  readonly archives: ArchiveStore;
  readonly programDir: string;
  readonly baseUrls: BaseUrls;
  /** Whether agents must be given a Node runtime. */
  readonly needsNode: () => boolean | Promise<boolean>;
}

/** Assets that the control plane makes itself, whatever `resource.json` says of them. */
const ownAssets: readonly string[] = ['dcos', 'node', 'service'];

/**
 * What every archive of a release takes; with `app`, its rendering without URLs, only of those that
 * it names: an option may leave software out.
 */
export async function planArtifacts(
  release: PackageRelease,
  options: ArtifactsOptions,
  app?: JsonObject,
): Promise<ArtifactPlan[]> {
  const uris = release.definition.resource?.assets?.uris ?? {};
  const text = app === undefined ? undefined : JSON.stringify(app);
  const isNamed = ({ asset }: ArchiveSpec): boolean =>
    text === undefined || ownAssets.includes(asset) || text.includes(uris[asset] ?? '');
  const specs = (await specsOf(release, options)).filter(isNamed);
  return Promise.all(specs.map((spec) => planOf(spec, options)));
}

async function planOf(spec: ArchiveSpec, options: ArtifactsOptions): Promise<ArtifactPlan> {
  const bytes = spec.files.reduce((sum, file) => sum + file.bytes, 0);
  const packed = await options.archives.find(keyOf(spec), spec.asset);
  const there = await Promise.all(spec.files.map((file) => options.cache.has(file)));
  const cached = spec.files.filter((_file, index) => there[index]);
  return {
    asset: spec.asset,
    purls: spec.files.map((file) => file.purl),
    bytes,
    cachedBytes: packed ? bytes : cached.reduce((sum, file) => sum + file.bytes, 0),
  };
}

/**
 * Fetches, verifies and packs; the URL of each asset, or of `assets` alone. The first failure stops
 * the others; files that came are kept. Its error has the asset's name in `data.asset`.
 */
export async function fetchArtifacts(
  release: PackageRelease,
  options: ArtifactsOptions,
  onProgress: (progress: ArtifactProgress) => void,
  signal: AbortSignal,
  assets?: readonly string[],
): Promise<Record<string, string>> {
  const specs = (await specsOf(release, options)).filter(
    ({ asset }) => ownAssets.includes(asset) || assets?.includes(asset) !== false,
  );
  const stop = new AbortController();
  const both = AbortSignal.any([signal, stop.signal]);
  const urls = await ownUrls(release, options);
  const settled = await Promise.allSettled(
    specs.map((spec) =>
      fetchArchive(spec, options, onProgress, both).then(
        (url) => {
          urls[spec.asset] = url;
        },
        (error: unknown) => {
          stop.abort();
          throw error instanceof DcosError ? ofAsset(error, spec.asset) : error;
        },
      ),
    ),
  );
  const failures = settled.flatMap((result) =>
    result.status === 'rejected' ? [result.reason] : [],
  );
  // What was stopped because of another failure is not the reason.
  const telling = failures.find(
    (error) => !(error instanceof DcosError && error.code === 'interrupted'),
  );
  if (failures.length > 0) throw signal.aborted ? failures[0] : (telling ?? failures[0]);
  return urls;
}

/** The same failure, naming the asset in its data. */
function ofAsset(error: DcosError, asset: string): DcosError {
  const { code, message, hint, status, cause } = error;
  return new DcosError(code, message, { hint, status, cause, data: { asset } });
}

async function fetchArchive(
  spec: ArchiveSpec,
  options: ArtifactsOptions,
  onProgress: (progress: ArtifactProgress) => void,
  signal: AbortSignal,
): Promise<string> {
  const { archives, cache, baseUrls } = options;
  const key = keyOf(spec);
  const total = spec.files.reduce((sum, file) => sum + file.bytes, 0);
  const tell = (done: number, complete = false): void =>
    onProgress({ asset: spec.asset, done, total, complete });
  let archive = await archives.find(key, spec.asset);
  if (archive === undefined) {
    const fetching = { cache, baseUrls, signal, onBytes: (done: number) => tell(done) };
    await fetchFiles(spec.files, fetching);
    // A file that was damaged since it came is fetched once more.
    if (await dropDamaged(spec, cache)) await fetchFiles(spec.files, fetching);
    if (signal.aborted) throw new DcosError('interrupted', 'fetching was stopped');
    archive = await archives.make(key, spec.asset, () => entriesOf(spec, cache));
  }
  tell(total, true);
  return archives.url(archive);
}

async function dropDamaged(spec: ArchiveSpec, cache: FileCache): Promise<boolean> {
  let dropped = false;
  for (const { sha256 } of spec.files) {
    if ((await sha256Of(cache.path(sha256))) === sha256) continue;
    await cache.drop(sha256);
    dropped = true;
  }
  return dropped;
}

function keyOf(spec: ArchiveSpec): string {
  const files = spec.files.map((file) => [
    file.sha256,
    file.fileName,
    file.strip,
    file.unpack ?? '',
    ...file.programs,
  ]);
  return archiveKey([spec.asset, spec.folder, files]);
}

/** URLs as far as they are known without fetching anything: for a rendering that only shows. */
export async function knownUrls(
  release: PackageRelease,
  options: ArtifactsOptions,
): Promise<Record<string, string>> {
  const urls = await ownUrls(release, options);
  for (const spec of await specsOf(release, options)) {
    const archive = await options.archives.find(keyOf(spec), spec.asset);
    if (archive !== undefined) urls[spec.asset] = options.archives.url(archive);
  }
  return urls;
}

/** Every file that a release downloads. Throws `corrupt` for a lock file that makes no sense. */
export async function downloadsOf(release: PackageRelease): Promise<ArtifactFile[]> {
  const specs = await specsOf(release, { needsNode: () => false });
  return specs.flatMap(({ files }) => files);
}

/** The archives that have to be fetched. */
async function specsOf(
  release: PackageRelease,
  options: Pick<ArtifactsOptions, 'needsNode'>,
): Promise<ArchiveSpec[]> {
  const uris = Object.entries(release.definition.resource?.assets?.uris ?? {});
  const lockPath = release.folder === undefined ? undefined : join(release.folder, 'lock.json');
  const lockText = lockPath === undefined ? undefined : await readOptional(lockPath);
  const lock = lockText === undefined ? undefined : parseLock(lockText, lockPath ?? '');
  const resolved: ResolvedAsset[] = uris
    .filter(([asset]) => !isOwn(release, asset))
    .map(([asset, uri]) => resolveAsset(asset, uri, lock));
  const specs = resolved.flatMap((one) => (one.kind === 'archive' ? [one.spec] : []));
  if (!mentions(release, 'node') || !(await options.needsNode())) return specs;
  return [...specs, nodeRuntime];
}

function isOwn(release: PackageRelease, asset: string): boolean {
  return release.folder !== undefined && ownAssets.includes(asset);
}

/**
 * URLs of what is ours: the program, the service's files, and an empty one for a Node that agents
 * have.
 */
async function ownUrls(
  release: PackageRelease,
  { archives, programDir }: ArtifactsOptions,
): Promise<Record<string, string>> {
  const urls: Record<string, string> = {};
  if (release.folder === undefined) return urls;
  if (mentions(release, 'node')) urls.node = '';
  if (mentions(release, 'dcos')) urls.dcos = archives.url(await packProgram(archives, programDir));
  const files = await serviceFilesOf(release);
  if (files !== undefined) {
    const archive = await archives.make(archiveKey(['service', files]), 'service', () =>
      serviceEntries(files),
    );
    urls.service = archives.url(archive);
  }
  return urls;
}

/** Whether the release's template uses an asset. */
function mentions(release: PackageRelease, asset: string): boolean {
  const encoded = release.definition.marathon?.v2AppMustacheTemplate ?? '';
  const template = Buffer.from(encoded, 'base64').toString('utf8');
  return template.includes(`resource.assets.uris.${asset}`);
}

const maxServiceBytes = 8 * 1024 * 1024;

/**
 * `service.yaml`, `commands.yaml` and templates of a release; `undefined` for a package without a
 * `service.yaml`. Throws `corrupt` above 8 MiB.
 */
export async function serviceFilesOf(release: PackageRelease): Promise<ServiceFiles | undefined> {
  if (release.folder === undefined) return undefined;
  const serviceYaml = await readOptional(join(release.folder, 'service.yaml'));
  if (serviceYaml === undefined) return undefined;
  const root = join(release.folder, 'templates');
  const templates: [string, string][] = [];
  const commandsYaml = await readOptional(join(release.folder, 'commands.yaml'));
  let bytes = serviceYaml.length + (commandsYaml?.length ?? 0);
  const names = await readdir(root, { recursive: true }).catch(() => []);
  for (const name of names.sort()) {
    const about = await stat(join(root, name));
    if (!about.isFile()) continue;
    bytes += about.size;
    if (bytes > maxServiceBytes) {
      throw new DcosError('corrupt', `${release.folder}: service.yaml and templates exceed 8 MiB`);
    }
    templates.push([name, await readFile(join(root, name), 'utf8')]);
  }
  return {
    serviceYaml,
    ...(commandsYaml === undefined ? {} : { commandsYaml }),
    templates: Object.fromEntries(templates),
  };
}

function serviceEntries(files: ServiceFiles): PackEntry[] {
  const texts: [string, string][] = [
    ['service/service.yaml', files.serviceYaml],
    ...(files.commandsYaml === undefined
      ? []
      : ([['service/commands.yaml', files.commandsYaml]] as [string, string][])),
    ...Object.entries(files.templates).map(([name, text]): [string, string] => [
      `service/templates/${name}`,
      text,
    ]),
  ];
  return texts.map(([path, text]) => {
    const content = Buffer.from(text, 'utf8');
    const open = (): Readable => ReadableStream.from([content]);
    return { path, executable: false, size: content.length, open };
  });
}

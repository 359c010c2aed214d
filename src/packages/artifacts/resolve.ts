/**
 * What an asset of `resource.json` is made of: package URLs and lock sets taken apart into files to
 * fetch (docs/architecture.md, "Artifacts"). Pure.
 */
import { z } from 'zod';
import { DcosError } from '../../core/errors.js';

/** The tools that can fetch. */
export type ArtifactSource = 'maven' | 'pypi' | 'npm' | 'url';

/** One file to fetch, pinned. */
export interface ArtifactFile {
  readonly source: ArtifactSource;
  /** The package URL or URL as written, without its checksum. */
  readonly purl: string;
  /** Group of Maven, scope of npm (`@x`), empty otherwise. */
  readonly namespace: string;
  readonly name: string;
  readonly version: string;
  /** `type` and `classifier` of Maven. */
  readonly qualifiers: Readonly<Record<string, string>>;
  /** Hex. */
  readonly sha256: string;
  /** 0 where unknown. */
  readonly bytes: number;
  /** What the file is called, as its repository calls it where that is known. */
  readonly fileName: string;
  /**
   * Wheels and npm's archives are unpacked; the folder inside of which only the content is taken.
   */
  readonly unpack: 'zip' | 'tgz' | undefined;
  readonly strip: string;
  /** A source distribution of PyPI, which the lock file allows by name; never built. */
  readonly sdist: boolean;
  /** Programs among what is unpacked, for archives that keep no modes; below `strip`. */
  readonly programs: readonly string[];
}

/** One archive to make. */
export interface ArchiveSpec {
  readonly asset: string;
  /** The folder that the archive unpacks to. */
  readonly folder: string;
  readonly files: readonly ArtifactFile[];
}

/**
 * What an asset's URI stands for: an archive of ours, one file served as it is, or a URL that
 * agents fetch themselves.
 */
export type ResolvedAsset =
  | { readonly kind: 'archive'; readonly spec: ArchiveSpec }
  | { readonly kind: 'direct'; readonly asset: string; readonly url: string };

const lockSchema = z.looseObject({
  sets: z.record(
    z.string(),
    z.looseObject({
      folder: z.string().optional(),
      /** For archives of the set: take only what is inside this folder of each. */
      strip: z.string().optional(),
      artifacts: z
        .array(
          z.looseObject({
            purl: z.string(),
            sha256: z.string().regex(/^[0-9a-f]{64}$/),
            bytes: z.number().int().nonnegative(),
            file: z.string().optional(),
            strip: z.string().optional(),
            /** PyPI: take the source distribution; it is unpacked, nothing in it is run. */
            sdist: z.boolean().optional(),
            /** Maven: unpack the jar. */
            unpack: z.boolean().optional(),
            /** Of an unpacked file: which of its files are programs, below `strip`. */
            programs: z.array(z.string()).max(100).optional(),
          }),
        )
        .min(1)
        .max(10_000),
    }),
  ),
});

/** A package's `lock.json`. */
export type Lock = z.infer<typeof lockSchema>;

/** Reads the text of a `lock.json`. Throws `corrupt`. */
export function parseLock(text: string, path: string): Lock {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new DcosError('corrupt', `${path} is not JSON`, { cause: error });
  }
  const parsed = lockSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new DcosError('corrupt', `${path}: ${issue?.path.join('.')}: ${issue?.message}`);
}

/**
 * Resolves one asset. Throws `corrupt` for a URI that cannot be read, is not pinned, or names no
 * set of the lock.
 */
export function resolveAsset(asset: string, uri: string, lock: Lock | undefined): ResolvedAsset {
  if (!/^[\w.-]+$/.test(asset))
    throw bad(asset, uri, 'its name may have letters, digits, . _ - only');
  if (uri.startsWith('pkg:')) {
    const file = parsePurl(asset, uri, undefined);
    return { kind: 'archive', spec: { asset, folder: asset, files: [file] } };
  }
  if (!uri.startsWith('lock:')) return { kind: 'direct', asset, url: uri };
  const set = lock?.sets[uri.slice('lock:'.length)];
  if (set === undefined) throw bad(asset, uri, 'lock.json has no such set');
  const files = set.artifacts.map((entry) => {
    const strip = entry.strip ?? set.strip;
    return parsePurl(asset, entry.purl, {
      sha256: entry.sha256,
      bytes: entry.bytes,
      ...(entry.file === undefined ? {} : { file: entry.file }),
      ...(strip === undefined ? {} : { strip }),
      ...(entry.sdist ? { sdist: true } : {}),
      ...(entry.unpack ? { unpack: true } : {}),
      ...(entry.programs === undefined ? {} : { programs: entry.programs }),
    });
  });
  return {
    kind: 'archive',
    spec: { asset, folder: safeFolder(asset, set.folder ?? asset), files },
  };
}

/** What a lock says of a file besides its package URL. */
interface Pin {
  readonly sha256: string;
  readonly bytes: number;
  readonly file?: string;
  readonly strip?: string;
  readonly sdist?: boolean;
  readonly unpack?: boolean;
  readonly programs?: readonly string[];
}

function parsePurl(asset: string, purl: string, pin: Pin | undefined): ArtifactFile {
  const parts = /^pkg:(maven|pypi|npm)\/([^?#]+)@([^?#@]+)(?:\?([^#]*))?(?:#(.*))?$/.exec(purl);
  if (!parts) throw bad(asset, purl, 'it is not pkg:maven|pypi|npm/<name>@<version>');
  const [, source, path = '', version = '', query = '', fragment] = parts;
  const segments = path.split('/').map((segment) => decode(asset, purl, segment));
  const name = segments.pop() ?? '';
  const namespace = segments.join('/');
  const qualifiers = Object.fromEntries(new URLSearchParams(query));
  const checksum = /^sha256:([0-9a-f]{64})$/.exec(qualifiers.checksum ?? '')?.[1];
  const sha256 = pin?.sha256 ?? checksum;
  if (sha256 === undefined)
    throw bad(asset, purl, 'it is not pinned by ?checksum=sha256:… or a lock');
  const strip = fragment ?? qualifiers.subpath ?? pin?.strip;
  const file = {
    source: source as ArtifactSource,
    purl: purl.replace(/[?#].*$/, ''),
    namespace,
    name,
    version: decode(asset, purl, version),
    qualifiers,
    sha256,
    bytes: pin?.bytes ?? 0,
  };
  for (const value of [namespace, name, file.version, ...Object.values(qualifiers)]) {
    // These become arguments and file names: nothing that starts an option or leaves a folder.
    if (/^-|[^\w.@/:+~-]|(^|\/)\.\.(\/|$)/.test(value)) throw bad(asset, purl, `"${value}" in it`);
  }
  return {
    ...file,
    ...packingOf(file, pin),
    strip: safeFolder(asset, strip ?? defaultStrip(file)),
    sdist: pin?.sdist ?? false,
    programs: pin?.programs ?? [],
  };
}

// npm's archives have everything in a folder of their own that nobody wants.
function defaultStrip(file: { readonly source: string }): string {
  return file.source === 'npm' ? 'package' : '';
}

function packingOf(
  file: Pick<ArtifactFile, 'source' | 'name' | 'version' | 'qualifiers'>,
  pin: Pin | undefined,
): Pick<ArtifactFile, 'fileName' | 'unpack'> {
  const stem = `${file.name}-${file.version}`;
  if (file.source === 'npm') return { fileName: `${stem}.tgz`, unpack: 'tgz' };
  if (file.source === 'pypi' && pin?.sdist) return { fileName: `${stem}.tar.gz`, unpack: 'tgz' };
  if (file.source === 'pypi') {
    return { fileName: pin?.file ?? file.qualifiers.file_name ?? `${stem}.whl`, unpack: 'zip' };
  }
  const classifier = file.qualifiers.classifier ? `-${file.qualifiers.classifier}` : '';
  const extension = file.qualifiers.type ?? 'jar';
  const unpack = pin?.unpack ? ('zip' as const) : undefined;
  return { fileName: `${stem}${classifier}.${extension}`, unpack };
}

function safeFolder(asset: string, folder: string): string {
  const clean = folder.replace(/\/+$/, '');
  if (clean === '' || /^[\w.+-]+(\/[\w.+-]+)*$/.test(clean)) {
    if (!clean.split('/').includes('..')) return clean;
  }
  throw bad(asset, folder, 'it is not a folder inside the archive');
}

function decode(asset: string, purl: string, text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw bad(asset, purl, 'it is not well-formed');
  }
}

function bad(asset: string, uri: string, reason: string): DcosError {
  return new DcosError('corrupt', `the asset "${asset}" (${uri}) cannot be fetched: ${reason}`);
}

/** `/files/*` of a master or an agent (apache/mesos docs/endpoints/files). */
import { constants } from 'node:fs';
import { basename } from 'node:path';
import { DcosError } from '../../core/errors.js';
import type { Request, Route } from '../../core/http/server.js';
import type { FileEntry, Files } from './files.js';

/** Bytes of a read that names no length. */
const defaultLength = 4096 * 16;

/**
 * The routes over `files`, whose roots `attached` names by the paths they go by; each with its
 * older name, which ends in `.json`.
 */
export function fileRoutes(files: Files, attached: () => Record<string, string>): Route[] {
  const route = (path: string, handle: Route['handle']): Route[] =>
    [path, `${path}.json`].map((each) => ({
      method: 'GET',
      path: each,
      access: 'token',
      handle,
    }));
  return [
    ...route('/files/browse', async (request) => ({
      status: 200,
      json: (await files.browse(pathOf(request))).map(entryView),
    })),
    ...route('/files/read', (request) => read(files, request)),
    ...route('/files/download', (request) => download(files, request)),
    ...route('/files/debug', () => ({ status: 200, json: attached() })),
  ];
}

async function read(files: Files, request: Request) {
  const path = pathOf(request);
  const offset = numberOf(request, 'offset') ?? -1;
  const length = numberOf(request, 'length') ?? defaultLength;
  if (offset < -1) throw bad(`Negative offset provided: ${offset}.\n`);
  if (length < -1) throw bad(`Negative length provided: ${length}.\n`);
  // Offset -1 asks for the size.
  if (offset === -1) {
    const { size } = await files.read(path, 0, 0);
    return { status: 200, json: { data: '', offset: size } };
  }
  const wanted = length === -1 ? defaultLength : length;
  const { data, size } = await files.read(path, offset, wanted);
  const whole = offset + data.length < size ? wholeCharacters(data) : data;
  return { status: 200, json: { data: whole.toString('utf8'), offset } };
}

/** Without a last character that is cut: who reads on from there counts bytes of what was given. */
function wholeCharacters(data: Buffer): Buffer {
  for (let back = 1; back <= Math.min(3, data.length - 1); back += 1) {
    const byte = data[data.length - back] ?? 0;
    if (byte < 0x80) return data;
    if (byte < 0xc0) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
    return length > back ? data.subarray(0, data.length - back) : data;
  }
  return data;
}

async function download(files: Files, { query, raw, response }: Request) {
  const path = query.get('path') ?? '';
  if (path === '') throw noPath();
  const { file, size } = await files.open(path).catch((error) => {
    // Not nothing, as the other two say.
    throw error instanceof DcosError && error.code === 'not-found'
      ? new DcosError('not-found', '404 Not Found.')
      : error;
  });
  // What grows meanwhile belongs to the next download: the length is promised first.
  response.writeHead(200, {
    'content-type': 'application/octet-stream',
    'content-disposition': `attachment; filename=${basename(path).replace(/[^\w.-]/g, '_')}`,
    'content-length': size,
  });
  if (raw.method === 'HEAD' || size === 0) {
    await file.close();
    response.end();
    return undefined;
  }
  const stream = file.createReadStream({ start: 0, end: size - 1 });
  stream.on('error', () => response.destroy());
  response.on('close', () => stream.destroy());
  stream.pipe(response);
  return undefined;
}

function pathOf({ query }: Request): string {
  const path = query.get('path') ?? '';
  if (path === '') throw noPath();
  return path;
}

function noPath(): DcosError {
  return bad("Expecting 'path=value' in query.\n");
}

function numberOf({ query }: Request, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || text === '') return undefined;
  if (/^-?\d{1,15}$/.test(text)) return Number(text);
  throw bad(`Failed to parse ${name}: Failed to convert '${text}' to number.\n`);
}

function bad(text: string): DcosError {
  return new DcosError('invalid', text, { status: 400 });
}

function entryView(entry: FileEntry): Record<string, unknown> {
  const { gid, mode, mtime, nlink, path, size, uid } = entry;
  return { gid, mode: modeText(mode), mtime, nlink, path, size, uid };
}

/** `-rw-r--r--`. */
function modeText(mode: number): string {
  const { S_IFDIR, S_IFLNK, S_IFSOCK, S_IFMT } = constants;
  const kinds: Record<number, string> = { [S_IFDIR]: 'd', [S_IFLNK]: 'l', [S_IFSOCK]: 's' };
  const bits = [...'rwxrwxrwx'].map((letter, index) => (mode & (0o400 >> index) ? letter : '-'));
  return (kinds[mode & S_IFMT] ?? '-') + bits.join('');
}

/** JSON from a file or from stdin. */
import { DcosError } from '../core/errors.js';
import { parseObject, readObject } from './options.js';

/** The most that is taken from stdin, in bytes. */
const maxBytes = 16 * 1024 * 1024;

/**
 * A JSON object from a file, or from stdin where none is named. Throws `usage` for a terminal,
 * `invalid`.
 */
export async function readObjectOrInput(
  file: string | undefined,
  what: string,
): Promise<Record<string, unknown>> {
  if (file !== undefined && file !== '-') return readObject(file, what);
  const text = await readInput(what);
  if (text.trim() !== '') return parseObject(text, 'the standard input');
  throw new DcosError('usage', `the ${what} is missing: the standard input is empty`, {
    hint: 'Name a file, or send it to stdin: … < file.json',
  });
}

/** All of stdin. Throws `usage` where that is a terminal, `invalid` where it is too much. */
export async function readInput(
  what: string,
  hint = 'Name a file, or send it to stdin: … < file.json',
): Promise<string> {
  if (process.stdin.isTTY) {
    throw new DcosError('usage', `the ${what} is missing`, { hint });
  }
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of process.stdin) {
    chunks.push(chunk as Buffer);
    size += (chunk as Buffer).length;
    if (size > maxBytes)
      throw new DcosError('invalid', `the standard input is larger than ${maxBytes} bytes`);
  }
  return Buffer.concat(chunks).toString('utf8');
}

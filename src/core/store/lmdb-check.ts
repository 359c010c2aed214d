/**
 * Looks whether a file is a whole LMDB database before LMDB maps it: on a damaged or truncated one
 * the library ends the process with a signal, or reads less than was written, instead of saying so.
 *
 * Layout after liblmdb's mdb.c (1.0, 64 bits, little-endian): pages with a header of 24 bytes
 * (number u64, transaction u64, pad u16, flags u16, lower u16, upper u16), then 16-bit offsets of
 * nodes; `lower` and the offsets count from the end of the header. Pages 0 and 1 are meta
 * pages; the one of the later transaction counts.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { systemCodeOf } from '../errors.js';

const headerBytes = 24;
const magic = 0xbeefc0de;
const flag = { branch: 1, leaf: 2, overflow: 4, meta: 8 } as const;
/** On a leaf's node: its data lies on overflow pages of its own. */
const bigData = 1;
const noPage = 0xffff_ffff_ffff_ffffn;

interface Meta {
  readonly pageBytes: number;
  readonly transaction: bigint;
  readonly roots: readonly bigint[];
}

/** What is wrong with the database in `file`, in words; `undefined` if it is whole or absent. */
export function damageOf(file: string): string | undefined {
  let handle: number;
  try {
    handle = openSync(file, 'r');
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
  try {
    // Made and not yet written to: nothing was ever answered from it.
    if (fstatSync(handle).size === 0) return undefined;
    return new Check(handle).run();
  } finally {
    closeSync(handle);
  }
}

class Check {
  readonly #handle: number;
  #pageBytes = 4096;

  constructor(handle: number) {
    this.#handle = handle;
  }

  run(): string | undefined {
    const first = this.#meta(0);
    if (first === undefined) return 'it is no database';
    this.#pageBytes = first.pageBytes;
    const second = this.#meta(1);
    if (second === undefined) return 'its second page is damaged';
    const newest = second.transaction > first.transaction ? second : first;
    for (const root of newest.roots) {
      const wrong = root === noPage ? undefined : this.#tree(root);
      if (wrong !== undefined) return wrong;
    }
    return undefined;
  }

  #read(page: bigint | number, bytes: number): Buffer | undefined {
    const position = Number(page) * this.#pageBytes;
    if (!Number.isSafeInteger(position)) return undefined;
    const buffer = Buffer.alloc(bytes);
    return readSync(this.#handle, buffer, 0, bytes, position) === bytes ? buffer : undefined;
  }

  #meta(page: number): Meta | undefined {
    const bytes = this.#read(page, 192);
    if (bytes === undefined || bytes.readUInt32LE(headerBytes) !== magic) return undefined;
    const pageBytes = bytes.readUInt32LE(48);
    if (!(bytes.readUInt16LE(18) & flag.meta) || pageBytes < 512 || pageBytes > 65_536) {
      return undefined;
    }
    return {
      pageBytes,
      transaction: bytes.readBigUInt64LE(152),
      roots: [bytes.readBigUInt64LE(88), bytes.readBigUInt64LE(136)],
    };
  }

  /** Follows every page that can be reached from `root`. */
  #tree(root: bigint): string | undefined {
    const open = [root];
    const seen = new Set<bigint>();
    for (let page = open.pop(); page !== undefined; page = open.pop()) {
      if (seen.has(page)) return `page ${page} is reached twice`;
      seen.add(page);
      const bytes = this.#read(page, this.#pageBytes);
      if (bytes === undefined) return `page ${page} is missing`;
      const nodes = nodesOf(page, bytes);
      if (nodes === undefined) return `page ${page} is damaged`;
      for (const { child, overflow } of nodes) {
        if (child !== undefined) open.push(child);
        if (overflow !== undefined && !this.#overflow(overflow))
          return `page ${overflow} is missing`;
      }
    }
    return undefined;
  }

  #overflow(page: bigint): boolean {
    const header = this.#read(page, headerBytes);
    if (header === undefined || header.readBigUInt64LE(0) !== page) return false;
    if (!(header.readUInt16LE(18) & flag.overflow)) return false;
    const last = page + BigInt(Math.max(1, header.readUInt32LE(20)) - 1);
    // The file must reach to the end of the run.
    return this.#read(last, this.#pageBytes) !== undefined;
  }
}

interface PageNode {
  readonly child?: bigint;
  readonly overflow?: bigint;
}

/** What the nodes of a branch or leaf point to; `undefined` if the page is not what it must be. */
function nodesOf(page: bigint, bytes: Buffer): PageNode[] | undefined {
  const flags = bytes.readUInt16LE(18);
  const count = bytes.readUInt16LE(20) / 2;
  const isBranch = (flags & flag.branch) !== 0;
  if (bytes.readBigUInt64LE(0) !== page || isBranch === ((flags & flag.leaf) !== 0)) {
    return undefined;
  }
  if (!Number.isInteger(count) || count < 1 || headerBytes + count * 2 > bytes.length) {
    return undefined;
  }
  const nodes: PageNode[] = [];
  for (let index = 0; index < count; index += 1) {
    const at = headerBytes + bytes.readUInt16LE(headerBytes + index * 2);
    if (at + 8 > bytes.length) return undefined;
    const low = BigInt(bytes.readUInt32LE(at));
    const nodeFlags = bytes.readUInt16LE(at + 4);
    const dataAt = at + 8 + bytes.readUInt16LE(at + 6);
    if (dataAt > bytes.length) return undefined;
    if (isBranch) nodes.push({ child: low | (BigInt(nodeFlags) << 32n) });
    else if (nodeFlags & bigData) {
      if (dataAt + 8 > bytes.length) return undefined;
      nodes.push({ overflow: bytes.readBigUInt64LE(dataAt) });
    }
  }
  return nodes;
}

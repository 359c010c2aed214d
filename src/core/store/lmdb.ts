/**
 * The embedded store: LMDB, whose copy-on-write pages survive `kill -9` and power loss at any
 * moment.
 */
import { mkdirSync, statfsSync } from 'node:fs';
import type { open as openLmdb } from 'lmdb';
import { DcosError, messageOf, systemCodeOf } from '../errors.js';
import { damageOf } from './lmdb-check.js';
import { maxKeyBytes, maxRecordBytes, type Store, type Write } from './store.js';

/** The version of the layout of records; a store of a newer one is refused. */
export const storeSchemaVersion = 1;
const schemaKey = '.schema';

/**
 * Opens the store in `folder`, making it if absent.
 * Throws `corrupt` where the file is no store of ours, `invalid` where a newer version wrote it,
 * `io` where the folder can't be used.
 */
export async function openLmdbStore(folder: string): Promise<Store> {
  const db = await openDatabase(folder);
  checkSchema(db, folder);
  return {
    load: async (prefix) => {
      const records = new Map<string, unknown>();
      for (const { key, value } of db.getRange({ start: prefix })) {
        if (typeof key !== 'string' || !key.startsWith(prefix)) break;
        if (key !== schemaKey) records.set(key, parseRecord(folder, key, value));
      }
      return records;
    },
    commit: async (writes) => {
      const encoded = writes.map(encodeWrite);
      try {
        // A synchronous transaction returns after the data is on disk: overlappingSync is off.
        db.transactionSync(() => {
          for (const { key, text } of encoded) {
            if (text === null) db.removeSync(key);
            else db.putSync(key, text);
          }
        });
      } catch (error) {
        throw writeFailure(folder, error);
      }
    },
    close: async () => db.close(),
  };
}

/** Less than this, in bytes, is no room for a transaction. */
const noRoomBytes = 256 * 1024;

/** LMDB says no more than "Input/output error" of a full disk: whether it is one is looked up. */
function writeFailure(folder: string, error: unknown): DcosError {
  const [reason, hint] = isFull(folder)
    ? ['the disk is full', 'Make room on it; what was accepted before is not lost.']
    : [messageOf(error), 'Is the folder read-only, or the disk broken?'];
  return new DcosError('io', `cannot write to the store in ${folder}: ${reason}`, {
    hint,
    cause: error,
  });
}

function isFull(folder: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize < noRoomBytes;
  } catch {
    return false;
  }
}

type Database = ReturnType<typeof openLmdb<string, string>>;

async function openDatabase(folder: string): Promise<Database> {
  try {
    // Loaded here, so that programs on agents, which have no embedded store, need no binary beside
    // them.
    const { open } = await import('lmdb');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const damage = damageOf(`${folder}/data.mdb`);
    if (damage !== undefined) throw new Error(damage);
    return open<string, string>({
      path: `${folder}/data.mdb`,
      encoding: 'string',
      overlappingSync: false,
      noMemInit: true,
      maxReaders: 8,
    });
  } catch (error) {
    const code = systemCodeOf(error);
    const io = code === 'EACCES' || code === 'EROFS' || code === 'ENOSPC' || code === 'EPERM';
    throw new DcosError(
      io ? 'io' : 'corrupt',
      `cannot open the store in ${folder}: ${messageOf(error)}`,
      {
        hint: io
          ? 'The folder must be writable and the disk must have room.'
          : 'The state is damaged. Move the folder away to start anew, or restore a snapshot.',
        cause: error,
      },
    );
  }
}

function checkSchema(db: Database, folder: string): void {
  const found = db.get(schemaKey);
  if (found === undefined) {
    db.putSync(schemaKey, String(storeSchemaVersion));
    return;
  }
  if (Number(found) > storeSchemaVersion) {
    throw new DcosError(
      'invalid',
      `the store in ${folder} has schema ${found}, newer than this program's ${storeSchemaVersion}`,
      { hint: 'Use the version of dcos that wrote it, or a newer one.' },
    );
  }
}

function parseRecord(folder: string, key: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new DcosError('corrupt', `record ${key} in ${folder} is damaged`, { cause: error });
  }
}

function encodeWrite({ key, value }: Write): { key: string; text: string | null } {
  if (key.length === 0 || Buffer.byteLength(key) > maxKeyBytes) {
    throw new DcosError('invalid', `a key of the store must have 1 to ${maxKeyBytes} bytes`);
  }
  if (value === null) return { key, text: null };
  const text = JSON.stringify(value);
  if (Buffer.byteLength(text) > maxRecordBytes) {
    throw new DcosError('invalid', `record ${key} is larger than ${maxRecordBytes} bytes`);
  }
  return { key, text };
}

/** Archives made of text, as wheels and npm's packages are. */
import { crc32, gzipSync } from 'node:zlib';
import { Header } from 'tar';

/** A zip archive of stored files, executable. */
export function zipOf(files: Readonly<Record<string, string>>): Buffer {
  const local: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const [name, text] of Object.entries(files)) {
    const data = Buffer.from(text);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(0x21, 8);
    common.writeUInt32LE(crc32(data), 10);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(data.length, 18);
    common.writeUInt16LE(Buffer.byteLength(name), 22);
    const entry = [Buffer.from('PK\x03\x04', 'latin1'), common, Buffer.from(name), data];
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(0o100755 * 65_536, 6);
    tail.writeUInt32LE(offset, 10);
    const made = Buffer.from([20, 3]);
    central.push(Buffer.from('PK\x01\x02', 'latin1'), made, common, tail, Buffer.from(name));
    local.push(...entry);
    offset += entry.reduce((sum, part) => sum + part.length, 0);
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(Object.keys(files).length, 8);
  end.writeUInt16LE(Object.keys(files).length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...local, directory, end]);
}

/** A gzipped tar file of executable files. */
export function tgzOf(files: Readonly<Record<string, string>>): Buffer {
  const parts = Object.entries(files).flatMap(([path, text]) => {
    const header = Buffer.alloc(512);
    const size = Buffer.byteLength(text);
    new Header({ path, mode: 0o755, size, type: 'File', mtime: new Date(0) }).encode(header);
    return [header, Buffer.from(text), Buffer.alloc((512 - (size % 512)) % 512)];
  });
  return gzipSync(Buffer.concat([...parts, Buffer.alloc(1024)]));
}

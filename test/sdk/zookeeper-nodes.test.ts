/** What a service kept in ZooKeeper is removed, against a server of a few lines of its protocol. */
import { createServer, type Socket } from 'node:net';
import t from 'tap';
import { removeZnodes } from '../../src/sdk/shell/zookeeper.js';

const codes = { noNode: -101, noAuth: -102, notEmpty: -111 };
/** What is told of a node, of which nothing counts here. */
const stat = Buffer.alloc(68);
const operations = { remove: 2, setAcl: 7, children: 12, close: -11 };

/** A ZooKeeper that knows nodes, whose children nobody may remove where it is `fenced`. */
class ModelZookeeper {
  readonly nodes: Set<string>;
  readonly #fenced: Set<string>;
  readonly #final: ReadonlySet<string>;

  /** `final` are those of `fenced` that do not let themselves be opened. */
  constructor(nodes: readonly string[], fenced: readonly string[], final: readonly string[] = []) {
    this.nodes = new Set(nodes);
    this.#fenced = new Set(fenced);
    this.#final = new Set(final);
  }

  /** The code of the answer, and what it holds. */
  answer(operation: number, path: string): [number, Buffer] {
    const none = Buffer.alloc(0);
    const children = [...this.nodes].filter((node) => parentOf(node) === path);
    if (operation === operations.children) {
      if (!this.nodes.has(path)) return [codes.noNode, none];
      const names = children.map((node) => textOf(node.slice(path.length + 1)));
      return [0, Buffer.concat([intOf(names.length), ...names, stat])];
    }
    if (operation === operations.setAcl) {
      if (this.#final.has(path)) return [codes.noAuth, none];
      this.#fenced.delete(path);
      return [0, stat];
    }
    if (operation !== operations.remove) return [0, none];
    if (this.#fenced.has(parentOf(path))) return [codes.noAuth, none];
    if (!this.nodes.has(path)) return [codes.noNode, none];
    if (children.length > 0) return [codes.notEmpty, none];
    this.nodes.delete(path);
    return [0, none];
  }

  serve(socket: Socket): void {
    let buffer = Buffer.alloc(0);
    let isConnected = false;
    socket.on('error', () => {});
    socket.on('data', (data) => {
      buffer = Buffer.concat([buffer, data]);
      while (buffer.length >= 4 && buffer.length >= 4 + buffer.readInt32BE(0)) {
        const frame = buffer.subarray(4, 4 + buffer.readInt32BE(0));
        buffer = buffer.subarray(4 + frame.length);
        const isLast = isConnected && frame.readInt32BE(4) === operations.close;
        if (isConnected) socket.write(framed(this.#reply(frame)));
        // Version, time-out, session and its password.
        else {
          const session = Buffer.concat([intOf(0), intOf(10_000), Buffer.alloc(8, 1), intOf(16)]);
          socket.write(framed(Buffer.concat([session, Buffer.alloc(16)])));
        }
        isConnected = true;
        if (isLast) socket.end();
      }
    });
  }

  #reply(frame: Buffer): Buffer {
    const [xid, operation] = [frame.readInt32BE(0), frame.readInt32BE(4)];
    const path = frame.length > 12 ? frame.subarray(12, 12 + frame.readInt32BE(8)).toString() : '';
    const [code, body] = this.answer(operation, path);
    return Buffer.concat([intOf(xid), Buffer.alloc(8), intOf(code), body]);
  }
}

const parentOf = (path: string): string => path.slice(0, path.lastIndexOf('/'));
const framed = (body: Buffer): Buffer => Buffer.concat([intOf(body.length), body]);
const textOf = (text: string): Buffer => Buffer.concat([intOf(text.length), Buffer.from(text)]);

function intOf(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeInt32BE(value);
  return buffer;
}

async function removing(model: ModelZookeeper, path: string): Promise<void> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    model.serve(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  try {
    await removeZnodes({ servers: `127.0.0.1:${port}`, paths: [path] });
  } finally {
    server.close();
    for (const socket of sockets) socket.destroy();
  }
}

t.test('zookeeper nodes › all that is below goes, what is beside stays', async (t) => {
  const model = new ModelZookeeper(['/a', '/a/b', '/a/b/c', '/a/d', '/other'], []);
  await removing(model, '/a');
  t.same([...model.nodes], ['/other']);
  await removing(model, '/a');
});

t.test('zookeeper nodes › what servers fenced each other out of goes as well', async (t) => {
  const model = new ModelZookeeper(['/a', '/a/state', '/a/state/x'], ['/a/state', '/a']);
  await removing(model, '/a');
  t.same([...model.nodes], []);
});

t.test('zookeeper nodes › a refusal is told; what is above is left as it is', async (t) => {
  const locked = new ModelZookeeper(['/a', '/a/b'], ['/a'], ['/a']);
  await t.rejects(removing(locked, '/a'), { code: 'failed', message: /open \/a: .*NO_AUTH/ });
  const above = new ModelZookeeper(['/a'], ['']);
  await t.rejects(removing(above, '/a'), { code: 'failed', message: /remove \/a: .*not let us/ });
  t.same([...above.nodes], ['/a']);
});

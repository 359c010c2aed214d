/** Removes nodes of a ZooKeeper with all that is below them. */
import { ACL, type Client, createClient, Exception, Id } from 'node-zookeeper-client';
import { DcosError } from '../../core/errors.js';
import type { ZookeeperNodes } from '../../wire/service-spec.js';

/** How long, in ms, a ZooKeeper may take to take us in, and then for each answer. */
const patienceMs = 10_000;
/** Nodes that one removal goes through; more than that is nothing that a service leaves. */
const maxNodes = 1_000_000;
/** Anybody may do anything (all five bits). */
const open = [new ACL(31, new Id('world', 'anyone'))];

/**
 * Resolves once none of the nodes is there any more. Throws `unreachable` without an answer,
 * `failed` for a refusal.
 */
export async function removeZnodes({ servers, paths }: ZookeeperNodes): Promise<void> {
  const client = createClient(servers, { sessionTimeout: patienceMs, retries: 0 });
  try {
    await answered(`ZooKeeper at ${servers}`, (resolve) => {
      client.once('connected', () => resolve(undefined));
      client.connect();
    });
    for (const path of paths) await removeTree(client, path);
  } finally {
    client.close();
  }
}

/** Children before their parents, without recursion: a tree may be deep. */
async function removeTree(client: Client, root: string): Promise<void> {
  const stack = [root];
  let seen = 0;
  for (let path = stack.at(-1); path !== undefined; path = stack.at(-1)) {
    seen += 1;
    if (seen > maxNodes) throw new DcosError('failed', `${root} has more than ${maxNodes} nodes`);
    const children = await childrenOf(client, path);
    if (children.length > 0) {
      const parent = path;
      stack.push(...children.map((name) => `${parent}/${name}`));
    } else if (await removed(client, path, path !== root)) stack.pop();
  }
}

/**
 * Lets everybody remove what is below a node, where it lets us change that: servers that fence each
 * other (YARN's resource managers) keep the removal to the one that leads, who is gone by now.
 */
function opened(client: Client, path: string): Promise<void> {
  return answered(`open ${path}`, (resolve, reject) => {
    client.setACL(path, open, -1, (error) => {
      if (error && codeOf(error) !== Exception.NO_NODE) reject(asError(error));
      else resolve();
    });
  });
}

/** None where the node itself is gone. */
function childrenOf(client: Client, path: string): Promise<string[]> {
  return answered(`getChildren ${path}`, (resolve, reject) => {
    client.getChildren(path, (error, children) => {
      if (codeOf(error) === Exception.NO_NODE) resolve([]);
      else if (error) reject(asError(error));
      else resolve(children);
    });
  });
}

/**
 * Whether it is gone; it stays where somebody has made a child of it meanwhile. What forbids the
 * removal is the node above, which is changed only where that is the service's own.
 */
async function removed(client: Client, path: string, isBelow: boolean): Promise<boolean> {
  const first = await removal(client, path);
  if (first !== 'forbidden') return first === 'gone';
  if (isBelow) await opened(client, path.slice(0, path.lastIndexOf('/')));
  const second = await removal(client, path);
  if (second !== 'forbidden') return second === 'gone';
  throw new DcosError('failed', `remove ${path}: ZooKeeper does not let us`);
}

function removal(client: Client, path: string): Promise<'gone' | 'full' | 'forbidden'> {
  return answered(`remove ${path}`, (resolve, reject) => {
    client.remove(path, (error) => {
      const code = codeOf(error);
      if (!error || code === Exception.NO_NODE) resolve('gone');
      else if (code === Exception.NOT_EMPTY) resolve('full');
      else if (code === Exception.NO_AUTH) resolve('forbidden');
      else reject(asError(error));
    });
  });
}

/** What the library calls an exception is no `Error`. */
function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

function codeOf(error: unknown): number | undefined {
  return error instanceof Exception ? error.getCode() : undefined;
}

function answered<Value>(
  what: string,
  ask: (resolve: (value: Value) => void, reject: (error: Error) => void) => void,
): Promise<Value> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new DcosError('unreachable', `${what}: no answer within ${patienceMs} ms`)),
      patienceMs,
    );
    const done = (): void => clearTimeout(timer);
    ask(
      (value) => {
        done();
        resolve(value);
      },
      (error) => {
        done();
        reject(new DcosError('failed', `${what}: ${error.message}`));
      },
    );
  });
}

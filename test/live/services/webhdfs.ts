/** A client of HDFS over HTTP: it finds the active name node, and follows it to the data nodes. */
import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { callHttp, callJson, type HttpAnswer } from '../../../src/core/http/request.js';
import { until } from '../../helpers/wait.js';
import type { Live } from '../live.js';
import type { Workload } from './service.js';

/** One call, connection and answer, in ms: a name node that was killed answers never. */
const callMs = 15_000;

/** Calls of one HDFS by its name nodes' web addresses. */
export class WebHdfs {
  readonly #addresses: () => Promise<readonly string[]>;
  readonly #user: string;
  #active: string | undefined;
  #known: readonly string[] = [];

  /** `addresses` are asked for anew whenever none of those known is active. */
  constructor(addresses: () => Promise<readonly string[]>, user: string) {
    this.#addresses = addresses;
    this.#user = user;
  }

  /** Creates a file; it is acknowledged by all of its data nodes once this resolves. */
  async write(path: string, data: Buffer): Promise<void> {
    const asked = await this.#call('PUT', path, 'CREATE', { overwrite: 'true' }, 307);
    const url = asked.headers.location ?? '';
    const written = await callHttp({ method: 'PUT', url, body: data, timeoutMs: callMs });
    if (written.status !== 201) throw failure(written, `write ${path}`);
  }

  /** The whole file. */
  async read(path: string): Promise<Buffer> {
    const asked = await this.#call('GET', path, 'OPEN', {}, 307);
    const url = asked.headers.location ?? '';
    const answer = await callHttp({ method: 'GET', url, timeoutMs: callMs });
    if (answer.status !== 200) throw failure(answer, `read ${path}`);
    return answer.body;
  }

  /** The names of a folder's entries. */
  async list(path: string): Promise<string[]> {
    const answer = await this.#call('GET', path, 'LISTSTATUS', {}, 200);
    const { FileStatuses } = JSON.parse(answer.body.toString('utf8')) as {
      FileStatuses: { FileStatus: { pathSuffix: string }[] };
    };
    return FileStatuses.FileStatus.map(({ pathSuffix }) => pathSuffix);
  }

  /** `host:port` of the name node that leads. */
  async active(): Promise<string> {
    if (this.#active !== undefined && (await isActive(this.#active))) return this.#active;
    this.#active = undefined;
    // One that has just taken over is found where it was known before.
    for (const address of [...this.#known, ...(await this.#learn())]) {
      if (await isActive(address)) {
        this.#active = address;
        return address;
      }
    }
    throw new Error('no name node is active');
  }

  async #learn(): Promise<readonly string[]> {
    this.#known = await this.#addresses();
    return this.#known;
  }

  async #call(
    method: string,
    path: string,
    operation: string,
    query: Readonly<Record<string, string>>,
    wanted: number,
  ): Promise<HttpAnswer> {
    const search = new URLSearchParams({ op: operation, 'user.name': this.#user, ...query });
    const url = `http://${await this.active()}/webhdfs/v1${path}?${search}`;
    const answer = await callHttp({ method, url, timeoutMs: callMs });
    if (answer.status !== wanted) throw failure(answer, `${operation} ${path}`);
    return answer;
  }
}

async function isActive(address: string): Promise<boolean> {
  const bean = 'Hadoop:service=NameNode,name=NameNodeStatus';
  try {
    const url = `http://${address}/jmx?qry=${bean}`;
    const { json } = await callJson({ method: 'GET', url, timeoutMs: 3000 });
    return (json as { beans: { State?: string }[] }).beans[0]?.State === 'active';
  } catch {
    return false;
  }
}

function failure(answer: HttpAnswer, what: string): Error {
  return new Error(`${what}: ${answer.status} ${answer.body.toString('utf8').slice(0, 300)}`);
}

const root = '/live';

/** Writes a tree of files, one after another, and remembers the hash of each that was confirmed. */
export class FileTree implements Workload {
  readonly acknowledged = new Map<string, string>();
  readonly #hdfs: WebHdfs;
  readonly #ended: Promise<void>;
  #stopping = false;
  #lastError: unknown;

  constructor(hdfs: WebHdfs) {
    this.#hdfs = hdfs;
    this.#ended = this.#run();
  }

  async progress(count: number, timeoutMs = 120_000): Promise<void> {
    const wanted = this.acknowledged.size + count;
    await until(
      () => {
        if (this.acknowledged.size >= wanted) return true;
        // Told if the time runs out.
        throw this.#lastError ?? new Error(`${this.acknowledged.size} of ${wanted}`);
      },
      { what: `${count} more files`, timeoutMs },
    );
  }

  async verify(): Promise<void> {
    const wrong: string[] = [];
    for (const [path, hash] of this.acknowledged) {
      // A data node that has just died is still named for a while: the next one has it.
      const found = await until(async () => hashOf(await this.#hdfs.read(path)), {
        what: `${path} to be read`,
        timeoutMs: 60_000,
        everyMs: 500,
      });
      if (found !== hash) wrong.push(path);
    }
    if (wrong.length > 0) throw new Error(`${wrong.length} files differ: ${wrong.slice(0, 5)}`);
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#ended;
  }

  async #run(): Promise<void> {
    for (let count = 0; !this.#stopping; count += 1) {
      const path = `${root}/d${count % 7}/f${count}`;
      const data = randomBytes(1000 + ((count * 7919) % 60_000));
      try {
        await this.#hdfs.write(path, data);
        this.acknowledged.set(path, hashOf(data));
      } catch (error) {
        // Not confirmed: it may be there or not. The next one has another name.
        this.#lastError = error;
        await pause(300);
      }
      await pause(50);
    }
  }
}

function hashOf(data: Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}

/** A client of the service `name` of this cluster; where its scheduler is away, the last known. */
export function webHdfsOf(live: Live, name: string, user: string): WebHdfs {
  let known: readonly string[] = [];
  return new WebHdfs(async () => {
    const ran = await live.dcos([name, 'endpoints', 'name-http', '--json']);
    if (ran.status === 0) {
      const { address = [] } = JSON.parse(ran.stdout) as { address?: string[] };
      if (address.length > 0) known = address;
    }
    return known;
  }, user);
}

/** MapReduce on the YARN of `hadoop`: a job of ours over files of ours, whose counts are known. */
import assert from 'node:assert/strict';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { root } from '../../helpers/paths.js';
import { until } from '../../helpers/wait.js';
import type { Live, Ran } from '../live.js';
import { hadoop } from './hadoop.js';
import { sandboxOf } from './storm.js';
import { type WebHdfs, webHdfsOf } from './webhdfs.js';

/** The options of `hadoop` with a small YARN: two of each, and a history server. */
export const yarnOptions = {
  ...hadoop.options,
  yarn: { enabled: true, history: true },
  node_manager: { disk: 512, vcore_cpus: 0.1, container_mem: 1024, vcores: 4 },
  mapreduce: { am_mem: 384, am_heap: 192, map_mem: 256, reduce_mem: 256, io_sort_mb: 32 },
};

/** What the resource manager knows of an application. */
export interface Application {
  readonly id: string;
  readonly state: string;
  readonly finalStatus: string;
  readonly progress: number;
}

/** For commands that wait for Java programs. */
const slow = { timeoutMs: 400_000 };
const words = ['agent', 'offer', 'role', 'reservation', 'framework', 'executor', 'task'];

/** The word count of `yarn/WordCount.java`, compiled against the jars of a resource manager. */
export class WordCount {
  readonly #live: Live;
  readonly #hdfs: WebHdfs;
  readonly #expected = new Map<string, number>();

  constructor(live: Live) {
    this.#live = live;
    this.#hdfs = webHdfsOf(live, 'hadoop', userInfo().username);
  }

  get jar(): string {
    return join(this.#live.dir, 'count.jar');
  }

  /** Compiles the job, and writes the files that it reads. */
  async begin(files = 4, lines = 200): Promise<void> {
    const { dir } = this.#live;
    const sandbox = sandboxOf(this.#live, 'resource-0-server');
    const libs = ['yarn', 'lib'].map((name) => join(sandbox, 'hadoop', name, '*')).join(':');
    const classes = join(dir, 'classes');
    const source = join(root, 'test/live/services/yarn/WordCount.java');
    await this.#tool('javac', ['-nowarn', '--release', '17', '-cp', libs, '-d', classes, source]);
    await this.#tool('jar', ['--create', '--file', this.jar, '-C', classes, '.']);
    for (let file = 0; file < files; file += 1) {
      const text = Array.from({ length: lines }, (_, line) => this.#line(file, line)).join('');
      await this.#hdfs.write(`/words/f${file}`, Buffer.from(text));
    }
  }

  #line(file: number, line: number): string {
    const chosen = Array.from({ length: 10 }, (_, at) => {
      const word = words[(file * 5 + line * 3 + at * at) % words.length] ?? '';
      this.#expected.set(word, (this.#expected.get(word) ?? 0) + 1);
      return word;
    });
    return `${chosen.join(' ')}\n`;
  }

  async #tool(program: string, args: readonly string[]): Promise<void> {
    const ran = await this.#live.exec(program, args);
    assert.equal(ran.status, 0, `${program}: ${ran.stderr}`);
  }

  /** Runs the job to the end of its client; `pauseMs` for each line makes it long. */
  run(output: string, pauseMs = 0): Promise<Ran> {
    const settings = [
      '-Dmapreduce.job.reduces=2',
      `-Dlive.pause=${pauseMs}`,
      ...['map', 'reduce'].map((x) => `-Dmapreduce.${x}.java.opts=-XX:TieredStopAtLevel=1`),
    ];
    const job = [this.jar, 'live.WordCount', ...settings, '/words', output];
    return this.#live.dcos(['hadoop', 'yarn', 'jar', ...job], slow);
  }

  /** Every word was counted as often as it was written: not once less, not once more. */
  async verify(output: string): Promise<void> {
    const parts = (await this.#hdfs.list(output)).filter((name) => name.startsWith('part-'));
    const texts: string[] = [];
    for (const part of parts) texts.push((await this.#hdfs.read(`${output}/${part}`)).toString());
    const counted = texts.join('').trim().split('\n').sort();
    const expected = [...this.#expected].map(([word, count]) => `${word}\t${count}`).sort();
    assert.deepEqual(counted, expected);
  }
}

/** All applications; where no resource manager leads for the moment, a little later. */
export function applications(live: Live): Promise<Application[]> {
  return until(() => live.json<Application[]>(['hadoop', 'yarn', 'app', 'list']), {
    what: 'a resource manager that leads',
    timeoutMs: 60_000,
    everyMs: 500,
  });
}

/** Waits until the newest application is as wanted. */
export async function newest(
  live: Live,
  what: string,
  fits: (application: Application) => boolean,
  timeoutMs = 400_000,
): Promise<Application> {
  let seen: Application | undefined;
  return until(
    async () => {
      const all = await applications(live);
      seen = all.sort((a, b) => (a.id < b.id ? 1 : -1))[0];
      return seen !== undefined && fits(seen) ? seen : undefined;
    },
    { what, timeoutMs, everyMs: 500 },
  ).catch((error: unknown) => {
    throw new Error(`${what}; it is ${JSON.stringify(seen)}`, { cause: error });
  });
}

/** The small service: what its volume was told is what must not be lost. */
import assert from 'node:assert/strict';
import { until } from '../../helpers/wait.js';
import type { Live } from '../live.js';
import type { ServiceUnderTest, Workload } from './service.js';

/** Its client says a line into the volume by `task exec`, and reads them back. */
export const helloWorld: ServiceUnderTest = {
  name: 'hello-world',
  needs: [],
  options: {},
  memMb: 200,
  seconds: { install: 5, recover: 3 },
  tasks: ['hello-0-server', 'world-0-server'],
  begin: async (live) => new Lines(live),
};

const file = 'hello-data/lines';

class Lines implements Workload {
  readonly #live: Live;
  readonly #acknowledged: string[] = [];
  #count = 0;

  constructor(live: Live) {
    this.#live = live;
  }

  async progress(count: number, timeoutMs = 60_000): Promise<void> {
    const wanted = this.#acknowledged.length + count;
    await until(async () => (await this.#say()) && this.#acknowledged.length >= wanted, {
      what: `${count} more lines`,
      timeoutMs,
    });
  }

  async #say(): Promise<boolean> {
    this.#count += 1;
    const line = `line-${this.#count}`;
    const script = `echo ${line} >> ${file} && sync ${file}`;
    const ran = await this.#live.dcos(['task', 'exec', 'hello-0-server', 'sh', '-c', script]);
    if (ran.status === 0) this.#acknowledged.push(line);
    return ran.status === 0;
  }

  async verify(): Promise<void> {
    const { stdout } = await this.#live.ok(['task', 'exec', 'hello-0-server', 'cat', file]);
    const kept = new Set(stdout.split('\n'));
    const missing = this.#acknowledged.filter((line) => !kept.has(line));
    assert.deepEqual(missing, [], `of ${this.#acknowledged.length}`);
  }

  async stop(): Promise<void> {}
}

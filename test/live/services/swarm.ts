/** Docker's API over the cluster: containers that a docker client has started and finds again. */
import assert from 'node:assert/strict';
import { docker, dockerObstacle, dockerText, image, importImage } from '../docker.js';
import type { Live } from '../live.js';
import type { ServiceUnderTest, Workload } from './service.js';

/**
 * Its agents must have Docker engines (`dcos up --docker=engine-per-agent`): it is not among the
 * services that are drilled, whose agents have none. `nodes`: how many there are.
 */
export const swarmOn = (nodes: number): ServiceUnderTest => ({
  name: 'swarm',
  needs: [],
  options: {},
  memMb: 128 + 10 * 64,
  seconds: { install: 10, recover: 10 },
  tasks: [],
  obstacle: dockerObstacle,
  begin: async (live) => {
    await importImage(live, nodes);
    return new Containers(live);
  },
});

const forever = ['sh', '-c', 'exec sleep 100000'];

class Containers implements Workload {
  readonly #live: Live;
  readonly #acknowledged = new Map<string, string>();

  constructor(live: Live) {
    this.#live = live;
  }

  async progress(count: number): Promise<void> {
    for (let done = 0; done < count; done += 1) {
      const name = `c${this.#acknowledged.size}`;
      const words = ['run', '-d', '--name', name, '-m', '32m', image, ...forever];
      this.#acknowledged.set(name, await dockerText(this.#live, words));
    }
  }

  /** Each is there under its id, and runs: its own `sh` answers. */
  async verify(): Promise<void> {
    const listed = await dockerText(this.#live, ['ps', '--no-trunc', '--format', '{{.ID}}']);
    const running = new Set(listed.split('\n'));
    for (const [name, id] of this.#acknowledged) {
      assert.ok(running.has(id), `${name} runs as ${id}, not among ${listed}`);
      assert.equal((await docker(this.#live, ['exec', name, 'true'])).status, 0, name);
    }
  }

  async stop(): Promise<void> {
    for (const name of this.#acknowledged.keys()) {
      await docker(this.#live, ['rm', '-f', name]);
    }
    this.#acknowledged.clear();
  }
}

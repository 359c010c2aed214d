/** Jobs and the workers that come and go with them: the pure core of Spark's scheduler. */
import t from 'tap';
import { seededRandom } from '../../src/core/random.js';
import type { ElasticAnswer, ElasticEffect, ElasticEvent } from '../../src/sdk/elastic/events.js';
import { planOfJob } from '../../src/sdk/elastic/settings.js';
import { elasticStateOf, isOver, type Job } from '../../src/sdk/elastic/state.js';
import { elasticStep, waitingFor } from '../../src/sdk/elastic/step.js';
import type { TaskInfo, TaskState } from '../../src/wire/mesos/task.js';
import { aJob, settings } from '../helpers/elastic.js';

/** A scheduler with a master of Spark's, on agents that offer what they have free. */
class World {
  now = 1_000_000;
  readonly state = elasticStateOf(
    {
      serviceName: 'spark',
      role: 'spark-jobs-role',
      random: seededRandom(7),
      sparkVersion: settings.sparkVersion,
    },
    new Map(),
  );
  readonly #step = elasticStep({ settings, secret: 'secret' });
  readonly #free = new Map<string, { cpus: number; mem: number }>();
  readonly #held = new Map<string, { agent: string; cpus: number; mem: number }>();
  readonly sent: Extract<ElasticEffect, { type: 'Send' }>['call'][] = [];
  replies: ElasticAnswer[] = [];
  #offers = 0;

  constructor(agents: Record<string, { cpus: number; mem: number }>) {
    for (const [agent, free] of Object.entries(agents)) this.#free.set(agent, { ...free });
    this.tell({ type: 'Subscribed', frameworkId: 'f' });
    this.tell({ type: 'MastersFound', masters: ['10.0.0.1:7077'] });
  }

  tell(event: ElasticEvent): void {
    const effects = this.#step(this.state, event, this.now);
    const persist = effects.findIndex(({ type }) => type === 'Persist');
    t.ok(persist <= 0, 'what is persisted stands before all that the world can see');
    for (const effect of effects) {
      if (effect.type === 'Reply') this.replies.push(effect.result as ElasticAnswer);
      if (effect.type !== 'Send') continue;
      this.sent.push(effect.call);
      if (effect.call.type === 'ACCEPT') this.#launch(effect.call.accept.operations ?? []);
      if (effect.call.type === 'KILL') this.update(effect.call.kill.task_id.value, 'TASK_KILLED');
    }
  }

  #launch(operations: readonly unknown[]): void {
    for (const operation of operations as { launch?: { task_infos: TaskInfo[] } }[]) {
      for (const info of operation.launch?.task_infos ?? []) {
        const amount = (name: string): number =>
          info.resources?.find((one) => one.name === name)?.scalar?.value ?? 0;
        const held = { agent: info.agent_id.value, cpus: amount('cpus'), mem: amount('mem') };
        this.#held.set(info.task_id.value, held);
        const free = this.#free.get(held.agent);
        if (free) Object.assign(free, { cpus: free.cpus - held.cpus, mem: free.mem - held.mem });
        t.ok((free?.cpus ?? -1) >= -1e-9, 'no more is taken than was offered');
      }
    }
  }

  /** A status of a task; the end of one gives back what it held. */
  update(taskId: string, state: TaskState, message = ''): void {
    const held = this.#held.get(taskId);
    if (held !== undefined && isOver(state)) {
      this.#held.delete(taskId);
      const free = this.#free.get(held.agent);
      if (free) Object.assign(free, { cpus: free.cpus + held.cpus, mem: free.mem + held.mem });
    }
    const status = { task_id: { value: taskId }, agent_id: { value: held?.agent ?? '' }, state };
    this.tell({ type: 'TaskUpdated', status: { ...status, message, uuid: 'u' } });
  }

  offer(): void {
    const offers = [...this.#free].map(([agent, { cpus, mem }]) => {
      this.#offers += 1;
      const scalar = (name: string, value: number): Record<string, unknown> => {
        const role = { role: 'spark-jobs-role' };
        return { name, type: 'SCALAR', scalar: { value }, allocation_info: role };
      };
      const ports = { range: [{ begin: 20_000, end: 20_999 }] };
      return {
        id: { value: `o${this.#offers}` },
        framework_id: { value: 'f' },
        agent_id: { value: agent },
        hostname: agent,
        allocation_info: { role: 'spark-jobs-role' },
        resources: [
          scalar('cpus', cpus),
          scalar('mem', mem),
          { ...scalar('ports', 0), type: 'RANGES', scalar: undefined, ranges: ports },
        ],
      };
    });
    this.tell({ type: 'OffersReceived', offers: offers as never });
  }

  submit(job: Job): string {
    const plan = planOfJob(job, settings);
    this.tell({ type: 'JobSubmitted', requestId: 'r', job, plan, user: 'admin' });
    return this.replies.at(-1)?.id ?? '';
  }

  submission(id: string): NonNullable<ReturnType<typeof this.state.submissions.get>> {
    const found = this.state.submissions.get(id);
    if (found === undefined) throw new Error(`no ${id}`);
    return found;
  }

  workers(id: string): string[] {
    return [...this.state.workers.values()]
      .filter(({ submission }) => submission === id)
      .map((worker) => worker.id);
  }

  /** All tasks that were launched run, and Spark's master knows the workers. */
  settle(busy: (submission: string) => boolean): void {
    for (const { task } of [...this.state.submissions.values()]) {
      if (task?.state === 'TASK_STAGING') this.update(task.id, 'TASK_RUNNING');
    }
    for (const worker of [...this.state.workers.values()]) {
      if (worker.state === 'TASK_STAGING') this.update(worker.id, 'TASK_RUNNING');
    }
    const workers = [...this.state.workers.values()].map(
      ({ address, port, submission }) => [`${address}:${port}`, busy(submission)] as const,
    );
    this.tell({ type: 'Observed', asked: [], workers });
  }

  asks(id: string, executors: number): void {
    this.tell({ type: 'Observed', asked: [[id, executors]], workers: undefined });
  }

  free(): number {
    return [...this.#free.values()].reduce((sum, { cpus }) => sum + cpus, 0);
  }
}

const three = {
  a: { cpus: 4, mem: 8_192 },
  b: { cpus: 4, mem: 8_192 },
  c: { cpus: 4, mem: 8_192 },
};

t.test(
  'elastic › a job gets a driver and a first worker, more as it asks, and all goes back',
  async (t) => {
    const world = new World(three);
    const id = world.submit(aJob());
    t.match(id, /^driver-\d{14}-\d{4}$/);
    world.offer();
    t.equal(world.workers(id).length, 1, 'the first worker starts beside the driver');
    world.settle(() => true);
    t.equal(world.submission(id).state, 'RUNNING');
    world.asks(id, 5);
    for (let turn = 0; turn < 4; turn += 1) {
      world.offer();
      t.ok(world.workers(id).length <= 3 * 2 ** turn, 'no more start at once than are up');
      world.settle(() => true);
    }
    t.equal(world.workers(id).length, 5);
    t.equal(world.free(), 12 - 0.5 - 5);
    world.asks(id, 1);
    world.settle(() => true);
    world.now += 60_000;
    world.tell({ type: 'Ticked' });
    t.equal(world.workers(id).length, 5, 'a worker with an executor stays');
    world.settle(() => false);
    world.now += 6_000;
    world.tell({ type: 'Ticked' });
    t.equal(world.workers(id).length, 1, 'idle ones go, down to what is asked for');
    world.update(world.submission(id).task?.id ?? '', 'TASK_FINISHED');
    t.equal(world.submission(id).state, 'FINISHED');
    t.equal(world.workers(id).length, 0, 'all go with the driver');
    t.equal(world.free(), 12);
    const last = world.sent.filter(({ type }) => type === 'SUPPRESS' || type === 'REVIVE').at(-1);
    t.equal(last?.type, 'SUPPRESS');
  },
);

t.test(
  'elastic › the first worker waits for the first job of its driver, not for ever',
  async (t) => {
    const world = new World(three);
    const id = world.submit(aJob());
    world.offer();
    world.settle(() => false);
    for (let turn = 0; turn < 10; turn += 1) {
      world.now += 10_000;
      world.asks(id, 0);
      world.settle(() => false);
    }
    t.equal(world.workers(id).length, 1);
    world.now += 30_000;
    world.asks(id, 0);
    t.equal(world.workers(id).length, 0);
  },
);

t.test('elastic › drivers alone never fill the cluster', async (t) => {
  const world = new World({ a: { cpus: 1.2, mem: 4_096 } });
  const id = world.submit(aJob());
  world.offer();
  t.equal(world.submission(id).task, undefined);
  t.match(waitingFor(world.state, world.submission(id)), /for an executor .*1 cpus asked/);
});

t.test('elastic › two jobs that want all get equal parts', async (t) => {
  const world = new World({ a: { cpus: 9, mem: 32_768 } });
  const first = world.submit(aJob());
  const second = world.submit(aJob());
  world.offer();
  for (const id of [first, second]) world.asks(id, 8);
  for (let turn = 0; turn < 6; turn += 1) {
    world.settle(() => true);
    world.offer();
  }
  t.equal(world.workers(first).length, 4);
  t.equal(world.workers(second).length, 4);
});

t.test('elastic › a job that finds everything taken gets a worker of the richest', async (t) => {
  const world = new World({ a: { cpus: 5, mem: 32_768 } });
  const first = world.submit(aJob());
  world.offer();
  world.asks(first, 8);
  for (let turn = 0; turn < 4; turn += 1) {
    world.settle(() => true);
    world.offer();
  }
  t.equal(world.workers(first).length, 4);
  const second = world.submit(aJob());
  world.offer();
  t.equal(world.submission(second).task, undefined);
  for (let turn = 0; turn < 3; turn += 1) {
    world.now += 21_000;
    world.tell({ type: 'Ticked' });
    world.offer();
  }
  t.ok(world.submission(second).task, 'its driver runs');
  t.equal(world.workers(second).length, 1);
  t.ok(world.workers(first).length >= 2, 'the rich one is not robbed further than needed');
});

t.test('elastic › a supervised driver is started again, another has failed', async (t) => {
  const world = new World(three);
  const plain = world.submit(aJob());
  const kept = world.submit(aJob({ 'spark.driver.supervise': 'true' }));
  world.offer();
  world.settle(() => true);
  for (const id of [plain, kept]) {
    world.update(
      world.submission(id).task?.id ?? '',
      'TASK_FAILED',
      'Command exited with status 1',
    );
  }
  t.match(world.submission(plain), { state: 'FAILED', message: /status 1/ });
  t.equal(world.submission(kept).state, 'RELAUNCHING');
  t.equal(world.workers(kept).length, 1, 'its worker waits for the next attempt');
  world.now += 2_000;
  world.offer();
  t.match(world.submission(kept), { attempts: 2 });
  const before = world.submission(kept).task?.id ?? '';
  world.update(before, 'TASK_RUNNING');
  world.update(before, 'TASK_UNREACHABLE');
  world.now += 10_000;
  world.offer();
  t.equal(world.submission(kept).task?.id, before, 'its agent may come back');
  world.now += 25_000;
  world.offer();
  t.not(world.submission(kept).task?.id, before);
  world.update(before, 'TASK_RUNNING');
  const kills = world.sent.flatMap((call) =>
    call.type === 'KILL' ? [call.kill.task_id.value] : [],
  );
  t.ok(kills.includes(before), 'the old driver is killed when its agent is back');
});

t.test('elastic › kill ends a job that runs and one that waits', async (t) => {
  const world = new World(three);
  const running = world.submit(aJob());
  world.offer();
  world.settle(() => true);
  const waiting = world.submit(aJob());
  for (const id of [running, waiting, 'driver-0']) {
    world.tell({ type: 'KillAsked', requestId: 'r', id });
  }
  t.match(
    world.replies.slice(-3).map(({ success }) => success),
    [true, true, false],
  );
  t.equal(world.submission(running).state, 'KILLED');
  t.equal(world.submission(waiting).state, 'KILLED');
  t.equal(world.free(), 12);
  world.tell({ type: 'KillAsked', requestId: 'r', id: running });
  t.match(world.replies.at(-1), { success: false, message: /ended already: KILLED/ });
});

t.test('elastic › workers that crash are started again with growing pauses', async (t) => {
  const world = new World(three);
  const id = world.submit(aJob());
  world.offer();
  for (let crash = 0; crash < 3; crash += 1) {
    for (const worker of world.workers(id)) world.update(worker, 'TASK_FAILED');
    world.offer();
    t.equal(world.workers(id).length, 0, 'not at once');
    world.now += 1_000 * 2 ** crash;
    world.offer();
    t.equal(world.workers(id).length, 1);
  }
});

t.test('elastic › everything is known again after a restart of the scheduler', async (t) => {
  const world = new World(three);
  const id = world.submit(aJob());
  world.offer();
  const records = new Map<string, unknown>([
    ...[...world.state.submissions].map(([key, value]) => [`submission/${key}`, value] as const),
    ...[...world.state.workers].map(([key, value]) => [`worker/${key}`, value] as const),
    ['framework', { id: 'f' }],
    ['next', { next: world.state.next }],
  ]);
  const again = elasticStateOf(world.state, records);
  t.same(again.submissions.get(id), world.submission(id));
  t.same(again.workers, world.state.workers);
  t.equal(again.next, 2);
});

t.test('elastic › another version of Spark never mixes with the one of a driver', async (t) => {
  const world = new World(three);
  const plain = world.submit(aJob());
  const kept = world.submit(aJob({ 'spark.driver.supervise': 'true' }));
  world.offer();
  world.settle(() => true);
  const old = world.submission(kept).task?.id;
  const workers = world.workers(plain);
  (world.state as { sparkVersion: string }).sparkVersion = '4.0.1';
  world.tell({ type: 'Ticked' });
  t.match(world.submission(kept), { state: 'RELAUNCHING', message: /started again/ });
  t.equal(world.workers(kept).length, 0, 'the old workers go with their driver');
  world.now += 60_000;
  world.offer();
  world.settle(() => true);
  world.offer();
  t.match(world.submission(kept), { attempts: 2, task: { sparkVersion: '4.0.1' } });
  t.not(world.submission(kept).task?.id, old);
  t.ok(world.workers(kept).length > 0, 'it has workers of the new version');
  world.now += 60_000;
  world.offer();
  t.match(world.submission(kept), { attempts: 2 }, 'and is left alone from then on');
  t.match(world.submission(plain), { state: 'RUNNING', message: /it gets no more executors/ });
  t.same(world.workers(plain), workers, 'the one that is not started again goes on as it is');
});

t.test(
  'elastic › a driver acts as whom the job names, and asks a restarted master again',
  async (t) => {
    const world = new World(three);
    world.submit(aJob({}, { environment: { HADOOP_USER_NAME: 'ann' } }));
    world.offer();
    const operations = world.sent.flatMap((call) =>
      call.type === 'ACCEPT' ? (call.accept.operations ?? []) : [],
    );
    const infos = operations.flatMap((one) => (one.type === 'LAUNCH' ? one.launch.task_infos : []));
    const driver = infos.find(({ name }) => name?.startsWith('driver-'));
    const variables = new Map(
      driver?.command?.environment?.variables?.map(({ name, value }) => [name, value]),
    );
    t.equal(variables.get('HADOOP_USER_NAME'), 'ann');
    // Executors are whom the driver says by it: another than itself could not write to its folders.
    t.notOk(variables.has('SPARK_USER'));
    const java = Buffer.from(variables.get('SPARK_ASK_AGAIN') ?? '', 'base64').toString('utf8');
    t.match(java, /^public class AskAgain [\s\S]*SparkSubmit\.main\(words\)/m);
    t.match(driver?.command?.value, /java .* conf\/AskAgain\.java AskAgain '?--class/);
  },
);

t.test('elastic › a driver whose master is gone for good is started again', async (t) => {
  const world = new World(three);
  const plain = world.submit(aJob());
  const kept = world.submit(aJob({ 'spark.driver.supervise': 'true' }));
  world.offer();
  world.settle(() => true);
  world.tell({ type: 'MastersFound', masters: [] });
  world.tell({ type: 'MastersFound', masters: ['10.0.0.1:7077'] });
  t.match(world.submission(kept), { state: 'RUNNING', attempts: 1 }, 'it has only started again');
  world.tell({ type: 'MastersFound', masters: ['10.0.0.2:7077'] });
  t.match(world.submission(kept), { state: 'RELAUNCHING' });
  t.match(world.submission(plain), { state: 'RUNNING', message: /its master is gone for good/ });
  world.now += 60_000;
  world.offer();
  t.match(world.submission(kept), { attempts: 2, task: { masters: '10.0.0.2:7077' } });
});

/** Demand, settings and small readers of the elastic part. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import {
  nextShare,
  richest,
  type Share,
  surplusOf,
  wantedOf,
} from '../../src/sdk/elastic/demand.js';
import { jobOf } from '../../src/sdk/elastic/http.js';
import { badgeOf, executorJava, propertiesText } from '../../src/sdk/elastic/launch.js';
import { askedIn, workersIn } from '../../src/sdk/elastic/observe.js';
import { mebibytes, planOfJob, propertiesOf } from '../../src/sdk/elastic/settings.js';
import type { Job } from '../../src/sdk/elastic/state.js';
import { aJob, settings } from '../helpers/elastic.js';

t.test('elastic › demand', async (t) => {
  const dynamic = { kind: 'dynamic', min: 1, initial: 0, max: 4 } as const;
  t.same(
    [undefined, 0, 3, 9].map((asked) => wantedOf(dynamic, asked)),
    [1, 1, 3, 4],
  );
  t.equal(wantedOf({ kind: 'fixed', count: 3 }, 9), 3);
  const share = (id: string, have: number, cpus: number): Share => {
    return { id, submittedAt: 1, wanted: 9, have, size: { cpus, memMb: 1 } };
  };
  t.equal(nextShare([share('a', 2, 1), share('b', 1, 4)])?.id, 'a');
  t.equal(richest([share('a', 2, 1), share('b', 1, 4)])?.id, 'a', 'the last worker is never taken');
  t.equal(richest([share('a', 1, 1)]), undefined);
  const idlers = [
    { id: 'busy', idleSince: undefined },
    { id: 'new', idleSince: 95 },
    { id: 'old', idleSince: 10 },
    { id: 'older', idleSince: 5 },
  ];
  t.same(surplusOf(idlers, 3, 10, 100), ['older']);
  t.same(surplusOf(idlers, 0, 10, 100), ['older', 'old']);
});

t.test('elastic › what a job comes to', async (t) => {
  t.match(planOfJob(aJob(), settings), {
    name: 'org.example.Main',
    driver: { cpus: 0.5, memMb: 704, heapMb: 512 },
    worker: { cpus: 1, memMb: 864, cores: 1 },
    demand: { kind: 'dynamic', min: 0, initial: 0, max: 8 },
  });
  t.match(planOfJob(aJob({ 'spark.executor.instances': '3' }), settings).demand, { count: 3 });
  t.match(
    planOfJob(
      aJob({
        'spark.dynamicAllocation.enabled': 'false',
        'spark.cores.max': '5',
        'spark.executor.cores': '2',
      }),
      settings,
    ).demand,
    { kind: 'fixed', count: 2 },
  );
  const refusals: [Job, RegExp][] = [
    [aJob({ 'spark.driver.memory': '100m' }), /spark.driver.memory is 100m; Spark needs at least/],
    [aJob({ 'spark.executor.memory': 'lots' }), /'lots', not a size/],
    [aJob({ 'spark.executor.cores': '0' }), /not a whole number of at least 1/],
    [aJob({ 'spark.driver.port': '1' }), /spark.driver.port is set by the service/],
    [aJob({ 'spark.cores.max': '1', 'spark.executor.cores': '2' }), /spark.cores.max is below/],
    [aJob({ 'spark.dynamicAllocation.minExecutors': '9' }), /minExecutors \(9\) is above/],
    [aJob({ 'spark.dynamicAllocation.enabled': 'maybe' }), /neither true nor false/],
    [aJob({}, { mainClass: '' }), /--class is missing/],
    [aJob({}, { appResource: 'app.R' }), /R is not part/],
    [aJob({}, { environment: { 'A B': '1' } }), /'A B' is no name/],
  ];
  for (const [job, reason] of refusals)
    t.throws(() => planOfJob(job, settings), { message: reason });
  t.throws(() => planOfJob(aJob({}, { appResource: 'x.py' }), { ...settings, pythonUris: [] }), {
    message: /no Python/,
  });
});

t.test('elastic › small readers', async (t) => {
  t.same(['512m', '2g', '1024', '1t', 'x', '-1'].map(mebibytes), [
    512,
    2048,
    1024,
    1048576,
    undefined,
    undefined,
  ]);
  t.same(propertiesOf('a.b 1; c=2\n# no\nd.e  x y'), { 'a.b': '1', c: '2', 'd.e': 'x y' });
  t.equal(propertiesText({ 'a b': 'c\\d\ne' }), 'a\\ b c\\\\d\\ne\n');
  t.equal(badgeOf('driver-20261124054312-0001'), 'job202611240543120001');
  t.throws(() => jobOf({ action: 'CreateSubmissionRequest' }), { message: /appResource/ });
  t.match(
    jobOf({ action: 'CreateSubmissionRequest', appResource: 'a.py', sparkProperties: { n: 1 } }),
    {
      properties: { n: '1' },
      mainClass: '',
    },
  );
  const worker = { host: 'h', port: 1, coresused: 1, state: 'ALIVE' };
  t.same(
    workersIn({
      status: 'ALIVE',
      workers: [worker, { ...worker, port: 2, coresused: 0 }, { ...worker, state: 'DEAD' }],
    }),
    [
      ['h:1', true],
      ['h:2', false],
    ],
  );
  t.equal(workersIn({ status: 'STANDBY', workers: [] }), undefined);
  t.equal(workersIn('<html>'), undefined);
  const gauge = 'app-1.driver.ExecutorAllocationManager.executors.numberTargetExecutors';
  t.equal(askedIn({ gauges: { [gauge]: { value: 3 } } }), 3);
  t.equal(askedIn({ gauges: {} }), undefined);
});

t.test('launch › executors get by without the module that their runtime lacks', async (t) => {
  const sandbox = t.testdir({ 'wrapper.sh': executorJava, jdk: { bin: {} } });
  const fake = join(sandbox, 'jdk/bin/java');
  writeFileSync(fake, '#!/bin/sh\nprintf "<%s>" "$@"\n', { mode: 0o755 });
  const args = ['-cp', 'a b:c', '--add-modules=jdk.incubator.vector', '-Dx="1 2"', 'Main', ''];
  const env = { MESOS_SANDBOX: sandbox, PATH: process.env.PATH };
  const told = execFileSync('sh', [join(sandbox, 'wrapper.sh'), ...args], { env });
  t.equal(told.toString(), '<-cp><a b:c><-Dx="1 2"><Main><>');
});

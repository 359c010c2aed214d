/** What a pod asks of the container around its tasks, and phases that come after others. */
import t from 'tap';
import { parseServiceSpec } from '../../src/wire/service-spec.js';
import { planStatus, running, Simulation } from '../helpers/sdk-simulation.js';

const yaml = `
name: svc
pods:
  node:
    count: 1
    host-volumes:
      certs: {host-path: /etc/ssl, container-path: ssl, mode: RO}
    rlimits:
      RLIMIT_NOFILE: {soft: 1024, hard: 4096}
      RLIMIT_CORE: {}
    tasks: {server: {goal: RUNNING, cmd: run, cpus: 0.5, memory: 64}}
`;

const service = { yaml, templates: {}, options: {}, updates: [], ends: () => false };

t.test('launch › paths of the host and limits are the container’s', async (t) => {
  const simulation = new Simulation(21, service);
  await simulation.live(20_000);
  t.same(running(simulation, 'node-0-server').info.container, {
    type: 'MESOS',
    volumes: [{ host_path: '/etc/ssl', container_path: 'ssl', mode: 'RO' }],
    rlimit_info: {
      rlimits: [{ type: 'RLMT_NOFILE', soft: 1024, hard: 4096 }, { type: 'RLMT_CORE' }],
    },
  });
});

const phases = (text: string): string => `
name: svc
pods:
  a: {count: 1, tasks: {run: {goal: RUNNING, cmd: a, cpus: 0.1, memory: 16}}}
  b: {count: 1, tasks: {run: {goal: RUNNING, cmd: b, cpus: 0.1, memory: 16}}}
  c: {count: 1, tasks: {run: {goal: RUNNING, cmd: c, cpus: 0.1, memory: 16}}}
plans:
  deploy: ${text}
`;

t.test('plans › a phase starts when those are complete that it comes after', async (t) => {
  const ordered = phases(
    '{strategy: parallel, phases: {a: {pod: a, after: [c]}, b: {pod: b}, c: {pod: c}}}',
  );
  const simulation = new Simulation(22, { ...service, yaml: ordered });
  await simulation.live(20_000);
  t.equal(planStatus(simulation, 'deploy'), 'COMPLETE');
  const launched = [...simulation.master.launched].map((id) => id.slice(0, 1));
  t.ok(launched.indexOf('c') < launched.indexOf('a'), launched.join());
});

t.test('plans › an order that cannot be is refused', async (t) => {
  const wrongs = (text: string): string[] => {
    const read = parseServiceSpec(phases(text), {});
    return read.ok ? [] : read.violations.map(({ path, message }) => `${path}: ${message}`);
  };
  t.match(wrongs('{strategy: parallel, phases: {a: {pod: a, after: [x]}}}'), [
    "plans.deploy.phases.a.after: names 'x', which is not among the phases",
  ]);
  t.match(wrongs('{strategy: serial, phases: {a: {pod: a}, b: {pod: b, after: [a]}}}'), [
    /phases.b.after: needs the strategy parallel/,
  ]);
  const circle = 'a: {pod: a, after: [b]}, b: {pod: b, after: [a]}, c: {pod: c}';
  t.match(wrongs(`{strategy: parallel, phases: {${circle}}}`), [
    'plans.deploy.phases: wait for each other: a, b',
  ]);
});

t.test('host volumes, rlimits › what cannot be is refused', async (t) => {
  const pod = (lines: string): string[] => {
    const tasks = 'tasks: {s: {goal: RUNNING, cmd: r, cpus: 1, memory: 9}}';
    const read = parseServiceSpec(`name: x\npods: {n: {count: 1, ${lines}, ${tasks}}}`, {});
    return read.ok ? [] : read.violations.map(({ path, message }) => `${path}: ${message}`);
  };
  t.match(pod('host-volumes: {v: {host-path: tmp, container-path: ../x}}'), [
    /host-volumes.v.host-path: 'tmp' must be an absolute path/,
    /container-path: '..\/x' must be a path inside the sandbox/,
  ]);
  t.match(
    pod('host-volumes: {v: {host-path: /a, container-path: d}}, volume: {path: d, size: 9}'),
    [/pods.n: has two volumes with one path/],
  );
  t.match(pod('rlimits: {RLIMIT_FILES: {soft: 1, hard: 2}}'), [/RLIMIT_NOFILE/]);
  t.match(pod('rlimits: {RLIMIT_NOFILE: {soft: 3, hard: 2}}'), [/3 is above hard, 2/]);
});

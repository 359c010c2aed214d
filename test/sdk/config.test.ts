/** Templates, configurations and the tasks made from them; each case without a process. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { seededRandom } from '../../src/core/random.js';
import { viewOf } from '../../src/framework/match.js';
import { type Plan, statusOfPlan } from '../../src/framework/plan.js';
import { makeConfig, optionsOf, taskHashOf, violationsOf } from '../../src/sdk/config.js';
import { planOf as deployPlanOf } from '../../src/sdk/deploy.js';
import { podStatuses } from '../../src/sdk/endpoints.js';
import type { CommandResult, Event } from '../../src/sdk/events.js';
import { type Launch, taskInfoOf, templateViolations } from '../../src/sdk/launch.js';
import { bySpread } from '../../src/sdk/offers.js';
import { missingPeers, peersHashOf } from '../../src/sdk/peers.js';
import { namesIn, parseTemplate, renderTemplate } from '../../src/sdk/render.js';
import { type Instance, type ServiceConfig, type State, stateOf } from '../../src/sdk/state.js';
import { step } from '../../src/sdk/step.js';
import { candidateViolations } from '../../src/sdk/validate.js';
import type { TaskState } from '../../src/wire/mesos/task.js';
import { parseServiceSpec } from '../../src/wire/service-spec.js';

const render = (text: string, scope: Parameters<typeof renderTemplate>[1]): string =>
  renderTemplate(parseTemplate(text), scope);

t.test('render › values, sections, lists and paths', async (t) => {
  const pods = {
    broker: [
      { index: 0, last: false },
      { index: 1, last: true },
    ],
  };
  const list = '{{#pods.broker}}{{index}}{{^last}},{{/last}}{{/pods.broker}}';
  t.equal(render(list, { pods }), '0,1');
  t.equal(render('{{pods.broker.1.index}}{{pods.broker[0].index}}', { pods }), '10');
  t.equal(render('{{#Z}}rack={{Z}}{{/Z}}', { Z: '' }), '');
  t.equal(render('{{#F}}on{{/F}}{{^F}}off{{/F}}', { F: 'false' }), 'off');
  t.equal(render('a\n{{#Z}}\nb={{Z}}\n{{/Z}}\nc', { Z: '1' }), 'a\nb=1\nc', 'no empty lines');
  t.equal(render('{{! a word }}x', {}), 'x');
  t.same([...namesIn(parseTemplate(`${list}{{A}}`))].sort(), ['A', 'index', 'last', 'pods']);
});

t.test('render › what does not exist is an error that names it', async (t) => {
  t.throws(() => render('{{BROKER_CONT}}', { BROKER_COUNT: 1 }), {
    message: /'BROKER_CONT', which does not exist/,
    hint: /BROKER_COUNT/,
  });
  t.throws(() => render('{{a}}', { a: { b: 1 } }), /no single value/);
  for (const wrong of ['{{#a}}', '{{/a}}', '{{#a}}{{/b}}', '{{a b}}']) {
    t.throws(() => parseTemplate(wrong), /line 1: the tag/);
  }
});

t.test('render › a value is put in as it is and never read again', async (t) => {
  const asItIs = fc.property(fc.string(), (V) => render('[{{V}}]', { V }) === `[${V}]`);
  t.doesNotThrow(() => fc.assert(asItIs));
});

const yaml = `
name: svc
pods:
  node:
    count: \${COUNT}
    tasks:
      server:
        goal: RUNNING
        cmd: cat made/greeting.txt
        cpus: \${CPUS}
        memory: 64
        ports: {api: {port: 0, env-key: API_PORT}}
        volume: {path: data, type: ROOT, size: '\${SIZE}'}
        configs: {greeting: {template: greeting, dest: made/greeting.txt}}
`;
const defaults = { COUNT: '2', CPUS: '1', SIZE: '10', WORD: 'hi' };

function configOf(options: Record<string, string> = {}, template = '{{WORD}}'): ServiceConfig {
  const given = { ...defaults, ...options };
  const result = parseServiceSpec(yaml, given);
  if (!result.ok) throw new Error(JSON.stringify(result.violations));
  return makeConfig(result.spec, { greeting: template }, given);
}

const hashOf = (config: ServiceConfig): string => {
  const [pod] = config.spec.pods;
  const [task] = pod?.tasks ?? [];
  return pod === undefined || task === undefined ? '' : taskHashOf(config, pod, task);
};

t.test(
  'config › the same content has the same id, whatever else is in the environment',
  async (t) => {
    t.equal(configOf().id, configOf({ UNUSED: 'x' }).id);
    t.match(configOf().id, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    t.not(configOf().id, configOf({ WORD: 'ho' }).id);
  },
);

t.test('config › only what a task is made from restarts it', async (t) => {
  t.equal(hashOf(configOf()), hashOf(configOf({ COUNT: '5' })));
  t.not(hashOf(configOf()), hashOf(configOf({ WORD: 'ho' })), 'an option of a template');
  t.not(hashOf(configOf()), hashOf(configOf({ CPUS: '2' })));
  t.not(hashOf(configOf()), hashOf(configOf({}, '{{WORD}}!')), 'the template itself');
});

t.test('config › changes that are refused', async (t) => {
  const texts = (next: ServiceConfig, before: ServiceConfig): string =>
    violationsOf(next, before)
      .map(({ path, message }) => `${path} ${message}`)
      .join('\n');
  t.equal(texts(configOf({ COUNT: '3' }), configOf()), '', 'it may grow');
  t.match(texts(configOf({ COUNT: '1' }), configOf()), /node.count cannot fall from 2 to 1/);
  t.match(texts(configOf({ SIZE: '20' }), configOf()), /volumes cannot change/);
  const quorum = '{{#pods.node}}{{address}}{{/pods.node}}';
  t.match(
    texts(configOf({ COUNT: '3' }, quorum), configOf({}, quorum)),
    /count cannot change from 2 to 3: its instances name each other/,
  );
  const seeds = '{{pods.node.0.address}}';
  t.equal(texts(configOf({ COUNT: '3' }, seeds), configOf({}, seeds)), '', 'seeds may get peers');
  t.throws(() => makeConfig(configOf().spec, {}, {}), /template greeting is not in the package/);
});

t.test('config › a volume stays in its place, whatever comes beside it', async (t) => {
  const pod = (tasks: string, more = ''): ServiceConfig => {
    const text = `name: svc\npods:\n  node:\n    count: 1\n${more}    tasks:\n${tasks}`;
    const plans = 'plans: {deploy: {phases: {a: {pod: node, steps: [{default: [[server]]}]}}}}';
    const result = parseServiceSpec(`${text}${plans}`, {});
    if (!result.ok) throw new Error(JSON.stringify(result.violations));
    return makeConfig(result.spec, {}, {});
  };
  const task = (name: string, more: string): string =>
    `      ${name}: {goal: RUNNING, cmd: x, ${more}}\n`;
  const inline = 'cpus: 1, memory: 1';
  const volume = 'volume: {path: data, type: ROOT, size: 7}';
  const alone = pod(task('server', `${inline}, ${volume}`));
  const refused = (next: ServiceConfig): string =>
    violationsOf(next, alone)
      .map(({ message }) => message)
      .join();
  const server = task('server', `${inline}, ${volume}`);
  t.equal(refused(pod(server + task('side', inline))), '', 'a sidecar may join');
  const own = 'volume: {path: own, type: ROOT, size: 1}';
  t.equal(refused(pod(server + task('side', `${inline}, ${own}`))), '', 'with its own volume');
  const kept = /they have to stay data of 7 MB in 'server'/;
  t.match(refused(pod(task('server', inline), `    ${volume}\n`)), kept, 'not to the pod');
  t.match(refused(pod(task('first', inline) + server)), kept, 'not to another set');
  t.match(refused(pod(task('server', inline))), kept, 'not away');
});

t.test('config › a change is judged before it is made', async (t) => {
  const state = stateWith(anInstance);
  step(state, { type: 'Configured', config: configOf() }, 1);
  const ask = (variables: Record<string, string>, greeting = '{{WORD}}'): string =>
    candidateViolations(state, {
      serviceYaml: yaml,
      templates: { greeting },
      variables: { ...defaults, ...variables },
    })
      .map(({ path, message }) => `${path} ${message}`)
      .join('; ');
  t.equal(ask({ COUNT: '3', WORD: 'ho' }), '');
  t.match(
    ask({ SIZE: '20', COUNT: '1' }),
    /count cannot fall from 2 to 1, 2 is the least.*volumes/,
  );
  t.match(ask({ CPUS: 'many' }), /cpus must be a number/);
  t.match(ask({}, '{{WORT}}'), /'WORT', which does not exist/);
  t.equal(state.targetId, configOf().id, 'nothing was changed');
});

t.test('config › secrets and the program’s own variables are no options', async (t) => {
  const env = { DCOS_SERVICE_SECRET: 's', PATH: '/bin', WORD: 'x', MESOS_SANDBOX: '/s' };
  t.same(optionsOf(env), { WORD: 'x' });
});

function stateWith(instance: Instance): State {
  const state = stateOf(
    {
      serviceName: 'svc',
      role: 'svc-role',
      principal: 'svc',
      api: { host: 'h', port: 1 },
      uninstalling: false,
      random: seededRandom(1),
    },
    new Map(),
  );
  state.instances.set(instance.name, instance);
  return state;
}

const anInstance: Instance = {
  name: 'node-0',
  pod: 'node',
  index: 0,
  permanentlyFailed: false,
  reservation: {
    resourceId: 'r',
    place: { agentId: 'a', hostname: 'host', address: '127.0.0.9' },
    ports: { api: 4711 },
    volumeIds: ['v'],
    sets: [''],
    confirmed: true,
    madeAt: 0,
  },
  tasks: {},
};

function launchOf(config: ServiceConfig): Launch {
  const [pod] = config.spec.pods;
  const [task] = pod?.tasks ?? [];
  if (pod === undefined || task === undefined) throw new Error('no task');
  return { config, pod, task, variables: {} };
}

t.test('launch › a config file reaches the task byte for byte, whatever is in it', async (t) => {
  const hostile = '\'"$(touch evil)`touch evil`\\\n\t{{pod.address}}:{{pod.port}} %s \u00e9\n';
  const config = configOf({}, hostile);
  const [pod] = config.spec.pods;
  if (pod === undefined) return t.fail('no pod');
  const state = stateWith(anInstance);
  const info = taskInfoOf(state, launchOf(config), anInstance, { resources: [], id: 'i' });
  const variables = info.command?.environment?.variables ?? [];
  const env = Object.fromEntries(variables.map(({ name, value }) => [name, value ?? '']));
  const folder = t.testdir();
  const out = execFileSync('/bin/sh', ['-c', info.command?.value ?? ''], {
    cwd: folder,
    env: { PATH: process.env.PATH ?? '', ...env },
  });
  const expected = hostile.replace('{{pod.address}}:{{pod.port}}', '127.0.0.9:4711');
  t.equal(out.toString('utf8'), expected);
  t.same(readdirSync(folder), ['made'], 'nothing else came to be');
  t.equal(env.API_PORT, '4711');
  t.match(info, { name: 'node-0-server', agent_id: { value: 'a' } });
});

t.test('launch › who names a seed by its index waits for that one, not for all', async (t) => {
  const state = stateWith(anInstance);
  const byIndex = (count: string): ServiceConfig =>
    configOf({ COUNT: count }, '{{pods.node.0.address}}{{#pods.node.7}}x{{/pods.node.7}}');
  const list = configOf({ COUNT: '3' }, '{{#pods.node}}{{address}}{{/pods.node}}');
  const missing = (config: ServiceConfig): string[] =>
    config.spec.pods.flatMap((pod) => missingPeers(state, config, pod));
  const peers = (config: ServiceConfig): string =>
    config.spec.pods
      .flatMap(({ tasks }) => tasks.map((task) => peersHashOf(state, config, task)))
      .join();
  t.same(missing(byIndex('3')), []);
  t.same(missing(list), ['node-1', 'node-2']);
  t.same(missing(byIndex('8')), ['node-7']);
  t.equal(peers(byIndex('3')), peers(byIndex('4')), 'nobody restarts because the pod grows');
  const reserving = firstPhaseOf(byIndex('3'));
  t.same(reserving, ['reserve-node', 'node-0:[reserve]']);
  const scope = configOf({ COUNT: '3' }, '{{pod.count}} {{service.deployed}}');
  const info = taskInfoOf(state, launchOf(scope), anInstance, { resources: [], id: 'i' });
  const file = info.command?.environment?.variables?.find(({ name }) => /FILE_0/.test(name));
  t.equal(Buffer.from(file?.value ?? '', 'base64').toString(), '3 false');
});

function firstPhaseOf(config: ServiceConfig): string[] {
  const [first] = deployPlanOf(config, 'deploy', 'deploy').plan.phases;
  return first === undefined ? [] : [first.name, ...first.steps.map(({ name }) => name)];
}

t.test('launch › the agent with the fewest of its kind comes first, then the zone', async (t) => {
  const domainOf = (zone: string) => ({
    fault_domain: { region: { name: 'local' }, zone: { name: zone } },
  });
  const answers = ['a:1', 'b:1', 'c:2', 'd:3'].map((place) => {
    const [agent = '', zone = ''] = place.split(':');
    const id = { value: agent };
    const offer = { id, framework_id: id, agent_id: id, hostname: agent, domain: domainOf(zone) };
    const view = viewOf({ ...offer, resources: [] });
    return { view, operations: [], reservedOnly: false, awaited: false };
  });
  const others = ['a:1', 'c:2'].map((place) => {
    const [agentId = '', zone = ''] = place.split(':');
    return { agentId, hostname: agentId, address: agentId, domain: domainOf(zone) };
  });
  const { reservation: _none, ...unplaced } = anInstance;
  const order = bySpread(answers, unplaced, others).map(({ view }) => view.offer.hostname);
  t.same(order, ['d', 'b', 'a', 'c']);
  const own = bySpread(answers, anInstance, others).map(({ view }) => view.offer.hostname);
  t.same(own, ['a'], 'its reservation decides');
});

t.test('launch › one that takes the place of another knows where that was', async (t) => {
  const template = '{{pod.replaces}}:{{pod.replaces_ports.api}} {{pod.ports.api}}';
  const config = configOf({}, template);
  const fileOf = (instance: Instance): string => {
    const state = stateWith(instance);
    const info = taskInfoOf(state, launchOf(config), instance, { resources: [], id: 'i' });
    const file = info.command?.environment?.variables?.find(({ name }) => /FILE_0/.test(name));
    return Buffer.from(file?.value ?? '', 'base64').toString();
  };
  const replacing = { address: '127.0.0.8', ports: { api: 4000 } };
  t.equal(fileOf({ ...anInstance, replacing }), '127.0.0.8:4000 4711');
  t.equal(fileOf(anInstance), ':4711 4711');
});

t.test('launch › templates are tried before anything runs', async (t) => {
  const state = stateWith(anInstance);
  t.same(templateViolations(state, configOf()), []);
  t.match(templateViolations(state, configOf({}, '{{WORT}}')), [
    { path: 'pods.node.tasks.server.configs', message: /'WORT', which does not exist/ },
  ]);
});

t.test(
  'pause › the task makes way for one that idles, and no plan is complete until it is resumed',
  async (t) => {
    const state = stateWith(anInstance);
    const config = configOf({ COUNT: '1' });
    const [pod] = config.spec.pods;
    if (pod === undefined) return t.fail('no pod');
    const send = (event: Event): string => JSON.stringify(step(state, event, 1_000_000));
    const command = (verb: 'pause' | 'resume', tasks: string[] = []): CommandResult => {
      const given = {
        type: 'PodCommanded',
        requestId: 'r',
        verb,
        instance: 'node-0',
        tasks,
      } as const;
      const effects = step(state, given, 1_000_000);
      const reply = effects.find(({ type }) => type === 'Reply');
      return (reply as unknown as { result: CommandResult }).result;
    };
    const runs = (taskId: string, paused: boolean): void => {
      const task = { configId: config.id, peersHash: '' };
      const now = { state: 'TASK_RUNNING' as const, message: '', ready: !paused, updatedAt: 0 };
      const instance = state.instances.get('node-0') ?? anInstance;
      const mark = paused ? { paused } : {};
      state.instances.set('node-0', {
        ...instance,
        tasks: { server: { id: taskId, ...task, ...now, ...mark } },
      });
      send({ type: 'Ticked' });
    };
    const ended = (value: string): string => {
      const killed: TaskState = 'TASK_KILLED';
      return send({ type: 'TaskUpdated', status: { task_id: { value }, state: killed } });
    };
    const command0 = (): string => {
      const instance = state.instances.get('node-0') ?? anInstance;
      return (
        taskInfoOf(state, launchOf(config), instance, { resources: [], id: 'x' }).command?.value ??
        ''
      );
    };
    send({ type: 'Configured', config });
    send({ type: 'Subscribed', frameworkId: 'f' });
    runs('node-0-server__1', false);
    t.equal(statusOfPlan(planOf(state, 'deploy')), 'COMPLETE');
    t.equal(command('pause', ['nobody']).status, 404);
    t.same(command('pause', ['server']), { status: 200, message: '', tasks: ['node-0-server'] });
    t.equal(state.instances.get('node-0')?.tasks.server?.kill?.reason, 'pause');
    t.match(podStatuses(state), { pods: [{ instances: [{ tasks: [{ status: 'PAUSING' }] }] }] });
    t.equal(command('pause').status, 208);
    ended('node-0-server__1');
    t.match(command0(), /paused/);
    t.notMatch(command0(), /cat made/);
    runs('node-0-server__2', true);
    t.match(podStatuses(state), { pods: [{ instances: [{ tasks: [{ status: 'PAUSED' }] }] }] });
    t.not(statusOfPlan(planOf(state, 'recovery')), 'COMPLETE');
    t.equal(command('resume').status, 200);
    t.equal(state.instances.get('node-0')?.tasks.server?.kill?.reason, 'resume');
    ended('node-0-server__2');
    t.match(command0(), /cat made/);
    runs('node-0-server__3', false);
    t.equal(statusOfPlan(planOf(state, 'recovery')), 'COMPLETE');
  },
);

function planOf(state: State, name: string): Plan {
  const plan = state.plans.get(name)?.plan;
  if (plan === undefined) throw new Error(`no plan ${name}`);
  return plan;
}

t.test('packages › the templates of the registry name only what there is', async (t) => {
  const registry = join(import.meta.dirname, '../../packages-registry');
  const releases = ['kafka/3.9.1', 'zookeeper/3.8.4', 'zookeeper/3.9.3'];
  for (const release of [...releases, 'cassandra/4.1.10', 'cassandra/5.0.7']) {
    const folder = join(registry, release, 'templates');
    for (const name of readdirSync(folder)) {
      const text = readFileSync(join(folder, name), 'utf8');
      t.doesNotThrow(() => parseTemplate(text), `${release} ${name}`);
    }
  }
});

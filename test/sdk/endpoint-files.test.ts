/** Endpoints that are files: rendered for clients from what is known of the service now. */
import t from 'tap';
import { makeConfig } from '../../src/sdk/config.js';
import { endpointFile, endpointFileNames } from '../../src/sdk/endpoint-files.js';
import { templateViolations } from '../../src/sdk/launch.js';
import { stateOf } from '../../src/sdk/state.js';
import { parseServiceSpec } from '../../src/wire/service-spec.js';
import { planStatus, type SimulatedService, Simulation } from '../helpers/sdk-simulation.js';

const site = '{{#pods.node}}{{address}}:{{ports.api}} {{/pods.node}}{{#pod}}mine{{/pod}}{{WORD}}';
const service: SimulatedService = {
  yaml: `
name: svc
pods:
  node:
    count: 2
    tasks:
      server: {goal: RUNNING, cmd: run, cpus: 0.1, memory: 16, ports: {api: {port: 0}}}
endpoints:
  site.xml: {template: site.xml}
`,
  templates: { 'site.xml': site },
  options: { WORD: 'hi' },
  updates: [],
  ends: () => false,
};

t.test('endpoint files › a client gets the addresses, and nothing of a node´s own', async (t) => {
  const simulation = new Simulation(1, service);
  await simulation.live(20_000);
  t.equal(planStatus(simulation, 'deploy'), 'COMPLETE');
  const { state } = simulation;
  t.same(endpointFileNames(state), ['site.xml']);
  t.match(endpointFile(state, 'site.xml'), /^host-0:\d+ host-1:\d+ hi$/);
  t.equal(endpointFile(state, 'other.xml'), undefined);
  state.instances.delete('node-1');
  t.throws(() => endpointFile(state, 'site.xml'), { status: 503, message: /not known yet/ });
});

t.test('endpoint files › a template that cannot be is refused before anything runs', async (t) => {
  const read = (yaml: string) => parseServiceSpec(yaml, {});
  const result = read(service.yaml);
  if (!result.ok) return t.fail(JSON.stringify(result.violations));
  t.throws(() => makeConfig(result.spec, {}, {}), /template site\.xml is not in the package/);
  const api = { host: '127.0.0.1', port: 1 };
  const random = { uuid: () => 'u' };
  const given = { serviceName: 'svc', role: 'r', principal: 'p', uninstalling: false };
  const state = stateOf({ ...given, api, random: random as never }, new Map());
  const config = makeConfig(result.spec, { 'site.xml': '{{WORT}}' }, {});
  t.match(templateViolations(state, config), [
    { path: 'endpoints.site.xml', message: /'WORT', which does not exist/ },
  ]);
  t.match(read(service.yaml.replace('site.xml: {', '../x: {')), {
    ok: false,
    violations: [{ message: /must be letters, digits/ }],
  });
  t.match(read(service.yaml.replace('{template: site.xml}', '{}')), { ok: false });
  const off = service.yaml.replace(
    '{template: site.xml}',
    "{template: site.xml, enabled: 'false'}",
  );
  const without = read(off);
  t.ok(without.ok && without.spec.endpoints === undefined, 'one that an option leaves out');
});

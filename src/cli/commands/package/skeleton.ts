/** The files of a new package: a small service that runs, with a place for everything. Pure. */

/** Texts by path. */
export function skeletonOf(name: string): Record<string, string> {
  return {
    'package.json': json({
      packagingVersion: '4.0',
      name,
      version: '1.0.0',
      releaseVersion: 0,
      description: `What ${name} is, in one sentence.`,
      maintainer: 'you',
      framework: true,
      tags: [name],
      upgradesFrom: [],
      downgradesTo: [],
    }),
    'config.json': json(configOf(name)),
    // Software: a package URL with its checksum, or a set of lock.json.
    'resource.json': json({ assets: { uris: {} } }),
    'marathon.json.mustache': marathon,
    'service.yaml': service,
    'commands.yaml': commands,
    'templates/start.sh': start,
  };
}

const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

function configOf(name: string): object {
  const section = (description: string, properties: object): object => ({
    type: 'object',
    description,
    additionalProperties: false,
    properties,
  });
  const option = (type: string, description: string, rest: object): object => ({
    type,
    description,
    ...rest,
  });
  return {
    $schema: 'http://json-schema.org/schema#',
    ...section(`The options of ${name}.`, {
      service: section('The service itself and its scheduler.', {
        name: option('string', 'Name of the service in the cluster.', {
          pattern: '^[a-z0-9]([a-z0-9-]{0,40}[a-z0-9])?$',
          default: name,
        }),
        cpus: option('number', 'CPUs of the scheduler.', { minimum: 0.01, default: 0.1 }),
        mem: option('integer', 'Memory of the scheduler in MB.', { minimum: 64, default: 128 }),
      }),
      nodes: section('The nodes.', {
        count: option('integer', 'How many.', { minimum: 1, maximum: 100, default: 2 }),
        mem: option('integer', 'Memory of each in MB.', { minimum: 16, default: 32 }),
      }),
    }),
  };
}

const marathon = `{
  "id": "/{{service.name}}",
  "instances": 1,
  "cpus": {{service.cpus}},
  "mem": {{service.mem}},
  "disk": 0,
  "cmd": "export PATH=\\"$MESOS_SANDBOX/node/bin:$PATH\\"; exec node dcos/bin/dcos-service.js",
  "fetch": [
    {{#resource.assets.uris.node}}
    { "uri": "{{resource.assets.uris.node}}" },
    {{/resource.assets.uris.node}}
    { "uri": "{{resource.assets.uris.dcos}}" },
    { "uri": "{{resource.assets.uris.service}}" }
  ],
  "portDefinitions": [{ "port": 0, "protocol": "tcp", "name": "api" }],
  "upgradeStrategy": { "minimumHealthCapacity": 0, "maximumOverCapacity": 0 },
  "env": {
    "DCOS_SERVICE_NAME": "{{service.name}}",
    "DCOS_ROLE": "{{service.name}}-role",
    "NODE_COUNT": "{{nodes.count}}",
    "NODE_MEM": "{{nodes.mem}}"
  },
  "labels": {
    "DCOS_SERVICE_NAME": "{{service.name}}",
    "DCOS_SERVICE_SCHEME": "http",
    "DCOS_SERVICE_PORT_INDEX": "0",
    "DCOS_SERVICE_ACCOUNT": "{{service.name}}",
    "DCOS_PACKAGE_FRAMEWORK_NAME": "{{service.name}}",
    "DCOS_COMMONS_API_VERSION": "v1",
    "DCOS_COMMONS_UNINSTALL": "true",
    "MARATHON_SINGLE_INSTANCE_APP": "true"
  }
}
`;

const service = `name: \${DCOS_SERVICE_NAME}
pods:
  node:
    count: \${NODE_COUNT}
    # One in each rack, as far as there are so many.
    placement: '[["@zone", "GROUP_BY"]]'
    # uris: [\${SOFTWARE_URI}]        # an asset of resource.json, through marathon.json.mustache
    tasks:
      server:
        goal: RUNNING
        cmd: sh ./start.sh
        cpus: 0.1
        memory: \${NODE_MEM}
        ports:
          api: { port: 0, env-key: API_PORT, advertise: true }
        volume: { path: data, type: ROOT, size: 64 }
        configs:
          start: { template: start.sh, dest: start.sh }
        # Proves that it does its work, not that it has started.
        readiness-check: { cmd: test -s data/started, interval: 1, timeout: 5 }
plans:
  deploy: { strategy: serial, phases: { node: { strategy: parallel, pod: node } } }
  update: { strategy: serial, phases: { node: { strategy: serial, pod: node } } }
rules:
  - option: nodes.count
    value: \${NODE_COUNT}
    grows-only: true
    because: what a node holds would be lost with it
`;

const commands = `commands:
  starts:
    help: how often each node was started
    examples: [starts, starts --json]
    run: { pod: node, instance: all, argv: [wc, -l, data/started] }
    output: { pattern: '^\\s*(?<starts>\\d+) ', numbers: [starts] }
`;

const start = `# Starts {{pod.name}}; its data is in data/, which outlives it.
set -eu
date >> data/started
exec tail -f /dev/null
`;

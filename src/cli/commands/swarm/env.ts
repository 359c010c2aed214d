/** `dcos swarm env` */
import { accessSwarm } from '../../../client/swarm.js';
import type { Command, Flag } from '../../command.js';
import type { Context } from '../../context.js';
import { configureClient, type DockerVariables } from '../../local/docker-client.js';

/** Which swarm, where there are several. */
export const swarmFlag: Flag = {
  flags: '--name <swarm>',
  text: 'which swarm, where several are installed (swarm)',
};

/** Prints what a shell needs for Docker clients to use a swarm. */
export const env: Command = {
  summary: 'print the variables with which Docker clients use the cluster',
  flags: [swarmFlag, { flags: '--json', text: 'print JSON' }],
  examples: ['eval "$(dcos swarm env)"', 'dcos swarm env --name team-a'],
  notes:
    'The credential is good for 30 days and is kept in a configuration of its' +
    ' own, beside what your docker client has in its usual one. After a ' +
    'restart of the manager the address may be another: run it again, or set ' +
    'the option service.port.',
  run: async (context, given) => {
    const name = given.text('name') ?? 'swarm';
    const variables = await variablesFor(context, name);
    if (given.has('json')) {
      context.io.result(JSON.stringify(variables, null, 4));
      return;
    }
    const lines = Object.entries(variables).map(([key, value]) => `export ${key}=${quoted(value)}`);
    const flag = name === 'swarm' ? '' : ` --name ${name}`;
    context.io.result([...lines, `# Use it: eval "$(dcos swarm env${flag})"`].join('\n'));
  },
};

const quoted = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;

/** A fresh credential for the swarm, put where clients find it. */
export async function variablesFor(context: Context, name: string): Promise<DockerVariables> {
  const access = await accessSwarm(await context.http(), name);
  const cluster = context.cluster()?.id ?? 'cluster';
  const folder = `${context.dcosDir}/swarm/${cluster}/${name.replaceAll('/', '__')}`;
  return configureClient(access, folder, context.env);
}

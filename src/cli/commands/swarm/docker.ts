/** `dcos swarm docker` */
import type { Command } from '../../command.js';
import { runDocker } from '../../local/docker-client.js';
import { swarmFlag, variablesFor } from './env.js';

/** Runs the user's docker client against a swarm. */
export const docker: Command = {
  summary: 'run your own docker client against the cluster',
  words: [['[arguments...]', 'as docker takes them']],
  flags: [swarmFlag],
  takesRest: true,
  examples: [
    'dcos swarm docker ps -a',
    'dcos swarm docker run --rm -it alpine sh',
    'dcos swarm docker --name team-a info',
  ],
  notes: "Its exit status is docker's own.",
  run: async (context, given) => {
    const variables = await variablesFor(context, given.text('name') ?? 'swarm');
    context.exitStatus = await runDocker(given.words, variables, context.env);
  },
};

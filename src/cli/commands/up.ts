/** `dcos up` */

import { DcosError } from '../../core/errors.js';
import type { Command, Given } from '../command.js';
import { checkMesosUrl, checkWishes, type Wishes } from '../local/layout.js';
import { startLocalCluster } from '../local/start.js';

/** Starts the local cluster. */
export const up: Command = {
  summary: 'start the local cluster, or attach the control plane to an Apache Mesos',
  flags: [
    { flags: '--agents <n>', text: 'how many agents a new cluster gets (3)' },
    {
      flags: '--racks <n>',
      text: 'over how many racks they are spread (as many as agents, at most 3)',
    },
    {
      flags: '--mesos <url>',
      text: 'use the Apache Mesos of this master, these (http://a,b), or found by zk://… instead',
    },
    {
      flags: '--docker [engine]',
      text:
        'containers run on this machine’s Docker engine (a socket may be named), ' +
        'or engine-per-agent: as root, one for each agent',
    },
    { flags: '--advertise <address>', text: 'with --mesos: how its agents reach this machine' },
  ],
  examples: [
    'dcos up',
    'dcos up --agents 5 --racks 5',
    'dcos up --docker',
    'dcos up --mesos http://10.0.0.1:5050 --advertise 10.0.0.9',
    'dcos up --mesos zk://10.0.0.1:2181,10.0.0.2:2181/mesos --advertise 10.0.0.9',
  ],
  run: async (context, given) => {
    const docker = given.flagOrText('docker');
    const wishes = wishesOf(given);
    if (docker === undefined) {
      await startLocalCluster(context, wishes);
      return;
    }
    if (wishes.mesosUrl !== undefined) {
      throw new DcosError('usage', '--docker is not of use with --mesos', {
        hint: 'Agents of that Mesos need the attribute docker_socket:/var/run/docker.sock',
      });
    }
    const { dockerWish } = await import('../local/docker.js');
    const wish = await dockerWish(docker, context.env);
    await startLocalCluster(context, { ...wishes, docker: wish });
  },
};

function wishesOf(given: Given): Partial<Wishes> {
  const agents = given.integer('agents', '--agents', 1);
  const racks = given.integer('racks', '--racks', 1);
  const mesos = given.text('mesos');
  const advertise = given.text('advertise');
  if (advertise !== undefined && mesos === undefined) {
    throw new DcosError('usage', '--advertise is of use together with --mesos only');
  }
  if (mesos !== undefined && (agents !== undefined || racks !== undefined)) {
    throw new DcosError(
      'usage',
      '--agents and --racks are not of use with --mesos: that cluster has its own agents',
    );
  }
  if (agents !== undefined || racks !== undefined) {
    checkWishes({ agents: agents ?? 3, racks: racks ?? 1 });
  }
  return {
    ...(agents === undefined ? {} : { agents }),
    ...(racks === undefined ? {} : { racks }),
    ...(mesos === undefined ? {} : { mesosUrl: checkMesosUrl(mesos) }),
    ...(advertise === undefined ? {} : { advertise }),
  };
}

/** `dcos up` */

import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { DcosError, messageOf } from '../../core/errors.js';
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
    {
      flags: '--principal <name>',
      text: 'with --mesos: as whom all frameworks and operator calls log in',
    },
    { flags: '--secret-file <file>', text: 'with --principal: the file that holds its secret' },
    {
      flags: '--ca <file>',
      text: 'with --mesos https://…: certificates (PEM) of the authority that signs for it',
    },
    { flags: '--advertise <address>', text: 'with --mesos: how its agents reach this machine' },
  ],
  examples: [
    'dcos up',
    'dcos up --agents 5 --racks 5',
    'dcos up --docker',
    'dcos up --mesos http://10.0.0.1:5050 --advertise 10.0.0.9',
    'dcos up --mesos zk://10.0.0.1:2181,10.0.0.2:2181/mesos --advertise 10.0.0.9',
    'dcos up --mesos https://m:5050 --ca ca.pem --principal p --secret-file f --advertise 10.0.0.9',
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
  const access = accessOf(given, mesos);
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
    ...access,
  };
}

/** How the user says who all of it is to that Mesos. Throws `usage`, and what the files give. */
function accessOf(
  given: Given,
  mesos: string | undefined,
): Pick<Wishes, 'mesosLogin' | 'mesosAuthority'> {
  const principal = given.text('principal');
  const secretFile = given.text('secretFile');
  const ca = given.text('ca');
  const flags = { principal, 'secret-file': secretFile, ca };
  const [idle] = Object.entries(flags).find(([, value]) => value !== undefined) ?? [];
  if (idle !== undefined && mesos === undefined) {
    throw new DcosError('usage', `--${idle} is of use together with --mesos only`);
  }
  if ((principal === undefined) !== (secretFile === undefined)) {
    throw new DcosError('usage', '--principal and --secret-file are of use together only');
  }
  const login =
    principal === undefined || secretFile === undefined
      ? {}
      : { mesosLogin: { principal, secret: secretIn(secretFile) } };
  return { ...login, ...(ca === undefined ? {} : { mesosAuthority: certificatesIn(ca) }) };
}

function secretIn(file: string): string {
  const secret = textOf(file, '--secret-file').replace(/\r?\n$/, '');
  if (secret !== '') return secret;
  throw new DcosError('usage', `--secret-file ${file} is empty`);
}

function certificatesIn(file: string): string {
  const text = textOf(file, '--ca');
  try {
    new X509Certificate(text);
    return text;
  } catch (error) {
    throw new DcosError('usage', `--ca ${file} holds no certificate in PEM form`, { cause: error });
  }
}

function textOf(file: string, flag: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new DcosError('usage', `${flag} ${file} can't be read: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/**
 * What an agent reads of its cluster's folder (docs/architecture.md, "A local cluster on disk").
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DcosError, messageOf } from '../../../core/errors.js';
import {
  type LocalAgent,
  type LocalCluster,
  localClusterSchema,
  localPaths,
} from '../../../wire/local-cluster.js';

/** The cluster as its agent number `index` needs it. */
export interface AgentPlace {
  readonly agent: LocalAgent;
  /** `http://host:port`. */
  readonly master: string;
  readonly clusterKey: string;
  /** Own folder, absolute. */
  readonly folder: string;
  /** While it is there, nothing is started again. */
  readonly stopFile: string;
}

/** Reads it. Throws `corrupt` or `not-found` naming the file and what is wrong with it. */
export function readPlace(dir: string, index: number): AgentPlace {
  const file = join(dir, localPaths.cluster);
  const cluster = parseCluster(file, readText(file));
  const agent = cluster.agents.find((each) => each.index === index);
  if (agent === undefined) {
    throw new DcosError('not-found', `${file} has no agent ${index}`);
  }
  if (cluster.master === undefined) {
    throw new DcosError('invalid', `${file} names no embedded master`);
  }
  return {
    agent,
    master: `http://${cluster.master.host}:${cluster.master.port}`,
    clusterKey: readText(join(dir, localPaths.clusterKey)).trim(),
    folder: join(dir, localPaths.server(`agent-${index}`)),
    stopFile: join(dir, localPaths.stopFile),
  };
}

function parseCluster(file: string, text: string): LocalCluster {
  try {
    return localClusterSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new DcosError('corrupt', `${file} does not describe a cluster`, {
      hint: 'Restore it, or start anew with: dcos down --purge',
      cause: error,
    });
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new DcosError('not-found', `cannot read ${file}: ${messageOf(error)}`, {
      hint: 'Start a cluster with: dcos up',
      cause: error,
    });
  }
}

/**
 * A name means one image in the whole cluster: what is built, committed or tagged on one node
 * takes its name from older images elsewhere, so that the next container there gets the new one.
 */
import { messageOf } from '../../core/errors.js';
import type { Node } from '../state.js';
import { distinctEngines, type Swarm } from './context.js';

/** `repo:tag` of a query; empty where it gives no name. */
export function nameOf(repo: string | null, tag: string | null): string {
  return repo ? `${repo}:${tag || 'latest'}` : '';
}

/**
 * Takes `name` from images on engines other than those of `holders`, where it is another image.
 * What cannot be asked keeps what it has; it never throws.
 */
export async function claimName(
  swarm: Swarm,
  holders: readonly Node[],
  name: string,
): Promise<void> {
  if (name === '' || name.split('/').includes('..')) return;
  try {
    await claim(swarm, holders, name);
  } catch (error) {
    const reason = messageOf(error);
    swarm.log.warn('an older image may keep its name on a node', { image: name, reason });
  }
}

async function claim(swarm: Swarm, holders: readonly Node[], name: string): Promise<void> {
  const engines = distinctEngines(swarm);
  if (engines.length < 2) return;
  const ids = new Set(await Promise.all(holders.map((node) => imageId(swarm, node, name))));
  // It was not made after all.
  if (ids.has(undefined)) return;
  await Promise.all(
    engines.map(async (node) => {
      const id = await imageId(swarm, node, name);
      if (id === undefined || ids.has(id)) return;
      // Containers that run go on with the image; it only has no name any more.
      const path = `${pathOf(name)}?force=1&noprune=1`;
      const { status } = await swarm.engines.call(node, 'DELETE', path);
      if (status >= 400) {
        swarm.log.warn('an older image keeps its name', { image: name, node: node.name, status });
      }
      await swarm.watch.refresh(node);
    }),
  );
}

async function imageId(swarm: Swarm, node: Node, name: string): Promise<string | undefined> {
  const { status, json } = await swarm.engines.call(node, 'GET', `${pathOf(name)}/json`);
  return status === 200 ? (json as { Id?: string }).Id : undefined;
}

const pathOf = (name: string): string =>
  `/images/${name.split('/').map(encodeURIComponent).join('/')}`;

/** The node for a network or a volume: where its project is already, else as the strategy says. */
import { DcosError } from '../../core/errors.js';
import { readCreate } from '../create/want.js';
import { schedule } from '../schedule/schedule.js';
import type { Node } from '../state.js';
import { nodeViews } from '../views.js';
import { ourFilter } from './bindings.js';
import { askAll, type Swarm } from './context.js';

const projectLabel = 'com.docker.compose.project';

/**
 * Chooses. What belongs to one compose project comes together on one node, since its containers
 * could not use a bridge and a volume of two. Throws `unreachable` (503) where no node is healthy.
 */
export async function chooseNode(
  swarm: Swarm,
  labels: Readonly<Record<string, string>>,
): Promise<Node> {
  const project = labels[projectLabel];
  const mate = project === undefined ? undefined : await nodeOfProject(swarm, project);
  if (mate !== undefined) return mate;
  const { state, random } = swarm;
  const { want } = readCreate({ Labels: labels });
  const placement = schedule(want, nodeViews(state), state.settings.strategy, random);
  const node = placement.ok ? state.nodes.get(placement.nodes[0]?.id ?? '') : undefined;
  if (node !== undefined) return node;
  const text = placement.ok ? 'No healthy node available in the cluster' : placement.message;
  throw new DcosError('unreachable', text, { status: 503 });
}

async function nodeOfProject(swarm: Swarm, project: string): Promise<Node | undefined> {
  const filters = ourFilter(swarm, { label: [`${projectLabel}=${project}`] });
  const isSome = (json: unknown): boolean => {
    const { Volumes } = (json ?? {}) as { Volumes?: unknown[] | null };
    return Array.isArray(json) ? json.length > 0 : (Volumes?.length ?? 0) > 0;
  };
  for (const path of ['/networks', '/volumes', '/containers/json']) {
    const all = path === '/containers/json' ? 'all=1&' : '';
    const answers = await askAll(swarm, `${path}?${all}filters=${filters}`);
    const found = answers.find(({ json }) => isSome(json));
    if (found !== undefined) return found.node;
  }
  return undefined;
}

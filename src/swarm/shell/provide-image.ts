/** Brings an image to a node: from another node that has it, else from its registry. */
import type { IncomingMessage } from 'node:http';
import { DcosError } from '../../core/errors.js';
import { tryParseJson } from '../../core/json.js';
import { healthOf, type Node } from '../state.js';
import { healthyNodes, type Swarm } from './context.js';

const transferMs = 15 * 60_000;

/** Has `image` on `node` once it resolves. Throws `not-found` (404) saying what was tried. */
export async function provideImage(
  swarm: Swarm,
  node: Node,
  image: string,
  auth: string,
): Promise<void> {
  const reference = /[:@][^/]*$/.test(image) ? image : `${image}:latest`;
  const holder = healthyNodes(swarm).find(
    (other) =>
      other.agentId !== node.agentId &&
      healthOf(swarm.state, other.agentId).facts?.images.includes(reference),
  );
  if (holder !== undefined) await copyImage(swarm, holder, node, reference);
  else await pullImage(swarm, node, image, auth);
  await swarm.watch.refresh(node);
}

async function copyImage(swarm: Swarm, from: Node, to: Node, image: string): Promise<void> {
  swarm.log.info('an image is copied to a node', { image, from: from.name, to: to.name });
  const archive = await swarm.engines.open(
    from,
    'GET',
    `/images/get?names=${encodeURIComponent(image)}`,
    {
      timeoutMs: transferMs,
    },
  );
  if (archive.statusCode !== 200) {
    archive.resume();
    throw new DcosError(
      'not-found',
      `No such image: ${image} (node ${from.name} would not give it)`,
    );
  }
  const answer = await swarm.engines.open(to, 'POST', '/images/load?quiet=1', {
    body: archive,
    headers: { 'content-type': 'application/x-tar' },
    timeoutMs: transferMs,
  });
  await expectStream(answer, image);
}

async function pullImage(swarm: Swarm, node: Node, image: string, auth: string): Promise<void> {
  const query = new URLSearchParams({ fromImage: image });
  if (!/[:@][^/]*$/.test(image)) query.set('tag', 'latest');
  const answer = await swarm.engines.open(node, 'POST', `/images/create?${query}`, {
    headers: auth === '' ? {} : { 'x-registry-auth': auth },
    timeoutMs: transferMs,
  });
  await expectStream(answer, image);
}

/** Reads a stream of JSON lines to its end. Throws `not-found` with the error that it holds. */
async function expectStream(answer: IncomingMessage, image: string): Promise<void> {
  let rest = '';
  let problem: string | undefined;
  answer.setEncoding('utf8');
  for await (const chunk of answer as AsyncIterable<string>) {
    const lines = (rest + chunk).split('\n');
    rest = (lines.pop() ?? '').slice(-65_536);
    for (const line of lines) problem ??= errorIn(line);
  }
  problem ??= errorIn(rest);
  if (problem !== undefined || (answer.statusCode ?? 500) >= 400) {
    const why = problem === undefined ? '' : `: ${problem}`;
    throw new DcosError('not-found', `No such image: ${image}${why}`, { status: 404 });
  }
}

function errorIn(line: string): string | undefined {
  const json = tryParseJson(line) as { error?: string; message?: string } | undefined;
  return json?.error ?? json?.message;
}

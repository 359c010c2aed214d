/** Images over all engines: lists, pull, load, save, push, tag, build, commit. */
import type { IncomingMessage } from 'node:http';
import { DcosError, messageOf } from '../../core/errors.js';
import type { Answer } from '../../core/http/server.js';
import { tryParseJson } from '../../core/json.js';
import type { ImageSummary } from '../../wire/docker.js';
import { parseFilters } from '../api/events.js';
import { isImage, mergeImages } from '../api/images.js';
import { clusterLabel } from '../create/labels.js';
import type { Node } from '../state.js';
import { nodeNamed } from './bindings.js';
import {
  answerOf,
  askAll,
  type Call,
  distinctEngines,
  type Handler,
  type Swarm,
} from './context.js';
import { engineMessage, expectOk } from './engines.js';
import { forwardTo, withQuery } from './forward.js';
import { claimName, nameOf } from './image-names.js';
import { isForm } from './relay.js';
import { tee } from './tee.js';

/** `GET /images/json` */
export const listImages: Handler = async (swarm, { query, version }) => {
  const filters = parseFilters(query.get('filters'));
  if (filters === undefined) throw new DcosError('invalid', 'invalid filters', { status: 400 });
  const { node: names, ...rest } = filters;
  const nodes = names?.map((name) => {
    const node = nodeNamed(swarm, name);
    if (node === undefined) throw new DcosError('invalid', `there is no node ${name}`);
    return node;
  });
  const passed = new URLSearchParams(query);
  if (Object.keys(rest).length > 0) passed.set('filters', JSON.stringify(rest));
  else passed.delete('filters');
  const lists = await askAll(swarm, withQuery(`${version}/images/json`, passed), nodes);
  return { status: 200, json: mergeImages(lists.map(({ json }) => json)) };
};

/** Nodes that have an image, and what each calls it. */
async function holders(
  swarm: Swarm,
  reference: string,
): Promise<{ readonly node: Node; readonly image: ImageSummary }[]> {
  const lists = await askAll(swarm, '/images/json?all=1');
  return lists.flatMap(({ node, json }) => {
    const image = mergeImages([json]).find((one) => isImage(one, reference));
    return image === undefined ? [] : [{ node, image }];
  });
}

async function firstHolder(swarm: Swarm, reference: string): Promise<Node> {
  const [found] = await holders(swarm, reference);
  if (found !== undefined) return found.node;
  throw new DcosError('not-found', `No such image: ${reference}`);
}

const imagePath = (name: string, action: string): string =>
  `/images/${name.split('/').map(encodeURIComponent).join('/')}${action}`;

/** `GET /images/N/json` */
export const showImage: Handler = async (swarm, call) => onHolder(swarm, call, '/json');
/** `GET /images/N/history` */
export const imageHistory: Handler = async (swarm, call) => onHolder(swarm, call, '/history');

async function onHolder(swarm: Swarm, call: Call, action: string): Promise<Answer> {
  const name = call.groups[0] ?? '';
  const node = await firstHolder(swarm, name);
  const path = withQuery(`${call.version}${imagePath(name, action)}`, call.query);
  return answerOf(await swarm.engines.call(node, 'GET', path));
}

/** `POST /images/N/push` */
export const pushImage: Handler = async (swarm, call) => {
  const name = call.groups[0] ?? '';
  const tag = call.query.get('tag');
  const node = await firstHolder(swarm, tag ? `${name}:${tag}` : name);
  return forwardTo(swarm, call, node, withQuery(imagePath(name, '/push'), call.query));
};

/** `POST /images/N/tag`: on every node that has it. */
export const tagImage: Handler = async (swarm, call) => {
  const name = call.groups[0] ?? '';
  const found = await holders(swarm, name);
  if (found.length === 0) throw new DcosError('not-found', `No such image: ${name}`);
  const path = withQuery(`${call.version}${imagePath(name, '/tag')}`, call.query);
  await onEach(
    found.map(({ node }) => node),
    async (node) => {
      expectOk(node, await swarm.engines.call(node, 'POST', path));
      await swarm.watch.refresh(node);
    },
  );
  const nodes = found.map(({ node }) => node);
  await claimName(swarm, nodes, nameOf(call.query.get('repo'), call.query.get('tag')));
  return { status: 201 };
};

/** Throws one error with a line per node that failed; alone, its own. */
async function onEach(nodes: readonly Node[], work: (node: Node) => Promise<void>): Promise<void> {
  const results = await Promise.allSettled(nodes.map(work));
  const failed = results.flatMap((result, index) =>
    result.status === 'rejected' ? [{ node: nodes[index], error: result.reason as unknown }] : [],
  );
  const [first] = failed;
  if (first === undefined) return;
  if (failed.length === 1) throw first.error;
  const lines = failed.map(({ node, error }) => `${node?.name}: ${messageOf(error)}`);
  const statuses = new Set(failed.map(({ error }) => (error as DcosError).status));
  const status = statuses.size === 1 ? [...statuses][0] : 500;
  throw new DcosError('failed', lines.join('\n'), { status });
}

/** `DELETE /images/N`: on every node that has it. */
export const removeImage: Handler = async (swarm, call) => {
  const name = call.groups[0] ?? '';
  const found = await holders(swarm, name);
  if (found.length === 0) throw new DcosError('not-found', `No such image: ${name}`);
  const path = withQuery(`${call.version}${imagePath(name, '')}`, call.query);
  const answers: unknown[] = [];
  await onEach(
    found.map(({ node }) => node),
    async (node) => {
      const answer = await swarm.engines.call(node, 'DELETE', path);
      expectOk(node, answer);
      if (Array.isArray(answer.json)) answers.push(...answer.json);
      await swarm.watch.refresh(node);
    },
  );
  const distinct = new Map(answers.map((one) => [JSON.stringify(one), one]));
  return { status: 200, json: [...distinct.values()] };
};

/** `GET /images/get?names=`, `GET /images/N/get`: from a node that has all of them. */
export const saveImages: Handler = async (swarm, call) => {
  const names = call.groups[0] ? [call.groups[0]] : call.query.getAll('names');
  const lists = await askAll(swarm, '/images/json?all=1');
  const found = lists.find(({ json }) => {
    const images = mergeImages([json]);
    return names.every((name) => images.some((image) => isImage(image, name)));
  });
  if (found === undefined || names.length === 0) {
    const list = names.join(' ');
    throw new DcosError(
      'not-found',
      `Unable to find a healthy engine containing all images: [${list}]`,
    );
  }
  const query = new URLSearchParams(names.map((name): [string, string] => ['names', name]));
  return forwardTo(swarm, call, found.node, withQuery('/images/get', query));
};

/** `POST /images/create`: pull or import, on every engine, one line per node and layer. */
export const importOrPull: Handler = async (swarm, call) => {
  const { query, raw, response, headers, version } = call;
  const nodes = distinctEngines(swarm);
  const isImport = query.get('fromSrc') !== null;
  const tag = query.get('tag');
  const suffix = tag ? `${tag.includes(':') ? '@' : ':'}${tag}` : '';
  const image = `${query.get('fromImage') ?? ''}${suffix}`;
  const path = withQuery(`${version}/images/create`, query);
  const auth = headers['x-registry-auth'];
  const sent = auth === undefined ? {} : { 'x-registry-auth': String(auth) };
  const type = isForm(headers) ? undefined : headers['content-type'];
  const bodies = isImport && query.get('fromSrc') === '-' ? tee(raw, nodes.length) : undefined;
  begin(response);
  if (!isImport)
    tell(response, { id: 'pull', status: `Pulling ${image}... on ${nodes.length} nodes` });
  const works = nodes.map((node, index) => {
    const body = bodies?.[index];
    return linesOf(
      swarm,
      node,
      path,
      body,
      { ...sent, ...(type ? { 'content-type': type } : {}) },
      (line) =>
        tell(response, {
          ...line,
          id: line.id === undefined ? node.name : `${node.name} ${line.id}`,
        }),
    );
  });
  await finish(swarm, response, nodes, works, isImport ? '' : `Pulling ${image}...`);
  return undefined;
};

/** `POST /images/load`: on every engine. */
export const loadImages: Handler = async (swarm, call) => {
  const { raw, response, query, version } = call;
  const nodes = distinctEngines(swarm);
  const bodies = tee(raw, nodes.length);
  const path = withQuery(`${version}/images/load`, query);
  begin(response);
  const headers = { 'content-type': 'application/x-tar' };
  const works = nodes.map((node, index) =>
    linesOf(swarm, node, path, bodies[index], headers, (line) =>
      // What a load says is the same everywhere.
      index === 0 || line.error !== undefined ? tell(response, line) : undefined,
    ),
  );
  await finish(swarm, response, nodes, works, '');
  return undefined;
};

type Line = Record<string, unknown> & { readonly id?: string; readonly error?: string };

function begin(response: Call['response']): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.flushHeaders();
}

function tell(response: Call['response'], line: Line): void {
  if (!response.writableEnded) response.write(`${JSON.stringify(line)}\r\n`);
}

const streamMs = 30 * 60_000;

/** Follows the JSON lines of one engine to their end. Throws the error that they hold. */
async function linesOf(
  swarm: Swarm,
  node: Node,
  path: string,
  body: NodeJS.ReadableStream | undefined,
  headers: Record<string, string>,
  onLine: (line: Line) => void,
): Promise<void> {
  const answer = await swarm.engines.open(node, 'POST', path, {
    headers,
    timeoutMs: streamMs,
    ...(body === undefined ? {} : { body: body as IncomingMessage }),
  });
  let problem: string | undefined;
  let rest = '';
  const take = (text: string): void => {
    const line = tryParseJson(text) as Line | undefined;
    if (line === undefined) return;
    if (line.error !== undefined) problem = line.error;
    else if ((answer.statusCode ?? 500) >= 400) problem = engineMessage(line, text, node.name);
    else onLine(line);
  };
  answer.setEncoding('utf8');
  for await (const chunk of answer as AsyncIterable<string>) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) take(line);
  }
  take(rest);
  if (problem !== undefined) throw new DcosError('failed', problem);
}

/** Ends a fan-out: a failing node's error, and one line by which clients exit with 1. */
async function finish(
  swarm: Swarm,
  response: Call['response'],
  nodes: readonly Node[],
  works: readonly Promise<void>[],
  status: string,
): Promise<void> {
  const results = await Promise.allSettled(works);
  await Promise.all(nodes.map((node) => swarm.watch.refresh(node)));
  const failed = results.flatMap((result, index) =>
    result.status === 'rejected'
      ? [{ id: nodes[index]?.name ?? '', status: messageOf(result.reason) }]
      : [],
  );
  for (const line of failed) tell(response, line);
  if (failed.length > 0) {
    const message = failed.map(({ id, status }) => `${id}: ${status}`).join('\n');
    tell(response, { error: message, errorDetail: { code: 1, message } });
  } else if (status !== '') {
    tell(response, {
      status: `${status} : downloaded on ${nodes.map(({ name }) => name).join(', ')}`,
    });
  }
  response.end();
}

/** `GET /images/search`: one engine asks. */
export const searchImages: Handler = async (swarm, call) => {
  const [node] = distinctEngines(swarm);
  if (node === undefined) return { status: 503 };
  return forwardTo(swarm, call, node, withQuery('/images/search', call.query));
};

/** `GET /distribution/N/json` */
export const showDistribution: Handler = async (swarm, call) => {
  const [node] = distinctEngines(swarm);
  if (node === undefined) return { status: 503 };
  const name = (call.groups[0] ?? '').split('/').map(encodeURIComponent).join('/');
  return forwardTo(swarm, call, node, `/distribution/${name}/json`);
};

/** `POST /images/prune` */
export const pruneImages: Handler = async (swarm, { query, version }) => {
  const path = withQuery(`${version}/images/prune`, query);
  const deleted: unknown[] = [];
  let space = 0;
  await onEach(distinctEngines(swarm), async (node) => {
    const answer = await swarm.engines.call(node, 'POST', path);
    expectOk(node, answer);
    const { ImagesDeleted, SpaceReclaimed = 0 } = answer.json as {
      ImagesDeleted?: unknown[] | null;
      SpaceReclaimed?: number;
    };
    deleted.push(...(ImagesDeleted ?? []));
    space += SpaceReclaimed;
    await swarm.watch.refresh(node);
  });
  return { status: 200, json: { ImagesDeleted: deleted, SpaceReclaimed: space } };
};

/** The label that what this swarm makes carries. */
export const ownLabel = (swarm: Swarm): Record<string, string> => ({
  [clusterLabel]: swarm.state.settings.clusterId,
});

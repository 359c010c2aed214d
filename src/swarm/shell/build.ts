/** What makes images on one node, `build` and `commit`; others get a copy when they need it. */
import { DcosError } from '../../core/errors.js';
import { tryParseJson } from '../../core/json.js';
import type { Allowances } from '../create/policy.js';
import { cpusOf, readCreate } from '../create/want.js';
import { schedule } from '../schedule/schedule.js';
import { nodeViews } from '../views.js';
import { answerOf, distinctEngines, type Handler, placedContainer, readJson } from './context.js';
import { expectOk } from './engines.js';
import { forwardTo, withQuery } from './forward.js';
import { claimName, nameOf } from './image-names.js';

/** `POST /build`: on one node, which the scheduler chooses; other nodes get a copy when needed. */
export const buildImage: Handler = async (swarm, call) => {
  const { query } = call;
  if (query.get('version') === '2') {
    const text =
      'BuildKit is not served by this cluster: build with DOCKER_BUILDKIT=0 docker build';
    throw new DcosError('refused', text, { status: 501 });
  }
  const forbidden = forbiddenIn(query, swarm.allowances);
  if (forbidden !== undefined) {
    const text = `build --${forbidden} is not allowed in this swarm`;
    throw new DcosError('refused', text, { status: 403 });
  }
  const passed = new URLSearchParams(query);
  const args = (tryParseJson(query.get('buildargs') ?? '') ?? {}) as Record<string, string | null>;
  const isExpression = (name: string): boolean => /^(?:constraint|affinity|whitelist):/.test(name);
  const Env = Object.entries(args).flatMap(([name, value]) =>
    isExpression(name) ? [`${name}${value === null ? '' : `=${value}`}`] : [],
  );
  const kept = Object.entries(args).filter(([name]) => !isExpression(name));
  if (query.get('buildargs')) passed.set('buildargs', JSON.stringify(Object.fromEntries(kept)));
  const { want } = readCreate({ Env });
  const cpus = cpusOf({ CpuShares: Number(query.get('cpushares') ?? 0) || 0 });
  const memBytes = Number(query.get('memory') ?? 0) || 0;
  const { state, random } = swarm;
  const placement = schedule(
    { ...want, cpus, memBytes },
    nodeViews(state),
    state.settings.strategy,
    random,
  );
  if (!placement.ok) throw new DcosError('failed', placement.message, { status: 500 });
  const node = state.nodes.get(placement.nodes[0]?.id ?? '');
  if (node === undefined) throw new DcosError('unreachable', 'No healthy node', { status: 503 });
  return forwardTo(swarm, call, node, withQuery('/build', passed), undefined, {
    onDone: async () => {
      await swarm.watch.refresh(node);
      for (const name of query.getAll('t')) await claimName(swarm, [node], name);
    },
  });
};

/** The flag of a build by which it would get at more of its host than this swarm allows. */
function forbiddenIn(
  query: URLSearchParams,
  { privileged, hostNetwork }: Allowances,
): string | undefined {
  if (query.get('cgroupparent') && !privileged) return 'cgroup-parent';
  const mode = query.get('networkmode') ?? '';
  if ((mode === 'host' && !hostNetwork) || mode.startsWith('container:')) return `network ${mode}`;
  return query.get('securityopt') && !privileged ? 'security-opt' : undefined;
}

/** `POST /build/cancel`: whichever engine builds it. */
export const cancelBuild: Handler = async (swarm, { query, version }) => {
  const path = withQuery(`${version}/build/cancel`, query);
  await Promise.allSettled(
    distinctEngines(swarm).map((node) => swarm.engines.call(node, 'POST', path)),
  );
  return { status: 204 };
};

/** `POST /build/prune`: what all engines have cached. */
export const pruneBuilds: Handler = async (swarm, { query, version }) => {
  const path = withQuery(`${version}/build/prune`, query);
  const answers = await Promise.all(
    distinctEngines(swarm).map(async (node) => {
      const answer = await swarm.engines.call(node, 'POST', path);
      expectOk(node, answer);
      return (answer.json ?? {}) as { CachesDeleted?: string[] | null; SpaceReclaimed?: number };
    }),
  );
  const CachesDeleted = answers.flatMap((one) => one.CachesDeleted ?? []);
  const SpaceReclaimed = answers.reduce((sum, one) => sum + (one.SpaceReclaimed ?? 0), 0);
  return { status: 200, json: { CachesDeleted, SpaceReclaimed } };
};

/** `POST /commit` */
export const commitContainer: Handler = async (swarm, call) => {
  const { id, node } = placedContainer(swarm, call.query.get('container') ?? '');
  const query = new URLSearchParams(call.query);
  query.set('container', id);
  const json = await readJson(call);
  const path = withQuery(`${call.version}/commit`, query);
  const answer = await swarm.engines.call(node, 'POST', path, json === undefined ? {} : { json });
  if (answer.status === 201) {
    await swarm.watch.refresh(node);
    await claimName(swarm, [node], nameOf(call.query.get('repo'), call.query.get('tag')));
  }
  return answerOf(answer);
};

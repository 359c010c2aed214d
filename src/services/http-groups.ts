/**
 * `/v2/groups…`: groups are the folders of app ids; changing one is one deployment (reference:
 * marathon GroupsResource).
 */
import { z } from 'zod';
import { DcosError } from '../core/errors.js';
import type { Answer, Request, Route } from '../core/http/server.js';
import { type AppView, appUpdateSchema } from '../wire/marathon.js';
import { deploymentAnswer, flag, jsonBody, parse, route } from './answers.js';
import type { Change } from './messages.js';
import { type Running, submitChanges } from './run.js';
import type { State } from './state.js';
import { absoluteId } from './validate.js';
import { appView } from './views.js';

/** A group as sent: apps and groups inside of it. */
interface GroupUpdate {
  readonly id?: string | undefined;
  readonly apps?: z.infer<typeof appUpdateSchema>[] | undefined;
  readonly groups?: GroupUpdate[] | undefined;
}

const groupSchema: z.ZodType<GroupUpdate> = z.lazy(() =>
  z.looseObject({
    id: z.string().optional(),
    apps: z.array(appUpdateSchema).optional(),
    groups: z.array(groupSchema).optional(),
  }),
);

/** The routes under `/v2/groups`. */
export function groupRoutes(running: Running): Route[] {
  const { state } = running;
  return [
    route('GET', '/v2/groups', () => ({ status: 200, json: groupView(state, '/') })),
    route('POST', '/v2/groups', (request) => createGroup(running, request)),
    route('GET', '/v2/groups/*id', (request) => {
      const id = groupId(request);
      if (id !== '/' && inside(state, id).length === 0) throw unknownGroup(id);
      return { status: 200, json: groupView(state, id) };
    }),
    route('DELETE', '/v2/groups/*id', async (request) => {
      const id = groupId(request);
      const apps = inside(state, id);
      if (id !== '/' && apps.length === 0) throw unknownGroup(id);
      const changes = apps.map((app): Change => ({ kind: 'delete', id: app }));
      return deploymentAnswer(await submitChanges(running, changes, flag(request, 'force')));
    }),
  ];
}

function groupId({ params }: Request): string {
  return `/${(params.id ?? '').split('/').filter(Boolean).join('/')}`;
}

function unknownGroup(id: string): DcosError {
  return new DcosError('not-found', `Group '${id}' does not exist`);
}

/** The ids of the apps in the group `id`, at any depth. */
function inside(state: State, id: string): string[] {
  const prefix = id === '/' ? '/' : `${id}/`;
  return [...state.apps.keys()].filter((app) => app.startsWith(prefix));
}

interface GroupView {
  readonly id: string;
  readonly apps: readonly AppView[];
  readonly groups: readonly GroupView[];
  readonly pods: readonly never[];
  readonly dependencies: readonly never[];
  readonly version: string;
}

function groupView(state: State, id: string): GroupView {
  const base = id === '/' ? '/' : `${id}/`;
  const apps = inside(state, id);
  const names = apps.map((app) => app.slice(base.length).split('/'));
  const groups = new Set(
    names.filter((parts) => parts.length > 1).map(([first]) => `${base}${first}`),
  );
  const versions = apps.map((app) => state.apps.get(app)?.version ?? '');
  return {
    id,
    apps: apps.flatMap((app, index) => {
      const spec = state.apps.get(app);
      return names[index]?.length === 1 && spec ? [appView(state, spec)] : [];
    }),
    groups: [...groups].map((group) => groupView(state, group)),
    pods: [],
    dependencies: [],
    version: versions.sort().at(-1) || new Date(0).toISOString(),
  };
}

async function createGroup(running: Running, request: Request): Promise<Answer> {
  const { state } = running;
  const group = parse(groupSchema, await jsonBody(request));
  const id = absoluteId(group.id ?? '');
  if (state.apps.has(id) || inside(state, id).length > 0) {
    throw new DcosError(
      'conflict',
      `Group ${id} is already created. Use PUT to change this group.`,
      { status: 409 },
    );
  }
  const changes = appsOf(group, id, 0);
  if (changes.length === 0) {
    throw new DcosError('invalid', `group ${id} has no apps; empty groups are not kept`, {
      status: 422,
    });
  }
  const result = await submitChanges(running, changes, flag(request, 'force'));
  return deploymentAnswer(result, 201);
}

function appsOf(group: GroupUpdate, id: string, depth: number): Change[] {
  if (depth > 20) throw new DcosError('invalid', 'groups are nested too deep', { status: 422 });
  return [
    ...(group.apps ?? []).map(
      (given): Change => ({ kind: 'create', id: absoluteId(given.id ?? '', id), given }),
    ),
    ...(group.groups ?? []).flatMap((inner) =>
      appsOf(inner, absoluteId(inner.id ?? '', id), depth + 1),
    ),
  ];
}

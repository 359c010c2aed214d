/**
 * `/operations`: what is under way and what has been; what an install would need, and an uninstall
 * would take (docs/architecture.md, "Operations").
 */
import { z } from 'zod';
import { DcosError } from '../../core/errors.js';
import type { Request, Route } from '../../core/http/server.js';
import type { JsonObject } from '../../core/json.js';
import type { Packages } from '../../packages/packages.js';
import { isVolume, reservedRoleOf } from '../../wire/resources/pool.js';
import type { Operator } from '../operator.js';
import { frameworksOf } from './cleanup.js';
import { dependentsOn } from './dependencies.js';
import { preflight } from './preflight.js';
import type { Operations } from './run.js';
import type { Installed } from './state.js';

const maxWaitMs = 60_000;

const wishSchema = z.looseObject({
  packageName: z.string().min(1),
  packageVersion: z.string().nullish(),
  options: z.record(z.string(), z.unknown()).nullish(),
  appId: z.string().nullish(),
});
const previewSchema = z.looseObject({
  packageName: z.string().min(1),
  appId: z.string().nullish(),
});

/** The routes of `operations`, but those of the package API. */
export function operationsRoutes(
  operations: Operations,
  packages: Packages,
  operator: Operator,
): Route[] {
  const { state } = operations;
  return [
    {
      method: 'GET',
      path: '/operations',
      access: 'token',
      handle: () => {
        const all = [...state.operations.values()].map(({ operation }) => operation);
        return { status: 200, json: { operations: all.sort((a, b) => b.createdAt - a.createdAt) } };
      },
    },
    {
      method: 'GET',
      path: '/operations/:id',
      access: 'token',
      handle: async ({ params, query }) => {
        const revision = Number(query.get('revision') ?? -1);
        const waitMs = Math.min(Number(query.get('waitMs') ?? 0) || 0, maxWaitMs);
        const found = await operations.watch(params.id ?? '', revision, waitMs);
        if (found === undefined)
          throw new DcosError('not-found', `there is no operation ${params.id}`);
        return { status: 200, json: found };
      },
    },
    {
      method: 'POST',
      path: '/operations/preflight',
      access: 'token',
      handle: async (request) => {
        const { packageName, packageVersion, options, appId } = await read(request, wishSchema);
        const wish = {
          packageName,
          packageVersion: packageVersion ?? undefined,
          options: (options ?? {}) as JsonObject,
          appId: appId ?? undefined,
        };
        return { status: 200, json: await preflight(packages, operator, state, wish) };
      },
    },
    {
      method: 'POST',
      path: '/operations/uninstall-preview',
      access: 'token',
      handle: async (request) => {
        const { packageName, appId } = await read(request, previewSchema);
        const installed = findInstalled(
          [...state.installed.values()],
          packageName,
          appId ?? undefined,
        );
        const { serviceName } = installed.facts;
        const dependents = serviceName === undefined ? [] : dependentsOn(state, serviceName);
        const preview = await uninstallPreview(operator, installed);
        return { status: 200, json: { ...preview, dependents } };
      },
    },
  ];
}

async function read<S extends z.ZodType>(request: Request, schema: S): Promise<z.output<S>> {
  const parsed = schema.safeParse(await request.json());
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new DcosError('invalid', `the body is wrong: ${issue?.path.join('.')}: ${issue?.message}`);
}

function findInstalled(
  installed: readonly Installed[],
  packageName: string,
  appId: string | undefined,
): Installed {
  const absolute = appId === undefined || appId.startsWith('/') ? appId : `/${appId}`;
  const found = installed.filter(
    (each) =>
      each.release.definition.name === packageName &&
      (absolute === undefined || each.appId === absolute),
  );
  const [first, second] = found;
  if (first === undefined) {
    const as = absolute === undefined ? '' : ` as ${absolute}`;
    throw new DcosError('not-found', `the package ${packageName} is not installed${as}`);
  }
  if (second === undefined) return first;
  const ids = found.map((each) => each.appId).join(', ');
  throw new DcosError('conflict', `${packageName} is installed more than once: ${ids}`, {
    hint: 'Name one: --app-id',
  });
}

/** What an uninstall takes away: volumes with data, and the tasks that run. */
async function uninstallPreview(operator: Operator, { appId, facts }: Installed) {
  const [{ agents = [] }, frameworks, tasks] = await Promise.all([
    operator.agents(),
    operator.frameworks(),
    operator.tasks(),
  ]);
  const mine = new Set(frameworksOf(facts, frameworks));
  const volumes = agents.flatMap(({ agent_info, total_resources = [] }) =>
    total_resources
      .filter(
        (each) => isVolume(each) && facts.role !== undefined && reservedRoleOf(each) === facts.role,
      )
      .map((each) => ({
        agent: agent_info.hostname,
        id: each.disk?.persistence?.id ?? '',
        role: facts.role ?? '',
        sizeMb: each.scalar?.value ?? 0,
        containerPath: each.disk?.volume?.container_path ?? '',
      })),
  );
  const running = (tasks.tasks ?? []).filter((task) => mine.has(task.framework_id.value));
  return { appId, volumes, tasks: running.map((task) => task.task_id.value) };
}

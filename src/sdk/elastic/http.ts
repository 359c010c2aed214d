/**
 * Spark's submission protocol (org.apache.spark.deploy.rest.RestSubmissionServer) with a list
 * besides: what `dcos spark run|status|kill|list` speak. Every call needs a login.
 */
import { z } from 'zod';
import type { Driver } from '../../core/drive.js';
import { DcosError } from '../../core/errors.js';
import type { Answer, Request, Route } from '../../core/http/server.js';
import type { ElasticAnswer, ElasticEvent } from './events.js';
import { type ElasticSettings, planOfJob } from './settings.js';
import { type ElasticState, type Job, type Submission, workersOf } from './state.js';
import { waitingFor } from './step.js';

const maxBodyBytes = 256 * 1024;
const short = z.string().max(8_192);

const requestSchema = z.looseObject({
  action: z.literal('CreateSubmissionRequest'),
  appResource: short,
  mainClass: short.nullish(),
  appArgs: z.array(z.string().max(65_536)).max(1_000).nullish(),
  sparkProperties: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).nullish(),
  environmentVariables: z.record(z.string(), z.string()).nullish(),
});

/** The routes over `state`, which only `driver` changes. */
export function elasticRoutes(
  state: ElasticState,
  driver: Driver<ElasticEvent>,
  settings: ElasticSettings,
): Route[] {
  const version = settings.sparkVersion;
  const create = async (request: Request): Promise<Answer> => {
    const job = jobOf(await request.json(maxBodyBytes));
    const plan = planOfJob(job, settings);
    const user = request.caller?.uid ?? '';
    const answer = await driver.ask<ElasticAnswer>((requestId) => {
      return { type: 'JobSubmitted', requestId, job, plan, user };
    });
    return commandAnswer('CreateSubmissionResponse', version, answer);
  };
  const kill = async ({ params }: Request): Promise<Answer> => {
    const id = params.id ?? '';
    known(state, id);
    const answer = await driver.ask<ElasticAnswer>((requestId) => {
      return { type: 'KillAsked', requestId, id };
    });
    return commandAnswer('KillSubmissionResponse', version, answer);
  };
  const route = (method: string, path: string, handle: Route['handle']): Route => {
    return { method, path, access: 'token', handle };
  };
  return [
    route('POST', '/v1/submissions/create', create),
    route('POST', '/v1/submissions/kill/:id', kill),
    route('GET', '/v1/submissions/status/:id', ({ params }) =>
      statusAnswer(state, known(state, params.id ?? ''), version),
    ),
    route('GET', '/v1/submissions/list', () => ({
      status: 200,
      json: [...state.submissions.values()]
        .sort((a, b) => b.submittedAt - a.submittedAt)
        .map((submission) => viewOf(state, submission)),
    })),
  ];
}

/** A job from the body of a request. Throws `invalid` naming the field. */
export function jobOf(body: unknown): Job {
  const parsed = requestSchema.safeParse(body);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const where = issue?.path.join('.') || 'the body';
    throw new DcosError('invalid', `${where}: ${issue?.message}`, { status: 400 });
  }
  const { appResource, mainClass, appArgs, sparkProperties, environmentVariables } = parsed.data;
  const properties = Object.entries(sparkProperties ?? {}).map(
    ([name, value]) => [name, String(value)] as const,
  );
  return {
    appResource,
    mainClass: mainClass ?? '',
    appArgs: appArgs ?? [],
    properties: Object.fromEntries(properties),
    environment: environmentVariables ?? {},
  };
}

function known(state: ElasticState, id: string): Submission {
  const submission = state.submissions.get(id);
  if (submission !== undefined) return submission;
  throw new DcosError('not-found', `there is no submission '${id}'`, {
    status: 404,
    hint: 'See: dcos spark list',
  });
}

function commandAnswer(action: string, version: string, answer: ElasticAnswer): Answer {
  const { success, id, message } = answer;
  const json = { action, serverSparkVersion: version, submissionId: id, success, message };
  return { status: success ? 200 : 409, json };
}

function statusAnswer(state: ElasticState, submission: Submission, version: string): Answer {
  const { task } = submission;
  return {
    status: 200,
    json: {
      action: 'SubmissionStatusResponse',
      serverSparkVersion: version,
      submissionId: submission.id,
      success: true,
      driverState: submission.state,
      ...(task === undefined
        ? {}
        : { workerHostPort: `${task.address}:${task.ports.driver}`, workerId: task.agentId }),
      ...viewOf(state, submission),
    },
  };
}

/** What lists and status pages show of one. */
function viewOf(state: ElasticState, submission: Submission): Record<string, unknown> {
  const { id, name, user, submittedAt, endedAt, attempts, supervise, task } = submission;
  const workers = workersOf(state, id);
  return {
    id,
    name,
    user,
    state: submission.state,
    message: waitingFor(state, submission) || submission.message,
    submittedAt: new Date(submittedAt).toISOString(),
    ...(endedAt === undefined ? {} : { endedAt: new Date(endedAt).toISOString() }),
    attempts,
    supervise,
    executors: workers.filter((worker) => worker.state === 'TASK_RUNNING').length,
    executorsStarting: workers.filter((worker) => worker.state !== 'TASK_RUNNING').length,
    ...(task === undefined
      ? {}
      : {
          taskId: task.id,
          hostname: task.hostname,
          ui: `http://${task.address}:${task.ports.ui}`,
        }),
  };
}

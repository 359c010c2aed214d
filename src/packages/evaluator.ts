/**
 * Evaluates packages: ours in place, strangers' in a worker whose time and memory are limited
 * (DESIGN §6).
 */
import { Worker } from 'node:worker_threads';
import { DcosError, type ErrorCode, messageOf } from '../core/errors.js';
import type { Evaluation, EvaluationRequest } from './evaluate.js';

// Ajv makes a function of each schema: a few megabytes and tens of milliseconds are plenty for a
// real package.
const limits = { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 32, stackSizeMb: 4 };

/** How long a stranger's package may take, in ms. */
const evaluationLimitMs = 10_000;

// A bundle of its own: beside the others in `dist`, also for tests that run from the sources.
const workerFile = import.meta.url.endsWith('.ts')
  ? '../../dist/dcos-cluster-evaluate.js'
  : './dcos-cluster-evaluate.js';

/**
 * Evaluates in place or, if `trusted` is false, in a worker. Throws what `evaluate` throws, and
 * `refused` for one that takes too much.
 */
export async function evaluateRelease(
  request: EvaluationRequest,
  trusted: boolean,
  limitMs: number = evaluationLimitMs,
): Promise<Evaluation> {
  if (!trusted) return inWorker(request, limitMs);
  // Loaded when first needed: Ajv is a tenth of the control plane's start.
  const { evaluate } = await import('./evaluate.js');
  return evaluate(request);
}

interface WorkerAnswer {
  readonly evaluation?: Evaluation;
  readonly error?: {
    readonly code: ErrorCode;
    readonly message: string;
    readonly status?: number;
    readonly hint?: string;
    readonly data?: unknown;
  };
}

function inWorker(request: EvaluationRequest, limitMs: number): Promise<Evaluation> {
  const { name, version } = request.definition;
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(workerFile, import.meta.url), {
      workerData: request,
      resourceLimits: limits,
      env: {},
    });
    const tooMuch = (what: string): DcosError =>
      new DcosError(
        'refused',
        `the package ${name} ${version} takes too much ${what} to evaluate`,
        {
          hint: 'tell its maintainer; nothing was changed',
        },
      );
    const timer = setTimeout(() => {
      reject(tooMuch('time'));
      void worker.terminate();
    }, limitMs);
    worker.once('message', ({ evaluation, error }: WorkerAnswer) => {
      if (evaluation !== undefined) resolve(evaluation);
      else if (error !== undefined) reject(new DcosError(error.code, error.message, error));
    });
    worker.once('error', (error: NodeJS.ErrnoException) => {
      const memory = error.code === 'ERR_WORKER_OUT_OF_MEMORY';
      const failed = `the package ${name} ${version} cannot be evaluated: ${messageOf(error)}`;
      reject(memory ? tooMuch('memory') : new DcosError('failed', failed, { cause: error }));
    });
    worker.once('exit', () => {
      clearTimeout(timer);
      reject(new DcosError('failed', `the package ${name} ${version} cannot be evaluated`));
    });
  });
}

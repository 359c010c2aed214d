/** The worker's side of `evaluator.ts`: one evaluation, then it ends. */
import { parentPort, workerData } from 'node:worker_threads';
import { DcosError, messageOf } from '../core/errors.js';
import { type EvaluationRequest, evaluate } from './evaluate.js';

function answer(): unknown {
  try {
    return { evaluation: evaluate(workerData as EvaluationRequest) };
  } catch (error) {
    if (!(error instanceof DcosError))
      return { error: { code: 'failed', message: messageOf(error) } };
    const { code, message, status, hint, data } = error;
    return { error: { code, message, status, hint, data } };
  }
}

parentPort?.postMessage(answer());

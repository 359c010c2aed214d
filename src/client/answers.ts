/**
 * What an answer's status and body mean: the forms of our own servers, of Cosmos, of Marathon and
 * of the login. Pure.
 */
import { DcosError, type ErrorCode, exitStatusByCode } from '../core/errors.js';
import type { Answer } from './http.js';

/** The error of an answer with a status of 400 or more, with the server's own reason and hint. */
export function errorOfAnswer(answer: Answer, url: string): DcosError {
  const body = asObject(answer.data);
  const code = codeOf(answer.status, body.code);
  const message = reasonOf(body) ?? defaultReason(answer, url);
  return new DcosError(code, message, {
    hint: typeof body.hint === 'string' ? body.hint : hintOf(code),
    status: answer.status,
    data: answer.data,
  });
}

/** `value` as an object; an empty one if it is none. */
export function asObject(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}

/** `value` as a list; an empty one if it is none. */
export function asList(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function codeOf(status: number, given: unknown): ErrorCode {
  if (typeof given === 'string' && given in exitStatusByCode) return given as ErrorCode;
  return codeByStatus[status] ?? (status >= 500 ? 'failed' : 'invalid');
}

const codeByStatus: Readonly<Record<number, ErrorCode>> = {
  400: 'invalid',
  401: 'auth',
  403: 'forbidden',
  404: 'not-found',
  408: 'timeout',
  409: 'conflict',
  412: 'conflict',
  422: 'invalid',
  502: 'unreachable',
  503: 'unreachable',
  504: 'timeout',
};

function reasonOf(body: Record<string, unknown>): string | undefined {
  const text = body.message ?? body.description ?? body.title;
  if (typeof text !== 'string' || text === '') return undefined;
  const details = asList(body.details).flatMap((detail) => {
    const { path, errors } = asObject(detail);
    const list = asList(errors).filter((one) => typeof one === 'string');
    return list.length === 0
      ? []
      : [`${typeof path === 'string' ? path : '/'}: ${list.join(', ')}`];
  });
  return [text, ...details].join('\n  ');
}

function defaultReason(answer: Answer, url: string): string {
  if (answer.status === 401) return 'authentication failed';
  if (answer.status === 403) return 'you are not authorized to perform this operation';
  const text = typeof answer.data === 'string' ? answer.data.slice(0, 200).trim() : '';
  return `${url} answered HTTP ${answer.status}${text === '' ? '' : `: ${text}`}`;
}

function hintOf(code: ErrorCode): string | undefined {
  return code === 'auth' ? 'Log in again: dcos auth login' : undefined;
}

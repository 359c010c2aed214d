/** The one error class of the project, and the table that gives each code its exit status. */

/**
 * What went wrong, by class. The command line's exit status follows from it (DESIGN §10):
 * usage and invalid input 2, auth 3, not found 4, conflict 5, unreachable 6, timed out 7,
 * refused by policy 8, everything else 1, interrupted 130.
 */
export const exitStatusByCode = {
  usage: 2,
  invalid: 2,
  auth: 3,
  forbidden: 3,
  'not-found': 4,
  conflict: 5,
  unreachable: 6,
  timeout: 7,
  refused: 8,
  failed: 1,
  io: 1,
  fenced: 1,
  corrupt: 1,
  internal: 1,
  interrupted: 130,
} as const;

/** A class of error; a key of `exitStatusByCode`. */
export type ErrorCode = keyof typeof exitStatusByCode;

/** What a `DcosError` may carry besides its message. */
export interface ErrorDetails {
  /** What the reader can do next: one sentence, or lines. */
  readonly hint?: string | undefined;
  /** HTTP status that a server answers with, or that was received. */
  readonly status?: number | undefined;
  /** The low-level error; shown only with `-v`. */
  readonly cause?: unknown;
  /** Machine-readable details, shown in JSON output. */
  readonly data?: unknown;
}

/** An error whose message names the wrong value and is fit to be shown to a user as it is. */
export class DcosError extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly status: number | undefined;
  readonly data: unknown;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'DcosError';
    this.code = code;
    this.hint = details.hint;
    this.status = details.status;
    this.data = details.data;
  }

  /** The exit status of a program that ends with this error. */
  get exitStatus(): number {
    return exitStatusByCode[this.code];
  }
}

/** The text of anything that was thrown, without its stack. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The `code` of a system error (`ENOENT`, `ECONNREFUSED`…), if it has one. */
export function systemCodeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

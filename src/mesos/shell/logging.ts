/**
 * How much a server logs: `/logging/toggle` and SET_LOGGING_LEVEL (apache/mesos
 * 3rdparty/libprocess/src/logging.cpp, docs/endpoints/logging/toggle.md).
 */
import type { Clock } from '../../core/clock.js';
import type { Answer, Request, Route } from '../../core/http/server.js';

/** Raised for a while by operators; 0 else. Above 0 each event is logged. */
export interface LoggingLevel {
  level(): number;
  /** For `durationMs` from now on. */
  raise(level: number, durationMs: number, request: Request): Promise<Answer> | Answer;
}

/** A level that ends by itself. */
export function timedLevel(clock: Pick<Clock, 'now'>): LoggingLevel {
  let now = { level: 0, until: 0 };
  return {
    level: () => (clock.now() < now.until ? now.level : 0),
    raise: (level, durationMs) => {
      now = { level, until: clock.now() + durationMs };
      return { status: 200 };
    },
  };
}

/** Milliseconds of each unit. */
const units: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  ms: 1,
  secs: 1_000,
  mins: 60_000,
  hrs: 3_600_000,
  days: 86_400_000,
  weeks: 604_800_000,
};

/** `/logging/toggle`, of any method as in Mesos. */
export function loggingRoute(logging: LoggingLevel): Route {
  return {
    method: '*',
    path: '/logging/toggle',
    access: 'token',
    handle: (request) => toggle(logging, request),
  };
}

function toggle(logging: LoggingLevel, request: Request): Promise<Answer> | Answer {
  const level = request.query.get('level');
  const duration = request.query.get('duration');
  if (level === null && duration === null) return { status: 200, text: `${logging.level()}\n` };
  if (duration === null) return bad("Expecting 'duration=value' in query");
  if (level === null) return bad("Expecting 'level=value' in query");
  if (!/^-?\d{1,9}$/.test(level)) return bad(`Failed to convert '${level}' to number`);
  if (Number(level) < 0) return bad(`Invalid level '${level}'`);
  const durationMs = millisecondsOf(duration);
  if (typeof durationMs === 'string') return bad(durationMs);
  return logging.raise(Number(level), durationMs, request);
}

/** Or what is wrong with it. */
function millisecondsOf(text: string): number | string {
  const [, amount, unit = ''] = /^(-?\d{1,15}(?:\.\d{1,9})?)(\D*)$/.exec(text) ?? [];
  if (amount === undefined) return `Invalid duration '${text}'`;
  const factor = Object.hasOwn(units, unit) ? units[unit] : undefined;
  if (factor !== undefined) return Number(amount) * factor;
  const names = Object.keys(units).map((name) => `'${name}'`);
  const known = `${names.slice(0, -1).join(', ')}, and ${names.at(-1)}`;
  return `Unknown duration unit '${unit}'; supported units are ${known}`;
}

function bad(text: string): Answer {
  return { status: 400, text: `${text}.\n` };
}

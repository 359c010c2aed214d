/**
 * A program's own log: one JSON object a line on stderr, for the file that the starter points it
 * at.
 */

/** How grave a line is. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

const rank: Record<LogLevel, number> = { debug: 0, info: 1, warn: 2, error: 3 };

/** Where a shell says what it does. Secrets must never be passed to it. */
export interface Logger {
  debug(message: string, fields?: Record<string, unknown>): void;
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
}

/** A logger that writes lines of at least `level` for the part named `part`. */
export function createLogger(part: string, level: LogLevel = 'info'): Logger {
  const write = (lineLevel: LogLevel, message: string, fields?: Record<string, unknown>): void => {
    if (rank[lineLevel] < rank[level]) return;
    const line = { time: new Date().toISOString(), level: lineLevel, part, message, ...fields };
    process.stderr.write(`${JSON.stringify(line)}\n`);
  };
  return {
    debug: (message, fields) => write('debug', message, fields),
    info: (message, fields) => write('info', message, fields),
    warn: (message, fields) => write('warn', message, fields),
    error: (message, fields) => write('error', message, fields),
  };
}

/** A logger that says nothing. */
export const silentLogger: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
};

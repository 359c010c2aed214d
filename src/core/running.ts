/** What every long-lived program of ours gives back once it serves. */

/** A server that serves until it is told to stop. */
export interface RunningServer {
  readonly host: string;
  readonly port: number;
  /** Ends it cleanly; resolves when nothing of it is left. May be called more than once. */
  stop(): Promise<void>;
}

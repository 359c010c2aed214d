/** Incidents, as `/failures` shows them (DESIGN §8, docs/architecture.md, "Failures"). */
import { z } from 'zod';

/** One thing that failed, whatever it took down. */
export const incidentSchema = z.object({
  id: z.string(),
  kind: z.enum(['task', 'agent', 'rack', 'network', 'scheduler', 'master']),
  /** What failed, in a user's words: `agent agent-2 (127.0.90.2, rack-2) is unreachable`. */
  summary: z.string(),
  cause: z.string().optional(),
  /** Exit code, signal, out-of-memory, last log lines, health check output; one line each. */
  evidence: z.array(z.string()),
  agent: z.object({ id: z.string(), hostname: z.string(), rack: z.string().optional() }).optional(),
  /** What it took down. */
  lost: z.array(
    z.object({
      framework: z.string(),
      /** App id or pod type. */
      service: z.string(),
      taskId: z.string(),
      taskName: z.string(),
      state: z.string(),
    }),
  ),
  /** What the system did: `started web.instance-… on 127.0.90.3`. */
  actions: z.array(z.object({ at: z.number(), text: z.string() })),
  /** Per affected service; `wholeAt` is absent while something is missing. */
  services: z.array(
    z.object({
      framework: z.string(),
      service: z.string(),
      missing: z.number(),
      wholeAt: z.number().optional(),
    }),
  ),
  /** ms since 1970. */
  startedAt: z.number(),
  endedAt: z.number().optional(),
  status: z.enum(['open', 'healed']),
});
export type Incident = z.infer<typeof incidentSchema>;

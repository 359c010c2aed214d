/** `GET /status`: the whole cluster at a glance (docs/architecture.md, "Failures"). */
import { z } from 'zod';
import { incidentSchema } from './incidents.js';
import { operationSchema } from './operations.js';

/** How much of each scalar resource; MiB. */
const amountSchema = z.object({ cpus: z.number(), memMb: z.number(), diskMb: z.number() });

/** An agent, lost ones included. */
export const agentStatusSchema = z.object({
  id: z.string(),
  hostname: z.string(),
  rack: z.string().optional(),
  /**
   * `active`; `inactive`: not connected, not yet given up; `recovering`: a new master waits for it;
   * `unreachable`.
   */
  state: z.enum(['active', 'inactive', 'recovering', 'unreachable']),
  /** Absent while it is lost. */
  total: amountSchema.optional(),
  /** Allocated to frameworks. */
  used: amountSchema.optional(),
  /** Of all frameworks. */
  tasksRunning: z.number(),
});
export type AgentStatus = z.infer<typeof agentStatusSchema>;

/** An app, or a declarative service's pods. */
export const serviceStatusSchema = z.object({
  /** The framework's name. */
  framework: z.string(),
  /** App id or service name: the label DCOS_SERVICE. */
  service: z.string(),
  wanted: z.number(),
  running: z.number(),
  /** What its tasks hold; absent while it has none. */
  used: amountSchema.optional(),
  /** On how many agents it has tasks. */
  agents: z.number().optional(),
});
export type ServiceStatus = z.infer<typeof serviceStatusSchema>;

/** The answer of `GET /status`. */
export const statusSchema = z.object({
  cluster: z.object({ id: z.string(), name: z.string() }),
  /** Of the control plane's program. */
  version: z.string(),
  mesos: z.object({
    url: z.string(),
    /** Absent while the master has not been reached. */
    version: z.string().optional(),
    connected: z.boolean(),
  }),
  agents: z.array(agentStatusSchema),
  frameworks: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      connected: z.boolean(),
      tasksRunning: z.number(),
    }),
  ),
  services: z.array(serviceStatusSchema),
  /**
   * How many agents the services share, and how many machines they would take if each of them had
   * its own.
   */
  sharing: z.object({ services: z.number(), machines: z.number(), separate: z.number() }),
  /** Open ones. */
  incidents: z.array(incidentSchema),
  /** Running ones. */
  operations: z.array(operationSchema),
});
export type Status = z.infer<typeof statusSchema>;

/**
 * Operations of the control plane, as `/operations` shows them (docs/architecture.md,
 * "Operations").
 */
import { z } from 'zod';

/** The states of a step, as the SDK names them, and `FAILED`. */
export const stepStatusSchema = z.enum([
  'PENDING',
  'PREPARED',
  'STARTING',
  'STARTED',
  'IN_PROGRESS',
  'DELAYED',
  'WAITING',
  'COMPLETE',
  'ERROR',
]);
export type StepStatus = z.infer<typeof stepStatusSchema>;

/** One step of a phase. */
export const operationStepSchema = z.object({
  name: z.string(),
  status: stepStatusSchema,
  /** What it waits for, or what went wrong: fit for a user. */
  message: z.string().optional(),
  /** Bytes, while something is downloaded. */
  progress: z.object({ done: z.number(), total: z.number() }).optional(),
});
export type OperationStep = z.infer<typeof operationStepSchema>;

/** A named group of steps of an operation. */
export const operationPhaseSchema = z.object({
  name: z.string(),
  status: stepStatusSchema,
  steps: z.array(operationStepSchema),
});
export type OperationPhase = z.infer<typeof operationPhaseSchema>;

/** One install, update or uninstall: it belongs to the server, whoever watches. */
export const operationSchema = z.object({
  id: z.string(),
  kind: z.enum(['install', 'update', 'uninstall']),
  packageName: z.string(),
  packageVersion: z.string(),
  /** Absolute: `/kafka`. */
  appId: z.string(),
  status: z.enum(['running', 'complete', 'failed', 'cancelled']),
  /** Why it failed or was cancelled. */
  reason: z.string().optional(),
  /** ms since 1970, all times. */
  createdAt: z.number(),
  updatedAt: z.number(),
  endedAt: z.number().optional(),
  deadline: z.number(),
  /** Grows with every change; `GET /operations/:id?revision=N&waitMs=…` waits for a larger one. */
  revision: z.number(),
  phases: z.array(operationPhaseSchema),
  /** How to reach what was installed; present once complete. */
  endpoints: z.array(z.object({ name: z.string(), addresses: z.array(z.string()) })).optional(),
  notes: z.string().optional(),
});
export type Operation = z.infer<typeof operationSchema>;

/** `POST /operations/preflight`: what an install would need, checked without doing anything. */
export const preflightSchema = z.object({
  /** Bytes that have to be fetched, and those already in the cache. */
  download: z.object({ bytes: z.number(), cachedBytes: z.number() }),
  /** Empty if the install can go ahead. */
  problems: z.array(
    z.object({
      code: z.string(),
      message: z.string(),
      hint: z.string().optional(),
    }),
  ),
  /** What does not stop the install but will make it wait. */
  warnings: z.array(z.string()),
  /** Services that it needs and that are not installed: they go before it. */
  dependencies: z
    .array(
      z.object({
        /** The option that names the service. */
        option: z.string(),
        packageName: z.string(),
        serviceName: z.string(),
      }),
    )
    .optional(),
});
export type Preflight = z.infer<typeof preflightSchema>;

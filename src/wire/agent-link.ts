/**
 * What the embedded master and its agents say to each other. Apache Mesos uses libprocess messages
 * here, which are no public API; ours is JSON: the agent POSTs REGISTER and gets, as the answer, a
 * RecordIO stream of orders that lives as long as the registration; everything else it has to say
 * it POSTs as messages. Both with the cluster's own credential (HTTP Basic, principal `agent`).
 *
 *   POST /internal/agents            body RegisterMessage
 *     200, a stream of MasterOrder; the first one is REGISTERED or REFUSED
 *   POST /internal/agents/:agentId   body AgentMessage
 *     202, or 410 where the agent is not registered: it registers anew
 *
 * A second REGISTER of the same agent ends the first stream. The master pings over the stream; the
 * agent answers PONG.
 */
import { z } from 'zod';
import { idSchema, resourceSchema } from './mesos/common.js';
import { frameworkInfoSchema, offerOperationSchema } from './mesos/scheduler.js';
import {
  agentInfoSchema,
  executorInfoSchema,
  killPolicySchema,
  taskInfoSchema,
  taskStatusSchema,
} from './mesos/task.js';

/**
 * A task as the agent knows it, told to the master when registering so that it can rebuild what it
 * knew.
 */
export const runningTaskSchema = z.looseObject({
  framework_id: idSchema,
  task: taskInfoSchema,
  /** The executor's id; for a command task the task's. */
  executor_id: idSchema,
  /** Newest last; the acknowledged ones too, at most one per state. */
  statuses: z.array(taskStatusSchema),
});
export type RunningTask = z.infer<typeof runningTaskSchema>;

/** An executor as the agent knows it, told to the master when registering. */
export const runningExecutorSchema = z.looseObject({
  framework_id: idSchema,
  executor: executorInfoSchema,
});

/** An agent comes, or comes back. */
export const registerMessageSchema = z.looseObject({
  /** `agent.id` is present when it was admitted before. */
  agent: agentInfoSchema,
  /**
   * The address that the agent's own HTTP server listens on, since `agent.hostname` may be a name.
   * Default: `agent.hostname`.
   */
  ip: z.string().optional(),
  /** Of the program. */
  version: z.string(),
  /**
   * What the agent has after all operations it has applied: static resources, reservations and
   * volumes.
   */
  resources: z.array(resourceSchema),
  tasks: z.array(runningTaskSchema),
  executors: z.array(runningExecutorSchema),
  /**
   * Frameworks of the tasks and executors, so that a failed-over master knows them before they
   * re-subscribe.
   */
  frameworks: z.array(frameworkInfoSchema),
});
export type RegisterMessage = z.infer<typeof registerMessageSchema>;

/** What an agent tells its master. */
export const agentMessageSchema = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('PONG'), sequence: z.number() }),
  z.looseObject({ type: z.literal('UPDATE'), framework_id: idSchema, status: taskStatusSchema }),
  z.looseObject({
    type: z.literal('OPERATION_UPDATE'),
    framework_id: idSchema.optional(),
    /** The master's id of the operation. */
    operation_uuid: z.string(),
    state: z.enum([
      'OPERATION_FINISHED',
      'OPERATION_FAILED',
      'OPERATION_ERROR',
      'OPERATION_DROPPED',
    ]),
    message: z.string().optional(),
  }),
  z.looseObject({
    type: z.literal('EXECUTOR_EXITED'),
    framework_id: idSchema,
    executor_id: idSchema,
    /** As wait(2) gives it: exit code × 256, or a signal's number. */
    status: z.number(),
  }),
  z.looseObject({
    type: z.literal('FRAMEWORK_MESSAGE'),
    framework_id: idSchema,
    executor_id: idSchema,
    data: z.string(),
  }),
  /** The agent goes on purpose: its tasks were stopped, it may be removed at once. */
  z.looseObject({ type: z.literal('UNREGISTER') }),
]);
export type AgentMessage = z.infer<typeof agentMessageSchema>;

/**
 * False: the tasks are for an executor that runs already, and are dropped where it has ended
 * meanwhile, since its resources are the agent's again. Absent: the executor is started if it does
 * not run.
 */
const launchExecutor = { launch_executor: z.boolean().optional() };

/** What a master orders an agent. */
export const masterOrderSchema = z.discriminatedUnion('type', [
  z.looseObject({
    type: z.literal('REGISTERED'),
    agent_id: idSchema,
    /** The agent is lost after `maxMissed` pings in a row unanswered. */
    ping_interval_ms: z.number(),
    max_missed_pings: z.number(),
    /**
     * Tasks that the master does not want to run any more (framework removed, agent was gone): kill
     * them.
     */
    shut_down_frameworks: z.array(idSchema),
  }),
  /**
   * The agent may not come back under this id (it was marked gone); it must forget its id and work,
   * and register anew.
   */
  z.looseObject({ type: z.literal('REFUSED'), message: z.string() }),
  z.looseObject({ type: z.literal('PING'), sequence: z.number() }),
  z.looseObject({
    type: z.literal('RUN_TASK'),
    framework: frameworkInfoSchema,
    task: taskInfoSchema,
    ...launchExecutor,
  }),
  z.looseObject({
    type: z.literal('RUN_TASK_GROUP'),
    framework: frameworkInfoSchema,
    executor: executorInfoSchema,
    tasks: z.array(taskInfoSchema),
    ...launchExecutor,
  }),
  z.looseObject({
    type: z.literal('KILL_TASK'),
    framework_id: idSchema,
    task_id: idSchema,
    kill_policy: killPolicySchema.optional(),
    /** Put on the updates that follow. */
    reason: z.string().optional(),
  }),
  z.looseObject({
    type: z.literal('ACKNOWLEDGE'),
    framework_id: idSchema,
    task_id: idSchema,
    uuid: z.string(),
  }),
  z.looseObject({
    type: z.literal('APPLY_OPERATION'),
    framework_id: idSchema.optional(),
    operation_uuid: z.string(),
    operation: offerOperationSchema,
  }),
  z.looseObject({
    type: z.literal('SHUTDOWN_EXECUTOR'),
    framework_id: idSchema,
    executor_id: idSchema,
  }),
  z.looseObject({ type: z.literal('SHUTDOWN_FRAMEWORK'), framework_id: idSchema }),
  z.looseObject({ type: z.literal('UPDATE_FRAMEWORK'), framework: frameworkInfoSchema }),
  z.looseObject({
    type: z.literal('FRAMEWORK_MESSAGE'),
    framework_id: idSchema,
    executor_id: idSchema,
    data: z.string(),
  }),
]);
export type MasterOrder = z.infer<typeof masterOrderSchema>;

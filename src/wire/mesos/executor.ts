/**
 * The executor HTTP API, `POST /api/v1/executor` of an agent: what executors ask and what they are
 * told (apache/mesos include/mesos/v1/executor/executor.proto, docs/executor-http-api.md).
 */
import { z } from 'zod';
import { idSchema } from './common.js';
import type { FrameworkInfo } from './scheduler.js';
import {
  type AgentInfo,
  type ExecutorInfo,
  type KillPolicy,
  type TaskInfo,
  taskStatusSchema,
} from './task.js';

const ids = { executor_id: idSchema, framework_id: idSchema };

/** A call of an executor. */
export const executorCallSchema = z.discriminatedUnion('type', [
  z.looseObject({
    ...ids,
    type: z.literal('SUBSCRIBE'),
    subscribe: z.looseObject({
      /** Tasks of which the agent has acknowledged no status yet. */
      unacknowledged_tasks: z.array(z.looseObject({ task_id: idSchema })).optional(),
      unacknowledged_updates: z.array(z.looseObject({ status: taskStatusSchema })).optional(),
    }),
  }),
  z.looseObject({
    ...ids,
    type: z.literal('UPDATE'),
    update: z.looseObject({ status: taskStatusSchema }),
  }),
  z.looseObject({
    ...ids,
    type: z.literal('MESSAGE'),
    /** Base64. */
    message: z.looseObject({ data: z.string() }),
  }),
  z.looseObject({ ...ids, type: z.literal('HEARTBEAT') }),
]);
export type ExecutorCall = z.infer<typeof executorCallSchema>;

/** What an executor is told. */
export type ExecutorEvent =
  | {
      readonly type: 'SUBSCRIBED';
      readonly subscribed: {
        readonly executor_info: ExecutorInfo;
        readonly framework_info: FrameworkInfo;
        readonly agent_info: AgentInfo;
        readonly container_id: { readonly value: string };
      };
    }
  | { readonly type: 'LAUNCH'; readonly launch: { readonly task: TaskInfo } }
  | {
      readonly type: 'LAUNCH_GROUP';
      readonly launch_group: { readonly task_group: { readonly tasks: readonly TaskInfo[] } };
    }
  | {
      readonly type: 'KILL';
      readonly kill: {
        readonly task_id: { readonly value: string };
        readonly kill_policy?: KillPolicy;
      };
    }
  | {
      readonly type: 'ACKNOWLEDGED';
      readonly acknowledged: {
        readonly task_id: { readonly value: string };
        /** Base64. */
        readonly uuid: string;
      };
    }
  | { readonly type: 'MESSAGE'; readonly message: { readonly data: string } }
  | { readonly type: 'ERROR'; readonly error: { readonly message: string } }
  | { readonly type: 'SHUTDOWN' }
  | { readonly type: 'HEARTBEAT' };

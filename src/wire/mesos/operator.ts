/**
 * The parts of Mesos' v1 operator API that the control plane reads (apache/mesos
 * include/mesos/v1/master/master.proto, docs/operator-http-api.md).
 */
import { z } from 'zod';
import { idSchema, labelsSchema, resourceSchema } from './common.js';
import { frameworkInfoSchema } from './scheduler.js';
import { agentInfoSchema, taskStateSchema, taskStatusSchema } from './task.js';

/** A task as the master lists it. */
export const operatorTaskSchema = z.looseObject({
  name: z.string(),
  task_id: idSchema,
  framework_id: idSchema,
  executor_id: idSchema.optional(),
  agent_id: idSchema,
  state: taskStateSchema,
  statuses: z.array(taskStatusSchema).optional(),
  resources: z.array(resourceSchema).optional(),
  labels: labelsSchema.optional(),
});
export type OperatorTask = z.infer<typeof operatorTaskSchema>;

/** An agent as the master lists it. */
export const operatorAgentSchema = z.looseObject({
  agent_info: agentInfoSchema,
  active: z.boolean().optional(),
  version: z.string().optional(),
  /** `slave(1)@127.0.0.1:5051`. */
  pid: z.string().optional(),
  total_resources: z.array(resourceSchema).optional(),
  allocated_resources: z.array(resourceSchema).optional(),
});
export type OperatorAgent = z.infer<typeof operatorAgentSchema>;

/** A framework as the master lists it. */
export const operatorFrameworkSchema = z.looseObject({
  framework_info: frameworkInfoSchema,
  active: z.boolean().optional(),
  connected: z.boolean().optional(),
});
export type OperatorFramework = z.infer<typeof operatorFrameworkSchema>;

/** `get_agents`: those registered, and those that a new master still expects. */
export const getAgentsSchema = z.looseObject({
  agents: z.array(operatorAgentSchema).optional(),
  recovered_agents: z.array(agentInfoSchema).optional(),
});
export type GetAgents = z.infer<typeof getAgentsSchema>;

/** `get_frameworks`. */
export const getFrameworksSchema = z.looseObject({
  frameworks: z.array(operatorFrameworkSchema).optional(),
  completed_frameworks: z.array(operatorFrameworkSchema).optional(),
});
export type GetFrameworks = z.infer<typeof getFrameworksSchema>;

/** `get_tasks`. */
export const getTasksSchema = z.looseObject({
  tasks: z.array(operatorTaskSchema).optional(),
  unreachable_tasks: z.array(operatorTaskSchema).optional(),
  completed_tasks: z.array(operatorTaskSchema).optional(),
});
export type GetTasks = z.infer<typeof getTasksSchema>;

/** The first event of a subscription: all that the master knows. */
export const operatorStateSchema = z.looseObject({
  get_tasks: getTasksSchema.optional(),
  get_frameworks: getFrameworksSchema.optional(),
  get_agents: getAgentsSchema.optional(),
});
export type OperatorState = z.infer<typeof operatorStateSchema>;

/** An event of `SUBSCRIBE`; those that nobody here needs are `OTHER`. */
export const operatorEventSchema = z.discriminatedUnion('type', [
  z.looseObject({
    type: z.literal('SUBSCRIBED'),
    subscribed: z.looseObject({
      get_state: operatorStateSchema.optional(),
      heartbeat_interval_seconds: z.number().optional(),
    }),
  }),
  z.looseObject({
    type: z.literal('TASK_ADDED'),
    task_added: z.looseObject({ task: operatorTaskSchema }),
  }),
  z.looseObject({
    type: z.literal('TASK_UPDATED'),
    task_updated: z.looseObject({
      framework_id: idSchema,
      status: taskStatusSchema,
      state: taskStateSchema,
    }),
  }),
  z.looseObject({
    type: z.literal('AGENT_ADDED'),
    agent_added: z.looseObject({ agent: operatorAgentSchema }),
  }),
  z.looseObject({
    type: z.literal('AGENT_REMOVED'),
    agent_removed: z.looseObject({ agent_id: idSchema }),
  }),
  z.looseObject({
    type: z.literal('FRAMEWORK_ADDED'),
    framework_added: z.looseObject({ framework: operatorFrameworkSchema }),
  }),
  z.looseObject({
    type: z.literal('FRAMEWORK_UPDATED'),
    framework_updated: z.looseObject({ framework: operatorFrameworkSchema }),
  }),
  z.looseObject({
    type: z.literal('FRAMEWORK_REMOVED'),
    framework_removed: z.looseObject({ framework_info: frameworkInfoSchema }),
  }),
  z.looseObject({ type: z.literal('HEARTBEAT') }),
]);
export type OperatorEvent = z.infer<typeof operatorEventSchema>;

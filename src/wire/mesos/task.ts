/**
 * What a task or executor is and how it fares (apache/mesos include/mesos/v1/mesos.proto: TaskInfo,
 * CommandInfo, TaskStatus…).
 */
import { z } from 'zod';
import {
  attributeSchema,
  domainSchema,
  durationSchema,
  idSchema,
  labelsSchema,
  resourceSchema,
  volumeSchema,
} from './common.js';

/** Environment variables of a command. */
export const environmentSchema = z.looseObject({
  variables: z
    .array(
      z.looseObject({
        name: z.string(),
        type: z.enum(['UNKNOWN', 'VALUE', 'SECRET']).optional(),
        value: z.string().optional(),
        secret: z
          .looseObject({
            type: z.string().optional(),
            value: z.looseObject({ data: z.string() }).optional(),
          })
          .optional(),
      }),
    )
    .optional(),
});

/** One thing that the fetcher brings into the sandbox before the command starts. */
export const uriSchema = z.looseObject({
  value: z.string(),
  executable: z.boolean().optional(),
  extract: z.boolean().optional(),
  cache: z.boolean().optional(),
  output_file: z.string().optional(),
});

/** What is executed: a `/bin/sh` line (`shell` true or absent), or a program and its `argv`. */
export const commandInfoSchema = z.looseObject({
  uris: z.array(uriSchema).optional(),
  environment: environmentSchema.optional(),
  /** True by default: `value` is given to `/bin/sh -c`. */
  shell: z.boolean().optional(),
  value: z.string().optional(),
  arguments: z.array(z.string()).optional(),
  user: z.string().optional(),
});
export type CommandInfo = z.infer<typeof commandInfoSchema>;

/** The container around a task: volumes, image, network. */
export const containerInfoSchema = z.looseObject({
  type: z.enum(['DOCKER', 'MESOS']),
  volumes: z.array(volumeSchema).optional(),
  hostname: z.string().optional(),
  rlimit_info: z
    .looseObject({
      rlimits: z
        .array(
          z.looseObject({
            type: z.string(),
            soft: z.number().optional(),
            hard: z.number().optional(),
          }),
        )
        .optional(),
    })
    .optional(),
});
export type ContainerInfo = z.infer<typeof containerInfoSchema>;

const httpCheckSchema = z.looseObject({ port: z.number(), path: z.string().optional() });
const tcpCheckSchema = z.looseObject({ port: z.number() });

/** A check that reports and never kills. */
export const checkInfoSchema = z.looseObject({
  type: z.enum(['UNKNOWN', 'COMMAND', 'HTTP', 'TCP']),
  command: z.looseObject({ command: commandInfoSchema }).optional(),
  http: httpCheckSchema.optional(),
  tcp: tcpCheckSchema.optional(),
  delay_seconds: z.number().optional(),
  interval_seconds: z.number().optional(),
  timeout_seconds: z.number().optional(),
});
export type CheckInfo = z.infer<typeof checkInfoSchema>;

/** A check whose failures kill the task. */
export const healthCheckSchema = z.looseObject({
  type: z.enum(['UNKNOWN', 'COMMAND', 'HTTP', 'TCP']).optional(),
  command: commandInfoSchema.optional(),
  http: z
    .looseObject({
      port: z.number(),
      path: z.string().optional(),
      scheme: z.string().optional(),
      statuses: z.array(z.number()).optional(),
      protocol: z.string().optional(),
    })
    .optional(),
  tcp: tcpCheckSchema.optional(),
  delay_seconds: z.number().optional(),
  interval_seconds: z.number().optional(),
  timeout_seconds: z.number().optional(),
  grace_period_seconds: z.number().optional(),
  consecutive_failures: z.number().optional(),
});
export type HealthCheck = z.infer<typeof healthCheckSchema>;

/** How long a task may take to end after SIGTERM before SIGKILL comes. */
export const killPolicySchema = z.looseObject({ grace_period: durationSchema.optional() });
export type KillPolicy = z.infer<typeof killPolicySchema>;

/** How others find a task: its ports and their names. */
export const discoverySchema = z.looseObject({
  visibility: z.enum(['FRAMEWORK', 'CLUSTER', 'EXTERNAL']),
  name: z.string().optional(),
  ports: z
    .looseObject({
      ports: z
        .array(
          z.looseObject({
            number: z.number(),
            name: z.string().optional(),
            protocol: z.string().optional(),
            visibility: z.string().optional(),
            labels: labelsSchema.optional(),
          }),
        )
        .optional(),
    })
    .optional(),
  labels: labelsSchema.optional(),
});

/** The executor of a pod, or one that a framework brings. */
export const executorInfoSchema = z.looseObject({
  /** Absent or UNKNOWN means CUSTOM. */
  type: z.enum(['UNKNOWN', 'DEFAULT', 'CUSTOM']).optional(),
  executor_id: idSchema,
  framework_id: idSchema.optional(),
  command: commandInfoSchema.optional(),
  container: containerInfoSchema.optional(),
  resources: z.array(resourceSchema).optional(),
  name: z.string().optional(),
  labels: labelsSchema.optional(),
  shutdown_grace_period: durationSchema.optional(),
});
export type ExecutorInfo = z.infer<typeof executorInfoSchema>;

/** A task as a framework launches it. */
export const taskInfoSchema = z.looseObject({
  name: z.string(),
  task_id: idSchema,
  agent_id: idSchema,
  resources: z.array(resourceSchema).optional(),
  executor: executorInfoSchema.optional(),
  command: commandInfoSchema.optional(),
  container: containerInfoSchema.optional(),
  health_check: healthCheckSchema.optional(),
  check: checkInfoSchema.optional(),
  kill_policy: killPolicySchema.optional(),
  max_completion_time: durationSchema.optional(),
  data: z.string().optional(),
  labels: labelsSchema.optional(),
  discovery: discoverySchema.optional(),
});
export type TaskInfo = z.infer<typeof taskInfoSchema>;

/** The states of a task (mesos.proto, TaskState). */
export const taskStateSchema = z.enum([
  'TASK_STAGING',
  'TASK_STARTING',
  'TASK_RUNNING',
  'TASK_KILLING',
  'TASK_FINISHED',
  'TASK_FAILED',
  'TASK_KILLED',
  'TASK_ERROR',
  'TASK_LOST',
  'TASK_DROPPED',
  'TASK_UNREACHABLE',
  'TASK_GONE',
  'TASK_GONE_BY_OPERATOR',
  'TASK_UNKNOWN',
]);
export type TaskState = z.infer<typeof taskStateSchema>;

/**
 * States after which no other state of the task comes (mesos.proto, TaskState). UNREACHABLE is not
 * one: the agent may return.
 */
export const terminalTaskStates: ReadonlySet<TaskState> = new Set<TaskState>([
  'TASK_FINISHED',
  'TASK_FAILED',
  'TASK_KILLED',
  'TASK_ERROR',
  'TASK_LOST',
  'TASK_DROPPED',
  'TASK_GONE',
  'TASK_GONE_BY_OPERATOR',
]);

/** Address and process of the container that runs a task. */
export const containerStatusSchema = z.looseObject({
  container_id: z.looseObject({ value: z.string() }).optional(),
  network_infos: z
    .array(
      z.looseObject({
        ip_addresses: z
          .array(
            z.looseObject({ protocol: z.string().optional(), ip_address: z.string().optional() }),
          )
          .optional(),
      }),
    )
    .optional(),
  executor_pid: z.number().optional(),
});

/** The last result of a task's check; the fields are empty before the first one. */
export const checkStatusSchema = z.looseObject({
  type: z.enum(['UNKNOWN', 'COMMAND', 'HTTP', 'TCP']).optional(),
  command: z.looseObject({ exit_code: z.number().optional() }).optional(),
  http: z.looseObject({ status_code: z.number().optional() }).optional(),
  tcp: z.looseObject({ succeeded: z.boolean().optional() }).optional(),
});
export type CheckStatus = z.infer<typeof checkStatusSchema>;

/** A status update of a task. */
export const taskStatusSchema = z.looseObject({
  task_id: idSchema,
  state: taskStateSchema,
  message: z.string().optional(),
  source: z.enum(['SOURCE_MASTER', 'SOURCE_AGENT', 'SOURCE_EXECUTOR']).optional(),
  reason: z.string().optional(),
  data: z.string().optional(),
  agent_id: idSchema.optional(),
  executor_id: idSchema.optional(),
  /** Seconds since 1970. */
  timestamp: z.number().optional(),
  /** Base64; present where an acknowledgement is asked. */
  uuid: z.string().optional(),
  healthy: z.boolean().optional(),
  check_status: checkStatusSchema.optional(),
  labels: labelsSchema.optional(),
  container_status: containerStatusSchema.optional(),
  unreachable_time: durationSchema.optional(),
});
export type TaskStatus = z.infer<typeof taskStatusSchema>;

/** What an agent says about itself when it registers. */
export const agentInfoSchema = z.looseObject({
  hostname: z.string(),
  port: z.number().optional(),
  resources: z.array(resourceSchema).optional(),
  attributes: z.array(attributeSchema).optional(),
  domain: domainSchema.optional(),
  id: idSchema.optional(),
});
export type AgentInfo = z.infer<typeof agentInfoSchema>;

/**
 * The operator calls that change something (apache/mesos include/mesos/v1/master/master.proto,
 * message Call).
 */
import { z } from 'zod';
import {
  durationSchema,
  idSchema,
  protobufDurationSchema,
  resourceSchema,
} from '../../wire/mesos/common.js';
import { growVolumeSchema, shrinkVolumeSchema } from '../../wire/mesos/scheduler.js';

/** Resources as operators name them. */
export const resourcesSchema = z.array(resourceSchema);
const amounts = z.record(z.string(), z.looseObject({ value: z.number() })).optional();

/** Machines as operators name them, also the body of `/machine/up` and `/machine/down`. */
export const machinesSchema = z
  .array(z.looseObject({ hostname: z.string().optional(), ip: z.string().optional() }))
  .optional();
/** A maintenance schedule, also the body of a POST to `/maintenance/schedule`. */
export const scheduleSchema = z.looseObject({
  windows: z
    .array(
      z.looseObject({
        machine_ids: machinesSchema,
        unavailability: z.looseObject({
          start: durationSchema,
          duration: durationSchema.optional(),
        }),
      }),
    )
    .optional(),
});

/** A quota in the older form, also the body of a POST to `/quota`. */
export const quotaRequestSchema = z.looseObject({
  role: z.string().optional(),
  force: z.boolean().optional(),
  guarantee: resourcesSchema.optional(),
});

/** Weights of roles, also the body of a PUT to `/weights`. */
export const weightInfosSchema = z.array(
  z.looseObject({ weight: z.number(), role: z.string().optional() }),
);

/** A call that changes something. */
export const operatorActionSchema = z.discriminatedUnion('type', [
  z.looseObject({
    type: z.literal('TEARDOWN'),
    teardown: z.looseObject({ framework_id: idSchema }),
  }),
  z.looseObject({
    type: z.literal('MARK_AGENT_GONE'),
    mark_agent_gone: z.looseObject({ agent_id: idSchema }),
  }),
  z.looseObject({
    type: z.literal('RESERVE_RESOURCES'),
    reserve_resources: z.looseObject({ agent_id: idSchema, resources: resourcesSchema }),
  }),
  z.looseObject({
    type: z.literal('UNRESERVE_RESOURCES'),
    unreserve_resources: z.looseObject({ agent_id: idSchema, resources: resourcesSchema }),
  }),
  z.looseObject({
    type: z.literal('CREATE_VOLUMES'),
    create_volumes: z.looseObject({ agent_id: idSchema, volumes: resourcesSchema }),
  }),
  z.looseObject({
    type: z.literal('DESTROY_VOLUMES'),
    destroy_volumes: z.looseObject({ agent_id: idSchema, volumes: resourcesSchema }),
  }),
  z.looseObject({
    type: z.literal('GROW_VOLUME'),
    grow_volume: growVolumeSchema.extend({ agent_id: idSchema }),
  }),
  z.looseObject({
    type: z.literal('SHRINK_VOLUME'),
    shrink_volume: shrinkVolumeSchema.extend({ agent_id: idSchema }),
  }),
  z.looseObject({
    type: z.literal('UPDATE_MAINTENANCE_SCHEDULE'),
    update_maintenance_schedule: z.looseObject({ schedule: scheduleSchema }),
  }),
  z.looseObject({
    type: z.literal('START_MAINTENANCE'),
    start_maintenance: z.looseObject({ machines: machinesSchema }),
  }),
  z.looseObject({
    type: z.literal('STOP_MAINTENANCE'),
    stop_maintenance: z.looseObject({ machines: machinesSchema }),
  }),
  z.looseObject({
    type: z.literal('SET_LOGGING_LEVEL'),
    set_logging_level: z.looseObject({ level: z.int(), duration: durationSchema }),
  }),
  z.looseObject({
    type: z.literal('DRAIN_AGENT'),
    drain_agent: z.looseObject({
      agent_id: idSchema,
      max_grace_period: protobufDurationSchema.optional(),
      mark_gone: z.boolean().optional(),
    }),
  }),
  z.looseObject({
    type: z.literal('DEACTIVATE_AGENT'),
    deactivate_agent: z.looseObject({ agent_id: idSchema }),
  }),
  z.looseObject({
    type: z.literal('REACTIVATE_AGENT'),
    reactivate_agent: z.looseObject({ agent_id: idSchema }),
  }),
  z.looseObject({
    type: z.literal('UPDATE_QUOTA'),
    update_quota: z.looseObject({
      force: z.boolean().optional(),
      quota_configs: z
        .array(z.looseObject({ role: z.string(), guarantees: amounts, limits: amounts }))
        .optional(),
    }),
  }),
  z.looseObject({
    type: z.literal('SET_QUOTA'),
    set_quota: z.looseObject({ quota_request: quotaRequestSchema }),
  }),
  z.looseObject({
    type: z.literal('REMOVE_QUOTA'),
    remove_quota: z.looseObject({ role: z.string() }),
  }),
  z.looseObject({
    type: z.literal('UPDATE_WEIGHTS'),
    update_weights: z.looseObject({ weight_infos: weightInfosSchema.optional() }),
  }),
]);
/** A call that changes something. */
export type OperatorAction = z.infer<typeof operatorActionSchema>;

/** Calls about the files of the master itself. */
export const fileCallSchema = z.discriminatedUnion('type', [
  z.looseObject({
    type: z.literal('LIST_FILES'),
    list_files: z.looseObject({ path: z.string() }),
  }),
  z.looseObject({
    type: z.literal('READ_FILE'),
    read_file: z.looseObject({
      path: z.string(),
      offset: z.number().min(0),
      length: z.number().min(0).optional(),
    }),
  }),
]);
/** A call about a file. */
export type FileCall = z.infer<typeof fileCallSchema>;

/** Calls that only ask. */
export const operatorQueries = [
  'GET_HEALTH',
  'GET_FLAGS',
  'GET_VERSION',
  'GET_METRICS',
  'GET_STATE',
  'GET_AGENTS',
  'GET_FRAMEWORKS',
  'GET_EXECUTORS',
  'GET_TASKS',
  'GET_OPERATIONS',
  'GET_ROLES',
  'GET_MASTER',
  'GET_QUOTA',
  'GET_WEIGHTS',
  'GET_LOGGING_LEVEL',
  'GET_MAINTENANCE_SCHEDULE',
  'GET_MAINTENANCE_STATUS',
] as const;
/** A call that only asks. */
export type OperatorQuery = (typeof operatorQueries)[number];

/** The calls that change something, and the field that each must have. */
export const operatorActionFields: Readonly<Record<OperatorAction['type'], string>> = {
  TEARDOWN: 'teardown',
  MARK_AGENT_GONE: 'mark_agent_gone',
  RESERVE_RESOURCES: 'reserve_resources',
  UNRESERVE_RESOURCES: 'unreserve_resources',
  CREATE_VOLUMES: 'create_volumes',
  DESTROY_VOLUMES: 'destroy_volumes',
  GROW_VOLUME: 'grow_volume',
  SHRINK_VOLUME: 'shrink_volume',
  UPDATE_MAINTENANCE_SCHEDULE: 'update_maintenance_schedule',
  START_MAINTENANCE: 'start_maintenance',
  STOP_MAINTENANCE: 'stop_maintenance',
  SET_LOGGING_LEVEL: 'set_logging_level',
  DRAIN_AGENT: 'drain_agent',
  DEACTIVATE_AGENT: 'deactivate_agent',
  REACTIVATE_AGENT: 'reactivate_agent',
  UPDATE_QUOTA: 'update_quota',
  SET_QUOTA: 'set_quota',
  REMOVE_QUOTA: 'remove_quota',
  UPDATE_WEIGHTS: 'update_weights',
};

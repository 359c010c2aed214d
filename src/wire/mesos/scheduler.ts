/**
 * The v1 scheduler API (apache/mesos include/mesos/v1/scheduler/scheduler.proto,
 * docs/scheduler-http-api.md): calls in, events out.
 */
import { z } from 'zod';
import {
  addressSchema,
  attributeSchema,
  domainSchema,
  idSchema,
  labelsSchema,
  resourceSchema,
} from './common.js';
import { offerConstraintsSchema } from './offer-constraints.js';
import { executorInfoSchema, killPolicySchema, taskInfoSchema, taskStatusSchema } from './task.js';

/** Who a scheduler says it is; kept by the master and shown in `/state`. */
export const frameworkInfoSchema = z.looseObject({
  user: z.string(),
  name: z.string(),
  id: idSchema.optional(),
  /** Seconds. */
  failover_timeout: z.number().optional(),
  checkpoint: z.boolean().optional(),
  role: z.string().optional(),
  roles: z.array(z.string()).optional(),
  hostname: z.string().optional(),
  principal: z.string().optional(),
  webui_url: z.string().optional(),
  capabilities: z.array(z.looseObject({ type: z.string().optional() })).optional(),
  labels: labelsSchema.optional(),
});
export type FrameworkInfo = z.infer<typeof frameworkInfoSchema>;

/** For how many seconds declined resources are not offered again (5 where absent). */
export const filtersSchema = z.looseObject({ refuse_seconds: z.number().optional() });
export type Filters = z.infer<typeof filtersSchema>;

const resourceList = z.array(resourceSchema);
const operationId = { id: idSchema.optional() };

/** A volume and what is added to it: the same disk, reserved in the same way. */
export const growVolumeSchema = z.looseObject({ volume: resourceSchema, addition: resourceSchema });

/** A volume and how much of it is given back. */
export const shrinkVolumeSchema = z.looseObject({
  volume: resourceSchema,
  subtract: z.looseObject({ value: z.number() }),
});

/** What an ACCEPT does with its offers, in order (mesos.proto, Offer.Operation). */
export const offerOperationSchema = z.discriminatedUnion('type', [
  z.looseObject({
    type: z.literal('LAUNCH'),
    ...operationId,
    launch: z.looseObject({ task_infos: z.array(taskInfoSchema) }),
  }),
  z.looseObject({
    type: z.literal('LAUNCH_GROUP'),
    ...operationId,
    launch_group: z.looseObject({
      executor: executorInfoSchema,
      task_group: z.looseObject({ tasks: z.array(taskInfoSchema) }),
    }),
  }),
  z.looseObject({
    type: z.literal('RESERVE'),
    ...operationId,
    reserve: z.looseObject({ resources: resourceList, source: resourceList.optional() }),
  }),
  z.looseObject({
    type: z.literal('UNRESERVE'),
    ...operationId,
    unreserve: z.looseObject({ resources: resourceList }),
  }),
  z.looseObject({
    type: z.literal('CREATE'),
    ...operationId,
    create: z.looseObject({ volumes: resourceList }),
  }),
  z.looseObject({
    type: z.literal('DESTROY'),
    ...operationId,
    destroy: z.looseObject({ volumes: resourceList }),
  }),
  z.looseObject({ type: z.literal('GROW_VOLUME'), ...operationId, grow_volume: growVolumeSchema }),
  z.looseObject({
    type: z.literal('SHRINK_VOLUME'),
    ...operationId,
    shrink_volume: shrinkVolumeSchema,
  }),
  z.looseObject({
    type: z.literal('CREATE_DISK'),
    ...operationId,
    create_disk: z.looseObject({ source: resourceSchema, target_type: z.string() }),
  }),
  z.looseObject({
    type: z.literal('DESTROY_DISK'),
    ...operationId,
    destroy_disk: z.looseObject({ source: resourceSchema }),
  }),
]);
export type OfferOperation = z.infer<typeof offerOperationSchema>;

const inverseAnswer = z.looseObject({
  inverse_offer_ids: z.array(idSchema).optional(),
  filters: filtersSchema.optional(),
});

/** A call of a scheduler. */
export const schedulerCallSchema = z.discriminatedUnion('type', [
  z.looseObject({
    type: z.literal('SUBSCRIBE'),
    framework_id: idSchema.optional(),
    subscribe: z.looseObject({
      framework_info: frameworkInfoSchema,
      suppressed_roles: z.array(z.string()).optional(),
      offer_constraints: offerConstraintsSchema.optional(),
    }),
  }),
  z.looseObject({ type: z.literal('TEARDOWN'), framework_id: idSchema }),
  z.looseObject({
    type: z.literal('ACCEPT'),
    framework_id: idSchema,
    accept: z.looseObject({
      offer_ids: z.array(idSchema),
      operations: z.array(offerOperationSchema).optional(),
      filters: filtersSchema.optional(),
    }),
  }),
  z.looseObject({
    type: z.literal('DECLINE'),
    framework_id: idSchema,
    decline: z.looseObject({ offer_ids: z.array(idSchema), filters: filtersSchema.optional() }),
  }),
  z.looseObject({
    type: z.literal('REVIVE'),
    framework_id: idSchema,
    revive: z.looseObject({ roles: z.array(z.string()).optional() }).optional(),
  }),
  z.looseObject({
    type: z.literal('SUPPRESS'),
    framework_id: idSchema,
    suppress: z.looseObject({ roles: z.array(z.string()).optional() }).optional(),
  }),
  z.looseObject({
    type: z.literal('KILL'),
    framework_id: idSchema,
    kill: z.looseObject({
      task_id: idSchema,
      agent_id: idSchema.optional(),
      kill_policy: killPolicySchema.optional(),
    }),
  }),
  z.looseObject({
    type: z.literal('SHUTDOWN'),
    framework_id: idSchema,
    shutdown: z.looseObject({ executor_id: idSchema, agent_id: idSchema }),
  }),
  z.looseObject({
    type: z.literal('ACKNOWLEDGE'),
    framework_id: idSchema,
    acknowledge: z.looseObject({ agent_id: idSchema, task_id: idSchema, uuid: z.string() }),
  }),
  z.looseObject({
    type: z.literal('ACKNOWLEDGE_OPERATION_STATUS'),
    framework_id: idSchema,
    acknowledge_operation_status: z.looseObject({
      agent_id: idSchema.optional(),
      operation_id: idSchema,
      uuid: z.string(),
    }),
  }),
  z.looseObject({
    type: z.literal('RECONCILE'),
    framework_id: idSchema,
    reconcile: z.looseObject({
      tasks: z
        .array(z.looseObject({ task_id: idSchema, agent_id: idSchema.optional() }))
        .optional(),
    }),
  }),
  z.looseObject({
    type: z.literal('ACCEPT_INVERSE_OFFERS'),
    framework_id: idSchema,
    accept_inverse_offers: inverseAnswer,
  }),
  z.looseObject({
    type: z.literal('DECLINE_INVERSE_OFFERS'),
    framework_id: idSchema,
    decline_inverse_offers: inverseAnswer,
  }),
  z.looseObject({
    type: z.literal('RECONCILE_OPERATIONS'),
    framework_id: idSchema,
    reconcile_operations: z.looseObject({
      operations: z
        .array(z.looseObject({ operation_id: idSchema, agent_id: idSchema.optional() }))
        .optional(),
    }),
  }),
  z.looseObject({
    type: z.literal('UPDATE_FRAMEWORK'),
    framework_id: idSchema,
    update_framework: z.looseObject({
      framework_info: frameworkInfoSchema,
      suppressed_roles: z.array(z.string()).optional(),
      offer_constraints: offerConstraintsSchema.optional(),
    }),
  }),
  z.looseObject({
    type: z.literal('MESSAGE'),
    framework_id: idSchema,
    message: z.looseObject({ agent_id: idSchema, executor_id: idSchema, data: z.string() }),
  }),
  z.looseObject({
    type: z.literal('REQUEST'),
    framework_id: idSchema,
    request: z.looseObject({}).optional(),
  }),
]);
export type SchedulerCall = z.infer<typeof schedulerCallSchema>;

/** Resources of one agent that one framework may use until it is rescinded. */
export const offerSchema = z.looseObject({
  id: idSchema,
  framework_id: idSchema,
  agent_id: idSchema,
  hostname: z.string(),
  url: z
    .looseObject({ scheme: z.string(), address: addressSchema, path: z.string().optional() })
    .optional(),
  domain: domainSchema.optional(),
  resources: resourceList,
  attributes: z.array(attributeSchema).optional(),
  executor_ids: z.array(idSchema).optional(),
  allocation_info: z.looseObject({ role: z.string().optional() }).optional(),
});
export type Offer = z.infer<typeof offerSchema>;

/** Which master one is subscribed to. */
export const masterInfoSchema = z.looseObject({
  id: z.string(),
  ip: z.number(),
  port: z.number(),
  pid: z.string().optional(),
  hostname: z.string().optional(),
  version: z.string().optional(),
  address: addressSchema.optional(),
  domain: domainSchema.optional(),
  /** Mesos leaves `type` out where its JSON writer does not know the name. */
  capabilities: z.array(z.looseObject({ type: z.string().optional() })).optional(),
});
export type MasterInfo = z.infer<typeof masterInfoSchema>;

/** An event that the master sends to a scheduler. */
export const schedulerEventSchema = z.discriminatedUnion('type', [
  z.looseObject({
    type: z.literal('SUBSCRIBED'),
    subscribed: z.looseObject({
      framework_id: idSchema,
      heartbeat_interval_seconds: z.number().optional(),
      master_info: masterInfoSchema.optional(),
    }),
  }),
  z.looseObject({ type: z.literal('HEARTBEAT') }),
  z.looseObject({
    type: z.literal('OFFERS'),
    offers: z.looseObject({ offers: z.array(offerSchema) }),
  }),
  z.looseObject({ type: z.literal('RESCIND'), rescind: z.looseObject({ offer_id: idSchema }) }),
  z.looseObject({
    type: z.literal('INVERSE_OFFERS'),
    inverse_offers: z.looseObject({ inverse_offers: z.array(z.looseObject({ id: idSchema })) }),
  }),
  z.looseObject({
    type: z.literal('RESCIND_INVERSE_OFFER'),
    rescind_inverse_offer: z.looseObject({ inverse_offer_id: idSchema }),
  }),
  z.looseObject({ type: z.literal('UPDATE'), update: z.looseObject({ status: taskStatusSchema }) }),
  z.looseObject({
    type: z.literal('UPDATE_OPERATION_STATUS'),
    update_operation_status: z.looseObject({
      status: z.looseObject({
        operation_id: idSchema.optional(),
        state: z.string(),
        message: z.string().optional(),
        uuid: idSchema.optional(),
        agent_id: idSchema.optional(),
      }),
    }),
  }),
  z.looseObject({
    type: z.literal('MESSAGE'),
    message: z.looseObject({ agent_id: idSchema, executor_id: idSchema, data: z.string() }),
  }),
  z.looseObject({
    type: z.literal('FAILURE'),
    failure: z.looseObject({
      agent_id: idSchema.optional(),
      executor_id: idSchema.optional(),
      status: z.number().optional(),
    }),
  }),
  z.looseObject({ type: z.literal('ERROR'), error: z.looseObject({ message: z.string() }) }),
]);
export type SchedulerEvent = z.infer<typeof schedulerEventSchema>;

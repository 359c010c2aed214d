/**
 * The small messages of Mesos' v1 API that the larger ones are made of, as JSON.
 * Specified by apache/mesos include/mesos/v1/mesos.proto; unknown fields are kept (newer peers).
 */
import { z } from 'zod';

/** An id: `{value}`. */
export const idSchema = z.looseObject({ value: z.string() });
export type Id = z.infer<typeof idSchema>;

/** Free text pairs on tasks, reservations and frameworks; a key may stand there more than once. */
export const labelsSchema = z.looseObject({
  labels: z.array(z.looseObject({ key: z.string(), value: z.string().optional() })).optional(),
});

const scalarSchema = z.looseObject({ value: z.number() });
const rangesSchema = z.looseObject({
  range: z.array(z.looseObject({ begin: z.number(), end: z.number() })).optional(),
});
const setSchema = z.looseObject({ item: z.array(z.string()).optional() });
const textSchema = z.looseObject({ value: z.string() });
const valueType = z.enum(['SCALAR', 'RANGES', 'SET', 'TEXT']);

/** What an operator said about an agent (`rack`, `node`…); not consumed by tasks. */
export const attributeSchema = z.looseObject({
  name: z.string(),
  type: valueType,
  scalar: scalarSchema.optional(),
  ranges: rangesSchema.optional(),
  set: setSchema.optional(),
  text: textSchema.optional(),
});
export type Attribute = z.infer<typeof attributeSchema>;

/** One level of a reservation; STATIC comes from the agent's flags, DYNAMIC from a RESERVE. */
export const reservationSchema = z.looseObject({
  type: z.enum(['UNKNOWN', 'STATIC', 'DYNAMIC']).optional(),
  role: z.string().optional(),
  principal: z.string().optional(),
  labels: labelsSchema.optional(),
});
export type Reservation = z.infer<typeof reservationSchema>;

/** Where a volume appears inside a container. */
export const volumeSchema = z.looseObject({
  mode: z.enum(['RW', 'RO']),
  container_path: z.string(),
  host_path: z.string().optional(),
  source: z.looseObject({ type: z.string() }).optional(),
});
export type Volume = z.infer<typeof volumeSchema>;

/**
 * What makes a disk resource a volume (`persistence`, `volume`) or a disk of its own (`source`).
 */
export const diskInfoSchema = z.looseObject({
  persistence: z
    .looseObject({ id: z.string().min(1), principal: z.string().optional() })
    .optional(),
  volume: volumeSchema.optional(),
  source: z.looseObject({ type: z.string() }).optional(),
});

/** An amount of one kind of resource, with who it is reserved for and allocated to. */
export const resourceSchema = z.looseObject({
  name: z.string().min(1),
  type: valueType,
  scalar: scalarSchema.optional(),
  ranges: rangesSchema.optional(),
  set: setSchema.optional(),
  /** Only in messages of old clients; ours use `reservations`. */
  role: z.string().optional(),
  allocation_info: z.looseObject({ role: z.string().optional() }).optional(),
  /** From the least to the most refined; empty or absent: unreserved. */
  reservations: z.array(reservationSchema).optional(),
  disk: diskInfoSchema.optional(),
  revocable: z.looseObject({}).optional(),
  shared: z.looseObject({}).optional(),
  provider_id: idSchema.optional(),
});
export type Resource = z.infer<typeof resourceSchema>;

/** The fault domain of an agent or master: the zone is what this project calls a rack. */
export const domainSchema = z.looseObject({
  fault_domain: z
    .looseObject({
      region: z.looseObject({ name: z.string() }),
      zone: z.looseObject({ name: z.string() }),
    })
    .optional(),
});
export type Domain = z.infer<typeof domainSchema>;

/** Where something listens. */
export const addressSchema = z.looseObject({
  hostname: z.string().optional(),
  ip: z.string().optional(),
  port: z.number(),
});

/** protobuf's own Duration, which only DRAIN_AGENT has; any nanoseconds in it say nothing. */
export const protobufDurationSchema = z.looseObject({
  seconds: z.number().optional(),
  nanos: z.number().optional(),
});
export type Duration = z.infer<typeof protobufDurationSchema>;

/** Nanoseconds. */
export const durationSchema = z.looseObject({ nanoseconds: z.number() });

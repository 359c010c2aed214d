/** OfferConstraints (apache/mesos include/mesos/v1/scheduler/scheduler.proto). */
import { z } from 'zod';

const selectorSchema = z.looseObject({
  attribute_name: z.string().optional(),
  pseudoattribute_type: z.enum(['UNKNOWN', 'HOSTNAME', 'REGION', 'ZONE']).optional(),
});
/** Which attribute of an agent a constraint is about. */
export type ConstraintSelector = z.infer<typeof selectorSchema>;

const valueSchema = z.looseObject({ value: z.string() });
const regexSchema = z.looseObject({ regex: z.string() });
const constraintSchema = z.looseObject({
  selector: selectorSchema,
  predicate: z.looseObject({
    exists: z.looseObject({}).optional(),
    not_exists: z.looseObject({}).optional(),
    text_equals: valueSchema.optional(),
    text_not_equals: valueSchema.optional(),
    text_matches: regexSchema.optional(),
    text_not_matches: regexSchema.optional(),
  }),
});
/** One constraint on one attribute. */
export type AttributeConstraint = z.infer<typeof constraintSchema>;

/** By role: groups of constraints, one of which must hold as a whole. */
export const offerConstraintsSchema = z.looseObject({
  role_constraints: z
    .record(
      z.string(),
      z.looseObject({
        groups: z
          .array(z.looseObject({ attribute_constraints: z.array(constraintSchema).optional() }))
          .optional(),
      }),
    )
    .optional(),
});
export type OfferConstraints = z.infer<typeof offerConstraintsSchema>;

/** Every service that the drills know. */
import type { ServiceUnderTest } from './service.js';

/** In the order in which they are drilled. */
export const services: readonly ServiceUnderTest[] = [];

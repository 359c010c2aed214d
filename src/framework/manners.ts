/**
 * How a framework treats offers (DESIGN §5): nothing wanted → SUPPRESS and long refusals; demand
 * → REVIVE. Pure.
 */

/** Seconds for which unused offers are refused when nothing is wanted. */
const longRefusalSeconds = 3_600;
/** Seconds while something waits for an offer that fits. */
const shortRefusalSeconds = 5;

/** What the master was told. JSON; starts anew with each subscription. */
export interface Manners {
  readonly suppressed: boolean;
  /** How many launches waited when it was told. */
  readonly wanted: number;
}

/** At the start of a subscription (offers flow, nobody waits). */
export const freshManners: Manners = { suppressed: false, wanted: 0 };

/**
 * What to tell the master now that `wanted` launches wait for offers, `fresh` of them since the
 * last time (new demand lifts old refusals). The answer's `call` is to be sent if present.
 */
export function mannersFor(
  before: Manners,
  wanted: number,
  fresh: boolean,
): { readonly manners: Manners; readonly call?: 'SUPPRESS' | 'REVIVE' } {
  const manners = { suppressed: wanted === 0, wanted };
  if (wanted === 0) return before.suppressed ? { manners } : { manners, call: 'SUPPRESS' };
  return before.suppressed || fresh ? { manners, call: 'REVIVE' } : { manners };
}

/** For how long to refuse what was not used. */
export function refusalSeconds(wanted: number): number {
  return wanted > 0 ? shortRefusalSeconds : longRefusalSeconds;
}

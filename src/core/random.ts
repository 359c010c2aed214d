/**
 * Randomness as an input: seeded where decisions must be repeatable, the system's where ids must be
 * unique.
 */
import { randomBytes, randomUUID } from 'node:crypto';

/** A source of random numbers. */
export interface Random {
  /** A number in [0, 1). */
  next(): number;
  /** A version 4 UUID in its usual text form. */
  uuid(): string;
}

/** A repeatable source (mulberry32): the same seed gives the same numbers and ids. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const hex = (digits: number): string =>
    Array.from({ length: digits }, () => Math.floor(next() * 16).toString(16)).join('');
  const uuid = (): string => {
    const variant = (8 + Math.floor(next() * 4)).toString(16);
    return `${hex(8)}-${hex(4)}-4${hex(3)}-${variant}${hex(3)}-${hex(12)}`;
  };
  return { next, uuid };
}

/** The operating system's randomness. */
export const systemRandom: Random = {
  next: () => randomBytes(6).readUIntBE(0, 6) / 2 ** 48,
  uuid: () => randomUUID(),
};

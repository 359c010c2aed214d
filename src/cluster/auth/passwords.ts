/** Passwords as they are kept: salted scrypt hashes. */
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';

/** A kept password; sizes as scrypt's parameters (RFC 7914). */
export const passwordHashSchema = z.object({
  salt: z.string(),
  hash: z.string(),
  cost: z.number().int(),
});
export type PasswordHash = z.infer<typeof passwordHashSchema>;

/** 16 MiB and some 40 ms a try. */
const cost = 16_384;
const hashBytes = 32;

/** Hashes a new password. */
export async function hashPassword(password: string): Promise<PasswordHash> {
  const salt = randomBytes(16).toString('hex');
  return { salt, hash: (await derive(password, salt, cost)).toString('hex'), cost };
}

/** Whether `password` is the one that was kept. */
export async function passwordMatches(password: string, kept: PasswordHash): Promise<boolean> {
  const given = await derive(password, kept.salt, kept.cost);
  const expected = Buffer.from(kept.hash, 'hex');
  return given.length === expected.length && timingSafeEqual(given, expected);
}

function derive(password: string, salt: string, N: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password, salt, hashBytes, { N, r: 8, p: 1 }, (error, key) =>
      error === null ? resolve(key) : reject(error),
    );
  });
}

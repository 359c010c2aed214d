/** Who is who, tokens, errors and the small inputs of the core. */
import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import fc from 'fast-check';
import t from 'tap';
import {
  artifactSignature,
  basicAuthorization,
  equalSecrets,
  principalOf,
  secretOf,
} from '../../src/core/credentials.js';
import { DcosError, messageOf, systemCodeOf } from '../../src/core/errors.js';
import { statusOf } from '../../src/core/http/server.js';
import { tryParseJson } from '../../src/core/json.js';
import { seededRandom, systemRandom } from '../../src/core/random.js';
import { nearest, nearestOrPart } from '../../src/core/suggest.js';
import { tokenOf, verifyToken } from '../../src/core/tokens.js';

const now = 1_700_000_000_000;
const ed25519 = generateKeyPairSync('ed25519');
const publicPem = ed25519.publicKey.export({ type: 'spki', format: 'pem' }).toString();
const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A token signed as told; by default a good one. */
function aToken({
  head = { alg: 'EdDSA', typ: 'JWT' } as object,
  claims = { uid: 'admin', exp: now / 1000 + 60 } as object,
  key = ed25519.privateKey as KeyObject,
} = {}): string {
  const signed = `${part(head)}.${part(claims)}`;
  return `${signed}.${sign(null, Buffer.from(signed), key).toString('base64url')}`;
}

t.test('tokens › a good one names its user', async (t) => {
  const caller = verifyToken(aToken(), publicPem, now);
  t.equal(caller.uid, 'admin');
  t.equal(caller.claims?.exp, now / 1000 + 60);
});

t.test('tokens › anything else is refused with 401, and the text says why', async (t) => {
  const [header, payload, signature] = aToken().split('.');
  const other = generateKeyPairSync('ed25519').privateKey;
  const signed = `${part({ alg: 'HS256' })}.${payload}`;
  const hmac = createHmac('sha256', publicPem).update(signed).digest('base64url');
  const bad: [string, string, RegExp][] = [
    ['empty', '', /no token of ours/],
    ['two parts', `${header}.${payload}`, /no token of ours/],
    ['four parts', `${aToken()}.x`, /no token of ours/],
    ['no algorithm', aToken({ head: { alg: 'none' } }), /not accepted: it is signed/],
    ['none, unsigned', `${part({ alg: 'none' })}.${payload}.`, /no token of ours/],
    ['the public key as a secret', `${signed}.${hmac}`, /signed in a way/],
    ['another key', aToken({ key: other }), /signature/],
    ['changed claims', `${header}.${part({ uid: 'root' })}.${signature}`, /signature/],
    ['garbage', `${header}.${payload}.${'A'.repeat(86)}`, /signature/],
    ['nobody', aToken({ claims: { exp: now / 1000 + 60 } }), /names nobody/],
    ['no end', aToken({ claims: { uid: 'a' } }), /expired/],
    ['expired', aToken({ claims: { uid: 'a', exp: now / 1000 } }), /expired/],
    ['an end that is no number', aToken({ claims: { uid: 'a', exp: '9e99' } }), /expired/],
  ];
  for (const [name, token, message] of bad) {
    t.throws(
      () => verifyToken(token, publicPem, now),
      { code: 'auth', status: 401, message },
      name,
    );
  }
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey;
  const rsaPem = rsa.export({ type: 'spki', format: 'pem' }).toString();
  t.throws(() => verifyToken(aToken(), rsaPem, now), { code: 'auth' }, 'a key of another family');
});

t.test('tokens › no byte of a token can be changed', async () => {
  const token = aToken();
  fc.assert(
    fc.property(
      fc.nat(token.length - 1),
      fc.constantFrom('A', 'b', '.', '0', '-'),
      (at, letter) => {
        const changed = token.slice(0, at) + letter + token.slice(at + 1);
        // The last letter of base64 carries bits that mean nothing.
        if (changed === token || at === token.length - 1) return true;
        try {
          verifyToken(changed, publicPem, now);
          return false;
        } catch (error) {
          return error instanceof DcosError && error.code === 'auth';
        }
      },
    ),
    { numRuns: 300 },
  );
});

t.test('tokens › are found in both forms of the header', async (t) => {
  t.equal(tokenOf('token=abc'), 'abc');
  t.equal(tokenOf('Bearer abc'), 'abc');
  t.equal(tokenOf('bearer abc'), 'abc');
  for (const none of [undefined, '', 'Basic abc', 'token=', 'Bearer', 'token=a b']) {
    t.equal(tokenOf(none), undefined, String(none));
  }
});

t.test(
  'credentials › a principal proves itself by the secret that follows from the key',
  async (t) => {
    const key = 'k'.repeat(64);
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z][a-z0-9/_.-]{0,20}$/), (name) => {
        const authorization = basicAuthorization(name, secretOf(key, name));
        return principalOf({ authorization }, key) === name;
      }),
    );
    const bad = [
      undefined,
      'Basic',
      'Basic !!!',
      basicAuthorization('services', 'wrong'),
      basicAuthorization('services', secretOf(key, 'control')),
      basicAuthorization('services', secretOf('other', 'services')),
      basicAuthorization('', secretOf(key, '')),
      `Basic ${Buffer.from('services').toString('base64')}`,
    ];
    for (const authorization of bad) {
      const headers = authorization === undefined ? {} : { authorization };
      t.equal(principalOf(headers, key), undefined, String(authorization));
    }
    t.match(secretOf(key, 'a'), /^[0-9a-f]{64}$/);
    t.not(secretOf(key, 'artifact:a'), artifactSignature(key, 'a'));
    t.ok(equalSecrets('same', 'same'));
    t.notOk(equalSecrets('same', 'sameandmore'));
  },
);

t.test('errors › carry an exit status by class and an HTTP status', async (t) => {
  const cases = [
    ['usage', 2, 400],
    ['invalid', 2, 400],
    ['auth', 3, 401],
    ['forbidden', 3, 403],
    ['not-found', 4, 404],
    ['conflict', 5, 409],
    ['unreachable', 6, 502],
    ['timeout', 7, 504],
    ['refused', 8, 403],
    ['failed', 1, 500],
    ['interrupted', 130, 500],
  ] as const;
  for (const [code, exit, status] of cases) {
    const error = new DcosError(code, 'text');
    t.equal(error.exitStatus, exit, code);
    t.equal(statusOf(error), status, code);
  }
  t.equal(statusOf(new DcosError('failed', 'text', { status: 503 })), 503);
  t.equal(messageOf(new Error('x')), 'x');
  t.equal(messageOf('y'), 'y');
  t.equal(systemCodeOf(Object.assign(new Error(), { code: 'ENOENT' })), 'ENOENT');
  t.equal(systemCodeOf({ code: 5 }), undefined);
  t.equal(systemCodeOf(null), undefined);
});

t.test('random › the same seed gives the same, another gives other', async (t) => {
  const draw = (seed: number): (string | number)[] => {
    const random = seededRandom(seed);
    return [random.next(), random.uuid(), random.next()];
  };
  t.same(draw(7), draw(7));
  t.notSame(draw(7), draw(8));
  const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
  for (const random of [seededRandom(1), systemRandom]) {
    t.match(random.uuid(), uuid);
    const n = random.next();
    t.ok(n >= 0 && n < 1);
  }
  t.equal(tryParseJson('{'), undefined);
  t.same(tryParseJson('{"a":1}'), { a: 1 });
});

t.test('suggest › near words are guessed, far ones are not', async (t) => {
  t.equal(nearest('brokres', ['brokers', 'kafka']), 'brokers');
  t.equal(nearest('hello', ['hello-world', 'kafka']), undefined);
  t.equal(nearestOrPart('hello', ['hello-world', 'kafka']), 'hello-world');
  t.equal(nearestOrPart('zzz', ['kafka']), undefined);
  const word = fc.stringMatching(/^[a-z]{4,8}$/);
  fc.assert(
    fc.property(word, word, (a, b) => {
      t.equal(nearest(a, [b, a]), a);
      if (a.length === b.length) t.equal(nearest(a, [b]) === b, nearest(b, [a]) === a);
    }),
    { numRuns: 200 },
  );
});

/** Signatures on revisions: what is accepted once, and everything else with its reason. */
import { createHash, createPrivateKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import fc from 'fast-check';
import t from 'tap';
import { readRevisionKey, revisionKeyText } from '../../../../agent/config/revisions/revision-key.ts';
import {
  type SignatureCheck,
  signRevision,
  statementOf,
  verifyRevisionSignature,
} from '../../../../agent/config/revisions/revision-signature.ts';
import { DAY_MS } from '../../../../agent/core/durations.ts';
import { MAX_SIGNATURE_CHARS } from '../../../../agent/core/revisions.ts';

const NOW_MS = Date.UTC(2026, 10, 27, 12);
const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const other = generateKeyPairSync('ed25519');
const files = { cabinet: 'cabinet: { id: c1 }\nzones: [{ id: rue, minPct: 10 }]\n', profiles: { 'acme.yaml': 'id: acme\n' } };
const order = { files, privateKey, cabinets: ['c1', 'c2'], signedMs: NOW_MS, validMs: 30 * DAY_MS };
const check: SignatureCheck = {
  files,
  signature: signRevision(order),
  keys: [
    { id: 'mayor', key: revisionKeyText(other.publicKey) },
    { id: 'office', key: revisionKeyText(publicKey) },
  ],
  cabinetId: 'c1',
  nowMs: NOW_MS + DAY_MS,
  lastSerial: NOW_MS - 1,
};
const codeOf = (change: Partial<SignatureCheck>): string => {
  const verdict = verifyRevisionSignature({ ...check, ...change });
  return verdict.ok ? 'ok' : verdict.code;
};

t.test('a signature of a listed key over these files, for this cabinet, in time, is accepted with its key and serial', async (t) => {
  const verdict = verifyRevisionSignature(check);
  t.match(verdict, { ok: true, keyId: 'office', serial: NOW_MS });
  t.match(verdict, { statement: { cabinets: ['c1', 'c2'], untilMs: NOW_MS + 30 * DAY_MS } });
  t.match(check.signature, /^luciole-sig1\.[\w-]+\.[\w-]{86}$/, 'one printable line');
});

const REFUSALS: readonly (readonly [title: string, change: Partial<SignatureCheck>, code: string])[] = [
  ['no signature at all', { signature: '' }, 'bad-format'],
  ['another version', { signature: check.signature.replace('sig1', 'sig2') }, 'bad-format'],
  ['a line end behind it', { signature: `${check.signature}\n` }, 'bad-format'],
  ['a fourth part', { signature: `${check.signature}.AA` }, 'bad-format'],
  ['a signature of megabytes', { signature: `luciole-sig1.${'A'.repeat(MAX_SIGNATURE_CHARS * 100)}.AA` }, 'bad-format'],
  ['no key listed', { keys: [] }, 'unknown-key'],
  ['another key listed', { keys: check.keys.slice(0, 1) }, 'unknown-key'],
  ['a listed key that is unusable', { keys: [{ id: 'office', key: 'AAAA' }] }, 'unknown-key'],
  ['one more blank in the text', { files: { ...files, cabinet: `${files.cabinet} ` } }, 'other-text'],
  ['CRLF for LF', { files: { ...files, cabinet: files.cabinet.replaceAll('\n', '\r\n') } }, 'other-text'],
  ['a changed profile', { files: { ...files, profiles: { 'acme.yaml': 'id: acme\nscale: 0\n' } } }, 'other-text'],
  ['a profile more', { files: { ...files, profiles: { ...files.profiles, 'evil.yaml': '' } } }, 'other-text'],
  ['no profile', { files: { ...files, profiles: {} } }, 'other-text'],
  ['another cabinet', { cabinetId: 'c3' }, 'other-cabinet'],
  ['a cabinet whose id is the begin of one', { cabinetId: 'c' }, 'other-cabinet'],
  ['a cabinet that calls itself by both names', { cabinetId: 'c1,c2' }, 'other-cabinet'],
  ['the last accepted one once more', { lastSerial: NOW_MS }, 'replayed'],
  ['an older one', { lastSerial: NOW_MS + 1 }, 'replayed'],
  ['an older one while the time is unknown', { lastSerial: NOW_MS + 1, nowMs: null }, 'replayed'],
  ['a cabinet without trusted time', { nowMs: null }, 'time-unknown'],
  ['a signer two hours ahead', { nowMs: NOW_MS - 2 * 3_600_000 }, 'not-yet'],
  ['a signer years ahead', { nowMs: 0 }, 'not-yet'],
  ['a millisecond past its end', { nowMs: NOW_MS + 30 * DAY_MS + 1 }, 'expired'],
  ['a year past its end', { nowMs: NOW_MS + 395 * DAY_MS }, 'expired'],
];
for (const [title, change, code] of REFUSALS)
  t.test(`${title}: ${code}`, async (t) => {
    t.equal(codeOf(change), code);
  });

const ACCEPTED: readonly (readonly [title: string, change: Partial<SignatureCheck>])[] = [
  ['its last millisecond', { nowMs: NOW_MS + 30 * DAY_MS }],
  ['a signer half an hour ahead', { nowMs: NOW_MS - 1_800_000 }],
  ['the second cabinet of the list', { cabinetId: 'c2' }],
  ['the same key listed twice', { keys: [...check.keys, ...check.keys] }],
  ['the key listed as SPKI', { keys: [{ id: 'x', key: publicKey.export({ type: 'spki', format: 'der' }).toString('base64') }] }],
  ['a signature for every cabinet', { signature: signRevision({ ...order, cabinets: ['*'] }), cabinetId: 'c9' }],
];
for (const [title, change] of ACCEPTED)
  t.test(`${title} is accepted`, async (t) => {
    t.equal(codeOf(change), 'ok');
  });

t.test('any changed character of the signature is refused', async () => {
  const { signature } = check;
  fc.assert(
    fc.property(
      fc.nat(signature.length - 1),
      fc.constantFrom(...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ \n\0é'),
      (at, letter) => {
        fc.pre(signature[at] !== letter);
        return codeOf({ signature: signature.slice(0, at) + letter + signature.slice(at + 1) }) !== 'ok';
      },
    ),
    { numRuns: 2_000 },
  );
  fc.assert(fc.property(fc.nat(signature.length - 1), (length) => codeOf({ signature: signature.slice(0, length) }) !== 'ok'));
});

t.test('any flipped bit of a file is refused', async () => {
  const bytes = Buffer.from(files.cabinet);
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.nat(6), (at, bit) => {
      const changed = Buffer.from(bytes);
      changed[at] = Number(changed[at]) ^ (1 << bit);
      return codeOf({ files: { ...files, cabinet: changed.toString() } }) === 'other-text';
    }),
  );
});

t.test('any statement that another than the signer wrote is refused: other cabinets, hash, serial, end, key', async (t) => {
  const [form = '', statement64 = '', signed = ''] = check.signature.split('.');
  const text = Buffer.from(statement64, 'base64url').toString();
  const forged = (statement: string): string => [form, Buffer.from(statement).toString('base64url'), signed].join('.');
  t.equal(codeOf({ signature: forged(text) }), 'ok', 'put together as it was');
  fc.assert(
    fc.property(fc.nat(text.length - 1), fc.integer({ min: 0, max: 255 }), (at, code) => {
      const statement = text.slice(0, at) + String.fromCharCode(code) + text.slice(at + 1);
      fc.pre(statement !== text);
      return codeOf({ signature: forged(statement) }) !== 'ok';
    }),
    { numRuns: 2_000 },
  );
  for (const [from, to] of [
    [/^cabinets .*$/m, 'cabinets *'],
    [/^until .*$/m, `until ${NOW_MS * 2}`],
    [/^serial .*$/m, `serial ${NOW_MS + 1}`],
    [/^key .*$/m, `key ${revisionKeyText(other.publicKey)}`],
  ] as const)
    t.equal(codeOf({ signature: forged(text.replace(from, to)) }), 'bad-signature', String(from));
});

t.test('a signature of the same key for another purpose is not valid for a revision', async (t) => {
  const [form, statement64 = ''] = check.signature.split('.');
  const bare = sign(null, Buffer.from(statement64, 'base64url'), privateKey).toString('base64url');
  t.equal(codeOf({ signature: [form, statement64, bare].join('.') }), 'bad-signature');
});

t.test('arbitrary texts never throw and are never accepted', async () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.stringMatching(/^luciole-sig1\.[\w-]*\.[\w-]*$/)), (signature) => {
      return codeOf({ signature }) !== 'ok';
    }),
  );
});

t.test('any serial, cabinets and time: accepted exactly when it is newer, for this cabinet and within its time', async () => {
  const id = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/);
  fc.assert(
    fc.property(
      fc.array(id, { minLength: 1, maxLength: 100 }),
      fc.boolean(),
      fc.integer({ min: 1, max: 4_000 * DAY_MS }),
      fc.integer({ min: -5_000 * DAY_MS, max: 5_000 * DAY_MS }),
      fc.integer({ min: -2, max: 2 }),
      (cabinets, isListed, validMs, laterMs, ahead) => {
        const ids = isListed ? [...cabinets.slice(1), 'here'] : cabinets.map((each) => `${each.slice(0, 31)}x`);
        const signature = signRevision({ ...order, cabinets: ids, validMs });
        const inTime = laterMs >= -3_600_000 && laterMs <= validMs;
        const verdict = codeOf({ signature, cabinetId: 'here', nowMs: NOW_MS + laterMs, lastSerial: NOW_MS + ahead });
        return (verdict === 'ok') === (isListed && inTime && ahead < 0);
      },
    ),
    { numRuns: 300 },
  );
});

t.test('what a statement cannot contain is not signed', async (t) => {
  for (const cabinets of [[], [''], ['a,b'], ['*', 'c1'], ['c 1'], ['c1\nuntil 9'], Array.from({ length: 101 }, (_, i) => `c${i}`)])
    t.throws(() => signRevision({ ...order, cabinets }), TypeError, JSON.stringify(cabinets).slice(0, 40));
  for (const validMs of [0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 1e15])
    t.throws(() => signRevision({ ...order, validMs }), TypeError, String(validMs));
  t.throws(() => signRevision({ ...order, privateKey: generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey }), TypeError);
  t.ok(signRevision({ ...order, cabinets: Array.from({ length: 100 }, (_, i) => `${i}`.padStart(32, 'c')) }), 'a hundred long ids');
});

t.test('keys: raw or SPKI in base64, in one spelling', async (t) => {
  const raw = revisionKeyText(publicKey);
  t.ok(readRevisionKey(raw)?.equals(publicKey));
  t.equal(revisionKeyText(privateKey), raw, 'a private key gives its public half');
  for (const text of ['', raw.slice(1), `${raw} `, `${raw}\n`, raw.replace('=', ''), `A${raw}`, 'x'.repeat(44)])
    t.notOk(readRevisionKey(text), text);
  const spki = generateKeyPairSync('x25519').publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
  t.notOk(readRevisionKey(spki), 'a key of another kind');
});

t.test('under a key of small order, which anybody can sign for, nothing is accepted', async (t) => {
  // If the public key is the neutral point, S·B = R is true without any private key: the library must refuse such a key.
  const order = 2n ** 252n + 27742317777372353535851937790883648493n;
  const seed = privateKey.export({ type: 'pkcs8', format: 'der' }).subarray(-32);
  const scalar = createHash('sha512').update(seed).digest().subarray(0, 32);
  scalar[0] = Number(scalar[0]) & 248;
  scalar[31] = (Number(scalar[31]) & 127) | 64;
  const s = BigInt(`0x${Buffer.from(scalar).reverse().toString('hex')}`) % order;
  const forged = Buffer.concat([
    Buffer.from(revisionKeyText(publicKey), 'base64'),
    Buffer.from(s.toString(16).padStart(64, '0'), 'hex').reverse(),
  ]);
  for (const y of [0, 1]) {
    const key = readRevisionKey(Buffer.concat([Buffer.from([y]), Buffer.alloc(31)]).toString('base64'));
    for (let i = 0; i < 32; i += 1) t.notOk(key !== undefined && verify(null, Buffer.from(`${i}`), key, forged));
  }
});

t.test('a key made by openssl signs too', async (t) => {
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'secret' });
  const opened = createPrivateKey({ key: pem, passphrase: 'secret' });
  t.equal(codeOf({ signature: signRevision({ ...order, privateKey: opened }) }), 'ok');
  t.match(statementOf(check.signature), { serial: NOW_MS });
  t.equal(statementOf('x'), undefined);
});

import fc from 'fast-check';
import t from 'tap';
import { codeAt, createCodeCheck, keyUri, newTotpSecret, stepOf, stepOfPair } from '../../../agent/access/totp.ts';
import { createManualClock } from '../../../agent/core/manual-clock.ts';

/** `12345678901234567890` in base 32. */
const SECRET = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';
const STEP_MS = 30_000;
const NOW_MS = Date.parse('2026-12-01T21:41:07Z');
const NOW = Math.floor(NOW_MS / STEP_MS);
const fresh = { secret: SECRET, lastStep: -1 };
const breathe = async () => {};

/** Source: RFC 6238, appendix B, the rows of SHA-1. */
const VECTORS: [atS: number, code: string][] = [
  [59, '94287082'],
  [1_111_111_109, '07081804'],
  [1_111_111_111, '14050471'],
  [1_234_567_890, '89005924'],
  [2_000_000_000, '69279037'],
  [20_000_000_000, '65353130'],
];
for (const [atS, code] of VECTORS) t.test(`RFC 6238 at ${atS} s`, async (t) => t.equal(codeAt(SECRET, Math.floor(atS / 30), 8), code));

/** Source: RFC 4226, appendix D. */
const COUNTED = ['755224', '287082', '359152', '969429', '338314', '254676', '287922', '162583', '399871', '520489'];
t.test('RFC 4226 for the first ten counts', async (t) => {
  t.strictSame(
    COUNTED.map((_, step) => codeAt(SECRET, step)),
    COUNTED,
  );
});

t.test('a code is valid for its own half minute and one on either side, and once', async (t) => {
  for (const [away, isGood] of [
    [-2, false],
    [-1, true],
    [0, true],
    [1, true],
    [2, false],
  ] as const)
    t.equal(stepOf(codeAt(SECRET, NOW + away), fresh, NOW_MS), isGood ? NOW + away : null, String(away));
  t.equal(stepOf(codeAt(SECRET, NOW), { secret: SECRET, lastStep: NOW }, NOW_MS), null, 'a replay');
  t.equal(stepOf(codeAt(SECRET, NOW - 1), { secret: SECRET, lastStep: NOW }, NOW_MS), null, 'an older one');
  for (const typed of ['', '12345', '1234567', 'abcdef']) t.equal(stepOf(typed, fresh, NOW_MS), null, typed);
});

t.test('of two attempts with the same pair of codes at the same time one succeeds', async (t) => {
  const clock = createManualClock(NOW_MS, 'none');
  const check = createCodeCheck({ clock, log: { event: () => {} } });
  const pair = `${codeAt(SECRET, NOW - 40_000)} ${codeAt(SECRET, NOW - 39_999)}`;
  const attempts = [check.stepOf('anne', pair, fresh), check.stepOf('anne', pair, fresh)];
  for (let searches = 0; searches < 1_000; searches += 1) await clock.advance(1);
  t.strictSame(
    (await Promise.all(attempts)).filter((step) => step !== null),
    [NOW - 39_999],
  );
});

t.test('two consecutive codes reveal the time even if the clock is weeks off in either direction', async (t) => {
  for (const days of [-29, -1, 0, 3, 29]) {
    const step = NOW + days * 2_880;
    const pair = [codeAt(SECRET, step), codeAt(SECRET, step + 1)] as const;
    t.equal(await stepOfPair(pair, fresh, { atMs: NOW_MS, breathe }), step + 1, `${days} days`);
  }
  const pair = [codeAt(SECRET, 3), codeAt(SECRET, 4)] as const;
  t.equal(await stepOfPair(pair, { secret: SECRET, lastStep: 3 }, { atMs: 0, breathe }), null, 'and not twice');
  t.equal(await stepOfPair([pair[0], codeAt(SECRET, 5)], fresh, { atMs: 0, breathe }), null, 'nor two that do not follow each other');
});

t.test('a clock that was never set accepts no time before its own start', async (t) => {
  t.equal(await stepOfPair([codeAt(SECRET, 3), codeAt(SECRET, 4)], fresh, { atMs: 0, breathe }), 4);
});

t.test('a new secret has 160 bits in letters an authenticator reads', async (t) => {
  const secrets = Array.from({ length: 20 }, newTotpSecret);
  t.ok(secrets.every((secret) => /^[A-Z2-7]{32}$/.test(secret)));
  t.equal(new Set(secrets).size, 20);
  t.equal(keyUri('ABCD', 'marie', 'ANG-0421'), 'otpauth://totp/Luciole:marie%40ANG-0421?secret=ABCD&issuer=Luciole');
});

t.test('a code is always six digits, and spaces or small letters in the secret do not matter', async (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 40 }), (step) => {
      const code = codeAt(SECRET, step);
      return /^\d{6}$/.test(code) && code === codeAt(SECRET.toLowerCase().replace(/(.{4})/g, '$1 '), step);
    }),
  );
  t.pass('held for all generated steps');
});

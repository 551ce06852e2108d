import { createHash } from 'node:crypto';
import fc from 'fast-check';
import t from 'tap';
import { createUploads, fileRefusal, UPLOAD_LIMIT } from '../../../../agent/config/revisions/upload.ts';
import { createManualClock } from '../../../../agent/core/manual-clock.ts';
import { NO_TEXT } from '../../../../agent/core/message.ts';
import type { FilePart } from '../../../../agent/core/revisions.ts';

const clock = createManualClock(0, 'synced');
const sha = (text: string | Uint8Array): string => createHash('sha256').update(text).digest('hex');
const cut = (text: string, parts: number, file = 'cabinet.yaml'): FilePart[] => {
  const bytes = Buffer.from(text);
  const size = Math.max(1, Math.ceil(bytes.length / parts));
  const sha256 = sha(bytes);
  return Array.from({ length: parts }, (_, i) => ({
    file,
    part: i + 1,
    parts,
    sha256,
    data: bytes.subarray(i * size, (i + 1) * size),
  }));
};
const nth = (parts: readonly FilePart[], i: number): FilePart => {
  const part = parts[i];
  if (part === undefined) throw new RangeError(`no part ${i}`);
  return part;
};

t.test('a file is complete when all its parts have arrived, in any order and any number of times', async (t) => {
  fc.assert(
    fc.property(
      fc.string({ minLength: 20, maxLength: 400 }),
      fc.integer({ min: 1, max: 8 }),
      fc.infiniteStream(fc.nat()),
      (text, count, order) => {
        const parts = cut(text.replaceAll('\0', ' '), count).filter(({ data }) => data.length > 0);
        const sound = parts.map((part) => ({ ...part, parts: parts.length }));
        const uploads = createUploads(clock);
        const missing = new Set(sound.map(({ part }) => part));
        for (const pick of order) {
          const part = nth(sound, pick % sound.length);
          const state = uploads.take(part, 'platform');
          missing.delete(part.part);
          if (missing.size > 0) {
            if (state.kind !== 'more' || state.have !== sound.length - missing.size) return false;
            // Draw what is missing, or the stream may keep everybody waiting.
            const [next] = missing;
            if (pick % 3 === 0 && next !== undefined && missing.size > 1) {
              uploads.take(nth(sound, next - 1), 'platform');
              missing.delete(next);
            }
            continue;
          }
          return state.kind === 'whole' && state.text === text.replaceAll('\0', ' ');
        }
        return false;
      },
    ),
    { numRuns: 60 },
  );
  t.pass();
});

t.test('invalid requests are refused with a reason', async (t) => {
  const [first, second] = cut('lines: []\npoles: []\n', 2) as [FilePart, FilePart];
  const cases: readonly (readonly [what: string, parts: readonly FilePart[], reason: RegExp])[] = [
    [
      'a wrong hash',
      [
        { ...first, sha256: sha('x') },
        { ...second, sha256: sha('x') },
      ],
      /SHA-256 is [0-9a-f]{64}, not the one that was sent with it/,
    ],
    ['a hash that is none', [{ ...first, sha256: 'AB' }], /64 hex digits/],
    ['part 0', [{ ...first, part: 0 }], /parts count from 1/],
    ['part 3 of 2', [{ ...first, part: 3 }], /part 3 of 2 is impossible/],
    ['too many parts', [{ ...first, parts: 65 }], /1 to 64 parts/],
    ['no parts', [{ ...first, parts: 0 }], /1 to 64 parts/],
    ['an empty part', [{ ...first, data: new Uint8Array() }], /part 1 is empty/],
    ['a part too big', [{ ...first, data: Buffer.alloc(UPLOAD_LIMIT.partBytes + 1) }], /at most 32768/],
    ['a part that is another one the second time', [first, { ...first, data: Buffer.from('y') }], /came twice with different bytes/],
    ['a path out of the folder', [{ ...first, file: '../cabinet.yaml' }], /"cabinet.yaml", "profiles/],
    [
      'bytes that are no text',
      cut('', 1).map((part) => ({ ...part, data: Buffer.from([0xff, 0xfe]), sha256: sha(Buffer.from([0xff, 0xfe])) })),
      /not UTF-8/,
    ],
    ['a text with a NUL', cut('a\0b', 1), /not UTF-8 text/],
  ];
  for (const [what, parts, reason] of cases) {
    const uploads = createUploads(clock);
    const last = parts.map((part) => uploads.take(part, 'platform')).at(-1);
    t.match(last, { kind: 'refused', reason }, what);
  }
});

t.test('a file that is too big is dropped before it is complete, and can be sent again', async (t) => {
  const uploads = createUploads(clock);
  const big = cut('x'.repeat(UPLOAD_LIMIT.profileBytes + 1), 5, 'profiles/acme.yaml');
  const states = big.map((part) => uploads.take(part, 'platform').kind);
  t.ok(states.includes('refused'));
  t.match(
    cut('id: acme', 1, 'profiles/acme.yaml').map((part) => uploads.take(part, 'platform')),
    [{ kind: 'whole', text: 'id: acme' }],
  );
});

t.test('a file that is begun and left is forgotten, by time and by number', async (t) => {
  const own = createManualClock(0, 'synced');
  const uploads = createUploads(own);
  const parts = cut('lines: []\npoles: []\n', 2);
  uploads.take(nth(parts, 0), 'platform');
  await own.advance(UPLOAD_LIMIT.idleMs + 1);
  t.match(uploads.take(nth(parts, 1), 'platform'), { kind: 'more', have: 1 }, 'after a quarter of an hour');
  for (let i = 0; i < UPLOAD_LIMIT.files; i += 1) uploads.take(nth(cut('id: acme-meter', 2, `profiles/p${i}.yaml`), 0), 'platform');
  t.match(uploads.take(nth(parts, 0), 'platform'), { kind: 'more', have: 1 }, 'where many are begun');
});

t.test('a part that replaces another incomplete upload of its file names what was dropped', async (t) => {
  const [mine, theirs] = [cut('lines: []\npoles: []\n', 3), cut('lines: []\nlamps: []\n', 3)];
  const fewer = cut('lines: []\npoles: []\n', 2);
  const uploads = createUploads(clock);
  t.match(uploads.take(nth(mine, 0), 'platform'), { have: 1, dropped: null });
  t.match(uploads.take(nth(mine, 1), 'platform'), { have: 2, dropped: null });
  t.match(uploads.take(nth(theirs, 0), 'platform'), { have: 1, dropped: { have: 2, of: 3 } }, 'another hash');
  t.match(uploads.take(nth(theirs, 0), 'platform'), { have: 1, dropped: null }, 'reported once');
  t.match(uploads.take(nth(fewer, 0), 'platform'), { have: 1, dropped: { have: 1, of: 3 } }, 'another number of parts');
  t.match(uploads.take(nth(cut('lines: []', 1), 0), 'platform'), { kind: 'whole', dropped: { have: 1, of: 2 } }, 'a file in one part');
  uploads.take(nth(mine, 0), 'platform');
  t.match(uploads.take(nth(theirs, 0), 'console anna'), { have: 1, dropped: null }, 'another author drops nothing');
});

t.test('names of files', async (t) => {
  for (const file of ['cabinet.yaml', 'profiles/acme-x1.yaml', 'profiles/a.b_c-9.yaml']) t.equal(fileRefusal(file), NO_TEXT, file);
  for (const file of [
    '',
    'cabinet.yml',
    'profiles/',
    'profiles/.x.yaml',
    'profiles/../a.yaml',
    'profiles/A.yaml',
    'profiles/a/b.yaml',
    '/etc/passwd',
  ])
    t.not(fileRefusal(file), NO_TEXT, file);
});

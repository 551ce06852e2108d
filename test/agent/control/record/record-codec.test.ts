import fc from 'fast-check';
import t from 'tap';
import { CELL_ITEMS, type Item, type ItemKind } from '../../../../agent/control/record/cell.ts';
import { RANK_WORDS, REASON_WORDS } from '../../../../agent/control/record/input-words.ts';
import { decodeRecord } from '../../../../agent/control/record/record-decoder.ts';
import { AGE_UNIT_US, type EncodedInstant, RecordEncoder } from '../../../../agent/control/record/record-encoder.ts';
import type { RecordStreams } from '../../../../agent/core/decision-record.ts';

const WHOLE = fc.integer({ min: -(2 ** 40), max: 2 ** 40 });
const ITEMS: Readonly<Record<ItemKind, fc.Arbitrary<Item>>> = {
  whole: fc.option(WHOLE),
  time: fc.option(fc.integer({ min: 0, max: 2 ** 45 })),
  double: fc.option(fc.double({ noNaN: true })),
  text: fc.option(fc.string({ unit: 'grapheme' })),
};
const LETTERS = Object.keys(CELL_ITEMS).filter((letter) => letter !== 'd' && letter !== 'm');
const CHANGE = fc.constantFrom(...LETTERS).chain((letter) =>
  fc.record({
    key: fc.constantFrom('', 'PIR1.motion', 'rue', 'é 灯').map((id) => `${letter}:${id}`),
    items: fc.option(fc.tuple(...(CELL_ITEMS[letter] ?? []).map((kind) => ITEMS[kind])), { freq: 5 }),
  }),
);
const LEVEL = fc.record({
  lamp: fc.integer({ min: 0, max: 300 }),
  levelPct: fc.integer({ min: 0, max: 100 }),
  rank: fc.constantFrom(...RANK_WORDS),
  reason: fc.constantFrom(...REASON_WORDS),
  isHeld: fc.boolean(),
  source: fc.constantFrom('', 'S01', 'console:josé', 'wave'),
  ageS: fc.integer({ min: 0, max: 100_000 }),
});
const INSTANT = fc.record({
  stepUs: fc.integer({ min: 0, max: 10_000_000_000 }),
  stepMs: fc.integer({ min: -10_000_000, max: 10_000_000 }),
  changes: fc.uniqueArray(CHANGE, { selector: ({ key }) => key, maxLength: 6 }),
  levels: fc.uniqueArray(LEVEL, { selector: ({ lamp }) => lamp, maxLength: 6 }),
});

const START = { nowUs: 5_000_000_123, nowMs: 1_800_000_000_000 };

type Instants = readonly (typeof INSTANT extends fc.Arbitrary<infer T> ? T : never)[];

/** `parts`: after each instant whether the bytes are taken. */
function encode(
  instants: Instants,
  parts: readonly boolean[],
): { readonly streams: RecordStreams; readonly given: readonly EncodedInstant[] } {
  const encoder = new RecordEncoder(START);
  const taken: RecordStreams[] = [];
  let { nowUs, nowMs } = START;
  const given = instants.map(({ stepUs, stepMs, changes, levels }, at): EncodedInstant => {
    nowUs += stepUs;
    nowMs += stepMs;
    const instant = {
      nowUs,
      nowMs,
      changes,
      levels: levels.map(({ ageS, ...level }) => ({ ...level, sinceUs: nowUs - ageS * AGE_UNIT_US })),
    };
    encoder.add(instant);
    if (parts[at] === true) taken.push(encoder.take());
    return instant;
  });
  taken.push(encoder.take());
  const all = (of: keyof RecordStreams): Uint8Array => Buffer.concat(taken.map((part) => part[of]));
  return { given, streams: { ticks: all('ticks'), inputs: all('inputs'), levels: all('levels') } };
}

t.test('what is encoded in parts is decoded as it was', async () => {
  fc.assert(
    fc.property(fc.array(INSTANT, { maxLength: 12 }), fc.array(fc.boolean(), { maxLength: 12 }), (instants, parts) => {
      const { streams, given } = encode(instants, parts);
      const cells = new Map<string, readonly Item[]>();
      const levels = new Map<number, object>();
      let at = 0;
      for (const state of decodeRecord(streams, START)) {
        const instant = given[at] as EncodedInstant;
        for (const { key, items } of instant.changes) items === null ? cells.delete(key) : cells.set(key, items);
        for (const { lamp, sinceUs: _, ...choice } of instant.levels) levels.set(lamp, choice);
        t.equal(state.nowUs, instant.nowUs);
        t.equal(state.nowMs, instant.nowMs);
        t.strictSame([...state.cells].map(([key, { items }]) => [key, items]).sort(), [...cells].sort());
        t.strictSame([...state.levels].map(([lamp, { sinceMs: __, ...choice }]) => [lamp, choice]).sort(), [...levels].sort());
        t.strictSame([...state.changed].sort(), instant.levels.map(({ lamp }) => lamp).sort());
        at++;
      }
      t.equal(at, given.length);
      // Without its inputs a segment still has its levels.
      const thinned = [...decodeRecord({ ...streams, inputs: new Uint8Array() }, START)];
      t.equal(thinned.length, given.length);
      t.strictSame([...(thinned.at(-1)?.levels.keys() ?? [])].sort(), [...levels.keys()].sort());
    }),
    { numRuns: 150 },
  );
});

t.test('damaged bytes are refused or give another state, and never hang or throw anything else', async (t) => {
  fc.assert(
    fc.property(
      fc.array(INSTANT, { minLength: 1, maxLength: 6 }),
      fc.constantFrom('ticks', 'inputs', 'levels'),
      fc.nat(),
      fc.nat(255),
      fc.boolean(),
      (instants, stream, place, byte, isCut) => {
        const { streams } = encode(instants, []);
        const bytes = Uint8Array.from(streams[stream as keyof RecordStreams]);
        const at = bytes.length === 0 ? 0 : place % bytes.length;
        if (bytes.length > 0) bytes[at] = byte;
        const damaged = { ...streams, [stream]: isCut ? bytes.subarray(0, at) : bytes };
        try {
          for (const _ of decodeRecord(damaged, START));
        } catch (error) {
          if ((error as { code?: unknown }).code !== 'corrupt') throw error;
        }
      },
    ),
    { numRuns: 400 },
  );
  t.pass();
});

t.test('a question about an instant ends at the last change before it', async (t) => {
  const encoder = new RecordEncoder(START);
  for (const s of [0, 10, 20])
    encoder.add({ nowUs: START.nowUs + s * 1e6, nowMs: START.nowMs + s * 1_000, changes: [{ key: 'f:L1', items: [s] }], levels: [] });
  const streams = encoder.take();
  const last = (untilS: number): unknown =>
    [...decodeRecord(streams, START, START.nowMs + untilS * 1_000)].at(-1)?.cells.get('f:L1')?.items;
  t.same([last(-1), last(0), last(9), last(10), last(99)], [undefined, [0], [0], [10], [20]]);
});

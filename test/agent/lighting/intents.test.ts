/** Which of several intents on one lamp is the strongest. */
import fc from 'fast-check';
import t from 'tap';
import { type Intent, RANKS } from '../../../agent/core/words.ts';
import { intentsFor } from '../../../agent/lighting/intents.ts';
import { intent } from './street.ts';

const MINUTE_MS = 60_000;
const PLACE = { lampId: 'L2', zoneId: 'rue' };
const TARGETS = {
  lamp: { kind: 'lamp', id: 'L2' },
  zone: { kind: 'zone', id: 'rue' },
  cabinet: { kind: 'cabinet', id: 'c' },
} as const;
type Kind = keyof typeof TARGETS;

/** An intent that began the given minutes after the start of the run and lasts two hours. Its wall clock may be wrong. */
function at(kind: Kind, levelPct: number, minute: number, { offMs = 0, ...changes }: Partial<Intent> & { offMs?: number } = {}): Intent {
  const [sinceMono, lengthMs] = [minute * MINUTE_MS, 120 * MINUTE_MS];
  const sinceMs = sinceMono + offMs;
  const ends = { sinceMs, untilMs: sinceMs + lengthMs, untilMono: sinceMono + lengthMs };
  return intent({ id: `${kind}${levelPct}@${minute}`, target: TARGETS[kind], levelPct, ...ends, ...changes });
}

const strongest = (...intents: readonly Intent[]): number | undefined => intentsFor(intents, PLACE, 10 * MINUTE_MS)[0]?.levelPct;

// biome-ignore format: a table
const cases: [story: string, levelPct: number, intents: Intent[]][] = [
  ['a zone at 90 %, a minute later one lamp of it at 30 %: 30 %', 30, [at('zone', 90, 1), at('lamp', 30, 2)]],
  ['whatever the order of the list', 30, [at('lamp', 30, 2), at('zone', 90, 1)]],
  ['the cabinet, then a zone', 20, [at('cabinet', 100, 1), at('zone', 20, 2)]],
  ['the cabinet, then a zone, then a lamp', 40, [at('cabinet', 100, 1), at('zone', 20, 2), at('lamp', 40, 3)]],
  ['brighter as well', 90, [at('zone', 30, 1), at('lamp', 90, 2)]],
  ['one lamp at 30 %, later its zone at 90 %: the brighter', 90, [at('lamp', 30, 1), at('zone', 90, 2)]],
  ['one lamp at 90 %, later its zone at 30 %: the brighter', 90, [at('lamp', 90, 1), at('zone', 30, 2)]],
  ['of two sources the brighter', 90, [at('zone', 90, 1), at('lamp', 30, 2, { source: 'console:anna' })]],
  ['of one source with two ranks the higher rank', 90, [at('zone', 90, 1, { rank: 'emergency' }), at('lamp', 30, 2)]],
  ['one that is replaced does not hide that of another', 60, [at('zone', 60, 1, { source: 'console:anna' }), at('zone', 90, 2), at('lamp', 30, 3)]],
  ['a step of the wall clock changes no order', 30, [at('zone', 90, 1, { offMs: 86_400_000 }), at('lamp', 30, 2)]],
  ['what begins at the same instant is ordered by the list', 30, [at('zone', 90, 1), at('lamp', 30, 1)]],
  ['a technician\'s zone at 100 %, then one lamp at 0 %', 0, [at('zone', 100, 1, { rank: 'maintenance' }), at('lamp', 0, 2, { rank: 'maintenance' })]],
];
for (const [story, levelPct, intents] of cases) t.test(story, async (t) => t.equal(strongest(...intents), levelPct));

t.test('one that is replaced on a lamp stays in the list, so that it shows once the later one ends', async (t) => {
  const both = [at('zone', 90, 1), at('lamp', 30, 2)];
  t.same(
    intentsFor(both, PLACE, 10 * MINUTE_MS).map(({ levelPct }) => levelPct),
    [30, 90],
  );
  t.equal(intentsFor(both, PLACE, 121.5 * MINUTE_MS)[0]?.levelPct, 30);
  t.equal(intentsFor(both, { lampId: 'L3', zoneId: 'rue' }, 10 * MINUTE_MS)[0]?.levelPct, 90, 'on other lamps it is not replaced');
});

t.test('for any request of any source: no rank changes, and only a source itself dims what it has requested', async (t) => {
  const one = fc.record({
    kind: fc.constantFrom<Kind>('lamp', 'zone', 'cabinet'),
    levelPct: fc.integer({ min: 0, max: 100 }),
    minute: fc.integer({ min: 0, max: 9 }),
    rank: fc.constantFrom<Intent['rank']>('maintenance', 'emergency', 'override'),
    source: fc.constantFrom('platform', 'console:anna', 'console:paul'),
  });
  fc.assert(
    fc.property(fc.array(one, { minLength: 1, maxLength: 8 }), (drawn) => {
      const intents = drawn.map(({ kind, levelPct, minute, rank, source }, n) =>
        at(kind, levelPct, minute, { rank, source, id: String(n) }),
      );
      const ordered = intentsFor(intents, PLACE, 10 * MINUTE_MS);
      const [first] = ordered;
      const topRank = RANKS.find((rank) => intents.some((each) => each.rank === rank));
      const ofRank = intents.filter(({ rank }) => rank === topRank);
      const sources = [...new Set(ofRank.map(({ source }) => source))];
      // Each source has at least one intent that no other of its own replaces, so the winner is as bright as the dimmest of these.
      const latestOf = (source: string) => Math.min(...ofRank.filter((each) => each.source === source).map(({ levelPct }) => levelPct));
      const leastPct = Math.max(...sources.map(latestOf));
      return ordered.length === intents.length && first?.rank === topRank && first !== undefined && first.levelPct >= leastPct;
    }),
    { numRuns: 2_000 },
  );
  t.pass('held for all lists');
});

import { join } from 'node:path';
import t from 'tap';
import { loadSite } from '../../../agent/config/load/load-site.ts';
import type { Lamp, Zone } from '../../../agent/core/cabinet.ts';
import { msg } from '../../../agent/core/message.ts';
import { arbitrate, type LampCase } from '../../../agent/lighting/arbiter.ts';
import { type LampUse, lampUse } from '../../../agent/lighting/lamp-use.ts';

const { cabinet } = loadSite(join(import.meta.dirname, '../../../config/demo.yaml'));
const [ZONE, LAMP] = [cabinet.zones[0] as Zone, cabinet.lamps[0] as Lamp];
const PLAIN: LampCase = {
  lamp: { ...LAMP, minPct: 5, maxPct: 90 },
  zone: { ...ZONE, minPct: 20, dark: null, constantLight: null },
  nowMs: 0,
  nowMono: 0,
  light: 'night',
  intents: [],
  raises: [],
  programme: { rank: 'programme', source: 'p', levelPct: 30, text: msg``, untilMs: null },
  dusk: null,
  burningH: null,
};
const raise = (levelPct: number, rank: 'presence' | 'traffic' = 'presence') =>
  ({ line: { rank, source: 'S01.motion', levelPct, text: msg``, untilMs: null }, distanceM: 0 }) as const;
const found = (levelPct: number) => ({ levelPct, untilMs: 9 });
const programme = (levelPct: number | null) => ({ rank: 'programme', source: 'p', levelPct, text: msg``, untilMs: null }) as const;
const byHand = {
  id: 'i',
  target: { kind: 'cabinet', id: 'x' },
  authority: 'technician',
  source: 'console:tech',
  reason: '',
  sinceMs: 0,
  untilMs: 9,
  untilMono: 9,
} as const;

const uses: [story: string, changes: Partial<LampCase>, use: Partial<LampUse>][] = [
  ['at the level of the programme nothing raises it', {}, { levelPct: 30, quietPct: 30, raisedBy: null, byPerson: false }],
  [
    'someone is present: without them it would be the programme',
    { raises: [raise(80)] },
    { levelPct: 80, quietPct: 30, raisedBy: 'presence' },
  ],
  [
    'traffic and presence: without both',
    { raises: [raise(60, 'traffic'), raise(80)] },
    { levelPct: 80, quietPct: 30, raisedBy: 'presence' },
  ],
  ['what would be below the minimum of the zone is not', { programme: programme(10), raises: [raise(80)] }, { levelPct: 80, quietPct: 20 }],
  ['what the lamp cannot give it does not', { raises: [raise(100)] }, { levelPct: 90, quietPct: 30 }],
  [
    'without a programme it is the design level, and no raise applies',
    { programme: null, raises: [raise(80)] },
    { levelPct: 90, raisedBy: null },
  ],
  [
    'a zone that goes dark would be dark',
    { programme: programme(0), raises: [raise(50)], zone: { ...ZONE, minPct: 20, dark: { warnPct: 20, warnS: 30 } } },
    { levelPct: 50, quietPct: 0 },
  ],
  [
    'constant light dims what it would be as well',
    { raises: [raise(80)], zone: { ...ZONE, minPct: 0, constantLight: { newPct: 80, fullAtH: 50_000 } }, burningH: 0 },
    { levelPct: 64, quietPct: 24 },
  ],
  ['a level found at the start is no presence', { found: found(80) }, { levelPct: 80, quietPct: 80, raisedBy: null, byPerson: false }],
  [
    'someone below a level found at the start: without them it would be the programme',
    { found: found(80), raises: [raise(60)] },
    { levelPct: 80, quietPct: 30, raisedBy: 'presence' },
  ],
  [
    'traffic below a level found at the start, which constant light has dimmed before',
    {
      ...{ found: found(80), raises: [raise(60, 'traffic')], burningH: 0 },
      zone: { ...ZONE, minPct: 0, constantLight: { newPct: 80, fullAtH: 50_000 } },
    },
    { levelPct: 80, quietPct: 30, raisedBy: 'traffic' },
  ],
  [
    'a person is no presence',
    { raises: [raise(80)], intents: [{ ...byHand, levelPct: 40, rank: 'override' }] },
    { levelPct: 40, quietPct: 40, raisedBy: null, byPerson: true },
  ],
];
for (const [story, changes, expected] of uses) {
  t.test(story, async (t) => {
    const lampCase = { ...PLAIN, ...changes };
    t.match(lampUse(arbitrate(lampCase), lampCase.lamp, lampCase.zone as Zone), expected);
  });
}

t.test('constant light does not dim a second time what a start finds', async (t) => {
  const zone = { ...ZONE, minPct: 0, constantLight: { newPct: 80, fullAtH: 50_000 } };
  const decide = (foundPct: number) =>
    arbitrate({ ...PLAIN, zone, burningH: 0, programme: programme(50), found: found(foundPct) }).levelPct;
  const levels = [0, 39, 40, 41, 50, 64, 80, 100].map((foundPct) => [foundPct, decide(foundPct)]);
  t.strictSame(levels, [
    [0, 40],
    [39, 40],
    [40, 40],
    [41, 41],
    [50, 50],
    [64, 64],
    [80, 80],
    [100, 90],
  ]);
});

t.test('a level found at the start gives the same light as a person for whom the lamp has it', async (t) => {
  const zones = [PLAIN.zone, null, { ...ZONE, minPct: 0, dark: { warnPct: 20, warnS: 30 } }];
  const choices = [0, 4, 30, 60, 100];
  for (const zone of zones)
    for (const light of ['night', 'day', 'time-not-trusted'] as const)
      for (const programmePct of [null, ...choices])
        for (const raisedPct of [null, ...choices])
          for (const foundPct of choices)
            for (const intents of [[], [{ ...byHand, levelPct: 40, rank: 'override' as const }]]) {
              const raises = light !== 'night' || raisedPct === null ? [] : [raise(raisedPct, 'traffic')];
              const plain = { ...PLAIN, zone, light, programme: programme(programmePct), raises, intents };
              const asPerson = arbitrate({ ...plain, raises: light === 'night' ? [...raises, raise(foundPct)] : [] });
              const asFound = arbitrate({ ...plain, found: found(foundPct) });
              const [without, story] = [arbitrate(plain), JSON.stringify({ zone: zone?.dark, light, programmePct, raisedPct, foundPct })];
              if (asFound.levelPct !== asPerson.levelPct) t.fail(`${story}: ${asFound.levelPct} %, not ${asPerson.levelPct} %`);
              if (asFound.rank !== without.rank || asFound.reason !== without.reason) t.fail(`${story}: ${asFound.reason}`);
            }
  t.pass();
});

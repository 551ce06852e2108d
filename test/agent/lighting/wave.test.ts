import t from 'tap';
import type { Detection, LightingStreet } from '../../../agent/lighting/lighting.ts';
import { createMoverReader } from '../../../agent/lighting/movers.ts';
import { createStreetGraph } from '../../../agent/lighting/street-graph.ts';
import { waveFor } from '../../../agent/lighting/wave.ts';
import { texts } from '../../support/texts.ts';
import { lit, litAlong, path, poleNames, row, seenAt, streetOf, type WaveZoneSettings } from './wave-street.ts';

const TOWN = streetOf(
  [
    ...row(5),
    { id: 'B1', atM: 20, branch: 'b' },
    { id: 'B2', atM: 45, branch: 'b' },
    { id: 'C1', atM: 10, branch: 'c' },
    { id: 'D1', atM: 30, branch: 'd' },
    { id: 'X1', atM: 5, branch: 'nowhere' },
    { id: 'R1', atM: 5, branch: 'ring' },
  ],
  [{ poles: [...poleNames(0, 4), 'B1', 'B2', 'C1', 'D1'], sensors: ['P1', 'P2', 'B2', 'P4'], wave: { speedKmh: 18 } }],
  [
    { id: 'b', from: 'P2' },
    { id: 'c', from: 'B1' },
    { id: 'd', from: 'P2' },
    { id: 'ring', from: 'R1' },
  ],
);

t.test('distances follow the street, through its branches', async (t) => {
  const graph = createStreetGraph(TOWN);
  const table: [story: string, a: string, b: string, distanceM: number | null, path: string][] = [
    ['along the main street', 'P0', 'P3', 75, 'P0 P1 P2 P3'],
    ['the same the other way', 'P3', 'P0', 75, 'P3 P2 P1 P0'],
    ['a pole from itself', 'P2', 'P2', 0, 'P2'],
    ['into a side street', 'P0', 'B2', 95, 'P0 P1 P2 B1 B2'],
    ['out of one', 'B2', 'P4', 95, 'B2 B1 P2 P3 P4'],
    ['from one side street into that across', 'B1', 'D1', 50, 'B1 P2 D1'],
    ['a side street of a side street', 'C1', 'P1', 55, 'C1 B1 P2 P1'],
    ['within the same branch, past what leaves it', 'C1', 'B2', 35, 'C1 B1 B2'],
    ['a pole that is not there', 'P0', 'P9', null, ''],
    ['a branch that leaves from nowhere', 'P0', 'X1', null, ''],
    ['a branch that leaves from itself', 'P0', 'R1', null, ''],
  ];
  for (const [story, a, b, distanceM, way] of table) {
    t.equal(graph.distanceM(a, b), distanceM, story);
    t.equal(graph.path(a, b).join(' '), way, story);
  }
  t.equal(graph.towards('P2', 1).join(' '), 'B1 P3 C1 D1 B2 P4', 'a side street that leaves right here may be taken either way');
  t.equal(graph.towards('P2', -1).join(' '), 'B1 P1 C1 D1 B2 P0');
  t.equal(graph.towards('B1', 1).join(' '), 'C1 B2');
  t.equal(graph.towards('B1', -1).join(' '), 'C1 P2 P1 P3 D1 P0 P4', 'out of a side street one may turn both ways');
});

t.test('one detection: light both ways, no farther than the next sensors and the reach beyond them', async (t) => {
  const wave = waveFor(path());
  const says = (atS: number): string => lit(wave([seenAt('P3', 0)], atS * 1_000));
  t.equal(says(0), 'P3 P2 P4', 'the nearest first: 25 m to each side are within the least 30 m');
  t.equal(says(12), 'P3 P2 P4 P1 P5');
  t.equal(says(27), 'P2 P3 P4 P1 P5 P0 P6');
  t.equal(says(60), 'P0 P1 P2 P3 P4 P5 P6 P7', 'a step beyond the sensor that has not seen it, and no more');
  t.equal(says(163), says(60), 'at 2 km/h it takes 164 s from one sensor to where the next one has seen it');
  t.equal(says(164), '');
  const quick = waveFor(path({ speedKmh: 25 }));
  t.ok(quick([seenAt('P3', 0)], 60_000).has('P5'), 'where cyclists are usual he may still be a walker');
  t.ok(quick([seenAt('P3', 0)], 163_000).has('P5'));
  t.equal(lit(quick([seenAt('P3', 0)], 164_000)), '');
});

t.test('number, direction and speed of the movers', async (t) => {
  const S = (pole: string, atS: number): Detection => seenAt(pole, atS);
  const table: [story: string, detections: Detection[], atS: number, litNow: string][] = [
    ['no detection', [], 0, ''],
    ['two detections tell direction and speed: 5 km/h', [S('P3', 0), S('P6', 54), S('P9', 108)], 124, 'P9 P10 P11'],
    ['the other way', [S('P9', 0), S('P6', 54), S('P3', 108)], 124, 'P1 P2 P3'],
    ['a sensor that missed it: still the same one', [S('P0', 0), S('P3', 11), S('P9', 33)], 33.5, 'P9 P10'],
    ['a second detection alone is a guess, so both ways stay lit', [S('P3', 0), S('P6', 54)], 56, 'P0 P1 P2 P3 P4 P5 P6 P7'],
    ['one sensor that repeats itself is one visit', [S('P3', 0), S('P3', 0.1), S('P3', 0.2)], 0.3, 'P2 P3 P4'],
    ['an order that is not that of time', [S('P9', 108), S('P3', 0), S('P6', 54)], 124, 'P9 P10 P11'],
    ['a detection later than now', [S('P3', 10)], 5, ''],
    ['a pole that is not there', [S('P77', 0)], 1, ''],
  ];
  const wave = waveFor(path());
  for (const [story, detections, atS, expected] of table) t.equal(litAlong(wave(detections, atS * 1_000)), expected, story);
  const movers = createMoverReader(path(), createStreetGraph(path()));
  const [walker, ...others] = movers([S('P3', 0), S('P6', 54), S('P9', 108)], 108_000);
  t.equal(others.length, 0);
  t.match(walker, { visit: { pole: 'P9' }, before: { pole: 'P6' }, isSure: true });
  t.equal(walker?.speedMps?.toFixed(2), (75 / 54).toFixed(2));
  const late = movers([S('P0', 0), S('P3', 11), S('P6', 22), S('P9', 52)], 60_000);
  t.strictSame(
    late.filter(({ visit }) => visit.pole === 'P9').map(({ before }) => before),
    [null],
    'who comes much too late is somebody else',
  );
  t.equal(movers([S('P3', 0), S('P3', 1.9), S('P3', 3.8)], 4_000).length, 1, 'as long as a sensor goes on it is one visit');
  t.equal(movers([S('P3', 0), S('P3', 2.5)], 4_000).length, 2, 'after a pause somebody else');
  const flood = Array.from({ length: 2_000 }, (_, i) => seenAt(`P${i % 12}`, i / 5, { isRelayed: i % 2 === 0 }));
  t.ok(movers(flood, 400_000).length <= 128, 'a flood is work for its newest part only');
});

t.test('a person who has just left and is detected by a neighbour is not taken for one who arrives', async (t) => {
  const movers = createMoverReader(path(), createStreetGraph(path()));
  const leaving = [seenAt('P6', 0), seenAt('P3', 54), seenAt('P0', 108)];
  const relayed = (more: Partial<Detection>): Detection =>
    seenAt('P0', 130, { source: 'west', isRelayed: true, direction: 1, beforeM: 30, ...more });
  const isComing = (relay: Detection): boolean =>
    movers([...leaving, relay], 131_000).some(({ visit }) => visit.isRelayed && visit.direction === 1);
  t.equal(isComing(relayed({})), false, 'he is 30 m on after 22 s');
  t.equal(isComing(relayed({ speedKmh: 5 })), true, 'a neighbour who has seen him come nearer knows better');
  t.equal(isComing(relayed({ atMono: 111_000 })), true, 'no one is that fast, so it is another person');
  const two = movers([relayed({ atMono: 0 }), relayed({ atMono: 10_000 })], 11_000);
  t.strictSame(
    two.map(({ speedMps }) => speedMps),
    [null, null],
    'two words of a neighbour tell no speed',
  );
});

t.test('two walkers who meet: each has light where he is and at the next lamp, all the way', async (t) => {
  const wave = waveFor(path());
  for (let apartS = 0.5; apartS < 54; apartS += 2.5) {
    const eastAt = (s: number): number => (s * 75) / 54;
    const westAt = (s: number): number => 225 - ((s - apartS) * 75) / 54;
    const detections = [0, 1, 2, 3].flatMap((n) => [seenAt(`P${3 * n}`, 54 * n), seenAt(`P${9 - 3 * n}`, apartS + 54 * n)]);
    for (let s = Math.ceil(apartS); s < 155; s += 1) {
      const says = wave(
        detections.filter(({ atMono }) => atMono <= s * 1_000),
        s * 1_000,
      );
      const [east, west] = [eastAt(s) / 25, westAt(s) / 25];
      for (const n of [Math.floor(east), Math.ceil(east), Math.floor(west), Math.ceil(west)]) {
        if (!says.has(`P${n}`)) t.fail(`P${n} is dark at ${s} s, walkers at ${eastAt(s).toFixed()} and ${westAt(s).toFixed()} m`);
      }
    }
  }
});

t.test('a person who stops is lit for a while, then forgotten; one who turns is found in both directions', async (t) => {
  const wave = waveFor(path({ speedKmh: 25 }));
  const cyclist = [seenAt('P0', 0), seenAt('P3', 10.8), seenAt('P6', 21.6)];
  const at = (s: number, more: Detection[] = []): string => litAlong(wave([...cyclist, ...more], s * 1_000));
  t.equal(at(21.6), 'P6 P7', 'the way behind is free');
  t.equal(at(27), 'P7 P8', 'between the sensors');
  t.equal(at(40), 'P9 P10 P11', 'it may be slow');
  t.equal(at(43.3), '', 'or has stopped: the next sensor has detected nothing within twice the time');
  const turned = [seenAt('P6', 41)];
  t.equal(at(41, turned), 'P5 P6 P7 P9 P10 P11', 'seen again where it came from');
  t.equal(at(52, [...turned, seenAt('P3', 51.8)]).includes('P1'), true, 'on its way back');
});

t.test('at a fork light runs into each possible street, and not back', async (t) => {
  const wave = waveFor(TOWN);
  const poles = TOWN.poles;
  const coming = [seenAt('P1', 0, { speedKmh: 18, direction: 1 })];
  t.equal(litAlong(wave(coming, 0), poles), 'P1 P2');
  t.equal(litAlong(wave(coming, 5_000), poles), 'P2 P3 B1 C1 D1', 'the rest is behind');
  const out = [seenAt('B2', 0, { speedKmh: 18, direction: -1 })];
  t.equal(litAlong(wave(out, 8_000), poles), 'P1 P2 P3 B1 C1', 'out of the side street to both sides of the main one');
});

t.test('a wave crosses from zone to zone, each with its own reach', async (t) => {
  const street = (changes: Partial<WaveZoneSettings>): LightingStreet =>
    streetOf(row(12), [
      { poles: poleNames(0, 5), sensors: ['P0', 'P3'] },
      { poles: poleNames(6, 11), sensors: ['P9'], wave: { leastAheadM: 60 }, ...changes },
    ]);
  const rider = [seenAt('P3', 0, { speedKmh: 25, direction: 1 })];
  const at = (s: number, changes: Partial<WaveZoneSettings> = {}): string => litAlong(waveFor(street(changes))(rider, s * 1_000));
  t.equal(at(0), 'P3 P4', 'the second zone is 75 m away');
  t.equal(at(3), 'P3 P4 P5 P6', 'its 60 m come first');
  t.equal(at(3, { wave: null }), 'P3 P4 P5', 'a zone without a wave is not raised by one');
  t.equal(at(3, { wave: { mode: 'section' } }), 'P3 P4 P5', 'a section waits until it will be reached within 4 s');
  t.equal(at(7, { wave: { mode: 'section' } }), 'P4 P5 P6 P7 P8 P9 P10 P11', 'then it rises as a whole');
});

t.test('a section stays lit while a person is in it, and falls as a whole afterwards', async (t) => {
  const street = streetOf(row(12), [
    { poles: poleNames(0, 3), sensors: ['P0'], wave: null },
    { poles: poleNames(4, 7), sensors: [], wave: { mode: 'section', speedKmh: 50 } },
    { poles: poleNames(8, 11), sensors: ['P11'], wave: null },
  ]);
  const wave = waveFor(street);
  const car = [seenAt('P0', 0, { speedKmh: 50, direction: 1 })];
  const lamps = (s: number): number => wave(car, s * 1_000).size;
  t.strictSame([0, 3, 7, 12, 21, 24].map(lamps), [0, 0, 4, 4, 4, 0]);
  t.equal(wave(car, 12_000).get('P4')?.untilMono, wave(car, 12_000).get('P7')?.untilMono);
});

t.test('a relayed detection raises as such, where the zone receives it, from the reported distance outside', async (t) => {
  const relayed = (more: Partial<Detection> = {}): Detection =>
    seenAt('P0', 0, { source: 'c2', isRelayed: true, direction: 1, beforeM: 40, ...more });
  const wave = waveFor(path());
  t.equal(lit(wave([relayed({ speedKmh: 36 })], 0)), 'P0', '40 m away at 10 m/s');
  t.equal(lit(wave([relayed({ speedKmh: 36 })], 4_000)), 'P0 P1');
  t.match(texts(wave([relayed()], 6_000).get('P0')), { level: 'relayed', text: 'someone reported by c2 6 s ago' });
  t.equal(waveFor(path({}, { relayedPct: null }))([relayed()], 6_000).size, 0, 'a zone that does not want to hear of it');
  const own = [relayed({ speedKmh: 36 }), seenAt('P0', 4)];
  t.equal(wave(own, 4_000).get('P1')?.level, 'boost', 'once seen by a sensor of ours it is ours');
  t.equal(wave([seenAt('P0', 1), relayed()], 2_000).get('P0')?.level, 'boost', 'and what both say is the stronger');
});

t.test('the wave does not wait for a sensor that detects nothing', async (t) => {
  const wave = waveFor(path({ speedKmh: 25 }));
  const first = [seenAt('P0', 0)];
  t.equal(litAlong(wave(first, 20_000)), 'P0 P1 P2 P3 P4', 'P3 would have seen it');
  t.equal(litAlong(wave(first, 20_000, new Set(['S-P3']))), 'P0 P1 P2 P3 P4 P5 P6', 'P3 does not answer');
  t.equal(litAlong(wave(first, 20_000)), 'P0 P1 P2 P3 P4', 'it answers again');
  const close = waveFor(streetOf(row(12), [{ poles: poleNames(0, 11), sensors: ['P0', 'P1'] }]));
  const rider = [seenAt('P0', 0, { speedKmh: 25, direction: 1 })];
  t.equal(litAlong(close(rider, 9_000)), 'P1 P2 P3', 'one that is close may still hold for somebody else');
  t.equal(litAlong(close(rider, 10_500)), '', 'but not for long');
  const across = [...row(12), { id: 'Q0', atM: 5, branch: null }];
  const pair = waveFor(streetOf(across, [{ poles: poleNames(0, 11), sensors: ['P0', 'Q0'], wave: { speedKmh: 25 } }]));
  t.ok(pair(first, 12_000).has('P4'), 'where two see the same place the silence of one says nothing');
  const buttons = waveFor(path({}, { sensor: { kind: 'button' } }));
  t.equal(buttons(first, 60_000).size, 6, 'a walker does not press each button on the way');
  t.equal(buttons(first, 119_000).get('P0')?.untilMono, 120_000);
  t.equal(buttons(first, 120_000).size, 0, 'without anybody who would see him he is followed for two minutes');
});

import fc from 'fast-check';
import t from 'tap';
import type { Pole } from '../../../agent/core/cabinet.ts';
import type { Detection, LightingStreet } from '../../../agent/lighting/lighting.ts';
import { type WaveRaise, waveFor } from '../../../agent/lighting/wave.ts';
import { AWAY_MS } from '../../../agent/lighting/wave-reach.ts';
import { path, poleNames, row, seenAt, streetOf } from './wave-street.ts';

/** One cyclist passes sensors that see 8 m far and are each polled every 100 ms. Returns how many lamps were raised before the cyclist reached them. Units: s, m. */
function ride(street: LightingStreet, { kmh, direction, startM, phases }: Ride): { readonly inTime: number; readonly late: number } {
  const wave = waveFor(street);
  const sensorPoles = street.poles.filter((_, n) => n % 3 === 0);
  const lengthM = street.poles.at(-1)?.atM ?? 0;
  const atM = (ms: number): number => (direction === 1 ? -startM + (ms * kmh) / 3_600 : lengthM + startM - (ms * kmh) / 3_600);
  const passesMs = (poleM: number): number => ((direction === 1 ? poleM + startM : lengthM + startM - poleM) * 3_600) / kmh;
  const detections = sensorPoles.map((pole, i) => {
    const entersMs = passesMs(pole.atM) - (8 * 3_600) / kmh;
    const phaseMs = phases[i] ?? 0;
    return { ...seenAt(pole.id, 0), atMono: Math.ceil((entersMs - phaseMs) / 100) * 100 + phaseMs };
  });
  const firstMs = Math.min(...detections.map(({ atMono }) => atMono));
  const ahead = street.poles.filter(({ atM: poleM }) => (poleM - atM(firstMs)) * direction >= 0);
  const isInTime = ({ id, atM: poleM }: Pole): boolean => {
    // The bus and the ramp need the second before.
    const dueMs = passesMs(poleM) - 1_000;
    return wave(
      detections.filter(({ atMono }) => atMono <= dueMs),
      dueMs,
    ).has(id);
  };
  const inTime = ahead.filter(isInTime).length;
  return { inTime, late: ahead.length - inTime };
}

interface Ride {
  readonly kmh: number;
  readonly direction: 1 | -1;
  readonly startM: number;
  readonly phases: readonly number[];
}

t.test('each lamp ahead of a cyclist at 25 km/h is raised a second before he reaches it, in 500 passages', async (t) => {
  const street = path({ speedKmh: 25 });
  const total = { inTime: 0, late: 0 };
  const passages = fc.sample(
    fc.record({
      kmh: fc.constant(25),
      direction: fc.constantFrom<1 | -1>(1, -1),
      startM: fc.double({ min: 10, max: 40, noNaN: true }),
      phases: fc.array(fc.double({ min: 0, max: 100, noNaN: true }), { minLength: 4, maxLength: 4 }),
    }),
    { numRuns: 500, seed: 25 },
  );
  for (const passage of passages) {
    const { inTime, late } = ride(street, passage);
    total.inTime += inTime;
    total.late += late;
  }
  t.ok(total.inTime / (total.inTime + total.late) >= 0.99, `${total.inTime} in time, ${total.late} late`);
  const slow = ride(path({ speedKmh: 6 }), { kmh: 25, direction: 1, startM: 20, phases: [0, 0, 0, 0] });
  t.strictSame(slow, { inTime: 11, late: 1 }, 'where walkers are expected one lamp before the second sensor is late');
});

const detection = fc.record({
  source: fc.constantFrom('S-P0', 'S-P3', 'c2'),
  pole: fc.constantFrom(...poleNames(0, 11), 'B1', 'nowhere'),
  atMono: fc.double({ min: -500_000, max: 500_000, noNaN: true }),
  isRelayed: fc.boolean(),
  speedKmh: fc.option(fc.double({ min: 0, max: 1e6, noNaN: true })),
  direction: fc.constantFrom<1 | -1 | null>(1, -1, null),
  beforeM: fc.double({ min: 0, max: 100, noNaN: true }),
});
const anyStreet = fc
  .record({
    mode: fc.constantFrom<'poles' | 'section'>('poles', 'section'),
    speedKmh: fc.double({ min: 1, max: 130, noNaN: true }),
    holdS: fc.integer({ min: 0, max: 120 }),
    leastAheadM: fc.double({ min: 0, max: 200, noNaN: true }),
    behindM: fc.double({ min: 0, max: 200, noNaN: true }),
  })
  .map(({ holdS, ...wave }) => {
    const poles = [...row(12), { id: 'B1', atM: 30, branch: 'b' }];
    const plans = [
      { poles: poleNames(0, 5), sensors: ['P0', 'P3'], wave, holdS },
      { poles: [...poleNames(6, 11), 'B1'], sensors: ['P6', 'P9', 'B1'], wave: { ...wave, mode: 'poles' as const }, holdS },
    ];
    return { holdS, street: streetOf(poles, plans, [{ id: 'b', from: 'P4' }]) };
  });

t.test('for any detections, light ends within the hold or ten minutes after it, and at the announced time', async () => {
  const nowMono = 400_000;
  fc.assert(
    fc.property(anyStreet, fc.array(detection, { maxLength: 60 }), ({ street, holdS }, detections) => {
      const wave = waveFor(street);
      const says = wave(detections, nowMono);
      const lastMono = Math.max(...detections.map(({ atMono }) => atMono).filter((atMono) => atMono <= nowMono));
      const endMono = lastMono + Math.max(holdS * 1_000, AWAY_MS.longest);
      const soon = says.size === 0 ? true : Number.isFinite(endMono);
      const same = JSON.stringify([...wave(detections, nowMono)]) === JSON.stringify([...says]);
      return soon && same && [...says.values()].every((say) => isSound(say, nowMono, endMono));
    }),
    { numRuns: 1_000 },
  );
});

function isSound({ untilMono, distanceM, text }: WaveRaise, nowMono: number, endMono: number): boolean {
  return untilMono > nowMono && untilMono <= endMono && distanceM >= 0 && Number.isFinite(distanceM) && String(text) !== '';
}

t.test('whatever a neighbour reports, no lamp is raised less or shorter than without it', async () => {
  fc.assert(
    fc.property(anyStreet, fc.array(detection, { maxLength: 40 }), ({ street }, detections) => {
      const wave = waveFor(street);
      const own = wave(
        detections.filter(({ isRelayed }) => !isRelayed),
        400_000,
      );
      const all = wave(detections, 400_000);
      return [...own].every(([id, { untilMono, level }]) => all.get(id)?.level === level && (all.get(id)?.untilMono ?? 0) >= untilMono);
    }),
    { numRuns: 1_000 },
  );
});

t.test('light for a person who is detected once ends at the announced time, and never later', async () => {
  fc.assert(
    fc.property(anyStreet, detection, fc.integer({ min: 0, max: 100 }), ({ street }, drawn, afterS) => {
      const wave = waveFor(street);
      const one = [{ ...drawn, atMono: 0 }];
      return [...wave(one, afterS * 1_000)].every(
        ([id, { untilMono }]) => !wave(one, untilMono).has(id) && !wave(one, untilMono + 5_000).has(id),
      );
    }),
    { numRuns: 500 },
  );
});

/** Detections that count how often one of their fields is read. */
function counted(detections: readonly Detection[]): { readonly detections: readonly Detection[]; readonly reads: () => number } {
  let reads = 0;
  const count = {
    get(target: Detection, key: keyof Detection) {
      reads++;
      return target[key];
    },
  };
  return { detections: detections.map((each) => new Proxy(each, count)), reads: () => reads };
}

t.test('for any number of detections, the wave evaluates only the newest in detail', async (t) => {
  const sensors = poleNames(0, 249).filter((_, n) => n % 3 === 0);
  const wave = waveFor(streetOf(row(250), [{ poles: poleNames(0, 249), sensors, wave: { speedKmh: 25 } }]));
  const poles = fc.sample(fc.constantFrom(...sensors), { numRuns: 1_000, seed: 1 });
  const readsOf = (count: number): number => {
    const seen = counted(poles.slice(-count).map((pole, i) => seenAt(pole, 200 - (count - i) * (200 / count))));
    wave(seen.detections, 201_000);
    return seen.reads();
  };
  const [few, many] = [readsOf(50), readsOf(1_000)];
  t.ok(few <= 3 * 50 * 50, `${few} reads for 50, each pair three times at most`);
  t.ok(many - few <= 5 * 950, `${many} reads for 1,000, each of the others five times at most`);
});

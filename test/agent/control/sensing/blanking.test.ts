/** Cyclists and walkers past blanked sensors: own light must not hide the person for whom it rises. */
import t from 'tap';
import { createStreetSensing } from '../../../../agent/control/sensing/street-sensing.ts';
import type { PresenceSensor, WaveConfig } from '../../../../agent/core/cabinet.ts';
import { createEventTracker } from '../../../../agent/core/event-tracker.ts';
import { createManualClock } from '../../../../agent/core/manual-clock.ts';
import type { PointId, Reading } from '../../../../agent/core/words.ts';
import { createDecider } from '../../../../agent/lighting/decide.ts';
import type { LightingStreet } from '../../../../agent/lighting/lighting.ts';
import { makeStreet, PRESENCE, sensor, winter } from '../../lighting/street.ts';

const WAVE: WaveConfig = { mode: 'poles', speedKmh: 15, lookAheadS: 4, leastAheadM: 30, behindM: 15 };
/** From how far a sensor sees. Units: m. Source: data sheets of street sensors, 10 to 20 m across. */
const SEES_M = 5;
/** Units: ms. Source: the poll class of presence. */
const POLL_MS = 100;

interface Path {
  readonly blankS: number;
  readonly speedKmh: number;
  readonly spacingM: number;
  /** A sensor at each n-th pole. */
  readonly every?: number;
  readonly poles?: number;
  readonly passes?: number;
  readonly kind?: PresenceSensor['kind'];
  readonly reachM?: number | null;
  readonly wave?: WaveConfig | null;
  /** The lamp of its own pole sets a sensor off when its level changes. */
  readonly isFooled?: boolean;
}

interface Passed {
  /** Sensors that the rider passed, and those of them that detected him. */
  readonly expected: number;
  readonly detected: number;
  /** Poles that the rider passed, and those of them below the boost at that moment. */
  readonly polesPassed: number;
  readonly polesDark: number;
  /** Share of the time after the last passage in which a lamp is at its boost. */
  readonly litAfter: number;
}

function pathStreet({ blankS, spacingM, every = 3, poles = 24, kind = 'motion', reachM = 20, wave = WAVE }: Path): LightingStreet {
  const placed = Array.from({ length: poles }, (_, i) => ({ id: `P${i}`, atM: i * spacingM, branch: null }));
  const sensed = placed.filter((_, i) => i % every === 0);
  const sensors = sensed.map(({ id }) => sensor(`S${id}`, { kind, blankS, point: kind === 'counter' ? 'count' : 'motion' }));
  const lamps = placed.map(({ id }) => ({
    id: `L${id}`,
    device: `L${id}`,
    point: 'level',
    pole: id,
    ratedPowerW: 60,
    minPct: 5,
    maxPct: 100,
  }));
  return makeStreet({
    zone: { lamps: lamps.map(({ id }) => id), kind: 'path', presence: { ...PRESENCE, sensors, holdS: 20, reachM, wave } },
    street: { poles: placed, lamps, lines: [{ devices: sensed.map(({ id }) => ({ id: `S${id}`, pole: id })) }] },
  });
}

/** A path on a simulated clock: its sensors are polled by where the rider is, and its lamps are decided. */
function createPathRun(path: Path) {
  const { every = 3, kind = 'motion', isFooled = false } = path;
  const street = pathStreet(path);
  const clock = createManualClock(winter('23:30'));
  const decider = createDecider(street);
  const latest = new Map<PointId, Reading>();
  const sensing = createStreetSensing({
    street,
    clock,
    field: { latest: (pointId: PointId) => latest.get(pointId) },
    events: createEventTracker(clock, () => {}),
    plan: decider.plan,
    contacts: new Map(),
    store: { save: async () => true, load: async () => undefined },
  });
  const counts = new Map<string, number>();
  const fooledUntil = new Map<string, number>();
  let levels = new Map<string, number>();

  function decide(): void {
    const { decisions } = decider.decide({
      ...{ nowMs: clock.wallMs(), nowMono: clock.monoMs(), clockQuality: 'synced', intents: [] },
      ...sensing.snapshot(),
      detections: sensing.detections(),
    });
    sensing.notice(decisions);
    for (const { lampId, levelPct } of decisions)
      if (isFooled && (levels.get(lampId) ?? levelPct) !== levelPct) fooledUntil.set(lampId, clock.monoMs() + 1_500);
    levels = new Map(decisions.map(({ lampId, levelPct }) => [lampId, levelPct]));
  }

  /** Reads all sensors. `isNear`: of a pole. */
  function poll(isNear: (atM: number) => boolean): boolean {
    const readings = street.poles
      .filter((_, i) => i % every === 0)
      .map(({ id, atM }): Reading => {
        const isOn = isNear(atM) || clock.monoMs() < (fooledUntil.get(`L${id}`) ?? 0);
        const value = kind === 'counter' ? (counts.get(id) ?? 0) : isOn ? 100 : 0;
        const point: PointId = `S${id}.${kind === 'counter' ? 'count' : 'motion'}`;
        return { pointId: point, value, quality: 'good', atMono: clock.monoMs(), atMs: clock.wallMs() };
      });
    for (const each of readings) latest.set(each.pointId, each);
    return sensing.take(readings);
  }

  return {
    street,
    clock,
    sensing,
    decide,
    poll,
    levels: () => levels,
    /** The rider comes near a pole with a counter. */
    count: (pole: string) => counts.set(pole, (counts.get(pole) ?? 0) + 1),
  };
}

/** A rider passes along the path again and again, a minute and a half apart. */
async function pass(path: Path): Promise<Passed> {
  const { speedKmh, spacingM, every = 3, poles = 24, passes = 10, isFooled = false } = path;
  const run = createPathRun(path);
  const { street, clock, sensing } = run;
  let [polesPassed, polesDark] = [0, 0];
  const mps = speedKmh / 3.6;
  const passMs = Math.ceil((((poles - 1) * spacingM + 60) / mps) * 1_000);
  for (let ride = 0; ride < passes; ride++) {
    let placeM = -30;
    for (let ms = 0; ms < passMs + (passes > 1 ? 90_000 : 0); ms += POLL_MS) {
      await clock.advance(POLL_MS);
      const beforeM = placeM;
      placeM += (mps * POLL_MS) / 1_000;
      const isNear = (atM: number): boolean => Math.abs(placeM - atM) <= SEES_M;
      for (const { id, atM } of street.poles) if (Math.abs(beforeM - atM) > SEES_M && isNear(atM) && beforeM < atM) run.count(id);
      const isUrgent = run.poll(isNear);
      if (ms % 1_000 === 0) sensing.refresh();
      if (isUrgent || ms % 1_000 === 0) run.decide();
      for (const { id, atM } of street.poles) {
        if (beforeM >= atM || placeM < atM) continue;
        polesPassed++;
        if ((run.levels().get(`L${id}`) ?? 0) < PRESENCE.boostPct) polesDark++;
      }
    }
  }
  const expected = passes * Math.ceil(poles / every);
  const litAfter = await litShare(run, isFooled ? 300 : 0);
  return { expected, detected: Math.min(expected, sensing.detectionCount()), polesPassed, polesDark, litAfter };
}

/** Share of this time in which a lamp is at its boost though the path is empty. Units: s. */
async function litShare(run: ReturnType<typeof createPathRun>, seconds: number): Promise<number> {
  let lit = 0;
  for (let s = 0; s < seconds; s++) {
    await run.clock.advance(1_000);
    run.poll(() => false);
    run.sensing.refresh();
    run.decide();
    if ([...run.levels().values()].some((level) => level >= PRESENCE.boostPct)) lit++;
  }
  return lit / 300;
}

t.test(
  'a cyclist at 25 km/h is detected by 80 sensors with blankS 2 next to a wave, and each pole is lit before the cyclist reaches it',
  async (t) => {
    const { expected, detected, polesPassed, polesDark } = await pass({ blankS: 2, speedKmh: 25, spacingM: 25 });
    t.equal(expected, 80);
    t.equal(polesPassed, 240);
    t.ok(detected >= 0.99 * expected, `${detected} of ${expected} detected`);
    t.ok(polesDark <= 0.01 * polesPassed, `${polesDark} of ${polesPassed} dark`);
  },
);

t.test('no blanking hides a person, at any speed, spacing and reach; and it costs no light', async (t) => {
  for (const reachM of [20, null])
    for (const speedKmh of [4, 8, 15, 25, 50])
      for (const spacingM of [10, 25, 40, 60]) {
        // A sensor each 60 to 80 m, and a wave with the speed of the person.
        const every = Math.max(1, Math.round(75 / spacingM));
        const path = { speedKmh, spacingM, reachM, every, passes: 1, poles: 14, wave: { ...WAVE, speedKmh } };
        const bare = await pass({ ...path, blankS: 0 });
        for (const blankS of [0.5, 2, 10]) {
          const { expected, detected, polesPassed, polesDark } = await pass({ ...path, blankS });
          const situation = `${blankS} s, ${speedKmh} km/h, ${spacingM} m, reach ${reachM}`;
          t.equal(detected, expected, situation);
          t.ok(polesDark <= bare.polesDark + 0.01 * polesPassed, `${situation}: ${polesDark} dark, ${bare.polesDark} without blanking`);
        }
      }
});

t.test('a counter is never blanked, also without a wave', async (t) => {
  const { expected, detected } = await pass({
    blankS: 30,
    speedKmh: 25,
    spacingM: 25,
    kind: 'counter',
    reachM: null,
    wave: null,
    passes: 3,
  });
  t.equal(detected, expected);
});

t.test('a sensor that its own lamp sets off still lights nothing by itself', async (t) => {
  for (const wave of [null, WAVE]) {
    const fooled = await pass({ blankS: 2, speedKmh: 25, spacingM: 25, wave, passes: 2, isFooled: true });
    t.equal(fooled.litAfter, 0, 'the street rests once the rider is gone');
    const blind = await pass({ blankS: 0, speedKmh: 25, spacingM: 25, wave, passes: 2, isFooled: true });
    t.ok(blind.litAfter > 0.5, 'without blanking it keeps itself lit');
  }
});

import t from 'tap';
import { PhotocellTracker } from '../../../../agent/control/sensing/photocell-tracker.ts';
import type { PhotocellConfig, Zone } from '../../../../agent/core/cabinet.ts';
import { MINUTE_MS } from '../../../../agent/core/durations.ts';
import { createEventTracker } from '../../../../agent/core/event-tracker.ts';
import { createManualClock, type ManualClock } from '../../../../agent/core/manual-clock.ts';
import { withTexts } from '../../../../agent/core/message-wire.ts';
import type { AgentEvent, PointId, Reading } from '../../../../agent/core/words.ts';
import { photocellVerdict } from '../../../../agent/lighting/photocell.ts';
import { ZONE } from '../../lighting/street.ts';

const DAY_MIN = 24 * 60;
const CELL: PhotocellConfig = {
  device: 'LUX1',
  point: 'illuminance',
  onBelowLux: 35,
  offAboveLux: 70,
  dwellS: 180,
  windowMin: 60,
  staleS: 900,
  seesOwnLight: false,
};
const POINT: PointId = 'LUX1.illuminance';
/** Minutes after noon. */
const [DUSK_MIN, DAWN_MIN] = [5 * 60, 19 * 60];

/** A tenth of a degree a minute, as at 60° north. */
const altitudeAt = (minute: number): number => -2 - Math.min(minute - DUSK_MIN, DAWN_MIN - minute) / 10;

interface TrackerScene extends Pick<PhotocellTracker, 'states' | 'refresh'> {
  readonly clock: ManualClock;
  readonly events: readonly AgentEvent[];
  readonly lit: Set<string>;
  /** How often the faults were stored. */
  saves(): number;
  /** Another run of the agent with what the one before has stored. */
  restart(): void;
  say(): 'dark' | 'bright' | null;
  /** Minutes from now, each with a value for the minute after noon; null: no reply. */
  pass(minutes: number, luxAt: (minuteAfterNoon: number) => number | null): Promise<void>;
}

function makeScene(zones: readonly Zone[] = [{ ...ZONE, photocell: CELL }], isTrusted = true): TrackerScene {
  const noonMs = Date.UTC(2026, 0, 15, 12);
  const clock = createManualClock(noonMs);
  const events: AgentEvent[] = [];
  const lit = new Set<string>();
  const latest = new Map<PointId, Reading>();
  let stored = 'null';
  let saves = 0;
  const createTracker = () =>
    new PhotocellTracker({
      street: { zones },
      field: { latest: (pointId) => latest.get(pointId) },
      clock,
      events: createEventTracker(clock, (event) => events.push(event)),
      isZoneLit: (zoneId) => lit.has(zoneId),
      sunOf() {
        const nowMs = clock.wallMs();
        const startMs = noonMs + Math.floor((nowMs - noonMs) / (DAY_MIN * MINUTE_MS)) * DAY_MIN * MINUTE_MS;
        const [duskMs, dawnMs] = [startMs + DUSK_MIN * MINUTE_MS, startMs + DAWN_MIN * MINUTE_MS];
        const isNight = nowMs >= duskMs && nowMs < dawnMs;
        const altitudeDeg = altitudeAt((nowMs - startMs) / MINUTE_MS);
        return isTrusted ? { nowMs, duskMs, dawnMs, isNight, altitudeDeg } : null;
      },
      onFaults(faults) {
        stored = JSON.stringify(withTexts(faults));
        saves += 1;
      },
    });
  let tracker = createTracker();
  return {
    states: () => tracker.states(),
    refresh: () => tracker.refresh(),
    clock,
    events,
    lit,
    saves: () => saves,
    restart() {
      tracker = createTracker();
      tracker.restore(JSON.parse(stored));
    },
    say: () => photocellVerdict(tracker.states().get(POINT), CELL, clock.monoMs()),
    async pass(minutes, luxAt) {
      for (let minute = 0; minute < minutes; minute++) {
        await clock.advance(MINUTE_MS);
        const value = luxAt(((clock.wallMs() - noonMs) / MINUTE_MS) % DAY_MIN);
        const reading = {
          pointId: POINT,
          value,
          quality: value === null ? 'missing' : 'good',
          atMono: clock.monoMs(),
          atMs: clock.wallMs(),
        } as const;
        latest.set(POINT, reading);
        tracker.take([reading, { ...reading, pointId: 'L1.level' }]);
        tracker.refresh();
      }
    },
  };
}

const reported = ({ events }: TrackerScene) =>
  events.map(({ code, source, text, endMs }) => [code, source, String(text), endMs === null ? 'begins' : 'ends']);
const sky = (minute: number): number => (minute < DUSK_MIN || minute >= DAWN_MIN ? 5_000 : 1);

t.test('a photocell that follows the sky is found by its point, without an event', async (t) => {
  const tracker = makeScene();
  t.equal(tracker.states().size, 0);
  await tracker.pass(DUSK_MIN, sky);
  t.equal(tracker.say(), null, 'it has not yet seen a change');
  await tracker.pass(60, sky);
  t.equal(tracker.say(), 'dark');
  await tracker.pass(DAWN_MIN - DUSK_MIN, sky);
  t.equal(tracker.say(), 'bright');
  await tracker.pass(2 * DAY_MIN, sky);
  t.same([...tracker.states().keys()], [POINT]);
  t.same(reported(tracker), []);
});

t.test('a dirty photocell is reported in the morning, ignored, and trusted again after a good night', async (t) => {
  const tracker = makeScene();
  await tracker.pass(DAY_MIN, sky);
  await tracker.pass(DAY_MIN, (minute) => (minute > 30 && minute < DAWN_MIN + 200 ? 1 : 5_000));
  t.equal(tracker.say(), null);
  const dirty = 'LUX1.illuminance: reports dark by day: clean it, check what shades it; the sun decides meanwhile';
  t.same(reported(tracker), [['photocell-doubtful', POINT, dirty, 'begins']]);
  await tracker.pass(DAWN_MIN, sky);
  t.equal(tracker.say(), null, 'half a good night is not enough');
  await tracker.pass(120, sky);
  t.equal(tracker.say(), 'bright');
  t.same(reported(tracker).slice(1), [['photocell-doubtful', POINT, 'LUX1.illuminance: is trusted again', 'ends']]);
});

t.test('a restart on the afternoon of a sound photocell reports nothing, whatever hour of the day', async (t) => {
  for (const hour of [1, 2, 3]) {
    const tracker = makeScene();
    await tracker.pass(DAY_MIN + hour * 60, sky);
    tracker.restart();
    await tracker.pass(5, sky);
    tracker.restart();
    await tracker.pass(DAY_MIN, sky);
    t.same(reported(tracker), [], `${hour} h after noon`);
  }
});

t.test('a photocell without a value is reported after its limit, and a night without values is not counted as a fault', async (t) => {
  const tracker = makeScene();
  await tracker.pass(DAY_MIN, sky);
  await tracker.pass(15, () => null);
  t.same(reported(tracker), []);
  await tracker.pass(DAY_MIN - 15, () => null);
  t.same(reported(tracker), [['photocell-doubtful', POINT, 'LUX1.illuminance: no value for 16 min; the sun decides meanwhile', 'begins']]);
  await tracker.pass(10, sky);
  t.equal(tracker.say(), 'bright');
  t.match(reported(tracker)[1], ['photocell-doubtful', POINT, 'LUX1.illuminance: is trusted again', 'ends']);
});

t.test('a photocell that never had a value is reported too', async (t) => {
  const tracker = makeScene();
  await tracker.clock.advance(16 * MINUTE_MS);
  tracker.refresh();
  t.match(reported(tracker), [['photocell-doubtful', POINT, /no value for 16 min/, 'begins']]);
});

t.test('while the time is not known a photocell is used but not judged', async (t) => {
  const tracker = makeScene(undefined, false);
  await tracker.pass(DAY_MIN, sky);
  await tracker.pass(2 * DAY_MIN, () => 1);
  t.equal(tracker.say(), 'dark');
  t.same(reported(tracker), []);
});

t.test('a photocell of two zones is one, and sees the lamps of both', async (t) => {
  const own = { ...CELL, seesOwnLight: true };
  const tracker = makeScene([
    { ...ZONE, id: 'left', photocell: own },
    { ...ZONE, id: 'right', photocell: own },
    { ...ZONE, id: 'far', photocell: { ...own, point: 'other' } },
  ]);
  tracker.lit.add('far');
  await tracker.pass(DUSK_MIN + 60, sky);
  tracker.lit.add('right');
  await tracker.pass(60, () => 400);
  t.equal(tracker.say(), 'dark', 'in its own light it stays with what it said');
  tracker.lit.clear();
  await tracker.pass(5, () => 400);
  t.equal(tracker.say(), 'bright');
});

t.test('restarts in one night do not count it several times, and each night is stored a few times', async (t) => {
  const tracker = makeScene();
  /** A lamp of a workshop that shines on the cell every half hour. */
  const workshop = (minute: number): number => (minute % 30 < 15 ? sky(minute) : 5_000);
  const shop = (minute: number): number => (minute > DUSK_MIN + 30 && minute < DAWN_MIN - 180 ? 5_000 : sky(minute));
  await tracker.pass(DUSK_MIN + 90, shop);
  for (let run = 0; run < 3; run++) {
    tracker.restart();
    await tracker.pass(60, workshop);
    t.equal(tracker.say(), 'bright');
  }
  t.same(reported(tracker), []);
  t.ok(tracker.saves() <= 3, `${tracker.saves()} saves`);
  await tracker.pass(DAY_MIN, shop);
  t.same(reported(tracker), []);
  await tracker.pass(DAY_MIN, shop);
  t.match(reported(tracker), [['photocell-doubtful', POINT, /bright after dusk on 3 nights/, 'begins']]);
});

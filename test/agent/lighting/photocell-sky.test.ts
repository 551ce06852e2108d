/** Photocells under real skies: what a shop window, a stuck or a noisy cell makes of the night, at twelve latitudes. */
import t from 'tap';
import { PhotocellTracker } from '../../../agent/control/sensing/photocell-tracker.ts';
import type { PhotocellConfig, Zone } from '../../../agent/core/cabinet.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../agent/core/durations.ts';
import { createEventTracker } from '../../../agent/core/event-tracker.ts';
import { createManualClock } from '../../../agent/core/manual-clock.ts';
import { withTexts } from '../../../agent/core/message-wire.ts';
import type { AgentEvent, PointId, Reading } from '../../../agent/core/words.ts';
import { createDecider } from '../../../agent/lighting/decide.ts';
import type { LightingStreet, PhotocellState } from '../../../agent/lighting/lighting.ts';
import { createLocalCalendar } from '../../../agent/lighting/local-time.ts';
import { createNights, isDarkAt } from '../../../agent/lighting/night.ts';
import { afterLux } from '../../../agent/lighting/photocell.ts';
import { sunAltitudeDeg } from '../../../agent/lighting/sun.ts';
import { texts } from '../../support/texts.ts';
import { makeStreet, reading, snapshot } from './street.ts';

/** Longer than the dwell. */
const STEP_MIN = 5;
const POINT: PointId = 'LUX1.illuminance';
const CELL: PhotocellConfig = {
  ...{ device: 'LUX1', point: 'illuminance', onBelowLux: 35, offAboveLux: 70, dwellS: 180 },
  ...{ windowMin: 60, staleS: 900, seesOwnLight: false },
};

/** Horizontal illuminance under a clear sky by the sun's altitude. Units: lx. Source: twilight tables, 400 lx at sunset, 3.4 lx at -6°, 0.008 at -12°. */
function daylightLux(altitudeDeg: number): number {
  const table = [
    [-18, 0.001],
    [-12, 0.008],
    [-6, 3.4],
    [-0.833, 400],
    [5, 4_000],
    [90, 120_000],
  ] as const;
  if (altitudeDeg <= -18) return 0.001;
  const i = table.findIndex(([deg]) => deg >= altitudeDeg);
  const [[aDeg, aLux], [bDeg, bLux]] = [table[i - 1] ?? table[0], table[i] ?? table[5]];
  const share = (altitudeDeg - aDeg) / (bDeg - aDeg || 1);
  return Math.exp(Math.log(aLux) + share * (Math.log(bLux) - Math.log(aLux)));
}

interface Sky {
  readonly lux: number;
  /** Local solar hour, 0 to 24. */
  readonly hour: number;
  readonly step: number;
}

/** What a cell shows. */
const CELLS: Readonly<Record<string, (sky: Sky) => number>> = {
  'a shop window from 16 to 21 h': ({ lux, hour }) => lux + (hour >= 16 && hour < 21 ? 200 : 0),
  'a shop window before dawn': ({ lux, hour }) => lux + (hour >= 4 && hour < 9 ? 200 : 0),
  'a lamp of others all night, which flickers': ({ lux, step }) => lux + (step % 40 < 20 ? 300 : 0),
  'stuck high after noon': ({ lux, hour }) => (hour > 13 ? 9_000 : lux),
  'stuck low after noon': ({ lux, hour }) => (hour > 13 ? 0 : lux),
  'an offset of 100 lx': ({ lux }) => lux + 100,
  'a tenth of the light': ({ lux }) => lux / 10,
  'ten times the light': ({ lux }) => lux * 10,
  'noise of two decades': ({ lux, step }) => lux * 10 ** Math.sin(step * 12.9898),
};
const LATITUDES = [-78, -55, -34, 0, 23, 37, 47.5, 55, 60, 65.7, 69.6, 78];
const DAYS = ['2026-12-21', '2026-06-21', '2026-10-05'];

/** Runs a cell over 36 h; `each` gets the light with and without it. */
function passNight(
  { latitudeDeg, day, config, cell }: { latitudeDeg: number; day: string; config: PhotocellConfig; cell: (sky: Sky) => number },
  each: (at: { nowMs: number; altitudeDeg: number; isLit: boolean; isLitBySun: boolean }) => void,
): void {
  const street: LightingStreet = makeStreet({
    zone: { presence: null, photocell: config },
    street: { latitudeDeg, longitudeDeg: 0, timezone: 'UTC' },
  });
  const nights = createNights(street, street.zones[0] as Zone, createLocalCalendar(street.timezone));
  const withCell = createDecider(street);
  const startMs = Date.parse(`${day}T06:00:00Z`);
  let state: PhotocellState | undefined;
  for (let step = 0; step < (36 * 60) / STEP_MIN; step++) {
    const nowMs = startMs + step * STEP_MIN * MINUTE_MS;
    const nowMono = step * STEP_MIN * MINUTE_MS;
    const altitudeDeg = sunAltitudeDeg(street, nowMs);
    const hour = (((nowMs % DAY_MS) + DAY_MS) % DAY_MS) / HOUR_MS;
    const lux = Math.min(100_000, cell({ lux: daylightLux(altitudeDeg), hour, step }));
    state = afterLux(state, reading(POINT, lux, nowMono), config, { nowMono, isZoneLit: false });
    const at = snapshot({ nowMs, nowMono });
    const [zone] = withCell.decide({ ...at, photocells: new Map([[POINT, state]]) }).zones;
    each({ nowMs, altitudeDeg, isLit: zone?.night === true, isLitBySun: isDarkAt(nights.at(nowMs), nowMs) });
  }
}

for (const [what, cell] of Object.entries(CELLS)) {
  t.test(`with the sun below civil dusk no photocell keeps a street dark: ${what}`, async (t) => {
    let [darkened, delayedMin] = [0, 0];
    for (const latitudeDeg of LATITUDES)
      for (const day of DAYS)
        for (const windowMin of [10, 60, 240, 720])
          passNight({ latitudeDeg, day, config: { ...CELL, windowMin }, cell }, ({ altitudeDeg, isLit, isLitBySun }) => {
            if (altitudeDeg <= -6 && isLitBySun && !isLit) darkened++;
            if (isLitBySun && !isLit) delayedMin += STEP_MIN;
          });
    t.equal(darkened, 0, 'steps that were dark below -6°');
    // Such a cell was heard at all: it did put off the light between sunset and civil dusk.
    if (what.startsWith('a shop window from')) t.ok(delayedMin > 0);
  });
}

/** A cell at Angers from 18 December on, as the tracker judges it. */
async function judged(
  days: number,
  cell: (sky: Sky) => number,
  changes: Partial<PhotocellConfig> & { readonly restartsAt?: (step: number) => boolean } = {},
): Promise<readonly AgentEvent[]> {
  const { restartsAt = () => false, ...own } = changes;
  const config = { ...CELL, ...own };
  let disk = '';
  const street = makeStreet({ zone: { photocell: config } });
  const zone = street.zones[0] as Zone;
  const nights = createNights(street, zone, createLocalCalendar(street.timezone));
  const clock = createManualClock(Date.parse('2026-12-18T11:00:00Z'));
  const events: AgentEvent[] = [];
  let latest: Reading | undefined;
  const begin = () =>
    new PhotocellTracker({
      street,
      field: { latest: () => latest },
      clock,
      events: createEventTracker(clock, (event) => events.push(event)),
      isZoneLit: () => false,
      sunOf() {
        const nowMs = clock.wallMs();
        const night = nights.at(nowMs);
        const { duskMs, dawnMs } = night;
        return { nowMs, duskMs, dawnMs, isNight: isDarkAt(night, nowMs), altitudeDeg: sunAltitudeDeg(street, nowMs) };
      },
      onFaults: (faults) => {
        disk = JSON.stringify(withTexts(faults));
      },
    });
  let tracker = begin();
  for (let step = 0; step < (days * DAY_MS) / (2 * MINUTE_MS); step++) {
    await clock.advance(2 * MINUTE_MS);
    if (restartsAt(step)) {
      tracker = begin();
      tracker.restore(disk === '' ? undefined : JSON.parse(disk));
    }
    const nowMs = clock.wallMs();
    // Winter time at Angers.
    const hour = ((nowMs + HOUR_MS) % DAY_MS) / HOUR_MS;
    const value = cell({ lux: daylightLux(sunAltitudeDeg(street, nowMs)), hour, step });
    latest = { pointId: POINT, value, quality: 'good', atMono: clock.monoMs(), atMs: nowMs };
    tracker.take([latest]);
    tracker.refresh();
  }
  return events;
}

for (const windowMin of [10, 240]) {
  t.test(`a shop window is an event on its third evening, with a window of ${windowMin} min`, async (t) => {
    const events = await judged(5, CELLS['a shop window from 16 to 21 h'] as (sky: Sky) => number, { windowMin });
    const text = 'LUX1.illuminance: reports bright after dusk on 3 nights: check what lights it; the sun decides meanwhile';
    t.match(texts(events), [{ code: 'photocell-doubtful', text, endMs: null }]);
    t.equal(events.length, 1);
    // On the first evening it has never yet seen a night, so it gives no answer.
    t.equal(new Date(events[0]?.startMs ?? 0).toISOString().slice(0, 10), '2026-12-21');
  });
}

t.test('a gateway that starts again each night at eleven counts the nights before it', async (t) => {
  const events = await judged(6, CELLS['a shop window from 16 to 21 h'] as (sky: Sky) => number, {
    restartsAt: (step) => step % 720 === 330,
  });
  t.match(texts(events[0]), { code: 'photocell-doubtful', text: /reports bright after dusk on 3 nights/, endMs: null });
});

t.test('a cell that is stuck stays faulty when the gateway starts again by day', async (t) => {
  const noon = 2 * 720 + 1;
  const events = await judged(2.1, () => 0, { restartsAt: (step) => step === noon });
  t.equal(events.length, 2, 'one of each run');
  t.ok((events[1]?.startMs ?? 0) - Date.parse('2026-12-20T11:00:00Z') < 30 * MINUTE_MS, 'at once, not after the next whole night');
});

t.test('light of others in the morning is an event too, and two evenings of works are none', async (t) => {
  const morning = await judged(5, CELLS['a shop window before dawn'] as (sky: Sky) => number);
  t.match(texts(morning), [{ text: /reports bright before dawn on 3 nights/ }]);
  const works = await judged(5, ({ lux, hour, step }) => lux + (step < 1_700 && hour >= 16 && hour < 21 ? 200 : 0));
  t.same(works, []);
});

t.test('shop hours of six days a week keep their event on Sundays, and it ends once the shop is closed for good', async (t) => {
  const isOpen = ({ step }: Sky): boolean => Math.floor(step / 720) % 7 !== 2 && step < 10 * 720;
  const events = await judged(16, (sky) => sky.lux + (isOpen(sky) && sky.hour >= 16 && sky.hour < 21 ? 200 : 0));
  t.equal(events.filter(({ endMs }) => endMs === null).length, 1);
  t.match(texts(events.at(-1)), { text: 'LUX1.illuminance: is trusted again' });
});

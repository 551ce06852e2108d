/** Zones, moves and clocks that the tests of the energy figures share. */
import type { Clock, ClockQuality } from '../../../agent/core/clock.ts';
import { HOUR_MS } from '../../../agent/core/durations.ts';
import { type CountedZone, createEnergyCount, type EnergyCount } from '../../../agent/diagnosis/energy.ts';
import { nightAt } from '../../../agent/diagnosis/energy-count.ts';
import { emptyZone, type NightTally, type ZoneTally } from '../../../agent/diagnosis/energy-tally.ts';
import { EnergyTracker } from '../../../agent/diagnosis/energy-tracker.ts';
import type { LampUse } from '../../../agent/lighting/lamp-use.ts';
import { createLocalCalendar } from '../../../agent/lighting/local-time.ts';

export const PARIS = createLocalCalendar('Europe/Paris');

/** The instant of a local time such as `2026-11-28 22:00`. Units: ms. */
export const paris = (local: string): number => {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0] = local.split(/\D/).map(Number);
  return PARIS.instantOf({ year, month, day, hour, minute });
};

const lamp = (id: string, ratedW = 40, baselineW = 70) => ({ id, ratedW, baselineW });

export const PATH: CountedZone = { id: 'path', lamps: [lamp('A'), lamp('B')] };

export const ROAD: CountedZone = { id: 'road', lamps: [lamp('C', 100, 100)] };

/** A lamp at this level that neither a sensor nor a person has raised. */
export const at = (levelPct: number): LampUse => ({ levelPct, quietPct: levelPct, raisedBy: null, byPerson: false });

/** A lamp raised to `levelPct`; without that it would be at `quietPct`. */
export const raised = (levelPct: number, quietPct: number, by: 'presence' | 'traffic' = 'presence'): LampUse => ({
  levelPct,
  quietPct,
  raisedBy: by,
  byPerson: false,
});

/** A lamp that a person has set to this level. */
export const byHand = (levelPct: number): LampUse => ({ ...at(levelPct), byPerson: true });

/** Changes a count at a time of its clock. */
export type Move = (count: EnergyCount, nowMono: number) => void;

/** The control decides this use for lamps A and B. */
export const inBoth =
  (use: LampUse): Move =>
  (count, nowMono) => {
    for (const id of ['A', 'B']) count.decided(id, use, nowMono);
  };

/** The control decides this use for one lamp. */
export const one =
  (id: string, use: LampUse): Move =>
  (count, nowMono) =>
    count.decided(id, use, nowMono);

/** What the lamp shows: the decided level, nothing known, or another level in percent. */
export const following =
  (id: string, what: 'follows' | 'unknown' | number): Move =>
  (count, nowMono) =>
    count.seen(id, what, nowMono);

/** The night of zone `path` begins or ends. */
export const night =
  (isNight: boolean): Move =>
  (count, nowMono) =>
    count.night('path', isNight, nowMono);

/** All these moves at the same time, in order. */
export const all =
  (...moves: Move[]): Move =>
  (count, nowMono) => {
    for (const move of moves) move(count, nowMono);
  };

/** The night begins on the path, and both lamps follow. */
export const DUSK = all(night(true), following('A', 'follows'), following('B', 'follows'));

/** The tally of zone `path` after these moves, each at its hour, in order. Counting ends at the hour of the last one. */
export function tallied(...moves: (readonly [h: number, move: Move])[]): ZoneTally {
  const count = createEnergyCount([PATH, ROAD], 0);
  for (const [h, move] of moves) move(count, h * HOUR_MS);
  return count.zones((moves.at(-1)?.[0] ?? 0) * HOUR_MS)['path'] as ZoneTally;
}

/** Changes nothing: for the hour at which counting ends. */
export const END: Move = () => {};

/** Whether the tallies of all zones of `b` equal those of `a`: times within `slackMs`, energies within 0.1 Wh, counts exactly. */
export function isAlike(a: Readonly<Record<string, ZoneTally>>, b: Readonly<Record<string, ZoneTally>>, slackMs = 1): boolean {
  return Object.entries(b).every(([id, whole]) => {
    const part = a[id] ?? emptyZone(0);
    const bands = whole.bandMs.every((ms, band) => Math.abs(ms - (part.bandMs[band] ?? 0)) <= slackMs);
    const sums = (['wh', 'quietWh', 'baselineWh', 'unknownWh', 'standbyWh'] as const).every(
      (key) => Math.abs(whole[key] - part[key]) < 0.1,
    );
    const times = (['boostedMs', 'unknownMs'] as const).every((key) => Math.abs(whole[key] - part[key]) <= slackMs);
    return bands && sums && times && whole.activations === part.activations && whole.lampNights === part.lampNights;
  });
}

/** A clock that jumps to a given time; timers due in between fire once, late. */
function jumpingClock(startMs: number) {
  let [mono, offsetMs] = [0, startMs];
  let quality: ClockQuality = 'synced';
  let due: { atMono: number; fire: () => void }[] = [];
  const clock: Clock = {
    wallMs: () => offsetMs + mono,
    monoMs: () => mono,
    quality: () => quality,
    after: (delayMs, fire) => {
      const timer = { atMono: mono + delayMs, fire };
      due.push(timer);
      const cancel = (): void => {
        due = due.filter((each) => each !== timer);
      };
      return { cancel };
    },
    precisely: () => ({ cancel: () => {} }),
  };
  return {
    clock,
    step(ms: number) {
      offsetMs += ms;
    },
    trust(next: ClockQuality) {
      quality = next;
    },
    async pass(ms: number) {
      mono += ms;
      const ripe = due.filter(({ atMono }) => atMono <= mono);
      due = due.filter(({ atMono }) => atMono > mono);
      for (const { fire } of ripe) fire();
      await new Promise(setImmediate);
    },
  };
}

/** Lit time of zone `path` for each of its two lamps, on average; 0 without the zone. Units: ms, not rounded. */
export const litMs = ({ zones }: NightTally): number => (zones['path']?.bandMs.reduce((sum, ms) => sum + ms, 0) ?? 0) / 2;

/** As `litMs`, in hours to three decimals. */
export const litH = (tally: NightTally): number => Math.round((litMs(tally) / HOUR_MS) * 1_000) / 1_000;

interface Disk {
  readonly kept: Map<string, string>;
  dead: boolean;
  /** Writes that still reach the disk. */
  left: number;
}

function storeOn(disk: Disk) {
  return {
    load: async (key: string, unread?: unknown) => {
      if (disk.dead) return unread;
      const found = disk.kept.get(key);
      return found === undefined ? undefined : JSON.parse(found);
    },
    save: async (key: string, value: unknown) => {
      if (disk.dead || disk.left <= 0) return false;
      disk.left -= 1;
      disk.kept.set(key, JSON.stringify(value));
      return true;
    },
  };
}

/**
 * An energy tracker of zones `path` and `road`, not started. `restart` replaces it by another on the same disk.
 *
 * `set` gives all lamps the same use. `pass` advances the clock in one jump: timers due within it fire once, late.
 */
export function createEnergyRig(startMs: number, disk: Disk = { kept: new Map(), dead: false, left: Number.POSITIVE_INFINITY }) {
  const time = jumpingClock(startMs);
  const published: [kwh: number, endMs: number][] = [];
  const store = storeOn(disk);
  const state = new Map<string, LampUse>();
  let tracker = fresh();
  function fresh(): EnergyTracker {
    return new EnergyTracker({
      zones: [PATH, ROAD],
      clock: time.clock,
      store,
      nightAt: (atMs) => nightAt(PARIS, atMs),
      hourAt: (atMs) => PARIS.localAt(atMs).hour,
      refresh: () => {
        for (const zone of ['path', 'road']) tracker.count.night(zone, true, time.clock.monoMs());
        for (const [id, use] of state) count(id, use);
      },
      onNight: (_, { zones }, endMs) => published.push([(zones['path']?.wh ?? 0) / 1_000, endMs]),
    });
  }
  function count(id: string, use: LampUse): void {
    tracker.count.decided(id, use, time.clock.monoMs());
    tracker.count.seen(id, 'follows', time.clock.monoMs());
  }
  function set(use: LampUse): void {
    for (const id of ['A', 'B', 'C']) {
      state.set(id, use);
      count(id, use);
    }
  }
  async function start(): Promise<void> {
    tracker.start();
    for (const zone of ['path', 'road']) tracker.count.night(zone, true, time.clock.monoMs());
    for (const use of state.values()) set(use);
    await new Promise(setImmediate);
  }
  return {
    ...time,
    disk,
    published,
    set,
    start,
    get tracker() {
      return tracker;
    },
    /** `kill`: without a save, as by a mains cut. */
    async restart(how: 'stop' | 'kill', awayMs = 0) {
      // What a process that was killed would still write does not arrive.
      if (how === 'kill') disk.left = 0;
      tracker.stop();
      await new Promise(setImmediate);
      disk.left = Number.POSITIVE_INFINITY;
      await time.pass(awayMs);
      tracker = fresh();
      await start();
    },
    nights: async () => {
      const kept = await tracker.nights('2026-01-01', '2027-12-31');
      return (kept ?? []).map(({ period, tally }) => [period, litH(tally)] as const);
    },
  };
}

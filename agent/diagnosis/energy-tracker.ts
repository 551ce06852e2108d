/**
 * The nights of the cabinet: the one that goes on, saved every quarter of an hour, and those that are over, kept for years.
 *
 * Owns which night is counted, its saving, and what is kept: 400 nights one by one, older ones as months. The counting is in `energy`.
 * Needs the disk for nothing but memory: while it cannot be asked, counting goes on. Made by `energy-count.ts`.
 *
 * While the time is not trusted nobody knows which night it is: then no night ends, and what is counted goes to the night in which the time
 * becomes known.
 */
import { type Clock, every, isTrusted, type MonoMs, type Timer, type WallMs } from '../core/clock.ts';
import type { Store } from '../core/ports.ts';
import { type CountedZone, createEnergyCount, type EnergyCount } from './energy.ts';
import { createEnergyArchive, UNREAD } from './energy-archive.ts';
import { createMeterTracker, type MeterTracker } from './energy-meters.ts';
import { type EnergyMonth, monthOf, monthsBetween, type NightDate, type NightPart, nightOf, readPart, withPart } from './energy-months.ts';
import { added, asRecord, type NightTally, NO_TALLY, rounded } from './energy-tally.ts';

export interface EnergyTrackerParts {
  readonly zones: readonly CountedZone[];
  readonly clock: Clock;
  readonly store: Pick<Store, 'load' | 'save'>;
  /** The night to which an instant belongs, by the cabinet's own clocks. */
  readonly nightAt: (atMs: WallMs) => NightDate;
  /** Every ten seconds, before sums are looked at: brings `count` up to date. */
  readonly refresh: () => void;
  /** A night is over and kept; once more after a start, for the last one. */
  readonly onNight: (night: NightTally, endMs: WallMs) => void;
}

/** A night, or a folded month. */
export interface KeptNights {
  /** `2026-12-01` or `2026-11`. */
  readonly period: string;
  readonly isOpen: boolean;
  readonly tally: NightTally;
}

export interface EnergyTracker {
  readonly count: EnergyCount;
  readonly meters: MeterTracker;
  start(): void;
  /** Hands the running night to the store, which writes it down before it stops itself; waits for nobody. */
  stop(): void;
  /** Both ends included, oldest first, the running night too; undefined when the disk could not be asked. */
  nights(from: NightDate, to: NightDate): Promise<readonly KeptNights[] | undefined>;
}

interface OpenNight {
  readonly id: string;
  /** Null until the time is trusted. */
  date: NightDate | null;
  /** What earlier runs have counted of it. */
  before: NightTally;
  readonly sinceMono: MonoMs;
}

interface ClosedNight {
  readonly date: NightDate;
  readonly part: NightPart;
}

/** Where the night that goes on is kept. */
const OPEN_KEY = 'energy.tonight';
/** Between two looks at the street. Units: ms. Source: assumed; a lamp that falls silent was seen a moment before. */
const LOOK_MS = 10_000;
/** At most this much is lost at a mains cut. Units: ms. Source: assumed; flash wears, and it is a fiftieth of a night. */
const SAVE_MS = 900_000;
/** How soon a disk that could not be asked is tried again. Units: ms. Source: assumed. */
const RETRY_MS = 60_000;
/** Longest break that is bridged: who was away for longer knows nothing of the night. Units: ms. */
const BRIDGE_MS = 86_400_000;

export function createEnergyTracker({ zones, clock, store, nightAt, refresh, onNight }: EnergyTrackerParts): EnergyTracker {
  const startMono = clock.monoMs();
  const count = createEnergyCount(zones, startMono);
  const meters = createMeterTracker();
  const shelf = createEnergyArchive(store);
  const closed: ClosedNight[] = [];
  let open = freshNight(null);
  let memory: 'unasked' | 'unread' | 'known' = 'unasked';
  /** When the run before was last saved, and its meters; null once that is dealt with. */
  let last: { readonly savedMs: WallMs | null; readonly totals: Readonly<Record<string, number>> } | null = null;
  let [savedMono, triedMono] = [startMono, startMono];
  let settling: Promise<void> | null = null;
  let timer: Timer | null = null;

  function freshNight(date: NightDate | null): OpenNight {
    const sinceMono = clock.monoMs();
    return { id: `${Math.round(clock.wallMs())}-${Math.round(sinceMono)}`, date, before: NO_TALLY, sinceMono };
  }

  function snapshot(): NightPart {
    const nowMono = clock.monoMs();
    const ofRun = count.zones(nowMono);
    const wh = Object.values(ofRun).reduce((sum, zone) => sum + zone.wh, 0);
    const undatedMs = open.date === null ? nowMono - open.sinceMono : 0;
    const now: NightTally = { zones: ofRun, meters: meters.tallies(wh), awayMs: 0, undatedMs };
    return { ...added(open.before, now, 'night'), id: open.id, endMs: Math.round(clock.wallMs()) };
  }

  function turn(): void {
    refresh();
    roll();
    const nowMono = clock.monoMs();
    if (memory !== 'known' && nowMono - triedMono >= RETRY_MS) void recall();
    if (nowMono - savedMono >= SAVE_MS) void settle();
  }

  /** Gives the night its date; ends it when its date is over. */
  function roll(): void {
    if (!isTrusted(clock.quality())) return;
    const today = nightAt(clock.wallMs());
    if (open.date === null) {
      open.before = { ...open.before, undatedMs: open.before.undatedMs + clock.monoMs() - open.sinceMono };
      open.date = today;
    }
    bridge();
    if (open.date === today) return;
    closed.push({ date: open.date, part: snapshot() });
    count.restart(clock.monoMs());
    meters.restart();
    open = freshNight(today);
    void Promise.resolve(settling).then(settle);
  }

  /** Between the last saving of the run before and the start of this one nobody counted. */
  function bridge(): void {
    if (last === null) return;
    const { savedMs, totals } = last;
    last = null;
    const startMs = clock.wallMs() - clock.monoMs() + startMono;
    const awayMs = savedMs === null ? 0 : Math.max(0, startMs - savedMs);
    open.before = { ...open.before, awayMs: open.before.awayMs + Math.min(awayMs, BRIDGE_MS) };
    if (awayMs <= BRIDGE_MS) meters.bridge(totals);
  }

  async function recall(): Promise<void> {
    triedMono = clock.monoMs();
    const found = await store.load(OPEN_KEY, UNREAD);
    if (memory === 'known') return;
    memory = found === UNREAD ? 'unread' : 'known';
    if (memory !== 'known') return;
    takeUp(asRecord(found));
    roll();
    await tellLast();
    await settle();
  }

  function takeUp({ open: saved, closed: waiting, savedMs, totals }: Readonly<Record<string, unknown>>): void {
    for (const { date, part } of readClosed(waiting)) closed.push({ date, part });
    if (saved === undefined) return;
    const part = readPart(saved);
    const { date } = asRecord(saved);
    roll();
    last = { savedMs: typeof savedMs === 'number' ? savedMs : null, totals: asRecord(totals) as Readonly<Record<string, number>> };
    if (typeof date !== 'string') open.before = added(open.before, part, 'night');
    else if (open.date === date) open = { ...open, id: part.id, before: added(open.before, part, 'night') };
    else closed.push({ date, part });
  }

  /** Brings what is over into its month, one after the other, and then saves what goes on. */
  function settle(): Promise<void> {
    settling ??= settleAll().finally(() => {
      settling = null;
    });
    return settling;
  }

  async function settleAll(): Promise<void> {
    if (memory !== 'known') return;
    savedMono = clock.monoMs();
    for (let next = closed[0]; next !== undefined; next = closed[0]) {
      const night = await shelf.keep(next.date, next.part);
      if (night === undefined) break;
      closed.shift();
      onNight(night, next.part.endMs);
    }
    await save();
  }

  async function save(): Promise<void> {
    const savedMs = isTrusted(clock.quality()) ? Math.round(clock.wallMs()) : null;
    await store.save(OPEN_KEY, rounded({ open: { ...snapshot(), date: open.date }, closed, savedMs, totals: meters.totals() }));
  }

  async function tellLast(): Promise<void> {
    if (open.date === null || closed.length > 0) return;
    const found = await shelf.newest(open.date);
    if (found !== undefined) onNight(nightOf(found), Math.max(...found.map(({ endMs }) => endMs)));
  }

  /** With what is not in its month yet. */
  async function wholeMonth(name: string): Promise<EnergyMonth | undefined> {
    const month = await shelf.month(name);
    const running: readonly ClosedNight[] = open.date === null ? closed : [...closed, { date: open.date, part: snapshot() }];
    return month && running.reduce((sum, { date, part }) => (monthOf(date) === name ? withPart(sum, date, part) : sum), month);
  }

  return {
    count,
    meters,
    start() {
      timer ??= every(clock, LOOK_MS, turn);
      void recall();
    },
    stop() {
      timer?.cancel();
      timer = null;
      roll();
      if (memory === 'known') void save();
    },
    async nights(from, to) {
      if (memory !== 'known') await recall();
      if (memory !== 'known') return undefined;
      refresh();
      roll();
      const kept: KeptNights[] = [];
      for (const name of monthsBetween(from, to)) {
        const month = await wholeMonth(name);
        if (month === undefined) return undefined;
        if (month.folded !== null) kept.push({ period: name, isOpen: false, tally: month.folded });
        const dates = Object.keys(month.nights).filter((date) => date >= from && date <= to);
        for (const date of dates.sort()) kept.push({ period: date, isOpen: date === open.date, tally: nightOf(month.nights[date] ?? []) });
      }
      return kept;
    },
  };
}

function readClosed(stored: unknown): readonly ClosedNight[] {
  const all: readonly unknown[] = Array.isArray(stored) ? stored : [];
  return all.flatMap((each) => {
    const { date, part } = asRecord(each);
    return typeof date === 'string' ? [{ date, part: readPart(part) }] : [];
  });
}

/**
 * How far may the wall clock be believed? Asks the system's own marks, never the network.
 *
 * Owns the probes and their rhythm. Never sets a clock and never makes a caller wait.
 * Called by the clock's `quality` through `app.ts`.
 */
import { access, readFile } from 'node:fs/promises';
import type { Cabinet } from '../core/cabinet.ts';
import type { Clock, ClockQuality, MonoMs, WallMs } from '../core/clock.ts';

/** No agent of this version ran before; an earlier clock was never set. */
const EARLIEST_MS: WallMs = Date.parse('2026-01-01T00:00:00Z');
/** A battery clock vouches for the wall clock only while both say the same. Units: ms. Source: assumed; cheap battery clocks drift a few minutes a year. */
const RTC_AGREES_MS = 5 * 60_000;
/** Units: ms. Source: reliability notes, "poll each 10 to 60 s". */
const PROBE_EVERY_MS = 10_000;
/** Source: systemd-timesyncd.service(8), made at the first synchronisation after boot. */
const SYNCHRONISED_MARK = '/run/systemd/timesync/synchronized';
/** Source: Linux Documentation/ABI/testing/rtc-sysfs: seconds since 1970 by the battery clock. */
const RTC_SECONDS = '/sys/class/rtc/rtc0/since_epoch';

/** What the system says about its time. */
export interface TimeMarks {
  readonly synchronised: boolean;
  /** The battery clock's own time; null when there is none that answers. */
  readonly rtcMs: WallMs | null;
}

/** What the quality is, given the wall clock, the config's trust and the marks. */
export function qualityOf(wallMs: WallMs, trust: Cabinet['clockTrust'], { synchronised, rtcMs }: TimeMarks): ClockQuality {
  if (wallMs < EARLIEST_MS) return 'none';
  if (trust === 'system' || synchronised) return 'synced';
  return rtcMs !== null && Math.abs(wallMs - rtcMs) <= RTC_AGREES_MS ? 'rtc' : 'restored';
}

/** Reads a small file; null when it cannot be read, whatever the reason. */
type ReadFact = (path: string) => Promise<string | null>;

export interface TimeQualityParts {
  readonly clock: Pick<Clock, 'wallMs' | 'monoMs'>;
  /** Asked each time: the configuration may change. */
  readonly trust: () => Cabinet['clockTrust'];
  readonly readFact?: ReadFact;
}

export interface TimeQuality {
  /** Waits for the first probe, so that the first decision is made on facts. */
  start(): Promise<void>;
  /** By the newest marks; starts the next probe when they are 10 s old. */
  quality(): ClockQuality;
}

/** The machine's time quality; nothing is read before `start` or the first question. */
export function createTimeQuality({ clock, trust, readFact = readSystemFact }: TimeQualityParts): TimeQuality {
  let marks: TimeMarks = { synchronised: false, rtcMs: null };
  let nextProbeMono: MonoMs = Number.NEGATIVE_INFINITY;
  const asked = new Set<string>();
  const ask = async (path: string, toMarks: (fact: string | null) => Partial<TimeMarks>): Promise<void> => {
    // A read that hangs, as of a battery clock on a bus that is stuck, holds one of Node's four threads: it is not begun anew.
    if (asked.has(path)) return;
    asked.add(path);
    const known = toMarks(await readFact(path));
    asked.delete(path);
    marks = { ...marks, ...known };
  };
  const probe = async (): Promise<void> => {
    nextProbeMono = clock.monoMs() + PROBE_EVERY_MS;
    await Promise.all([
      ask(SYNCHRONISED_MARK, (fact) => ({ synchronised: fact !== null })),
      ask(RTC_SECONDS, (fact) => ({ rtcMs: rtcTime(fact) })),
    ]);
  };
  return {
    start: probe,
    quality() {
      if (trust() === 'auto' && clock.monoMs() >= nextProbeMono) void probe();
      return qualityOf(clock.wallMs(), trust(), marks);
    },
  };
}

function rtcTime(text: string | null): WallMs | null {
  return text !== null && /^\d+$/.test(text.trim()) ? Number(text) * 1_000 : null;
}

async function readSystemFact(path: string): Promise<string | null> {
  try {
    await access(path);
    return await readFile(path, 'utf8');
  } catch {
    return null; // A mark that is not there, or a battery clock that does not answer, is the fact itself.
  }
}

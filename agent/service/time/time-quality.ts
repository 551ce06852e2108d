/**
 * Determines the quality of the system clock from the system's own marks: synchronised, in agreement with a battery clock, restored, or
 * never set.
 *
 * Probes files at intervals. Never uses the network, sets a clock or blocks a caller. `core/held-time` judges steps of the clock.
 */
import { access, readFile } from 'node:fs/promises';
import type { Cabinet } from '../../core/cabinet.ts';
import type { BatteryReading, Clock, ClockQuality, MonoMs, WallMs } from '../../core/clock.ts';
import { STEP_MS } from '../../core/held-time.ts';

/** No agent of this version ran before; an earlier clock was never set. */
const EARLIEST_MS: WallMs = Date.parse('2026-01-01T00:00:00Z');
/** A battery clock confirms a system clock this close to it. Units: ms. Source: the light tolerates this error, see `core/held-time`. */
const RTC_AGREES_MS = STEP_MS;
/** Units: ms. Source: reliability notes, "poll each 10 to 60 s". */
const PROBE_EVERY_MS = 10_000;
/** Source: systemd-timesyncd.service(8), made at the first synchronisation after boot. */
const SYNCHRONISED_MARK = '/run/systemd/timesync/synchronized';
/** Source: Linux Documentation/ABI/testing/rtc-sysfs: seconds since 1970 by the battery clock. */
const RTC_SECONDS = '/sys/class/rtc/rtc0/since_epoch';

/** The system's marks about its time. */
export interface TimeMarks {
  readonly synchronised: boolean;
  /** The battery clock's own time at the same instant; null when there is none that answers. */
  readonly rtcMs: WallMs | null;
  /** How far the system clock was ahead of the battery clock while it confirmed it; null while it does not. Units: ms. */
  readonly confirmedAheadMs?: number | null;
}

/** What the quality is, given the wall clock, the config's trust and the marks. */
export function clockQuality(wallMs: WallMs, trust: Cabinet['clockTrust'], marks: TimeMarks): ClockQuality {
  if (wallMs < EARLIEST_MS) return 'none';
  if (trust === 'system' || marks.synchronised) return 'synced';
  return isConfirmed(wallMs, marks) ? 'rtc' : 'restored';
}

/** Two clocks that agreed once may drift apart without end; only a step of one of them ends it. */
function isConfirmed(wallMs: WallMs, { rtcMs, confirmedAheadMs = null }: TimeMarks): boolean {
  if (rtcMs === null) return false;
  return Math.abs(wallMs - rtcMs - (confirmedAheadMs ?? 0)) <= RTC_AGREES_MS;
}

/** Reads a small file; null when it cannot be read, whatever the reason. */
type ReadFact = (path: string) => Promise<string | null>;

export interface TimeQualityParts {
  readonly clock: Pick<Clock, 'wallMs' | 'monoMs'>;
  /** Asked each time: the configuration may change. */
  readonly trust: () => Cabinet['clockTrust'];
  readonly readFact?: ReadFact;
}

/** Longest wait for the first look at the system's clocks; one that does not answer must not delay the first light. Units: ms. Source: assumed; small files in memory. */
export const FIRST_PROBE_MS = 1_000;

export type TimeQuality = ReturnType<typeof createTimeQuality>;

/** The machine's time quality; nothing is read before `start` or the first question. */
export function createTimeQuality({ clock, trust, readFact = readSystemFact }: TimeQualityParts) {
  let synchronised = false;
  let battery: BatteryReading | null = null;
  let confirmedAheadMs: number | null = null;
  let nextProbeMono: MonoMs = Number.NEGATIVE_INFINITY;
  const asked = new Set<string>();
  const ask = async (path: string, take: (fact: string | null) => void): Promise<void> => {
    // A read that hangs, as of a battery clock on a bus that is stuck, holds one of Node's four threads: it is not begun again.
    if (asked.has(path)) return;
    asked.add(path);
    const fact = await readFact(path);
    asked.delete(path);
    take(fact);
  };
  const probe = async (): Promise<void> => {
    nextProbeMono = clock.monoMs() + PROBE_EVERY_MS;
    await Promise.all([
      ask(SYNCHRONISED_MARK, (fact) => {
        synchronised = fact !== null;
      }),
      ask(RTC_SECONDS, (fact) => {
        const atMs = rtcTime(fact);
        // One that lost its battery begins in 1970 or 2000.
        battery = atMs === null || atMs < EARLIEST_MS ? null : { atMs, atMono: clock.monoMs() };
      }),
    ]);
  };
  return {
    /** Waits for the first probe, so that the first decision is made on facts. */
    start: probe,
    /** By the newest marks; starts the next probe when they are 10 s old. */
    quality(): ClockQuality {
      if (clock.monoMs() >= nextProbeMono) void probe();
      const wallMs = clock.wallMs();
      // Both clocks at the same instant: a reading that is up to 10 s old would make the difference swing.
      const rtcMs = battery === null ? null : battery.atMs + clock.monoMs() - battery.atMono;
      const quality = clockQuality(wallMs, trust(), { synchronised, rtcMs, confirmedAheadMs });
      confirmedAheadMs = quality === 'rtc' && rtcMs !== null ? wallMs - rtcMs : quality === 'synced' ? confirmedAheadMs : null;
      return quality;
    },
    /** Newest reading of the battery clock; null while it gives none. */
    battery: (): BatteryReading | null => battery,
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

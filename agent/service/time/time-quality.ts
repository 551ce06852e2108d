/**
 * Determines the quality of the system clock from the system's own indicators: synchronised, in agreement with a battery clock, restored, or
 * never set.
 *
 * Reads files at intervals. Never uses the network, sets a clock or blocks a caller. `core/held-time` judges steps of the clock.
 */
import { access, readFile } from 'node:fs/promises';
import type { Cabinet } from '../../core/cabinet.ts';
import type { BatteryReading, Clock, ClockQuality, MonoMs, WallMs } from '../../core/clock.ts';
import { STEP_MS } from '../../core/held-time.ts';

/** This version did not exist earlier, so an earlier time means that the clock was never set. */
const EARLIEST_MS: WallMs = Date.parse('2026-01-01T00:00:00Z');
/** A battery clock confirms a system clock within this distance. Units: ms. Source: the light tolerates this error, see `core/held-time`. */
const RTC_AGREES_MS = STEP_MS;
/** Units: ms. Source: reliability notes, "poll each 10 to 60 s". */
const PROBE_EVERY_MS = 10_000;
/** Source: systemd-timesyncd.service(8); the file is created at the first synchronisation after boot. */
const SYNCHRONISED_MARK = '/run/systemd/timesync/synchronized';
/** Source: Linux Documentation/ABI/testing/rtc-sysfs: time of the battery clock in seconds since 1970. */
const RTC_SECONDS = '/sys/class/rtc/rtc0/since_epoch';

/** Facts about the clocks of the machine at one instant. */
export interface TimeMarks {
  /** Whether the system clock has been synchronised since the boot, by the file of systemd-timesyncd. */
  readonly synchronised: boolean;
  /** Time of the battery clock at the same instant; null if there is no usable one. */
  readonly rtcMs: WallMs | null;
  /**
   * How far the system clock was ahead of the battery clock when the latter last confirmed it; negative if it was behind. Null if not
   * known, or if that confirmation has ended. Units: ms.
   */
  readonly confirmedAheadMs?: number | null;
}

/**
 * Returns how far the wall clock can be trusted, the first of these that applies. `none`: its time is too early, so it was never set.
 * `synced`: it has been synchronised, or the configuration trusts it. `rtc`: a battery clock confirms it. `restored`: otherwise.
 */
export function clockQuality(wallMs: WallMs, trust: Cabinet['clockTrust'], marks: TimeMarks): ClockQuality {
  if (wallMs < EARLIEST_MS) return 'none';
  if (trust === 'system' || marks.synchronised) return 'synced';
  return isConfirmed(wallMs, marks) ? 'rtc' : 'restored';
}

/** Two clocks that agreed once may drift apart without limit; only a step of one of them ends the confirmation. */
function isConfirmed(wallMs: WallMs, { rtcMs, confirmedAheadMs = null }: TimeMarks): boolean {
  if (rtcMs === null) return false;
  return Math.abs(wallMs - rtcMs - (confirmedAheadMs ?? 0)) <= RTC_AGREES_MS;
}

/** Reads a small file; null if it cannot be read, whatever the reason. */
type ReadFact = (path: string) => Promise<string | null>;

/** The clock to judge, and the setting of the configuration about its trust. */
export interface TimeQualityParts {
  readonly clock: Pick<Clock, 'wallMs' | 'monoMs'>;
  /** Read each time, because the configuration may change. */
  readonly trust: () => Cabinet['clockTrust'];
  /** Reads a small file of the system; resolves with null if that fails. Default: the file itself. */
  readonly readFact?: ReadFact;
}

/**
 * Longest time that the start of the agent waits for the first readings of the system's clocks. Units: ms. Source: assumed; a small file,
 * and the time of a battery clock. Confirmed by: bench of the start on the gateway.
 */
export const FIRST_PROBE_MS = 1_000;

/** Functions that give the quality of the system clock and the newest reading of the battery clock; see `createTimeQuality`. */
export type TimeQuality = ReturnType<typeof createTimeQuality>;

/**
 * Returns functions that give the time quality of this machine. Until the first readings arrive, they assume that the clock has not been
 * synchronised and that there is no battery clock.
 */
export function createTimeQuality({ clock, trust, readFact = readSystemFact }: TimeQualityParts) {
  let synchronised = false;
  let battery: BatteryReading | null = null;
  let confirmedAheadMs: number | null = null;
  let nextProbeMono: MonoMs = Number.NEGATIVE_INFINITY;
  const asked = new Set<string>();
  const ask = async (path: string, take: (fact: string | null) => void): Promise<void> => {
    // A read may hang, for example on a stuck bus of a battery clock. It then blocks one of Node's four threads, so it is not started again.
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
        // A battery clock whose battery failed starts in 1970 or 2000.
        battery = atMs === null || atMs < EARLIEST_MS ? null : { atMs, atMono: clock.monoMs() };
      }),
    ]);
  };
  return {
    /** Starts the first readings, and resolves after them; does not resolve while a clock of the system hangs. */
    start: probe,
    /** Returns the quality by the newest readings; starts new ones if these are too old. */
    quality(): ClockQuality {
      if (clock.monoMs() >= nextProbeMono) void probe();
      const wallMs = clock.wallMs();
      // Both clocks at the same instant: with a reading that is up to 10 s old the difference would vary.
      const rtcMs = battery === null ? null : battery.atMs + clock.monoMs() - battery.atMono;
      const quality = clockQuality(wallMs, trust(), { synchronised, rtcMs, confirmedAheadMs });
      confirmedAheadMs = quality === 'rtc' && rtcMs !== null ? wallMs - rtcMs : quality === 'synced' ? confirmedAheadMs : null;
      return quality;
    },
    /** Newest reading of the battery clock; null while there is no usable one. */
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
    return null; // A missing file, or a battery clock that does not respond, is a result, not an error.
  }
}

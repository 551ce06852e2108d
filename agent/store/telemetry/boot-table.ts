/**
 * The table `boot`: the runs of the agent that wrote into this file, and the real time at which each run's monotonic clock was zero.
 *
 * The times of frames with an untrusted clock are corrected with it; no row is rewritten. A frame with a trusted time is never changed.
 */
import type { WallMs } from '../../core/clock.ts';
import type { Setup } from '../messages.ts';
import type { Sqlite } from '../sqlite.ts';
import type { FrameHead } from './frame-codec.ts';

interface Row {
  readonly id: number;
  readonly token: string;
  readonly true_ms: number | null;
  readonly true_tq: number | null;
  readonly machine: string | null;
  readonly start_mono: number | null;
}

/** A clock is trusted from this quality on: `rtc` and `synced`. Shape: indexes in the list of qualities. */
const TRUSTED_FROM = 2;
/** A network time has priority over the time of a battery clock, which may be wrong by years. */
const SYNCED = 3;
/** Smaller errors of a clock are not corrected. Units: ms. Source: assumed; the period of frames. Confirmed by: the clock corrections in the logs of cabinets. */
const RIGHT_ENOUGH_MS = 1_000;

/** Returns whether a clock of this quality is trusted: `rtc` and `synced` are. Shape: index in `CLOCK_QUALITIES`. */
export function isTrustedQuality(clockQuality: number): boolean {
  return clockQuality >= TRUSTED_FROM;
}

/**
 * Creates the access to the table `boot` of an open file: the runs of the agent that the file refers to, and the real time at which the
 * monotonic clock of each was zero, if known. `boot` and `machine` describe this run, as in `Setup`. Errors: throws SQLite errors, and so
 * do its functions.
 */
export function createBootTable(db: Sqlite, { boot: token, machine }: Pick<Setup, 'boot' | 'machine'>) {
  const all = db.prepare<[], Row>('SELECT id, token, true_ms, true_tq, machine, start_mono FROM boot');
  const insert = db.prepare('INSERT INTO boot(token, at_ms, machine, start_mono) VALUES(?, ?, ?, ?)');
  const setTrue = db.prepare('UPDATE boot SET true_ms = @trueMs, true_tq = @quality WHERE id = @id');
  let rows = new Map<number, Row>();
  let ownId: number | null = null;
  const load = (): void => {
    rows = new Map(all.all().map((row) => [row.id, row]));
    ownId = [...rows.values()].find((row) => row.token === token)?.id ?? null;
  };
  load();

  return {
    /** This run's short number in the file; null before this run has a row. */
    known: (): number | null => ownId,
    /** As `known`, but inserts the row if it is missing. */
    own: (atMs: WallMs): number => {
      if (ownId === null) {
        insert.run(token, Math.round(atMs), machine?.bootId ?? null, machine === null ? null : Math.round(machine.startMono));
        load();
      }
      return ownId ?? 0;
    },
    /** The number of another run, which may have written nothing itself; inserts its row if it is missing. */
    named: (run: string, atMs: WallMs): number => {
      const known = [...rows.values()].find((row) => row.token === run);
      if (known !== undefined) return known.id;
      const id = Number(insert.run(run, Math.round(atMs), null, null).lastInsertRowid);
      load();
      return id;
    },
    /**
     * Records the real time at which this run's monotonic clock was zero, by a frame of it, unless an equally good time or a better one is
     * known. Does the same for other runs in the same boot of the machine. The clock of the frame must be trusted. No effect while this run
     * has no row.
     */
    learn: ({ wallMs, monoMs, clockQuality: quality }: Omit<FrameHead, 'ticket'>): void => {
      const own = ownId === null ? undefined : rows.get(ownId);
      if (own === undefined || !isBetter(quality, own)) return;
      const trueMs = Math.round(wallMs - monoMs);
      setTrue.run({ trueMs, quality, id: own.id });
      for (const other of siblingsOf(own, rows).filter((row) => isBetter(quality, row)))
        setTrue.run({ trueMs: trueMs + (other.start_mono ?? 0) - (own.start_mono ?? 0), quality, id: other.id });
      load();
    },
    /** The correction of the times of a frame, to be added to them. Units: ms; 0 if they are not corrected. */
    shiftMs: (boot: number, { clockQuality, monoMs, wallMs }: Omit<FrameHead, 'ticket'>): number => {
      const trueMs = rows.get(boot)?.true_ms ?? null;
      if (isTrustedQuality(clockQuality) || trueMs === null) return 0;
      const shift = trueMs + monoMs - wallMs;
      return Math.abs(shift) < RIGHT_ENOUGH_MS ? 0 : shift;
    },
    /** Whether the time of such a frame is final: by its own clock, or by a correction that no better clock can replace. */
    isDated: (boot: number, clockQuality: number): boolean => isTrustedQuality(clockQuality) || rows.get(boot)?.true_tq === SYNCED,
  };
}

/** Access to the table `boot` of an open file: gives each run of the agent a number, and corrects the times of frames by run. */
export type BootTable = ReturnType<typeof createBootTable>;

/** Whether a clock of this quality gives a better start time of a run than its row. A network time also replaces a time of unknown quality. */
function isBetter(quality: number, { true_ms: trueMs, true_tq: known }: Row): boolean {
  return trueMs === null || quality > (known ?? TRUSTED_FROM);
}

/** Earlier runs in the same boot of the machine: they share its monotonic clock. */
function siblingsOf(own: Row, rows: ReadonlyMap<number, Row>): Row[] {
  if (own.machine === null || own.start_mono === null) return [];
  return [...rows.values()].filter((row) => row.id !== own.id && row.machine === own.machine && row.start_mono !== null);
}

/**
 * The verdict of a photocell, and whether it or the sun decides the night of a zone.
 *
 * Handles hysteresis, dwell and arming of one cell, and the window around the sun's times in which it counts. Pure: state, reading and time in, state
 * or verdict out.
 */

import type { PhotocellConfig } from '../core/cabinet.ts';
import type { MonoMs, WallMs } from '../core/clock.ts';
import { MINUTE_MS } from '../core/durations.ts';
import { type Message, msg } from '../core/message.ts';
import type { Reading } from '../core/words.ts';
import type { PhotocellState } from './lighting.ts';

/** What a photocell reports, `dark` or `bright`; null while it has no verdict. */
export type PhotocellVerdict = PhotocellState['says'];

/**
 * The sun of a zone at one instant, with dusk and dawn of the night, noon to noon, that contains it. `duskMs` and `dawnMs` include the
 * zone's offsets; null if the sun makes none. `isNight`: by the sun and the zone's offsets, without the cell.
 */
export interface SunNow {
  readonly nowMs: WallMs;
  readonly duskMs: WallMs | null;
  readonly dawnMs: WallMs | null;
  readonly isNight: boolean;
  /** Units: degrees above the horizon. */
  readonly altitudeDeg: number;
}

/** The verdict of a cell, the sun at that moment, and the configuration of the cell. */
export interface PhotocellLook {
  /** Null: the cell gives none now, so the sun decides. */
  readonly verdict: PhotocellVerdict;
  readonly sun: SunNow;
  readonly config: PhotocellConfig;
}

/** Whether a zone has its night, what decided it, and why, as text for people. */
export interface PhotocellNight {
  readonly night: boolean;
  readonly by: 'sun' | 'photocell';
  readonly text: Message;
}

/**
 * At or below this altitude of the sun a cell cannot keep a zone unlit while the time is trusted. Units: degrees. Source: the end of civil
 * twilight, 3.4 lx under a clear sky: a cell that still measures daylight then detects another light source.
 */
export const CIVIL_DUSK_DEG = -6;
/**
 * A photocell counts at most this long before, and at most this long after, dusk and dawn while the time is trusted. Units: min. Source:
 * two hours before sunset the sun is above 10° at 47° north all year round, 10,000 lx under a clear sky. A storm leaves more than the 70 lx
 * of the upper threshold, so a cell that reports dark then is faulty.
 */
export const MAX_WINDOW_MIN = 120;

type Cell = Required<PhotocellState>;

const UNSEEN: Omit<Cell, 'atMono'> = {
  lux: null,
  belowMono: null,
  aboveMono: null,
  notBelowMono: null,
  notAboveMono: null,
  mayDarken: false,
  mayBrighten: false,
  says: null,
  isDoubtful: false,
};

/**
 * Returns the state after one more reading. Its `lux` is null if the reading has no usable value. While `isZoneLit`, the verdict of a cell
 * with `seesOwnLight` does not change. Units: lx.
 */
export function afterLux(
  before: PhotocellState | undefined,
  reading: Reading,
  config: PhotocellConfig,
  { nowMono, isZoneLit }: { readonly nowMono: MonoMs; readonly isZoneLit: boolean },
): PhotocellState {
  const { value, quality, atMono } = reading;
  const was: Cell = { ...UNSEEN, atMono, ...before };
  const counts = (quality === 'good' || quality === 'stale') && nowMono - atMono <= config.staleS * 1_000;
  if (value === null || !counts) return { ...was, lux: null };
  if (was.lux !== null && before !== undefined && atMono <= was.atMono) return was;
  const isOwnLight = config.seesOwnLight && isZoneLit;
  const isUnbroken = atMono - was.atMono <= config.staleS * 1_000;
  const since = (isSo: boolean, sinceMono: MonoMs | null): MonoMs | null => (isSo ? ((isUnbroken ? sinceMono : null) ?? atMono) : null);
  return speak(
    {
      ...was,
      lux: value,
      atMono,
      belowMono: since(value <= config.onBelowLux && !isOwnLight, was.belowMono),
      aboveMono: since(value >= config.offAboveLux && !isOwnLight, was.aboveMono),
      notBelowMono: since(value > config.onBelowLux && !isOwnLight, was.notBelowMono),
      notAboveMono: since(value < config.offAboveLux, was.notAboveMono),
    },
    config.dwellS * 1_000,
  );
}

function speak(cell: Cell, dwellMs: number): Cell {
  const lasted = (sinceMono: MonoMs | null): boolean => sinceMono !== null && cell.atMono - sinceMono >= dwellMs;
  const [wasNotDark, wasNotBright] = [lasted(cell.notBelowMono), lasted(cell.notAboveMono)];
  const mayDarken = cell.mayDarken || wasNotDark;
  const mayBrighten = cell.mayBrighten || wasNotBright;
  if (cell.says !== 'dark' && mayDarken && lasted(cell.belowMono)) {
    return { ...cell, mayDarken: false, mayBrighten: wasNotBright, says: 'dark' };
  }
  if (cell.says !== 'bright' && mayBrighten && lasted(cell.aboveMono)) {
    return { ...cell, mayDarken: wasNotDark, mayBrighten: false, says: 'bright' };
  }
  return { ...cell, mayDarken, mayBrighten };
}

/**
 * Returns the present verdict of the cell; null if it has none or is doubtful, or if its last usable reading is older than `staleS`. After
 * an unusable reading, `dwellS` applies if it is shorter.
 */
export function photocellVerdict(
  state: PhotocellState | undefined,
  { dwellS, staleS }: PhotocellConfig,
  nowMono: MonoMs,
): PhotocellVerdict {
  if (state === undefined || state.isDoubtful) return null;
  const limitS = state.lux === null ? Math.min(dwellS, staleS) : staleS;
  return nowMono - state.atMono > limitS * 1_000 ? null : state.says;
}

/**
 * Returns whether a zone has its night, and what decided it: the cell if it counts now, otherwise the sun. A cell can count near dusk and
 * dawn only.
 */
export function photocellNight({ verdict, sun, config }: PhotocellLook): PhotocellNight {
  const { device, windowMin } = config;
  const bySun = (text: Message): PhotocellNight => ({ night: sun.isNight, by: 'sun', text });
  if (verdict === null) return bySun(msg`photocell ${device} gives no value: the sun decides`);
  const edge = edgeWithin(sun, windowMin);
  if (edge === null) return bySun(msg`photocell ${device} counts near dusk and dawn only`);
  if (verdict === 'bright' && sun.altitudeDeg <= CIVIL_DUSK_DEG)
    return bySun(msg`photocell ${device} reports bright at night: the sun decides`);
  // In its own light the cell cannot detect the morning, and would keep the lamps lit until the end of the window.
  if (config.seesOwnLight && verdict === 'dark' && edge === 'dawn') return bySun(msg`photocell ${device} sees the lamps: the sun decides`);
  return { night: verdict === 'dark', by: 'photocell', text: nearEdge(device, verdict, edge) };
}

function nearEdge(device: string, verdict: 'dark' | 'bright', edge: 'dusk' | 'dawn'): Message {
  if (edge === 'dusk')
    return verdict === 'dark' ? msg`photocell ${device} reports dark, near dusk` : msg`photocell ${device} reports bright, near dusk`;
  return verdict === 'dark' ? msg`photocell ${device} reports dark, near dawn` : msg`photocell ${device} reports bright, near dawn`;
}

function edgeWithin({ nowMs, duskMs, dawnMs }: SunNow, windowMin: number): 'dusk' | 'dawn' | null {
  const awayMs = (edgeMs: WallMs | null): number => (edgeMs === null ? Number.POSITIVE_INFINITY : Math.abs(nowMs - edgeMs));
  const nearest = awayMs(duskMs) <= awayMs(dawnMs) ? 'dusk' : 'dawn';
  return Math.min(awayMs(duskMs), awayMs(dawnMs)) <= windowMin * MINUTE_MS ? nearest : null;
}

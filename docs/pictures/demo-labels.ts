/**
 * The fixed words of the demo's screen, to find out whether a recorded screen still has the layout of the code.
 *
 * Levels, reasons, movers and figures differ between runs, so they are left out.
 */
import { stripVTControlCharacters } from 'node:util';
import type { Cabinet } from '../../agent/core/cabinet.ts';
import { createManualClock } from '../../agent/core/manual-clock.ts';
import { demoPage, type ShownStatus } from '../../test/street/demo-screen.ts';
import { createStreet } from '../../test/street/street.ts';

/** The id of a lamp, then its bar, its level and its reason. */
const LAMP_ROW = /^(\S+) +[#.]+ +\d+ %.*$/;
/** Matches the row of the demo that shows the street from above: `o` a sensor, `w`, `b` and `C` movers. */
export const STREET_ROW = /^[_owbC]+$/;
/** The rows of a square, whose texts and figures differ between runs. */
const SQUARE_ROW = /^(panel|sound|air) .*(because|meter).*$/;

/**
 * The words of each row, letters only. A lamp's row gives the letters of its id, the row of the street gives `(street)`, and the rows of panel, sound and
 * air only their fixed words.
 */
export function demoLabelsOf(rows: readonly string[]): readonly string[] {
  return rows.map((row) =>
    STREET_ROW.test(row)
      ? '(street)'
      : (row
          .replace(LAMP_ROW, '$1')
          .replace(SQUARE_ROW, '$1 $2')
          .match(/\p{L}+/gu)
          ?.join(' ') ?? ''),
  );
}

/** The labels that the demo's screen has at this time for this cabinet, with all lines up and the uplink online. */
export function demoLabelsNow(cabinet: Cabinet, atMs: number): readonly string[] {
  const clock = createManualClock(atMs);
  const street = createStreet({ cabinet, clock, seed: 1 });
  const status: ShownStatus = {
    cabinet,
    timezone: cabinet.timezone,
    night: true,
    sunAltitudeDeg: 0,
    zones: [],
    lines: cabinet.lines.map(({ id, kind }) => ({ id, kind, state: 'up', busyPct: 0 })),
    units: { ok: 0, flaky: 0, silent: 0 },
    store: { readingsStored: 0, readingsWaiting: 0 },
    uplink: { readingsPublished: 0, readingsHistorical: 0, state: 'online' },
  };
  const rows = demoPage({ clock, street, status, panels: [], sounds: [], isCut: false }).map(stripVTControlCharacters);
  street.stop();
  return demoLabelsOf(rows);
}

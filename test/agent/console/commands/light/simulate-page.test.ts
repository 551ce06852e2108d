/** The page of `simulate`: nights without figures, and nights that are not dark yet. */
import t from 'tap';
import type { SimulateResult } from '../../../../../agent/console/commands/light/simulate.ts';
import { renderSimulation } from '../../../../../agent/console/commands/light/simulate-page.ts';
import { AT_MS, TIMEZONE } from '../../fake-clock.ts';

const DATE = '2026-12-01';
const page = { widthCols: 80, colour: false, atMs: AT_MS, timezone: TIMEZONE } as const;

function resultOf(covered: { readonly darkH: number | null; readonly replayedH: number }, isRecorded: boolean): SimulateResult {
  const figures = { kwh: 0.25, levelLampH: {}, darkMoments: 0, late: 0, missingS: 0, detections: 0 };
  return {
    windows: [{ date: DATE, fromMs: AT_MS, toMs: AT_MS + 86_400_000 }],
    ...{ timezone: TIMEZONE, nowMs: AT_MS, file: null, needPct: null, sweep: null, limits: [], meters: [], isComplete: true },
    settings: [{ id: null, nights: [{ ...figures, date: DATE, quarterW: isRecorded ? [5, 5, null] : [null, null, null] }] }],
    ownReplay: { decisions: isRecorded ? 9 : 0, differing: 0 },
    coverage: [{ date: DATE, ...covered, missing: [] }],
  };
}

const ROWS: [story: string, darkH: number | null, replayedH: number, isRecorded: boolean, row: RegExp][] = [
  ['a night that is not dark yet shows the figures of its day, and no share', 0, 0, true, /^2026-12-01 +0\.25 +0 +0 +-$/m],
  ['a night that is not dark yet and not recorded shows nothing', 0, 0, false, /^2026-12-01 +- +- +- +-$/m],
  ['a night of whose darkness nothing is recorded shows no figures', 12, 0, true, /^2026-12-01 +- +- +- +0 %$/m],
  ['a night without a recorded street shows no figures', null, 0, false, /^2026-12-01 +- +- +- +0 %$/m],
  ['a replayed night shows its figures and the share', 12, 6, true, /^2026-12-01 +0\.25 +0 +0 +50\.0 %$/m],
];
for (const [story, darkH, replayedH, isRecorded, row] of ROWS)
  t.test(story, async (t) => t.match(renderSimulation(resultOf({ darkH, replayedH }, isRecorded), page), row));

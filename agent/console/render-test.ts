/**
 * A ramp as it goes, and what came of each lamp.
 *
 * Owns the layout of `luciole test`. Pure. Called through the command table.
 */
import { count, formatNumber, NOTHING, type Page, told } from './page.ts';
import type { Tested, TestStep } from './test-job.ts';
import { paragraph, wrap } from './text-lines.ts';
import { tableLines } from './text-table.ts';

/** One line a step. */
export function renderTestStep({ levelPct, states, meterW, reason }: TestStep, page: Page): string {
  const all = Object.values(states);
  const confirmed = all.filter((state) => state === 'verified').length;
  const weighed = meterW === null ? '' : `, ${formatNumber(meterW)} W at the meter`;
  const why = reason === '' ? '' : `: ${reason}`;
  const text = told(`${confirmed} of ${count(all.length, 'lamp')} confirmed${weighed}${why}`, page);
  return wrap(`${String(levelPct).padStart(3)} %  ${text}`, page.widthCols).join('\n');
}

export function renderTested({ target, steps, verdicts, restored }: Tested, page: Page): string {
  const columns = [
    { title: 'Lamp', maxCols: 16 },
    ...steps.map(({ levelPct }) => ({ title: `${levelPct} %`, isTold: true as const })),
    { title: 'Power W', align: 'right' as const },
    { title: 'Verdict', wraps: true as const, isTold: true as const },
  ];
  const rows = verdicts.map(({ lamp, verdict, weighedBy }) => [
    lamp,
    ...steps.map(({ states }) => states[lamp] ?? NOTHING),
    powers(lamp, steps),
    weighedBy === 'nothing' && verdict === 'ok' ? 'ok, level only' : verdict,
  ]);
  const bad = verdicts.filter(({ verdict }) => verdict !== 'ok').length;
  const sum =
    bad === 0
      ? `${count(verdicts.length, 'lamp')} of ${target.id}: all ok`
      : `${bad} of ${count(verdicts.length, 'lamp')} of ${target.id} not ok`;
  const back = restored === 'verified' ? 'given back to its programme' : `given back, but ${restored}: see \`luciole why ${target.id}\``;
  return [...tableLines(columns, rows, page), '', ...paragraph(`${sum}; ${back}`, page)].join('\n');
}

/** `12/36/60`; a dash where the lamp does not measure its own. */
function powers(lamp: string, steps: readonly TestStep[]): string {
  const values = steps.map(({ lampW }) => lampW[lamp]);
  return values.every((value) => value === undefined) ? NOTHING : values.map((value) => formatNumber(value)).join('/');
}

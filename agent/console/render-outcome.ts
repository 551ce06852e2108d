import type { Outcome, OutcomeState } from '../core/words.ts';
import { formatDuration } from './duration.ts';
import { clockTime, formatLevel, type Page, stateWord } from './page.ts';
import { labelled } from './text-lines.ts';

/** How a command ended, and which lamps did not do as told. Units: `durationMs` in ms; null for a release. */
export function renderOutcome(outcome: Outcome, page: Page, durationMs: number | null): string {
  const { target, state, reason, lamps } = outcome;
  const what = durationMs === null ? 'release' : `override to ${formatLevel(outcome.levelPct)}`;
  const head = `${target.kind} ${target.id}: ${what} ${stateWord(state, page)}${reason === '' ? '' : `: ${reason}`}`;
  const states = [...new Set(Object.values(lamps))].sort((a, b) => ORDER.indexOf(a) - ORDER.indexOf(b));
  const rows = states.flatMap((each) => labelled(each, `${idsIn(lamps, each)}`, page.widthCols - 2).map((line) => `  ${line}`));
  return [...labelled('Outcome', head, page.widthCols), ...rows, ...ends(outcome, page, durationMs)].join('\n');
}

/** Worst first: what a technician must act on. */
const ORDER: readonly OutcomeState[] = ['failed', 'refused', 'received', 'queued', 'sent', 'verified'];

function idsIn(lamps: Outcome['lamps'], state: OutcomeState): string {
  const ids = Object.keys(lamps).filter((id) => lamps[id] === state);
  return ids.join(' ');
}

function ends({ target, state }: Outcome, page: Page, durationMs: number | null): string[] {
  if (durationMs === null || state === 'refused') return [];
  const when = clockTime(page.atMs + durationMs, page);
  return labelled(
    'Ends',
    `by itself at ${when}, in ${formatDuration(durationMs)}; sooner with: luciole release ${target.id}`,
    page.widthCols,
  );
}

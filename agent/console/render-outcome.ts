/**
 * How a command went, for a person.
 *
 * Pure. Called by the command line.
 */
import type { WallMs } from '../core/clock.ts';
import type { Outcome, OutcomeState } from '../core/words.ts';
import { formatDuration } from './duration.ts';
import { clockTime, formatLevel, type Page, stateWord } from './page.ts';
import { labelled } from './text-lines.ts';

/** How a command ended, and which lamps did not do as told. `untilMs` is null for a release. */
export function renderOutcome(outcome: Outcome, page: Page, untilMs: WallMs | null): string {
  const { target, reason, lamps } = outcome;
  const head = `${target.kind} ${target.id}: ${howItWent(outcome, page, untilMs !== null)}${reason === '' ? '' : `: ${reason}`}`;
  const states = [...new Set(Object.values(lamps))].sort((a, b) => ORDER.indexOf(a) - ORDER.indexOf(b));
  const rows = states.flatMap((each) =>
    labelled(each, idsIn(lamps, each), { ...page, widthCols: page.widthCols - 2 }).map((line) => `  ${line}`),
  );
  return [...labelled('Outcome', head, page), ...rows, ...ends(outcome, page, untilMs)].join('\n');
}

/** Worst first: what a technician must act on. */
const ORDER: readonly OutcomeState[] = ['failed', 'refused', 'received', 'queued', 'sent', 'verified'];

function idsIn(lamps: Outcome['lamps'], state: OutcomeState): string {
  const ids = Object.keys(lamps).filter((id) => lamps[id] === state);
  return ids.join(' ');
}

/** A release that was taken up holds even when a lamp does not confirm its new level. */
function howItWent({ state, levelPct }: Outcome, page: Page, isOverride: boolean): string {
  if (isOverride) return `override to ${formatLevel(levelPct)} ${stateWord(state, page)}`;
  return state === 'failed' ? `released, but ${stateWord('failed', page)} to confirm` : `release ${stateWord(state, page)}`;
}

function ends({ target, state }: Outcome, page: Page, untilMs: WallMs | null): string[] {
  if (untilMs === null || state === 'refused') return [];
  const text = `by itself at ${clockTime(untilMs, page)}, in ${formatDuration(Math.max(0, untilMs - page.atMs))}`;
  const sooner = target.kind === 'cabinet' ? 'lights auto' : `release ${target.id}`;
  return labelled('Ends', `${text}; sooner with: luciole ${sooner}`, page);
}

/**
 * How a command went, for a person.
 *
 * Pure.
 */
import type { WallMs } from '../../../core/clock.ts';
import type { Outcome, OutcomeState, OverriddenLamps } from '../../../core/words.ts';
import { formatDuration } from '../../text/duration.ts';
import { clockTime, formatLevel, type Page, stateWord, translated } from '../../text/page.ts';
import { labelled } from '../../text/text-lines.ts';

/** Worst first: what a technician must act on. */
const ORDER: readonly (OutcomeState | 'waiting')[] = ['failed', 'refused', 'waiting', 'received', 'queued', 'sent', 'verified'];

/** How a command ended, and which lamps did not follow. `untilMs` is null for a release. */
export function renderOutcome(outcome: Outcome, page: Page, untilMs: WallMs | null): string {
  const { target, waiting = [] } = outcome;
  const held = new Set(waiting.flatMap(({ lamps }) => lamps));
  const isOnlyHeld = held.size > 0 && Object.keys(outcome.lamps).every((id) => held.has(id) || outcome.lamps[id] === 'verified');
  const reason = outcome.reason === '' || isOnlyHeld ? '' : `: ${outcome.reason}`;
  const head = `${target.kind} ${target.id}: ${howItWent(outcome, page, { isOverride: untilMs !== null, isOnlyHeld })}${reason}`;
  const states = Object.entries(outcome.lamps).map(([id, state]) => [id, held.has(id) ? 'waiting' : state] as const);
  const rows = ORDER.flatMap((each) => {
    const ids = states.flatMap(([id, state]) => (state === each ? [id] : []));
    return ids.length === 0 ? [] : labelled(each, ids.join(' '), { ...page, widthCols: page.widthCols - 2 }).map((line) => `  ${line}`);
  });
  const below = waiting.flatMap((each) => labelled('Below', belowText(each, outcome, page, untilMs), page));
  return [...labelled('Outcome', head, page), ...rows, ...below, ...ends(outcome, page, untilMs)].join('\n');
}
/** Lamps named before one intent; the others are counted. */
const NAMED_LAMPS = 4;

/** A release that was taken up holds even when a lamp does not confirm its new level. */
function howItWent(
  { state, levelPct, lamps }: Outcome,
  page: Page,
  { isOverride, isOnlyHeld }: { readonly isOverride: boolean; readonly isOnlyHeld: boolean },
): string {
  if (!isOverride)
    return state === 'failed' ? `released, but ${stateWord('failed', page)} to confirm` : `release ${stateWord(state, page)}`;
  const followed = Object.values(lamps).filter((each) => each === 'verified').length;
  const how = !isOnlyHeld
    ? stateWord(state, page)
    : followed === 0
      ? stateWord('waiting', page, translated('waits below another', page))
      : stateWord('verified', page, translated(`verified on ${followed} of ${Object.keys(lamps).length} lamps`, page));
  return `override to ${formatLevel(levelPct)} ${how}`;
}

/** Which intent these lamps follow instead: its user, its end, and what ends it. */
function belowText({ lamps, wish: intent }: OverriddenLamps, outcome: Outcome, page: Page, untilMs: WallMs | null): string {
  const more = lamps.length - NAMED_LAMPS;
  const names = more > 0 ? `${lamps.slice(0, NAMED_LAMPS).join(', ')} and ${more} more` : lamps.join(', ');
  const why = intent.reason === '' ? '' : ` (${intent.reason})`;
  const until = `until ${clockTime(intent.untilMs, page)}, in ${formatDuration(Math.max(0, intent.untilMs - page.atMs))}`;
  const then = untilMs !== null && untilMs <= intent.untilMs ? 'this one ends before' : 'this one shows then';
  const release = releaseText(intent, outcome);
  return `${names}: ${intent.rank} to ${formatLevel(intent.levelPct)} by ${intent.source}${why} ${until}; ${then}${release === '' ? '' : `; ${release}`}`;
}

/** What a person at the console can type; empty where nothing ends it before its time. */
function releaseText({ target, rank, goesByItself }: OverriddenLamps['wish'], { target: own }: Outcome): string {
  if (goesByItself === true) return '';
  if (target.kind === 'cabinet') return rank === 'emergency' && own.kind !== 'cabinet' ? 'sooner with: luciole lights auto' : '';
  const both = target.kind === own.kind && target.id === own.id;
  return both ? `luciole release ${target.id} ends both: then say it again` : `sooner with: luciole release ${target.id}`;
}

function ends({ target, state }: Outcome, page: Page, untilMs: WallMs | null): string[] {
  if (untilMs === null || state === 'refused') return [];
  const text = `by itself at ${clockTime(untilMs, page)}, in ${formatDuration(Math.max(0, untilMs - page.atMs))}`;
  const sooner = target.kind === 'cabinet' ? 'lights auto' : `release ${target.id}`;
  return labelled('Ends', `${text}; sooner with: luciole ${sooner}`, page);
}

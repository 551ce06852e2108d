/** `override` and `release`: set a lamp or zone to a level for a limited time, and end that. */

import type { WallMs } from '../../../core/clock.ts';
import { count } from '../../../core/counts.ts';
import { reasonOf } from '../../../core/intent-reason.ts';
import { type Message, msg } from '../../../core/message.ts';
import { firstOf, inTurn } from '../../../core/message-lists.ts';
import type { OverrideRequest } from '../../../core/ports.ts';
import type { OverrideAnswer } from '../../../core/views.ts';
import type { LevelPct, Outcome, OutcomeState, OverriddenLamps } from '../../../core/words.ts';
import { ACT_TIMEOUT_MS, agentCommand, textArg } from '../../agent-command.ts';
import { ConsoleError } from '../../console-error.ts';
import type { RawArgs } from '../../protocol/protocol.ts';
import { formatDuration, parseDuration, type SpanLimits } from '../../text/duration.ts';
import { clockTime, formatLevel, type Page, stateWord } from '../../text/page.ts';
import { wordOf } from '../../text/state-words.ts';
import { labelled } from '../../text/text-lines.ts';
import { findTarget } from './light-args.ts';
import { limitLines, type OverrideLimit, overrideLimits } from './override-limits.ts';

/** The arguments of `override`. `target`: as typed. `reason`: empty for none. */
export interface OverrideArgs {
  readonly target: string;
  /** As requested; limits may change it. */
  readonly levelPct: LevelPct;
  readonly durationMs: number;
  /** `maintenance`: the option `--maintenance` was given. */
  readonly rank: Extract<OverrideRequest['rank'], 'override' | 'maintenance'>;
  readonly reason: string;
}

/** An override with the requested level and the limits that changed it. */
type LimitedOverride = OverrideAnswer & { readonly requestedPct: LevelPct; readonly limits: readonly OverrideLimit[] };

/** Source: an override lasts 2 h by default, so that a forgotten one ends in the same night. */
const USUAL_DURATION = '2h';
/** Shortest and longest duration of an override, both allowed. Units: ms. Source: the agent's limits for every override, 1 to 1440 min. */
export const OVERRIDE_SPAN: SpanLimits = { minMs: 60_000, maxMs: 24 * 3_600_000 };
/** Longest reason. Units: characters. Source: assumed; it must fit a trace line and an uplink metric. Confirmed by: the reasons in the audit logs of a year. */
const MAX_REASON = 120;
const TARGET = { name: 'target', summary: msg`a lamp or a zone`, required: true, names: 'target' } as const;

/**
 * `override`: requests a level for a lamp or zone for a limited time. Answers with the outcome, and with the limits, if any, that changed
 * the level of lamps that confirmed it.
 */
export const OVERRIDE = agentCommand({
  name: 'override',
  role: 'technician',
  group: 'Act:',
  summary: msg`set a lamp or zone to a level for a time`,
  arguments: [TARGET, { name: 'level', summary: msg`in percent, 0 to 100`, required: true }],
  options: [
    { name: 'for', value: 'DURATION', summary: msg`how long, 1m to 24h, as 10m, 2h or 1h30m (default: 2h)` },
    { name: 'reason', value: 'TEXT', summary: msg`why, for the record` },
    { name: 'maintenance', value: null, summary: msg`lock it: outranks the platform and all automatics` },
  ],
  examples: [
    'luciole override L07 80',
    'luciole override rue-bressigny 100 --for 30m --reason "accident"',
    'luciole override L07 0 --for 1h30m --maintenance',
  ],
  timeoutMs: ACT_TIMEOUT_MS,
  read: readOverride,
  answer: async (view, { target, durationMs, ...args }, { source }): Promise<LimitedOverride> => {
    const outcome = await view.override({ ...args, source, target: findTarget(view, target), minutes: durationMs / 60_000 });
    return { ...outcome, requestedPct: args.levelPct, limits: overrideLimits(view, outcome, args.rank) };
  },
  render: (result, page) => renderOutcome(result, page, result.untilMs),
  succeeded: isOverrideKept,
});

/**
 * `release`: ends the intents that console and platform have set on exactly this lamp or zone, of any rank; a blinking goes on. With
 * `--at-next-step` they end at the next change of programme step or night, at the latest.
 */
export const RELEASE = agentCommand({
  name: 'release',
  role: 'technician',
  group: 'Act:',
  summary: msg`end the overrides of a lamp or zone`,
  arguments: [TARGET],
  options: [{ name: 'at-next-step', value: null, summary: msg`not now but when the programme has its next step` }],
  examples: ['luciole release L07', 'luciole release rue-bressigny --at-next-step'],
  timeoutMs: ACT_TIMEOUT_MS,
  read: (args) => ({ target: textArg(args, 'target'), atNextStep: args['at-next-step'] === true }),
  answer: (view, { target, atNextStep }, { source }): Promise<Outcome> =>
    view.release({ target: findTarget(view, target), source, ...(atNextStep ? { atNextStep } : {}) }),
  render: (result, page) => renderOutcome(result, page, null),
  succeeded: isReleased,
});

/**
 * Returns the arguments of `override`, with defaults for missing options; whether the target exists is not checked. Errors: throws
 * ConsoleError 'usage', for example if the target or the level is missing.
 */
export function readOverride(args: RawArgs): OverrideArgs {
  return {
    target: textArg(args, 'target'),
    levelPct: readLevel(textArg(args, 'level')),
    durationMs: parseDuration(args['for'] === undefined ? USUAL_DURATION : textArg(args, 'for'), OVERRIDE_SPAN),
    rank: args['maintenance'] === true ? 'maintenance' : 'override',
    reason: args['reason'] === undefined ? '' : readReason(textArg(args, 'reason')),
  };
}

/**
 * Returns true if all lamps confirmed the override, or if some did and the others follow a stronger intent for now. False also if a lamp
 * failed to confirm, although the override applies.
 */
export function isOverrideInForce({ state, lamps, waiting = [] }: Outcome): boolean {
  if (state === 'verified') return true;
  const held = new Set(waiting.flatMap(({ lamps }) => lamps));
  const others = Object.keys(lamps).filter((id) => !held.has(id));
  return state === 'failed' && others.length > 0 && others.every((id) => lamps[id] === 'verified');
}

/**
 * Returns true if `isOverrideInForce` is true and the override is also on disk, so that a restart does not end it early. False also if a lamp
 * did not confirm, although the override still applies.
 */
export function isOverrideKept(outcome: Outcome): boolean {
  return outcome.isSaved !== false && isOverrideInForce(outcome);
}

/**
 * Returns true if a release ended as `verified` and a restart does not undo it. False also if a lamp did not confirm its new level,
 * although the release is valid.
 */
export function isReleased({ state, isSaved }: Outcome): boolean {
  return state === 'verified' && isSaved !== false;
}

function readLevel(text: string): LevelPct {
  const [, digits] = /^(\d{1,3})\s?%?$/.exec(text) ?? [];
  if (digits === undefined || Number(digits) > 100) {
    throw new ConsoleError('usage', msg`bad level "${text}": write a whole number from 0 to 100, in percent`);
  }
  return Number(digits);
}

/** Returns the text unchanged. Errors: throws ConsoleError 'usage', for example if it is too long or has a control or format character. */
export function readReason(text: string): string {
  if (text.length > MAX_REASON || /\p{C}/u.test(text)) {
    throw new ConsoleError('usage', msg`bad reason: one line of ${MAX_REASON} characters at most`);
  }
  return text;
}

/** Worst state first: what a technician must act on. */
const ORDER: readonly (OutcomeState | 'waiting')[] = ['failed', 'refused', 'waiting', 'received', 'queued', 'sent', 'verified'];

/**
 * Renders the outcome of an override or release. `untilMs`: end of the override; null for a release. `sooner`: the command that ends the
 * override early, without `luciole`.
 */
export function renderOutcome(
  outcome: Outcome & Partial<Pick<LimitedOverride, 'requestedPct' | 'limits'>>,
  page: Page,
  untilMs: WallMs | null,
  sooner = `release ${outcome.target.id}`,
): string {
  const { target, waiting = [], limits = [], levelPct, requestedPct = levelPct } = outcome;
  const held = new Set(waiting.flatMap(({ lamps }) => lamps));
  const isOnlyHeld = held.size > 0 && Object.keys(outcome.lamps).every((id) => held.has(id) || outcome.lamps[id] === 'verified');
  const how = howItWent(outcome, page, { isOverride: untilMs !== null, isOnlyHeld });
  const went =
    String(outcome.reason) === '' || isOnlyHeld
      ? msg`${targetText(target)}: ${how}`
      : msg`${targetText(target)}: ${how}: ${outcome.reason}`;
  const head = requestedPct === levelPct ? went : msg`${went}; ${formatLevel(requestedPct)} was requested`;
  const states = Object.entries(outcome.lamps).map(([id, state]) => [id, held.has(id) ? 'waiting' : state] as const);
  const rows = ORDER.flatMap((each) => {
    const ids = states.flatMap(([id, state]) => (state === each ? [id] : []));
    return ids.length === 0
      ? []
      : labelled(wordOf(each), ids.join(' '), { ...page, widthCols: page.widthCols - 2 }).map((line) => `  ${line}`);
  });
  const below = waiting.flatMap((each) => labelled(msg`Below`, belowText(each, outcome, page, untilMs), page));
  const limited = limitLines(limits, states.length, page);
  return [
    ...labelled(msg`Outcome`, head, page),
    ...limited,
    ...rows,
    ...below,
    ...ends(outcome, page, untilMs, sooner),
    ...notSaved(outcome, page, untilMs),
  ].join('\n');
}
/** Lamps named per intent; the others are counted. */
const NAMED_LAMPS = 4;

function targetText({ kind, id }: Outcome['target']): Message {
  if (kind === 'lamp') return msg`lamp ${id}`;
  if (kind === 'zone') return msg`zone ${id}`;
  return kind === 'cabinet' ? msg`cabinet ${id}` : msg`device ${id}`;
}

/** A release is valid even if a lamp does not confirm its new level. */
function howItWent(
  { state, levelPct, lamps }: Outcome,
  page: Page,
  { isOverride, isOnlyHeld }: { readonly isOverride: boolean; readonly isOnlyHeld: boolean },
): Message {
  if (!isOverride)
    return state === 'failed' ? msg`released, but ${stateWord('failed', page)} to confirm` : msg`release command ${stateWord(state, page)}`;
  const followed = Object.values(lamps).filter((each) => each === 'verified').length;
  const how = !isOnlyHeld
    ? stateWord(state, page)
    : followed === 0
      ? stateWord('waiting', page, msg`waits below another`)
      : stateWord('verified', page, msg`verified on ${followed} of ${count(Object.keys(lamps).length, 'lamp')}`);
  return msg`override to ${formatLevel(levelPct)} ${how}`;
}

/** Returns which intent these lamps follow instead: its user, its end, and what ends it. */
function belowText({ lamps, wish: intent }: OverriddenLamps, outcome: Outcome, page: Page, untilMs: WallMs | null): Message {
  const request = msg`${wordOf(intent.rank)} to ${formatLevel(intent.levelPct)} by ${intent.source}`;
  const stronger = intent.reason === '' ? request : msg`${request} (${reasonOf(intent)})`;
  const [at, rest] = [clockTime(intent.untilMs, page), formatDuration(Math.max(0, intent.untilMs - page.atMs))];
  const names = firstOf(lamps, NAMED_LAMPS);
  const text =
    untilMs !== null && untilMs <= intent.untilMs
      ? msg`${names}: ${stronger} until ${at}, in ${rest}; this one ends before`
      : msg`${names}: ${stronger} until ${at}, in ${rest}; this one takes effect then`;
  return inTurn([text, ...releaseText(intent, outcome)]);
}

/** Returns what a person at the console can type to end it; empty if nothing ends it early. */
function releaseText({ target, rank, goesByItself }: OverriddenLamps['wish'], { target: own }: Outcome): readonly Message[] {
  if (goesByItself === true) return [];
  if (target.kind === 'cabinet') return rank === 'emergency' && own.kind !== 'cabinet' ? [msg`sooner with \`luciole lights auto\``] : [];
  const both = target.kind === own.kind && target.id === own.id;
  return [both ? msg`luciole release ${target.id} ends both; then repeat this one` : msg`sooner with \`luciole release ${target.id}\``];
}

function ends({ state }: Outcome, page: Page, untilMs: WallMs | null, sooner: string): string[] {
  if (untilMs === null || state === 'refused') return [];
  const rest = formatDuration(Math.max(0, untilMs - page.atMs));
  return labelled(msg`Ends`, msg`automatically at ${clockTime(untilMs, page)}, in ${rest}; sooner with \`luciole ${sooner}\``, page);
}

/** Returns what a restart would undo because it is not on disk yet. */
function notSaved({ isSaved }: Outcome, page: Page, untilMs: WallMs | null): string[] {
  if (isSaved !== false) return [];
  const text =
    untilMs === null
      ? msg`not saved: a restart of the agent brings back what was released; check the disk of store.dir`
      : msg`in force until the agent stops, but not saved: check the disk of store.dir`;
  return labelled(msg`But`, text, page);
}

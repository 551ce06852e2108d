/**
 * The words of `override` and `release` as values, and lamp or zone names as targets.
 *
 * Owns these checks; both ends of the socket call them. The agent's own limits come on top.
 */
import type { OverrideRequest } from '../../../core/ports.ts';
import type { AgentView } from '../../../core/views.ts';
import type { LevelPct, Outcome, Target } from '../../../core/words.ts';
import { textArg } from '../../command-spec.ts';
import { ConsoleError } from '../../console-error.ts';
import type { RawArgs } from '../../protocol/protocol.ts';
import { parseDuration, type SpanLimits } from '../../text/duration.ts';
import { findName } from '../find-name.ts';

export interface OverrideArgs {
  readonly target: string;
  readonly levelPct: LevelPct;
  readonly durationMs: number;
  readonly rank: Extract<OverrideRequest['rank'], 'override' | 'maintenance'>;
  readonly reason: string;
}

/** Source: design §6, an override lasts 2 h unless said. */
const USUAL_DURATION = '2h';
/** How long an override may hold. Units: ms. Source: the limits the agent puts on every override, 1 to 1440 min. */
export const OVERRIDE_SPAN: SpanLimits = { minMs: 60_000, maxMs: 24 * 3_600_000 };
const USUAL_REASON = 'by hand';
/** Longest reason. Units: characters. Source: assumed; it must fit a trace line and an uplink metric. */
const MAX_REASON = 120;

/** Errors: throws ConsoleError 'usage' for the first thing wrong. */
export function readOverride(args: RawArgs): OverrideArgs {
  return {
    target: textArg(args, 'target'),
    levelPct: readLevel(textArg(args, 'level')),
    durationMs: parseDuration(args['for'] === undefined ? USUAL_DURATION : textArg(args, 'for'), OVERRIDE_SPAN),
    rank: args['maintenance'] === true ? 'maintenance' : 'override',
    reason: args['reason'] === undefined ? USUAL_REASON : readReason(textArg(args, 'reason')),
  };
}

/** The override as the agent takes it. */
export function overrideRequest(args: OverrideArgs, target: Target, source: string): Omit<OverrideRequest, 'commandId'> {
  const { levelPct, rank, reason, durationMs } = args;
  return { target, levelPct, rank, reason, source, minutes: durationMs / 60_000 };
}

/** The lamp or zone a person named; upper and lower case may be mixed up. Errors: throws ConsoleError 'unknown-name' with the nearest. */
export function findTarget(view: AgentView, typed: string): Target {
  const { lamps, zones } = view.names();
  const id = findName(typed, [...lamps, ...zones], { noun: 'lamp or zone', listedBy: 'luciole status --json' });
  return { kind: lamps.includes(id) ? 'lamp' : 'zone', id };
}

/** Whether an override is in force on all its lamps and seen on some: the others only follow a stronger one for now. */
export function isTakenUp({ state, lamps, waiting = [] }: Outcome): boolean {
  if (state === 'verified') return true;
  const held = new Set(waiting.flatMap(({ lamps }) => lamps));
  const others = Object.keys(lamps).filter((id) => !held.has(id));
  return state === 'failed' && others.length > 0 && others.every((id) => lamps[id] === 'verified');
}

function readLevel(text: string): LevelPct {
  const [, digits] = /^(\d{1,3})\s?%?$/.exec(text) ?? [];
  if (digits === undefined || Number(digits) > 100) {
    throw new ConsoleError('usage', `bad level "${text}": write a whole number from 0 to 100, in percent`);
  }
  return Number(digits);
}

/** Errors: throws ConsoleError 'usage'. */
export function readReason(text: string): string {
  if (text.length > MAX_REASON || /\p{Cc}/u.test(text)) {
    throw new ConsoleError('usage', `bad reason: one line of ${MAX_REASON} characters at most`);
  }
  return text;
}

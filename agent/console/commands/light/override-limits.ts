/** Why an override ended at another level than was requested: the limits of lamp and zone that changed it. */
import type { AgentView } from '../../../core/views.ts';
import type { LevelPct, Outcome, Rank, TraceLine } from '../../../core/words.ts';
import type { Page } from '../../text/page.ts';
import { labelled } from '../../text/text-lines.ts';

/** Lamps that the same limits hold at the same level. */
export interface OverrideLimit {
  readonly lamps: readonly string[];
  readonly levelPct: LevelPct;
  /** `kept up to the minimum of rue: 10 %`. */
  readonly text: string;
}

/** Lamps named before one limit; the others are counted. */
const NAMED_LAMPS = 4;

/** Returns the limits that hold the verified lamps of a command of this rank; empty where they have the requested level. */
export function overrideLimits(view: Pick<AgentView, 'why'>, { target, lamps }: Outcome, rank: Rank): readonly OverrideLimit[] {
  const verified = (view.why(target.id)?.lamps ?? []).filter(({ id }) => lamps[id] === 'verified');
  const held = verified.flatMap(({ id, wantedPct, trace }) => {
    // The first applied line is the request itself, its limits follow.
    const [, ...limits] = trace.filter((line) => line.applied && line.rank === rank);
    return limits.length === 0 ? [] : [{ id, levelPct: wantedPct, text: limits.map((line) => limitText(line, id)).join('; ') }];
  });
  const groups = Map.groupBy(held, ({ levelPct, text }) => `${levelPct} ${text}`);
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    return first === undefined ? [] : [{ lamps: group.map(({ id }) => id), levelPct: first.levelPct, text: first.text }];
  });
}

/** Lamps with the same minimum of their own make one group. */
function limitText({ text, source }: TraceLine, lampId: string): string {
  return source === lampId ? text.replace(` of ${lampId}: `, ' of the lamp: ') : text;
}

/** One line for each limit; it names its lamps unless it holds all `lampCount`. */
export function limitLines(limits: readonly OverrideLimit[], lampCount: number, page: Page): readonly string[] {
  return limits.flatMap(({ lamps, text }) => {
    const more = lamps.length - NAMED_LAMPS;
    const names = more > 0 ? `${lamps.slice(0, NAMED_LAMPS).join(', ')} and ${more} more` : lamps.join(', ');
    return labelled('Limit', lamps.length === lampCount ? text : `${names}: ${text}`, page);
  });
}

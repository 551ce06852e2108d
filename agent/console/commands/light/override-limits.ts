/** Finds why an override resulted in another level than requested: the limits of lamp and zone that changed it. */

import { type Message, msg } from '../../../core/message.ts';
import { firstOf, listed } from '../../../core/message-lists.ts';
import type { AgentView } from '../../../core/views.ts';
import type { LevelPct, Outcome, Rank } from '../../../core/words.ts';
import type { Page } from '../../text/page.ts';
import { labelled } from '../../text/text-lines.ts';

/** The limits that gave some lamps another level than an override requested. `levelPct`: the level that these lamps have. */
export interface OverrideLimit {
  readonly lamps: readonly string[];
  readonly levelPct: LevelPct;
  /** Example: `kept up to the minimum of rue: 10 %`. */
  readonly text: Message;
}

/** Lamps named per limit; the others are counted. */
const NAMED_LAMPS = 4;

/**
 * Returns why lamps that confirmed an override have another level than it requested, grouped by level and reason. It reads the decisions in
 * force at the call. Lamps without a limit, and those that follow an intent of another rank, are left out; empty if no lamp remains.
 * `rank`: the rank of the override.
 */
export function overrideLimits(view: Pick<AgentView, 'why'>, { target, lamps }: Outcome, rank: Rank): readonly OverrideLimit[] {
  const verified = (view.why(target.id)?.lamps ?? []).filter(({ id }) => lamps[id] === 'verified');
  const held = verified.flatMap(({ id, wantedPct, trace }) => {
    // The first applied line is the request itself; its limits follow.
    const [, ...limits] = trace.filter((line) => line.applied && line.rank === rank);
    return limits.length === 0 ? [] : [{ id, levelPct: wantedPct, text: listed(limits.map(({ text }) => text)) }];
  });
  const groups = Map.groupBy(held, ({ levelPct, text }) => `${levelPct} ${text}`);
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    return first === undefined ? [] : [{ lamps: group.map(({ id }) => id), levelPct: first.levelPct, text: first.text }];
  });
}

/** Returns the text of each limit, wrapped to the page. It names the first lamps of the limit, unless the limit applies to all `lampCount` lamps. */
export function limitLines(limits: readonly OverrideLimit[], lampCount: number, page: Page): readonly string[] {
  return limits.flatMap(({ lamps, text }) => {
    return labelled(msg`Limit`, lamps.length === lampCount ? text : msg`${firstOf(lamps, NAMED_LAMPS)}: ${text}`, page);
  });
}

/** Finds why an override resulted in another level than requested: the limits of lamp and zone that changed it. */

import { type Message, msg } from '../../../core/message.ts';
import { firstOf, listed } from '../../../core/message-lists.ts';
import type { AgentView } from '../../../core/views.ts';
import type { LevelPct, Outcome, Rank } from '../../../core/words.ts';
import type { Page } from '../../text/page.ts';
import { labelled } from '../../text/text-lines.ts';

/** The limits that changed the level of an override on some lamps. `levelPct`: the level decided for these lamps. */
export interface OverrideLimit {
  readonly lamps: readonly string[];
  readonly levelPct: LevelPct;
  /** All these limits. Example: `kept up to the minimum of rue: 10 %`. */
  readonly text: Message;
}

/** Lamps named per limit; the others are counted. */
const NAMED_LAMPS = 4;

/**
 * Returns the limits that changed the level of an override, for the lamps that confirmed it; lamps with the same level and limits are
 * together. May be empty. `rank`: the rank of the override.
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

/**
 * Returns the limits as lines of text, wrapped to the page. `lampCount`: number of lamps of the override. A limit of fewer lamps names
 * up to four of them.
 */
export function limitLines(limits: readonly OverrideLimit[], lampCount: number, page: Page): readonly string[] {
  return limits.flatMap(({ lamps, text }) => {
    return labelled(msg`Limit`, lamps.length === lampCount ? text : msg`${firstOf(lamps, NAMED_LAMPS)}: ${text}`, page);
  });
}

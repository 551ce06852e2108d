/**
 * The event that reports maintenance: it lasts as long as the maintenance, and its end lists what was suppressed. Pure.
 */
import type { MaintenanceView, SuppressedEvent } from '../../core/alarm-tools.ts';
import type { WallMs } from '../../core/clock.ts';
import { count } from '../../core/counts.ts';
import { MINUTE_MS } from '../../core/durations.ts';
import { type Message, msg } from '../../core/message.ts';
import { firstOf } from '../../core/message-lists.ts';
import type { AgentEvent, Target } from '../../core/words.ts';

/** Suppressed events that the text names; the others are counted. */
const NAMED = 8;

/** Returns the event that reports this maintenance, with the same id: a warning without an end. Its `source` is the id of the target. */
export function maintenanceEvent(maintenance: MaintenanceView): AgentEvent {
  const { id, target, source, reason, sinceMs, untilMs } = maintenance;
  const text = msg`maintenance of ${targetText(target)} by ${source} for ${Math.round((untilMs - sinceMs) / MINUTE_MS)} min; its alarms are recorded, but not raised`;
  return {
    ...{ id, code: 'maintenance-mode', source: target.id, severity: 'warning', startMs: sinceMs, endMs: null, talq: 'maintenanceMode' },
    text: reason === '' ? text : msg`${text}: ${reason}`,
  };
}

/**
 * Returns the event that reports this maintenance, with its end: `endMs`, or its start if that is later. `raised`: number of suppressed
 * events whose alarm is raised now.
 */
export function maintenanceEndEvent(maintenance: MaintenanceView, raised: number, endMs: WallMs): AgentEvent {
  const { target, source, count: suppressed, suppressed: named } = maintenance;
  const over = msg`maintenance of ${targetText(target)} by ${source} is over`;
  const list = msg`${over}; ${count(suppressed, 'event')} suppressed (${firstOf(namesOf(named, suppressed), NAMED)}), ${raised} of them last on and raise their alarm now`;
  const text = suppressed === 0 ? msg`${over}; it suppressed no event` : list;
  return { ...maintenanceEvent(maintenance), text, endMs: Math.max(endMs, maintenance.sinceMs) };
}

/** The event codes with their sources; as many names as events, so that those without a name are counted too. */
function namesOf(named: readonly SuppressedEvent[], total: number): readonly string[] {
  return Array.from({ length: total }, (_, index) => (named[index] === undefined ? '' : `${named[index].code} ${named[index].source}`));
}

/** Names a target in a sentence. */
function targetText({ kind, id }: Target): Message {
  if (kind === 'cabinet') return msg`cabinet ${id}`;
  return kind === 'zone' ? msg`zone ${id}` : msg`lamp ${id}`;
}

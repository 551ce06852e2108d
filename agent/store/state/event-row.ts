/**
 * An event as a row of `state.db`: its English text, which every release can read, and the template and values that produce the text.
 */
import type { WallMs } from '../../core/clock.ts';
import { detailsIn, detailsInJson } from '../../core/event-details.ts';
import { type Message, msg } from '../../core/message.ts';
import { inJson, messageIn } from '../../core/message-wire.ts';
import type { AgentEvent } from '../../core/words.ts';

/**
 * An event as a row of `state.db`. `template` and `details` are JSON: the message of the text, and the details. They are null or missing if
 * there is none, as for an event that an earlier release stored. Damaged details may be null too.
 */
export interface EventRow extends Pick<AgentEvent, 'id' | 'code' | 'source' | 'severity' | 'startMs' | 'endMs'> {
  readonly text: string;
  readonly template?: string | null;
  readonly details?: string | null;
}

/** Converts an event to its row. Its times are rounded to whole ms; one that is not finite becomes 0. */
export function toEventRow(event: AgentEvent): EventRow {
  const { id, code, source, severity, text } = event;
  return {
    ...{ id, code, source, severity },
    text: String(text),
    template: isAsWritten(text) ? null : JSON.stringify(inJson(text)),
    details: detailsInJson(event),
    startMs: wholeMs(event.startMs),
    endMs: event.endMs === null ? null : wholeMs(event.endMs),
  };
}

/**
 * Converts a row to its event. The text can be translated if the template of the row produces it; otherwise it is shown as stored. Does not
 * check the checksum: a damaged row gives a damaged event.
 */
export function toEvent({ id, code, source, severity, text, template, details, startMs, endMs }: EventRow): AgentEvent {
  return { id, code, source, severity, text: saidBy(text, template), startMs, endMs, ...(details == null ? {} : detailsIn(details)) };
}

/** Returns the time rounded to whole milliseconds; 0 if it is not a finite number. */
export function wholeMs(ms: WallMs): WallMs {
  return Number.isFinite(ms) ? Math.round(ms) : 0;
}

function saidBy(text: string, template: string | null | undefined): Message {
  const message = template == null ? undefined : messageIn(parsed(template));
  return message !== undefined && String(message) === text ? message : msg`${text}`;
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined; // Damaged bytes: the text is still there.
  }
}

/** Replaces the template of a text that was read from an earlier file. */
function isAsWritten({ id, args }: Message): boolean {
  return id === '{0}' && typeof args[0] === 'string';
}

/**
 * An event as a row of `state.db`: its English text, as each release reads it, and beside it what the text was made of.
 */
import type { WallMs } from '../../core/clock.ts';
import { type Message, msg } from '../../core/message.ts';
import { inJson, messageIn } from '../../core/message-wire.ts';
import type { AgentEvent } from '../../core/words.ts';

/** Shape: `template` is JSON as `inJson` writes it; null for a text without one, absent in a file of an earlier release. */
export interface EventRow extends Omit<AgentEvent, 'text'> {
  readonly text: string;
  readonly template?: string | null;
}

/** The row of an event. Times are whole milliseconds. */
export function toEventRow(event: AgentEvent): EventRow {
  const { text } = event;
  return {
    ...event,
    text: String(text),
    template: isAsWritten(text) ? null : JSON.stringify(inJson(text)),
    startMs: wholeMs(event.startMs),
    endMs: event.endMs === null ? null : wholeMs(event.endMs),
  };
}

/**
 * The event of a row. A text without a template is shown as written, and so is one that its template does not make: an earlier release
 * wrote a new text and left the template, or bytes were damaged. The checksum of the row covers the text only.
 */
export function toEvent({ id, code, source, severity, text, template, startMs, endMs }: EventRow): AgentEvent {
  return { id, code, source, severity, text: saidBy(text, template), startMs, endMs };
}

/** A time that is no number must not stop a whole commit. */
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

/** A text in place of a template, as it was read from an earlier file. */
function isAsWritten({ id, args }: Message): boolean {
  return id === '{0}' && typeof args[0] === 'string';
}

/** Messages in the JSON of a metric: the text as before, and additionally its template and values. */
import type { Message } from '../core/message.ts';
import { inJson } from '../core/message-wire.ts';

/**
 * The fields of a message in an object that is sent as JSON. Shape: `reason` and `reasonTemplate`. The latter is omitted if it would add
 * nothing: the text is empty, or it is passed on as it was written.
 */
export function messageFields(key: 'reason', message: Message): { readonly reason: string; readonly reasonTemplate?: object };
export function messageFields(key: string, message: Message): Readonly<Record<string, unknown>> {
  const { id, args } = message;
  const text = { [key]: String(message) };
  return id === '' || (id === '{0}' && typeof args[0] === 'string') ? text : { ...text, [`${key}Template`]: inJson(message) };
}

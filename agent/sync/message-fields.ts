/** Messages in the JSON of a metric: the text as before, and additionally its template and values. */
import type { Message } from '../core/message.ts';
import { inJson } from '../core/message-wire.ts';

/**
 * Returns a message as fields of a JSON object: the English text under `key`, and its template and values under `<key>Template`. The
 * template is left out for an empty message, and for one that is only a text from elsewhere, such as a name.
 */
export function messageFields(key: 'reason', message: Message): { readonly reason: string; readonly reasonTemplate?: object };
/**
 * Returns the English text of a message under `key`, and its template and values under `<key>Template`. The template is left out for an
 * empty message, and for one that is only a text from elsewhere. Callers see only the signature above.
 */
export function messageFields(key: string, message: Message): Readonly<Record<string, unknown>> {
  const { id, args } = message;
  const text = { [key]: String(message) };
  return id === '' || (id === '{0}' && typeof args[0] === 'string') ? text : { ...text, [`${key}Template`]: inJson(message) };
}

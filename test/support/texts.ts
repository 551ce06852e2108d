import { Message } from '../../agent/core/message.ts';

/** A copy of a value in which each `Message`, also within arrays and plain objects, is its English text. */
export function texts(value: unknown): unknown {
  if (value instanceof Message) return String(value);
  if (Array.isArray(value)) return value.map(texts);
  const isPlain = typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
  return isPlain ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, texts(item)])) : value;
}

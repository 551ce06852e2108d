import { Message } from '../../agent/core/message.ts';

/** The value with each message as its English text, for comparing what people read. */
export function texts(value: unknown): unknown {
  if (value instanceof Message) return String(value);
  if (Array.isArray(value)) return value.map(texts);
  const isPlain = typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
  return isPlain ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, texts(item)])) : value;
}

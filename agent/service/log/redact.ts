import { type Argument, Message } from '../../core/message.ts';
import { SECRET_KEY, withoutUrlPasswords } from '../../core/secrets.ts';

/** Deepest nesting that is logged. Source: assumed; the agent's own fields are flat. Confirmed by: a week of logs of a cabinet. */
const MAX_DEPTH = 4;
/**
 * Returns a copy of the fields in which the value of a name like `password` or `token` (see `SECRET_KEY`), and a password inside a URL, is
 * `[redacted]`. Other secrets inside a text are not found.
 *
 * Shape: errors become name, code and message; big integers become text; deeply nested objects become `[deeper]`. A `Message` remains one.
 */
export function redact(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return cleanRecord(fields, 0);
}

function cleanRecord(fields: object, depth: number): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [key, SECRET_KEY.test(key) ? '[redacted]' : clean(value, depth + 1)]),
  );
}

function cleanArgument(arg: Argument): Argument {
  if (typeof arg === 'number') return arg;
  if (typeof arg === 'string') return withoutUrlPasswords(arg);
  return arg instanceof Message ? new Message(arg.id, arg.args.map(cleanArgument), arg.plural) : arg.map(cleanArgument);
}

function clean(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return withoutUrlPasswords(value);
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Message) return new Message(value.id, value.args.map(cleanArgument), value.plural);
  if (depth > MAX_DEPTH) return '[deeper]';
  if (value instanceof Error) {
    const code = (value as NodeJS.ErrnoException).code;
    return { name: value.name, ...(code === undefined ? {} : { code }), message: clean(value.message, depth) };
  }
  return Array.isArray(value) ? value.map((item) => clean(item, depth + 1)) : cleanRecord(value, depth);
}

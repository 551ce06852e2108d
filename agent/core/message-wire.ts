/** Messages in JSON: the English text keeps its key, and a second key contains its template and arguments. */
import { type Argument, Message, type Plural } from './message.ts';

/** Suffix of the second key: `reason` is the text, `reasonTemplate` its template and arguments. */
const BESIDE = 'Template';

/**
 * Returns a copy of the value, for JSON, with the English text of each message. For a message, or a list with messages, under a key, the
 * templates are added under a second key, which ends in `Template`.
 *
 * Shape: `{ reason: Message }` becomes `{ reason: 'L07 is dark', reasonTemplate: { id: '{0} is dark', args: ['L07'] } }`.
 */
export function withTexts(value: unknown): unknown {
  if (value instanceof Message) return value.toString();
  if (Array.isArray(value)) return value.map(withTexts);
  if (!isPlain(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, item]) => {
      const template = templateOf(item);
      return template === undefined
        ? [[key, withTexts(item)]]
        : [
            [key, withTexts(item)],
            [key + BESIDE, template],
          ];
    }),
  );
}

/**
 * Returns a copy of a value from `withTexts` in which texts with a valid template are messages again. A text without one stays text. The
 * keys of the templates are left out.
 */
export function withMessages(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withMessages);
  if (!isPlain(value)) return value;
  const entries = Object.entries(value).filter(([key, item]) => !isTemplate(key, item, value));
  return Object.fromEntries(entries.map(([key, item]) => [key, said(item, value[key + BESIDE])]));
}

/** A template belongs to a text, or to a list with one. The values of two lamps, `L1` and `L1Template`, are not a text and its template. */
function isTemplate(key: string, item: unknown, value: Readonly<Record<string, unknown>>): boolean {
  if (!key.endsWith(BESIDE) || typeof item !== 'object') return false;
  const name = key.slice(0, -BESIDE.length);
  return Object.hasOwn(value, name) && (typeof value[name] === 'string' || Array.isArray(value[name]));
}

function said(item: unknown, template: unknown): unknown {
  if (Array.isArray(item) && Array.isArray(template)) return item.map((each, index) => said(each, template[index]));
  return messageIn(template) ?? withMessages(item);
}

/** Undefined if the value contains no message. */
function templateOf(value: unknown): unknown {
  if (value instanceof Message) return inJson(value);
  if (!Array.isArray(value) || !value.some(hasMessage)) return undefined;
  return value.map((item) => templateOf(item) ?? null);
}

/** A list of lists, such as the rows of a table, has its templates in the same places. */
function hasMessage(item: unknown): boolean {
  return item instanceof Message || (Array.isArray(item) && item.some(hasMessage));
}

/** Returns template, arguments and plural of a message as a plain object for JSON; `messageIn` restores the message. */
export function inJson({ id, args, plural }: Message): object {
  const listed = args.map(function plain(arg: Argument): unknown {
    if (arg instanceof Message) return inJson(arg);
    return Array.isArray(arg) ? arg.map(plain) : arg;
  });
  return { id, args: listed, ...(plural === null ? {} : { plural }) };
}

/** Restores a message from the JSON of `inJson`; undefined for a value of another shape. An empty message is a new one, not `NO_TEXT`. */
export function messageIn(value: unknown): Message | undefined {
  if (!isPlain(value) || typeof value['id'] !== 'string' || !Array.isArray(value['args'])) return undefined;
  const args = value['args'].map(argumentIn);
  const plural = pluralIn(value['plural']);
  return plural === undefined || args.includes(undefined) ? undefined : new Message(value['id'], args as Argument[], plural);
}

function argumentIn(value: unknown): Argument | undefined {
  if (typeof value === 'string' || typeof value === 'number') return value;
  if (!Array.isArray(value)) return messageIn(value);
  const items = value.map(argumentIn);
  return items.includes(undefined) ? undefined : (items as Argument[]);
}

function pluralIn(value: unknown): Plural | null | undefined {
  if (value === undefined) return null;
  if (!isPlain(value) || typeof value['id'] !== 'string' || typeof value['count'] !== 'number') return undefined;
  return { id: value['id'], count: value['count'] };
}

function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}

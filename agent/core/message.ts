/**
 * Text for people as data: a template with arguments. It is formatted where it is shown, in the language of the reader.
 *
 * The template is English, with `{0}`, `{1}` ... for its arguments; it is also the key of its translations. Text from a person, a file or a
 * device is an argument: it is shown unchanged in every language. Reason: docs/adr/0045-a-message-is-data.md.
 */

/** What is shown to a reader: a message to be translated, or a text that is not translated, such as a name. */
export type Said = Message | string;

/** What may stand in a template: a text, a number, a message, or a list of them, which is shown with commas. */
export type Argument = string | number | Message | readonly Argument[];

/** The plural form of a message. Its template (`id`) is shown unless the rule of the reader's language has the singular for `count`. */
export interface Plural {
  readonly id: string;
  readonly count: number;
}

/** The templates and the plural rule of one language. */
export interface Speech {
  /** The template in this language; undefined if it is not translated, the English template is then used. */
  template(id: string): string | undefined;
  /** Returns whether this number uses the singular. */
  isOne(count: number): boolean;
}

const ENGLISH: Speech = { template: () => undefined, isOne: (count) => count === 1 };

/**
 * A text for a person: an English template (`id`) with arguments for `{0}`, `{1}` ..., shown in the language of the reader. `toString`
 * gives the English text.
 */
export class Message {
  readonly id: string;
  readonly args: readonly Argument[];
  /** The plural template and the count that selects it; null if the text has none. */
  readonly plural: Plural | null;

  constructor(id: string, args: readonly Argument[] = [], plural: Plural | null = null) {
    this.id = id;
    this.args = args;
    this.plural = plural;
  }

  /** Returns the text in a language; in English if its template is not translated. */
  in(speech: Speech): string {
    const { plural } = this;
    const id = plural === null || speech.isOne(plural.count) ? this.id : plural.id;
    return filled(speech.template(id) ?? id, this.args, speech);
  }

  toString(): string {
    return this.in(ENGLISH);
  }
}

/**
 * The empty message. Code compares with this object, so return it instead of another empty message. One that was restored from JSON is
 * another object: compare its text.
 */
export const NO_TEXT = new Message('');

/** Ids by template literal: all messages of one literal share one id, which saves memory when one is created for each lamp at each tick. */
const ids = new WeakMap<TemplateStringsArray, string>();

/** Creates a message from a template literal, whose expressions are the arguments of the message. */
export function msg(template: TemplateStringsArray, ...args: readonly Argument[]): Message {
  let id = ids.get(template);
  if (id === undefined) {
    id = idOf(template.map((part) => part.replace(/[{}]/g, '$&$&')));
    ids.set(template, id);
  }
  return new Message(id, args);
}

/** Whether two messages have the same templates, arguments and count. */
export function isSameMessage(a: Message, b: Message): boolean {
  return (
    a === b || (a.id === b.id && a.plural?.id === b.plural?.id && a.plural?.count === b.plural?.count && isSameArgument(a.args, b.args))
  );
}

function isSameArgument(a: Argument, b: Argument | undefined): boolean {
  if (a === b) return true;
  if (a instanceof Message) return b instanceof Message && isSameMessage(a, b);
  return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((item: Argument, at) => isSameArgument(item, b[at]));
}

/**
 * Returns a message that shows `one` or `other`, by the plural rule of the reader's language. The arguments of `other` must begin with
 * those of `one`.
 */
export function counted(count: number, one: Message, other: Message): Message {
  return new Message(one.id, other.args, { id: other.id, count });
}

function idOf([first = '', ...rest]: readonly string[]): string {
  return rest.reduce((id, part, index) => `${id}{${index}}${part}`, first);
}

function filled(template: string, args: readonly Argument[], speech: Speech): string {
  return template.replace(/\{\{|\}\}|\{(\d+)\}/g, (found, index?: string) =>
    index === undefined ? found.charAt(0) : shown(args[Number(index)] ?? '', speech),
  );
}

function shown(arg: Argument, speech: Speech): string {
  if (typeof arg === 'string') return arg;
  if (typeof arg === 'number') return String(arg);
  return arg instanceof Message ? arg.in(speech) : arg.map((item) => shown(item, speech)).join(', ');
}

/**
 * The questions of the first setup: text, usual answer and allowed values.
 *
 * Typed answers, options and answers files are checked in the same way. Pure.
 */
import { type Argument, type Message, msg } from '../core/message.ts';
import { didYouMean } from '../core/suggestions.ts';

/** Answers of the setup as text, by name of the question. `Question.read` may not have checked them yet. */
export type TypedAnswers = Readonly<Record<string, string>>;

/** Why an answer is rejected, as a text for a person. */
export interface AnswerRefusal {
  readonly refused: Message;
}

/** One question of the setup: when it is asked, its usual answer, and the check of an answer. */
export interface Question {
  /** Name in an answers file; also the name of the option. */
  readonly name: string;
  /** `interview` collects the answers of one part. */
  readonly part: 'site' | 'street' | 'uplink' | 'access';
  /** Without the usual answer and the colon, which follow it on the terminal. */
  readonly prompt: Message;
  /** Returns the usual answer; null if there is none. `answers`: those collected so far; an earlier one may be missing. */
  usual(answers: TypedAnswers, machine: MachineFacts): string | null;
  /** Returns the answer in its normal form, or why it is rejected. Shape: `text` has no outer spaces. */
  read(text: string): string | AnswerRefusal;
  /** If present, the question applies only when this returns true for the answers collected so far. */
  readonly when?: (answers: TypedAnswers) => boolean;
}

/** Facts of this machine, used for the usual answers. */
export interface MachineFacts {
  readonly hostname: string;
  /** IANA time zone name. */
  readonly timezone: string;
}

/** Source: ids in the schema of the cabinet file. */
const ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/;
const ID_WORDS = msg`1 to 32 letters from a to z, digits, ".", "_" or "-", the first a letter or digit`;
/** Source: names of console users, agent/access/user-registry.ts. */
const USER = /^[a-z][a-z0-9_.-]{0,30}$/;
const USER_WORDS = msg`1 to 31 small letters, digits, "_", "." or "-", the first a letter`;
const ZONE_KINDS = ['street', 'path', 'road', 'leisure'];
/** Decimal degrees with point or comma, separated by comma, semicolon or blanks. */
const POSITION = /^\s*([+-]?\d{1,3}(?:[.,]\d+)?)\s*(?:[;,]\s*|\s)\s*([+-]?\d{1,3}(?:[.,]\d+)?)\s*$/;

/** The questions of the setup about the cabinet, in the order in which they are asked. */
export const QUESTIONS: readonly Question[] = [
  {
    name: 'id',
    part: 'site',
    prompt: msg`Id of this cabinet, unique in the fleet`,
    usual: (_, { hostname }) => (ID.test(hostname) && hostname !== 'localhost' ? hostname : null),
    read: idOf,
  },
  { name: 'name', part: 'site', prompt: msg`Name for people: street or place`, usual: ({ id = '' }) => id, read: lineOf },
  {
    name: 'position',
    part: 'site',
    prompt: msg`Latitude, longitude in degrees, as 47.4736, -0.5541`,
    usual: () => null,
    read: positionOf,
  },
  { name: 'timezone', part: 'site', prompt: msg`Time zone`, usual: (_, { timezone }) => timezone, read: timezoneOf },
  {
    name: 'spacing',
    part: 'street',
    prompt: msg`Metres from one lamp to the next`,
    usual: () => '30',
    read: numberOf(1, 500),
  },
  { name: 'power', part: 'street', prompt: msg`Rated power of one lamp at 100 %, in watts`, usual: () => '60', read: numberOf(1, 2_000) },
  { name: 'zone', part: 'street', prompt: msg`Id of the zone that these lamps make`, usual: () => 'street', read: idOf },
  { name: 'kind', part: 'street', prompt: msg`Kind of place: ${ZONE_KINDS}`, usual: () => 'street', read: oneOf(ZONE_KINDS) },
  {
    name: 'dim',
    part: 'street',
    prompt: msg`Level from 23:00 to 06:00, in % (100: no dimming)`,
    usual: () => '50',
    read: numberOf(10, 100, true),
  },
  {
    name: 'broker',
    part: 'uplink',
    prompt: msg`Broker of the platform, as mqtts://host:8883 (none: works alone)`,
    usual: () => '',
    read: brokerOf,
  },
  { name: 'group', part: 'uplink', prompt: msg`Sparkplug group of this cabinet`, usual: () => null, read: groupOf, when: hasBroker },
  {
    name: 'username',
    part: 'uplink',
    prompt: msg`User name at the broker (none: the certificate alone)`,
    usual: () => '',
    read: optionalLine,
    when: hasBroker,
  },
  {
    name: 'admin',
    part: 'access',
    prompt: msg`First user of the serial console, an admin (none: later)`,
    usual: () => '',
    read: (text) => (text === '' || isNone(text) ? '' : USER.test(text) ? text : refuse(text, USER_WORDS)),
  },
];

/** Returns true if a person typed the word for "none", in English or French, in upper or lower case; false for an empty text. */
export function isNone(typed: string): boolean {
  return ['none', 'aucun', 'aucune'].includes(typed.trim().toLowerCase());
}

/** Returns latitude and longitude of a position as the question returns it: `47.4736, -0.5541`; 0 for a missing number. Units: degrees. */
export function degreesOf(position: string): { readonly latitudeDeg: number; readonly longitudeDeg: number } {
  const [latitudeDeg = 0, longitudeDeg = 0] = position.split(', ').map(Number);
  return { latitudeDeg, longitudeDeg };
}

function hasBroker({ broker = '' }: TypedAnswers): boolean {
  return broker !== '';
}

function refuse(text: string, allowed: Argument): AnswerRefusal {
  return { refused: msg`found ${JSON.stringify(text)}; allowed: ${allowed}` };
}

function idOf(text: string): string | AnswerRefusal {
  return ID.test(text) ? text : refuse(text, ID_WORDS);
}

function lineOf(text: string): string | AnswerRefusal {
  return text.length >= 1 && text.length <= 80 ? text : refuse(text, msg`text of 1 to 80 characters`);
}

function optionalLine(text: string): string | AnswerRefusal {
  return text === '' || isNone(text) ? '' : lineOf(text);
}

function positionOf(text: string): string | AnswerRefusal {
  const [, latitude, longitude] = POSITION.exec(text)?.map((part) => part.replace(',', '.')) ?? [];
  if (latitude === undefined || longitude === undefined) return refuse(text, msg`two numbers in degrees, as 47.4736, -0.5541`);
  if (Math.abs(Number(latitude)) > 90 || Math.abs(Number(longitude)) > 180)
    return refuse(text, msg`latitude from -90 to 90 first, then longitude from -180 to 180`);
  return `${Number(latitude)}, ${Number(longitude)}`;
}

function timezoneOf(text: string): string | AnswerRefusal {
  const known = ['UTC', ...Intl.supportedValuesOf('timeZone')];
  const found = known.find((each) => each.toLowerCase() === text.toLowerCase());
  return found ?? refuse(text, msg`an IANA name, as Europe/Paris${didYouMean(text, known)}`);
}

function numberOf(min: number, max: number, isWhole = false): (text: string) => string | AnswerRefusal {
  return (text) => {
    const number = Number(text.replace(',', '.'));
    const fits = text !== '' && number >= min && number <= max && (!isWhole || Number.isInteger(number));
    if (fits) return String(number);
    return refuse(text, isWhole ? msg`a whole number from ${min} to ${max}` : msg`a number from ${min} to ${max}`);
  };
}

function oneOf(words: readonly string[]): (text: string) => string | AnswerRefusal {
  return (text) => (words.includes(text.toLowerCase()) ? text.toLowerCase() : refuse(text, words));
}

/** The message does not repeat the address: it may contain a password, and answers are logged. */
function brokerOf(text: string): string | AnswerRefusal {
  if (text === '' || isNone(text)) return '';
  const url = URL.parse(text);
  const allowed = msg`mqtts://host:8883 or mqtt://host:1883, without user and password in it`;
  if (url === null || !['mqtt:', 'mqtts:'].includes(url.protocol) || url.hostname === '')
    return { refused: msg`not an address; allowed: ${allowed}` };
  if (url.username === '' && url.password === '') return text;
  return { refused: msg`the address contains a user or a password; allowed: ${allowed}` };
}

/** Source: Sparkplug 3.0, tck-id-topic-structure-namespace-valid-group-id. */
function groupOf(text: string): string | AnswerRefusal {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is kept out
  return /^[^+/#\u0000-\u001f\u007f]{1,64}$/.test(text) ? text : refuse(text, msg`1 to 64 characters without "+", "/" or "#"`);
}

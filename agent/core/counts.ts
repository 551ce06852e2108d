/** Numbers of things, in the singular and plural of the reader's language. */
import { counted, type Message, msg } from './message.ts';

const COUNTS = {
  item: (n: number) => counted(n, msg`${n} item`, msg`${n} items`),
  entry: (n: number) => counted(n, msg`${n} entry`, msg`${n} entries`),
  file: (n: number) => counted(n, msg`${n} file`, msg`${n} files`),
  row: (n: number) => counted(n, msg`${n} row`, msg`${n} rows`),
  lamp: (n: number) => counted(n, msg`${n} lamp`, msg`${n} lamps`),
  reading: (n: number) => counted(n, msg`${n} reading`, msg`${n} readings`),
  frame: (n: number) => counted(n, msg`${n} frame`, msg`${n} frames`),
  gap: (n: number) => counted(n, msg`${n} gap`, msg`${n} gaps`),
  segment: (n: number) => counted(n, msg`${n} segment`, msg`${n} segments`),
  day: (n: number) => counted(n, msg`${n} day`, msg`${n} days`),
  night: (n: number) => counted(n, msg`${n} night`, msg`${n} nights`),
  minute: (n: number) => counted(n, msg`${n} minute`, msg`${n} minutes`),
  hour: (n: number) => counted(n, msg`${n} hour`, msg`${n} hours`),
  device: (n: number) => counted(n, msg`${n} device`, msg`${n} devices`),
  unit: (n: number) => counted(n, msg`${n} unit`, msg`${n} units`),
  sensor: (n: number) => counted(n, msg`${n} sensor`, msg`${n} sensors`),
  point: (n: number) => counted(n, msg`${n} point`, msg`${n} points`),
  zone: (n: number) => counted(n, msg`${n} zone`, msg`${n} zones`),
  line: (n: number) => counted(n, msg`${n} line`, msg`${n} lines`),
  event: (n: number) => counted(n, msg`${n} event`, msg`${n} events`),
  detection: (n: number) => counted(n, msg`${n} detection`, msg`${n} detections`),
  change: (n: number) => counted(n, msg`${n} change`, msg`${n} changes`),
  profile: (n: number) => counted(n, msg`${n} profile`, msg`${n} profiles`),
  example: (n: number) => counted(n, msg`${n} example`, msg`${n} examples`),
  request: (n: number) => counted(n, msg`${n} request`, msg`${n} requests`),
  transaction: (n: number) => counted(n, msg`${n} transaction`, msg`${n} transactions`),
  packet: (n: number) => counted(n, msg`${n} packet`, msg`${n} packets`),
  message: (n: number) => counted(n, msg`${n} message`, msg`${n} messages`),
  warning: (n: number) => counted(n, msg`${n} warning`, msg`${n} warnings`),
  coil: (n: number) => counted(n, msg`${n} coil`, msg`${n} coils`),
  discrete: (n: number) => counted(n, msg`${n} discrete`, msg`${n} discretes`),
  'holding register': (n: number) => counted(n, msg`${n} holding register`, msg`${n} holding registers`),
  'input register': (n: number) => counted(n, msg`${n} input register`, msg`${n} input registers`),
  record: (n: number) => counted(n, msg`${n} record`, msg`${n} records`),
  'more zone': (n: number) => counted(n, msg`${n} more zone`, msg`${n} more zones`),
  'more line': (n: number) => counted(n, msg`${n} more line`, msg`${n} more lines`),
  'more event': (n: number) => counted(n, msg`${n} more event`, msg`${n} more events`),
} satisfies Readonly<Record<string, (n: number) => Message>>;

/** The nouns that `count` can use: `lamp`, `reading`, `more zone`, ... */
export type Countable = keyof typeof COUNTS;

/** Returns a message with a number and its noun, in the singular or plural by the rule of the reader's language: `1 lamp`, `12 lamps`. */
export function count(number: number, noun: Countable): Message {
  return COUNTS[noun](number);
}

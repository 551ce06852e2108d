/**
 * Finds text on a screen that a French reader would not understand.
 *
 * Known are the words of the catalogue. Names are recognised by their kind: words to type, names and codes of the raw answer that the
 * catalogue has no word for, units, and everything with digits, dots or slashes in it.
 */

import { readFileSync } from 'node:fs';
import PO from 'pofile';
import type { OptionSpec } from '../../agent/console/command-spec.ts';
import { COMMANDS, FAMILIES } from '../../agent/console/commands.ts';
import { toAscii } from '../../agent/console/text/plain-text.ts';
import { ROLES } from '../../agent/core/access.ts';

export interface FrenchReader {
  /** From now on the names and codes in this raw answer count as known. */
  meet(answer: unknown): void;
  /** Lines with unknown words, followed by these words in brackets; empty if all words are known. */
  strange(shown: string): readonly string[];
}

const FRENCH = PO.parse(readFileSync(new URL('../../agent/console/languages/fr.po', import.meta.url), 'utf8')).items;

/** Source: SI, and the usual ones of the trade. */
const UNITS =
  'ms min kWh Wh kVAh kvarh var VA Hz lx ppm ppb hPa kPa Pa km mm cm deg degC dB dBm MB kB Mo ko kbit bit baud EN UTC CET CEST'.split(' ');
/** Source: MQTT 5.0, section 2.1.2. */
const PACKETS =
  'connect connack publish puback pubrec pubrel pubcomp subscribe suback unsubscribe unsuback pingreq pingresp disconnect auth'.split(' ');
/** Keys and signals of the keyboard, and protocols: the same in every language. */
const KEYS = 'Ctrl-C Ctrl-D TAB Enter ZMODEM Modbus MQTT TLS TCP CRC DALI YAML CSV JSON SHA-256 base64 ascii utf-8'.split(' ');

const wordsOf = (text: string): readonly string[] => text.match(/[A-Za-z]+(?:'[A-Za-z]+)?/g) ?? [];

/** Words after a bar. */
const FILTERS = 'include exclude begin count json csv'.split(' ');

/** `names`: more words that count as known, such as the ids of a street. */
export function createFrenchReader(names: readonly string[]): FrenchReader {
  const french = new Set(
    FRENCH.flatMap(({ msgstr: [text = ''] }) => wordsOf(toAscii(text.replace(/\{\w+\}/g, ' '))).map((word) => word.toLowerCase())),
  );
  const english = new Set(FRENCH.map(({ msgid }) => msgid));
  const typed = new Set([...COMMANDS, ...FAMILIES].flatMap(wordsToType));
  const machine = new Set(
    [...UNITS, ...KEYS, ...ROLES, ...FILTERS, ...PACKETS, 'options', ...names].flatMap((name) => [name, ...wordsOf(name)]),
  );

  const knows = (word: string): boolean => french.has(word.toLowerCase()) || machine.has(word) || typed.has(word) || word.length < 2;

  return {
    meet(answer) {
      for (const text of textsOf(answer))
        if (/^\S+$/.test(text) && !english.has(text)) for (const word of [text, ...wordsOf(text)]) machine.add(word);
    },
    strange(shown) {
      return shown.split('\n').flatMap((line) => {
        const odd = tokensOf(line).flatMap((token) => (machine.has(token) ? [] : wordsOf(token).filter((word) => !knows(word))));
        return odd.length === 0 ? [] : [`${line.trim()}   [${odd.join(' ')}]`];
      });
    },
  };
}

/** Without what is quoted or to be typed, without bytes, keys and codes of the system, and what a digit, dot or slash shows to be a name. */
function tokensOf(line: string): readonly string[] {
  return line
    .replace(/`[^`]*`|"[^"]*"/g, ' ')
    .split(/[\s,;()<>|]+/)
    .map((token) => token.replace(/^['[:]+|['\]:.?!~]+$/g, ''))
    .filter((token) => !/\d|[._/=@#{}[\]]|^-|^(?:[0-9A-F]{2}|E[A-Z]{4,}|[A-Z2-7]{4}(?:-[A-Z2-7]{4})*)$/.test(token));
}

function textsOf(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => [key, ...textsOf(item)]);
}

function wordsToType(row: { readonly name: string; readonly options?: readonly OptionSpec[] }): readonly string[] {
  const specs = COMMANDS.find(({ name }) => name === row.name);
  const options = specs?.options ?? [];
  const args = specs?.arguments ?? [];
  return [
    ...row.name.split(/[ -]/),
    ...(specs?.examples ?? []).flatMap(wordsOf),
    ...options.flatMap(({ name, value, choices = [] }) => [name, ...wordsOf(name), value ?? '', ...choices]),
    ...args.flatMap(({ name, choices = [] }) => [name, ...choices]),
  ];
}

/** Reads the catalogue of a language: one PO file of gettext, `agent/console/languages/<language>.po`. */
import { readFileSync } from 'node:fs';
import PO from 'pofile';
import type { Speech } from '../core/message.ts';

/** The two rules of languages with one plural form. Source: gettext manual, "Plural forms". */
const PLURAL_RULE = /plural=\(?n\s*(!=|>)\s*1\)?/;

/** Its templates, and which numbers take the singular, as its head says. Errors: throws the system's error where the file is missing. */
export function readCatalogue(language: string): Speech {
  const { headers, items } = PO.parse(readFileSync(new URL(`./languages/${language}.po`, import.meta.url), 'utf8'));
  const templates = new Map(items.flatMap(({ msgid, msgstr: [text = ''] }) => (text === '' ? [] : [[msgid, text] as const])));
  const takesZero = PLURAL_RULE.exec(headers['Plural-Forms'] ?? '')?.[1] === '>';
  return { template: (id) => templates.get(id), isOne: (count) => (takesZero ? Math.abs(count) < 2 : count === 1) };
}

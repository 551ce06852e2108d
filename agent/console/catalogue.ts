/** Reads the catalogue of a language: a gettext PO file, `agent/console/languages/<language>.po`. */
import { readFileSync } from 'node:fs';
import PO from 'pofile';
import type { Speech } from '../core/message.ts';

/** The two rules used by languages with one plural form. Source: gettext manual, "Plural forms". */
const PLURAL_RULE = /plural=\(?n\s*(!=|>)\s*1\)?/;

/**
 * Reads the translations of a language from its file; texts without a translation are left out. `language`: the name of the file, such as
 * `fr`. Errors: throws the system's error if the file is missing.
 */
export function readCatalogue(language: string): Speech {
  const { headers, items } = PO.parse(readFileSync(new URL(`./languages/${language}.po`, import.meta.url), 'utf8'));
  const templates = new Map(items.flatMap(({ msgid, msgstr: [text = ''] }) => (text === '' ? [] : [[msgid, text] as const])));
  const takesZero = PLURAL_RULE.exec(headers['Plural-Forms'] ?? '')?.[1] === '>';
  return { template: (id) => templates.get(id), isOne: (count) => (takesZero ? Math.abs(count) < 2 : count === 1) };
}

/** Reads the catalogues of `agent/console/languages`: gettext's PO files, one for each language. */
import { readdirSync, readFileSync } from 'node:fs';
import PO from 'pofile';
import type { Speech } from '../../core/message.ts';

const FOLDER = new URL('../languages/', import.meta.url);

/** How French says things. Source: in French 0 and 1 take the singular. */
export async function frenchSpeech(): Promise<Speech> {
  const items = readdirSync(FOLDER).flatMap((name) =>
    name.endsWith('.po') ? PO.parse(readFileSync(new URL(name, FOLDER), 'utf8')).items : [],
  );
  const templates = new Map(items.flatMap(({ msgid, msgstr: [text = ''] }) => (text === '' ? [] : [[msgid, text] as const])));
  return { template: (id) => templates.get(id), isOne: (count) => Math.abs(count) < 2 };
}

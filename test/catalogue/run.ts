/** `npm run catalogue`: adds new templates to each catalogue, removes unused ones, and lists the untranslated ones. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import PO from 'pofile';
import { foundTemplates } from './templates.ts';

const FOLDER = new URL('../../agent/console/languages/', import.meta.url);
const templates = foundTemplates();

for (const name of readdirSync(FOLDER).filter((file) => file.endsWith('.po'))) {
  const file = new URL(name, FOLDER);
  const catalogue = PO.parse(readFileSync(file, 'utf8'));
  const known = new Map(catalogue.items.map(({ msgid, msgstr }) => [msgid, msgstr]));
  catalogue.items = templates.map(({ id, args, files }) => {
    const item = new PO.Item();
    item.msgid = id;
    item.msgstr = known.get(id) ?? [''];
    item.references = [...files];
    item.extractedComments = args.map((arg, index) => `{${index}} ${arg.replace(/\s+/g, ' ')}`);
    return item;
  });
  writeFileSync(file, `${catalogue}\n`);
  const left = catalogue.items.filter(({ msgstr }) => (msgstr[0] ?? '') === '');
  console.log(`${name}: ${catalogue.items.length} templates, ${left.length} to translate`);
  for (const { msgid } of left) console.log(`  ${msgid}`);
}

/** `npm run catalogue`: adds new templates to each catalogue, removes those that are gone, and lists what is left to translate. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import PO from 'pofile';
import { foundTemplates } from './templates.ts';

const FOLDER = new URL('../../agent/console/languages/', import.meta.url);
const templates = foundTemplates();

for (const name of readdirSync(FOLDER).filter((file) => file.endsWith('.po'))) {
  const file = new URL(name, FOLDER);
  const before = PO.parse(readFileSync(file, 'utf8'));
  const known = new Map(before.items.map(({ msgid, msgstr }) => [msgid, msgstr]));
  const after = new PO();
  after.headers = before.headers;
  after.headerOrder = before.headerOrder;
  after.items = templates.map(({ id, args, files }) => {
    const item = new PO.Item();
    item.msgid = id;
    item.msgstr = known.get(id) ?? [''];
    item.references = [...files];
    item.extractedComments = args.map((arg, index) => `{${index}} ${arg.replace(/\s+/g, ' ')}`);
    return item;
  });
  writeFileSync(file, `${after}\n`);
  const left = after.items.filter(({ msgstr }) => (msgstr[0] ?? '') === '');
  console.log(`${name}: ${after.items.length} templates, ${left.length} to translate`);
  for (const { msgid } of left) console.log(`  ${msgid}`);
}

/** Compares the catalogues with the source: each template has a translation, each translation a template. */
import { readdirSync, readFileSync } from 'node:fs';
import PO from 'pofile';
import t from 'tap';
import { foundTemplates, placesIn, templatesIn } from './templates.ts';

const FOLDER = new URL('../../agent/console/languages/', import.meta.url);
const catalogues = readdirSync(FOLDER).filter((name) => name.endsWith('.po'));
const templates = new Map(foundTemplates().map((template) => [template.id, template]));

t.test('templates are found through the syntax tree', async (t) => {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the source text of a template
  const text = 'const a = msg`lamp ${id} is {dark}`; const b = [msg`lit`, other`none`]; // msg`no ${comment}`\nconst c = "msg`no text`";';
  t.strictSame(templatesIn('here.ts', text), [
    { id: 'lamp {0} is {{dark}}', args: ['id'] },
    { id: 'lit', args: [] },
  ]);
  t.equal(placesIn('{1} of {{0}} {0}'), '0,1');
  t.ok(templates.size > 1_000, `${templates.size} templates`);
});

t.ok(catalogues.length > 0, 'there is a catalogue');
for (const name of catalogues)
  t.test(`${name} has a translation of each template, with the same arguments, and no other`, async (t) => {
    const { items } = PO.parse(readFileSync(new URL(name, FOLDER), 'utf8'));
    const known = new Map(items.map((item) => [item.msgid, item]));
    t.equal(known.size, items.length, 'each template once');
    const of = (isWrong: (id: string, text: string) => boolean) =>
      [...known].filter(([id, { msgstr }]) => templates.has(id) && isWrong(id, msgstr[0] ?? '')).map(([id]) => id);
    const missing = [...templates.values()].filter(({ id }) => !known.has(id)).map(({ id, files }) => `${files[0]}: ${id}`);
    t.strictSame(missing, [], 'missing: npm run catalogue adds them, then translate them');
    t.strictSame(
      of((_, text) => text === ''),
      [],
      'not translated',
    );
    t.strictSame(
      [...known.keys()].filter((id) => !templates.has(id)),
      [],
      'not used: npm run catalogue removes them',
    );
    t.strictSame(
      of((id, text) => text !== '' && placesIn(id) !== placesIn(text)),
      [],
      'other arguments',
    );
    t.strictSame(
      items.filter(({ flags }) => flags['fuzzy'] === true).map(({ msgid }) => msgid),
      [],
      'marked as doubtful (fuzzy)',
    );
  });

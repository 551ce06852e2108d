import t from 'tap';
import { editChecked } from '../../../../agent/config/edit/checked-edit.ts';
import { SMALL_SITE } from '../../../support/small-site.ts';

const reasonOf = (path: string, value: string, text = SMALL_SITE): string => {
  const edited = editChecked(text, path, value);
  return 'reason' in edited ? String(edited.reason) : 'taken';
};

// biome-ignore format: a table
const refused: [path: string, value: string, reason: RegExp][] = [
  ['zones[rue].minPct', '450', /^zones\[0\]\.minPct: found 450; allowed: a whole number from 0 to 100$/],
  ['zones[rue].minPct', '-1', /found -1/],
  ['zones[rue].minPct', '4500000000', /found 4500000000/],
  ['zones[rue].minPct', '45%', /^zones\[0\]\.minPct: found "45%"/],
  ['zones[rue].minPct', '', /found nothing/],
  ['zones[rue].levelpct', '45', /^zones\[0\]\.levelpct: unknown key "levelpct"; levelPct belongs to .*programmes\[ID\]\.steps\[ID\]/],
  ['zones[rue].minpct', '45', /unknown key "minpct"; did you mean "minPct"\?/],
  ['minPct', '45', /^minPct: unknown key "minPct"; minPct belongs to lamps\[ID\], zones\[ID\]$/],
  ['store.minPct', '45', /^store\.minPct: unknown key "minPct"; minPct belongs to lamps/],
  ['zones[+]', '{ id: park, minPct: 450, programm: x }', /minPct: found 450.* \(and 1 more\)$|unknown key.* \(and 1 more\)$/],
  ['zones[rue].nonsense', 'x', /^zones\[0\]\.nonsense: unknown key "nonsense"; allowed here: id, lamps, /],
  ['cabinet', 'x', /^cabinet: found "x"/],
];
for (const [path, value, reason] of refused)
  t.test(`a wrong key or value is refused where it is typed: ${path} ${value}`, async (t) => t.match(reasonOf(path, value), reason));

t.test('a valid value is accepted, and an earlier mistake is no reason to refuse another value', async (t) => {
  t.equal(reasonOf('zones[rue].minPct', '0'), 'taken');
  t.equal(reasonOf('zones[rue].minPct', '100'), 'taken');
  const wrong = SMALL_SITE.replace('zones:', 'nonsense: 1\nzones:');
  t.not(wrong, SMALL_SITE);
  t.equal(reasonOf('zones[rue].minPct', '20', wrong), 'taken');
  t.equal('text' in editChecked(wrong, 'nonsense', null), true, 'a wrong key can be taken out');
});

t.test('an item may be added in several steps; what is still missing is reported', async (t) => {
  const edited = editChecked(SMALL_SITE, 'zones[+]', '{ id: park }');
  if ('reason' in edited) return t.fail(edited.reason);
  t.ok((edited.missing ?? []).length > 0);
  t.match(edited.missing?.[0], { file: 'cabinet.yaml', path: /^zones\[1\]\./, message: /^missing; needed: / });
  t.equal(edited.missing?.[0]?.line, edited.text.split('\n').findIndex((line) => line.includes('park')) + 1);
  const next = editChecked(edited.text, 'zones[park].lamps', '[L01]');
  t.match(next, { text: /park/ });
  t.notOk('missing' in next && next.missing?.some(({ path }) => path === 'zones[1].lamps'), 'said once');
});

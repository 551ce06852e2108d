import fc from 'fast-check';
import t from 'tap';
import { parse } from 'yaml';
import { UneditableError, YamlEdits } from '../../../../agent/config/import/yaml-edits.ts';

t.test('entries of a list between brackets are removed, changed and added together', async (t) => {
  const change = fc.record({
    count: fc.integer({ min: 1, max: 5 }),
    removed: fc.uniqueArray(fc.nat(4)),
    set: fc.uniqueArray(fc.nat(4)),
    added: fc.nat(2),
    gap: fc.constantFrom(', ', ',\n    ', ' ,'),
  });
  fc.assert(
    fc.property(change, ({ count, removed, set, added, gap }) => {
      const items = Array.from({ length: count }, (_, i) => `{ id: d${i}, unit: ${i} }`);
      const source = `devices: [${items.join(gap)}] # of the line\nnext: 1\n`;
      const edits = new YamlEdits(source);
      const gone = new Set(removed.filter((i) => i < count));
      const changed = new Set(set.filter((i) => i < count && !gone.has(i)));
      for (const i of changed) edits.set(['devices', i], { unit: 100 + i, pole: `P${i}` });
      for (const i of gone) edits.remove(['devices'], i);
      for (let i = 0; i < added; i++) edits.append(['devices'], { id: `n${i}` });
      const expected = Array.from({ length: count }, (_, i) =>
        changed.has(i) ? { id: `d${i}`, unit: 100 + i, pole: `P${i}` } : { id: `d${i}`, unit: i },
      ).filter((_, i) => !gone.has(i));
      const text = edits.text();
      t.same(parse(text), { devices: [...expected, ...Array.from({ length: added }, (_, i) => ({ id: `n${i}` }))], next: 1 });
      return text.includes('# of the line');
    }),
  );
});

t.test('a list of lines that loses all its entries is empty', async (t) => {
  for (const [before, after] of [
    ['zones:\n  - id: rue\n    lamps:\n      - L01\nnext: 1\n', 'zones:\n  - id: rue\n    lamps: []\nnext: 1\n'],
    ['zones:\n- id: rue\n  lamps:\n  - L01\n  - L02', 'zones:\n- id: rue\n  lamps: []'],
    ['zones:\n  - id: rue\n    lamps: # L: left\n      - L01 # old\n', 'zones:\n  - id: rue\n    lamps: [] # L: left\n'],
    ['zones:\n  - lamps:\n      # all\n      - L01\n    id: rue\n', 'zones:\n  - lamps: []\n      # all\n    id: rue\n'],
    ['zones:\r\n  - id: rue\r\n    lamps:\r\n      - L01\r\n', 'zones:\r\n  - id: rue\r\n    lamps: []\r\n'],
  ] as const) {
    const edits = new YamlEdits(before);
    const count = before.match(/- L0/g)?.length ?? 0;
    for (let i = 0; i < count; i++) edits.remove(['zones', 0, 'lamps'], i);
    t.equal(edits.text(), after);
    t.same(parse(after).zones, [{ id: 'rue', lamps: [] }]);
  }
  const named = new YamlEdits('lamps: &all\n  - L01\nsame: *all\n');
  named.remove(['lamps'], 0);
  t.throws(() => named.text(), UneditableError, 'another part repeats it');
});

t.test('a list of lines whose entries are all exchanged has the new ones', async (t) => {
  const edits = new YamlEdits('lamps:\n  - L01\n  - L02\nnext: 1\n');
  for (const index of [0, 1]) edits.remove(['lamps'], index);
  edits.append(['lamps'], 'L03');
  t.equal(edits.text(), 'lamps:\n  - L03\nnext: 1\n');
});

t.test('a value in place of a block of text ends where the block ended', async (t) => {
  const edits = new YamlEdits('lamps:\n  - id: L01\n    pole: >-\n      P01\n\n    minPct: 5\n  - id: |\n      L02\nnext: 1\n');
  edits.set(['lamps', 0], { pole: 'P02', minPct: 6 });
  edits.set(['lamps', 1], { id: 'L03', maxPct: 90 });
  t.equal(edits.text(), 'lamps:\n  - id: L01\n    pole: P02\n\n    minPct: 6\n  - id: L03\n    maxPct: 90\nnext: 1\n');
});

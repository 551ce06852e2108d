import fc from 'fast-check';
import t from 'tap';
import { parse } from 'yaml';
import { YamlEdits } from '../../../../agent/config/import/yaml-edits.ts';

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

import t from 'tap';
import { valueAt } from '../../../agent/core/schema-findings.ts';

t.test('the value at a path is one that the document contains', async (t) => {
  const document = { zones: [{ id: 'rue', powerW: null }] };
  t.equal(valueAt(document, ['zones', 0, 'id']), 'rue');
  t.equal(valueAt(document, ['zones', 0, 'powerW']), null);
  for (const path of [['zones', 1], ['zones', 0, 'id', 0], ['constructor'], ['zones', 'map']]) t.equal(valueAt(document, path), undefined);
});

import t from 'tap';
import { filterLines, readFilters } from '../../../../agent/console/shell/filters.ts';
import { msg } from '../../../../agent/core/message.ts';
import { withTexts } from '../../../../agent/core/message-wire.ts';

const CSV = readFilters([[{ text: 'csv', isQuoted: false, start: 0, end: 3 }] as never]);

t.test('a message is one column of a table, its English text, however it was made', async (t) => {
  const rows = [
    {
      lamp: 'L01',
      reason: msg`${'L01'} does not follow`,
      causes: [msg`off`, 'typed "off", by hand'],
      reasonOf: { text: msg`${msg`off`}` },
    },
    { lamp: 'L02', reason: msg`${'a typed reason'}`, causes: [], reasonOf: { text: msg`waiting` } },
  ];
  t.strictSame(filterLines([JSON.stringify(withTexts(rows))], CSV), [
    'lamp,reason,causes.0,causes.1,reasonOf.text',
    'L01,L01 does not follow,off,"typed ""off"", by hand",off',
    'L02,a typed reason,,,waiting',
  ]);
});

t.test('a column of an answer that only has the name of a secret is not masked', async (t) => {
  t.strictSame(filterLines([JSON.stringify([{ lampTemplate: 'x', reasonTemplate: { id: '{0}', args: ['of nothing'] } }])], CSV), [
    'lampTemplate,reasonTemplate.id,reasonTemplate.args.0',
    'x,{0},of nothing',
  ]);
});

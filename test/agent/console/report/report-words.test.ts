import t from 'tap';
import { isMonth, saidText } from '../../../../agent/console/report/report-words.ts';
import { msg } from '../../../../agent/core/message.ts';

t.test('dates and months are written in the language; an id of similar form is unchanged', async (t) => {
  const shown = (text: string): string[] => [saidText(text, 'en'), saidText(msg`${text}`, 'en')].map((each) => each.replaceAll(/\s/g, ' '));
  for (const [text, expected] of [
    ['2026-12-01', '1 Dec 2026'],
    ['2026-12-01 08:05', '1 Dec 2026 08:05'],
    ['2026-05', 'May 2026'],
    ['0101-05', '0101-05'],
    ['0101-05-01', '0101-05-01'],
    ['0001-13', '0001-13'],
    ['2026-13', '2026-13'],
    ['2026-12-32', '2026-12-32'],
    ['9912-12-01 08:05', '9912-12-01 08:05'],
  ] as const)
    t.strictSame(shown(text), [expected, expected], text);
  t.notOk(isMonth('0001-13'));
});

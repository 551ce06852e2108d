import t from 'tap';
import { findPoint, fittingResolution, readHistory } from '../../../../../agent/console/commands/store/history.ts';
import { createFakeView } from '../../fake-view.ts';

t.test('a history is as fine as fits its time and its form', async (t) => {
  const fitting = (hours: number, form: 'table' | 'plot' | 'csv') => fittingResolution({ fromMs: 0, toMs: hours * 3_600_000 }, form);
  t.strictSame(
    [1, 3, 4, 24].map((hours) => fitting(hours, 'table')),
    ['raw', 'minute', 'hour', 'hour'],
  );
  t.strictSame(
    [1, 6, 7, 192, 193].map((hours) => fitting(hours, 'plot')),
    ['raw', 'raw', 'minute', 'minute', 'hour'],
  );
  t.equal(fitting(24, 'csv'), 'minute');
  t.match(readHistory({ point: 'M01.power' }), { since: { spanMs: 86_400_000 }, until: null, by: null, form: 'table' });
  t.match(readHistory({ point: 'M01.power', by: 'RAW', plot: true }), { by: 'raw', form: 'plot' });
  t.throws(() => readHistory({ point: 'M01.power', by: 'day' }), {
    code: 'usage',
    message: 'bad --by "day": it is one of raw, minute, hour',
  });
  t.throws(() => readHistory({ point: 'M01.power', csv: true, plot: true }), { code: 'usage', message: /not both/ });
});

t.test('point names ignore case, and a miss suggests similar ones', async (t) => {
  const view = createFakeView();
  t.match(findPoint(view, 'l01.LEVEL'), { pointId: 'L01.level', unit: '%' });
  const missing = (typed: string, message: RegExp) => t.throws(() => findPoint(view, typed), { code: 'unknown-name', message });
  missing('L01.levle', /^no point "L01\.levle"; did you mean L01\.level\?$/);
  missing('L01', /did you mean L01\.level, L01\.temperature\?$/);
  missing('.', /did you mean L01\.level, L01\.temperature, air\.pm25, L02\.level or another\?$/);
  missing('something-else', /`luciole points` lists them all/);
  missing('L01.power', /^no point "L01\.power": L01 has L01\.level, L01\.temperature; no device here measures that$/);
  missing('l02/pm25', /^no point "l02\/pm25": L02 has L02\.level; pm25 is measured by air\.pm25$/);
  missing('L03.levl', /^no point "L03\.levl"; did you mean L01\.level\?$/);
  t.equal(findPoint(view, 'L01/level').pointId, 'L01.level');
});

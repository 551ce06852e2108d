import t from 'tap';
import { effectArg, listArg } from '../../../../../agent/console/commands/savings/savings-args.ts';

t.test('blanks around the ids of a list are no part of them, and empty ids are left out', async (t) => {
  t.same(listArg({ lamps: ' a, b ,, c,' }, 'lamps'), ['a', 'b', 'c']);
  t.same(listArg({}, 'lamps'), []);
  const added = effectArg('lamps-added', { zone: 'rue', lamps: 'a, b', power: '50' });
  t.match(added, { lamps: [{ id: 'a' }, { id: 'b' }] });
  t.throws(() => effectArg('lamps-added', { zone: 'rue', lamps: ' , ', power: '50' }), { code: 'usage' });
});

import t from 'tap';
import { meter, RATED_W, type SmallWatch, smallWatch } from './small-watch.ts';

/** 3 h by day, then lit for 3 h: the load of the day and the ratio of the meter are learned. */
function taught(...meters: readonly ReturnType<typeof meter>[]): SmallWatch {
  const watch = smallWatch({ lamps: 20, meters });
  watch.level(0);
  watch.pass(180);
  watch.level(100);
  watch.pass(180);
  return watch;
}

for (const [name, others, found] of [
  ['alone', [], ['M0 meter-differs begins']],
  ['and the utility\'s, which has no power', [meter('TIC', { hasPower: false })], ['M0 meter-differs begins']],
  ['and one of a socket', [meter('M1', { phases: 1 })], ['M0 meter-differs begins']],
  ['and one of a load', [meter('M1', { isOfLoad: true })], ['M0 meter-differs begins']],
  ['and one like it, which may have a part of the lamps', [meter('M1')], []],
] as const)
  t.test(`the meter of the supply ${name}`, (t) => {
    const watch = taught(meter('M0'), ...others);
    watch.otherW = 20 + 0.2 * 20 * RATED_W;
    watch.pass(30);
    t.strictSame(watch.log, found);
    watch.log.length = 0;
    watch.volts = 180;
    watch.pass(5);
    t.strictSame(watch.log, ['M0 supply-voltage-low begins'], 'events of the supply come once');
    t.end();
  });

t.test('small loads of the cabinet do not count as the ratio of the lamps while these are dimmed', (t) => {
  const watch = smallWatch({ lamps: 20, meters: [meter('M0')] });
  watch.level(0);
  watch.pass(180);
  watch.level(5);
  watch.otherW = 40;
  watch.pass(600);
  watch.level(100);
  watch.otherW = 20;
  watch.pass(60);
  t.strictSame(watch.log, []);
  t.end();
});

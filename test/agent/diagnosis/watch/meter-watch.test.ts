import t from 'tap';
import { restoreWatch, storedWatch } from '../../../../agent/diagnosis/watch/watch-memory.ts';
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
  ["and the utility's, which has no power", [meter('TIC', { hasPower: false })], ['M0 meter-differs begins']],
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

/** One day of 14 h and one night of 10 h, with a load of 100 W for a share of each half hour between two hours of the day. */
function day(
  watch: SmallWatch,
  { fromH, toH, share = 1, loadW = 100 }: { fromH: number; toH: number; share?: number; loadW?: number },
): void {
  for (let half = 0; half < 48; half++) {
    if (half === 0) watch.level(0);
    if (half === 28) watch.level(100);
    const isOn = half >= 2 * fromH && half < 2 * toH;
    watch.otherW = isOn ? 20 + loadW : 20;
    watch.pass(30 * share);
    watch.otherW = 20;
    if (share < 1) watch.pass(30 * (1 - share));
  }
}

for (const [name, load, found] of [
  ['a pump, 12 of 30 min by day', { fromH: 1, toH: 14, share: 0.4 }, ['M0 unexpected-load begins', 'M0 unexpected-load ends']],
  ['a charger at noon', { fromH: 5, toH: 7, loadW: 3_000 }, ['M0 unexpected-load begins', 'M0 unexpected-load ends']],
  ['a display until after dusk', { fromH: 6, toH: 18 }, ['M0 unexpected-load begins', 'M0 unexpected-load ends']],
  ['lights of a feast at night', { fromH: 15, toH: 20, loadW: 200 }, ['M0 meter-differs begins', 'M0 meter-differs ends']],
] as const)
  t.test(`a load of the cabinet's own is reported once: ${name}`, (t) => {
    const watch = smallWatch({ lamps: 20, meters: [meter('M0')] });
    for (let n = 0; n < 2; n++) day(watch, { fromH: 0, toH: 0 });
    for (let n = 0; n < 12; n++) day(watch, load);
    t.strictSame(watch.log, found);
    watch.log.length = 0;
    day(watch, { fromH: 2, toH: 3, loadW: 100 + ('loadW' in load ? load.loadW : 100) });
    t.strictSame(watch.log, ['M0 unexpected-load begins'], 'a larger one is new');
    t.end();
  });

t.test('what a cabinet knows of its own loads continues after a restart', (t) => {
  const watch = smallWatch({ lamps: 20, meters: [meter('M0')] });
  for (let n = 0; n < 6; n++) day(watch, { fromH: n < 2 ? 0 : 5, toH: n < 2 ? 0 : 7 });
  const next = smallWatch({ lamps: 20, meters: [meter('M0')] });
  restoreWatch(JSON.parse(JSON.stringify(storedWatch(watch.plan, watch.engine, []))), next.plan, next.engine);
  for (let n = 0; n < 3; n++) day(next, { fromH: 5, toH: 7 });
  t.strictSame(next.log, []);
  t.end();
});

/** A supply that several lamps lose together: when it is that, when it ends, and what it must not hide. */
import t from 'tap';
import { setValue } from '../../../../agent/diagnosis/watch/watch-frame.ts';
import { RATED_W, type SmallWatch, smallWatch, switched } from './small-watch.ts';

const BEGINS = 'F supply-lost begins';
const ENDS = 'F supply-lost ends';

/** A lit street of 20 lamps whose contact, if it has one, shows voltage. */
function litStreet(options: Parameters<typeof smallWatch>[0] = {}): SmallWatch {
  const watch = smallWatch({ lamps: 20, ...options });
  if (options.hasSupplyContact === true) watch.each = () => setValue(watch.frame.feeders.supply, 0, 1, watch.nowMono);
  if (options.hasContactor === true) switched(watch, true);
  watch.level(100);
  watch.pass(200);
  return watch;
}

function silence(watch: SmallWatch, from: number, to: number): void {
  watch.drawnW.fill(null, from, to);
}

for (const options of [{}, { hasContactor: true }, { hasSupplyContact: true }, { hasContactor: true, hasSupplyContact: true }])
  t.test(`a lost supply ends when its lamps answer, and hides no later fault, with ${JSON.stringify(options)}`, (t) => {
    const watch = litStreet(options);
    silence(watch, 0, 6);
    watch.pass(15);
    watch.drawnW.fill(RATED_W);
    watch.pass(5);
    t.strictSame(watch.log.splice(0), [BEGINS, ENDS]);
    watch.drawnW[3] = 0;
    watch.drawnW[12] = 0;
    watch.pass(10);
    t.strictSame(watch.log.splice(0).toSorted(), ['L12 lamp-out begins', 'L3 lamp-out begins']);
    silence(watch, 5, 10);
    watch.pass(15);
    t.strictSame(watch.log, [BEGINS], 'the next loss is a fault of its own');
    t.end();
  });

t.test('while a supply is lost, the faults of the lamps that answer are reported, and so is a further loss', (t) => {
  const watch = litStreet();
  silence(watch, 0, 6);
  watch.pass(15);
  watch.drawnW[12] = 0;
  watch.pass(5);
  t.strictSame(watch.log.splice(0), [BEGINS, 'L12 lamp-out begins']);
  silence(watch, 6, 10);
  watch.pass(15);
  t.strictSame(watch.log, [ENDS, BEGINS], 'one fault with all of them');
  t.equal(watch.engine.common.sizeOf(0), 10);
  t.end();
});

t.test('lamps that stay silent when the others have supply again are silent on their own', (t) => {
  const watch = litStreet();
  silence(watch, 0, 6);
  watch.pass(15);
  watch.drawnW.fill(RATED_W, 0, 4);
  watch.pass(10);
  t.strictSame(watch.log, [BEGINS, ENDS, 'L4 unit-silent begins', 'L5 unit-silent begins']);
  t.end();
});

t.test('a lost supply of an earlier run ends with its lamps, and hides no fault of those that answer', (t) => {
  const watch = smallWatch({ lamps: 20, hasContactor: true, hasSupplyContact: true });
  watch.engine.resume('feeder', 'supply-lost', () => true);
  switched(watch, true);
  watch.level(100);
  silence(watch, 0, 6);
  watch.drawnW[12] = 0;
  watch.pass(60);
  t.strictSame(watch.log.splice(0), ['L12 lamp-out begins'], 'six lamps have no supply yet');
  watch.drawnW.fill(RATED_W);
  watch.pass(5);
  t.strictSame(watch.log, [ENDS]);
  t.end();
});

for (const { name, isResumed, ...options } of [
  { name: 'with a contact', hasSupplyContact: true, hasContactor: false, isResumed: true },
  { name: 'without a contact', hasSupplyContact: false, hasContactor: false, isResumed: false },
  { name: 'with a contact behind a contactor', hasSupplyContact: true, hasContactor: true, isResumed: false },
])
  t.test(`a lost supply of an earlier run does not last forever at a feeder that has no lamps any more, ${name}`, (t) => {
    const watch = smallWatch({ lamps: 0, ...options });
    watch.each = () => setValue(watch.frame.feeders.supply, 0, 1, watch.nowMono);
    t.equal(
      watch.engine.resume('feeder', 'supply-lost', () => true),
      isResumed ? 0 : null,
    );
    if (options.hasContactor === true) switched(watch, true);
    watch.pass(10);
    t.strictSame(watch.log, isResumed ? [ENDS] : []);
    t.end();
  });

t.test('lamps that go dark together while their own drivers answer are dark, not without supply', (t) => {
  const watch = litStreet();
  watch.drawnW.fill(0.4, 0, 6);
  watch.pass(10);
  t.strictSame(
    watch.log.toSorted(),
    [0, 1, 2, 3, 4, 5].map((lamp) => `L${lamp} lamp-out begins`),
  );
  const channels = litStreet({ lampsOfDevice: 4 });
  channels.drawnW.fill(0, 0, 6);
  channels.pass(10);
  t.strictSame(channels.log, [BEGINS], 'a device of several lamps answers without their supply');
  t.end();
});

t.test('three lamps of a feeder are enough, however many it has', (t) => {
  const watch = litStreet({ lamps: 120 });
  silence(watch, 117, 120);
  watch.pass(15);
  t.strictSame(watch.log, [BEGINS]);
  t.end();
});

for (const isLit of [true, false])
  t.test(
    `lamps that fall silent together ${isLit ? 'are silent if the meter shows that they are lit' : 'have no supply if the meter shows less'}`,
    (t) => {
      const watch = smallWatch({ lamps: 20, hasMeter: true });
      let silentLitW = 0;
      watch.each = () => {
        const lampsW = watch.drawnW.reduce<number>((sum, drawnW) => sum + (drawnW ?? 0), 0);
        setValue(watch.frame.meters.power, 0, 30 + lampsW + silentLitW, watch.nowMono);
      };
      watch.sunDeg = 20;
      watch.pass(400);
      watch.sunDeg = -20;
      watch.level(100);
      watch.pass(200);
      silence(watch, 10, 20);
      silentLitW = isLit ? 10 * RATED_W : 0;
      watch.pass(20);
      if (isLit)
        t.strictSame(
          watch.log.splice(0),
          Array.from({ length: 10 }, (_, at) => `L${at + 10} unit-silent begins`),
        );
      else {
        t.strictSame(watch.log.splice(0), [BEGINS]);
        silentLitW = 10 * RATED_W;
        watch.pass(5);
        t.equal(watch.log[0], ENDS, 'the supply is back, the bus is not');
      }
      t.end();
    },
  );

for (const hasSupplyContact of [true, false])
  t.test(
    `a feeder that a clock of its own switches ${hasSupplyContact ? 'with' : 'without'} a contact: a loss only if it stays off in the dark`,
    (t) => {
      const watch = smallWatch({ lamps: 20, hasSupplyContact });
      let isClosed = true;
      watch.each = () => {
        if (hasSupplyContact) setValue(watch.frame.feeders.supply, 0, isClosed ? 1 : 0, watch.nowMono);
      };
      const day = (closes: boolean): void => {
        watch.sunDeg = -3;
        isClosed = false;
        watch.drawnW.fill(null);
        watch.pass(20);
        watch.level(0);
        watch.sunDeg = 30;
        watch.pass(600);
        watch.sunDeg = -4;
        watch.level(100);
        watch.pass(15);
        isClosed = closes;
        watch.sunDeg = -8;
        if (closes) watch.drawnW.fill(RATED_W);
        watch.pass(100);
      };
      watch.level(100);
      watch.pass(200);
      day(true);
      t.strictSame(watch.log, [], 'it opens before the lamps are off, and closes after they are on');
      day(false);
      t.strictSame(watch.log, [BEGINS]);
      t.end();
    },
  );

for (const isFirstOn of [false, true])
  t.test(
    `after a restart ${isFirstOn ? 'at night' : 'by day'} a contactor that stays open is found although no lamp ever answered`,
    (t) => {
      const watch = smallWatch({ hasContactor: true });
      watch.drawnW.fill(null);
      if (!isFirstOn) {
        switched(watch, false);
        watch.sunDeg = 20;
        watch.pass(200);
      }
      watch.sunDeg = -10;
      switched(watch, true);
      watch.level(100);
      watch.pass(15);
      t.strictSame(watch.log, [BEGINS]);
      t.end();
    },
  );

t.test('lamps that are configured but not mounted yet have not lost their supply', (t) => {
  const watch = smallWatch({ hasContactor: true });
  silence(watch, 2, 6);
  switched(watch, true);
  watch.level(100);
  watch.pass(60);
  t.notOk(watch.log.includes(BEGINS));
  t.end();
});

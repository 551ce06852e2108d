import t from 'tap';
import { examReads } from '../../../../agent/field/bus-tools/exam-reads.ts';
import type { Slot } from '../../../../agent/field/polls/poll-plan.ts';
import { plannedUnit } from '../planned-unit.ts';
import { LAMP, point, profile } from '../plant.ts';

const POINTS = [10, 11, 12, 13, 14, 15].map((address) => point(`p${address}`, { address, poll: 'slow' }));
const isolation = { cause: 'refused', tries: 0, isReported: false } as const;

t.test('the long read is one that the unit answers: it stops at registers that are refused or that must be read alone', async (t) => {
  const unit = plannedUnit('L1', profile('lamp', POINTS, { quirks: { ...LAMP.quirks, maxHole: 8 } }));
  t.match(examReads(unit)?.long, { address: 10, count: 6 });
  (unit.slots[2] as Slot).isolation = isolation;
  t.match(examReads(unit)?.long, { address: 13, count: 3 });
  const single = { ...LAMP.quirks, maxHole: 8, singleOnly: [[14, 14]] as const };
  t.match(examReads(plannedUnit('L1', profile('lamp', POINTS, { quirks: single })))?.long, { address: 10, count: 4 });
  const cut = plannedUnit('L1', profile('lamp', POINTS, { quirks: { ...LAMP.quirks, maxHole: 8 } }));
  (cut.slots[4] as Slot).cutBefore = true;
  t.match(examReads(cut)?.long, { address: 10, count: 4 });
});

import t from 'tap';
import { createManualClock } from '../../../../agent/core/manual-clock.ts';
import { faultEvent } from '../../../../agent/diagnosis/watch/fault-report.ts';
import { meter, smallWatch } from './small-watch.ts';

for (const [power, expected] of [
  [['M.p'], [{ pointId: 'M.p', value: 20, unit: 'W' }]],
  [['M.p_l1', 'M.p_l2', 'M.p_l3'], []],
] as const)
  t.test(`the evidence of a meter has the power of a point, not the sum of ${power.length} under the name of one`, async (t) => {
    const { plan, frame, engine, pass } = smallWatch({ lamps: 0, meters: [{ ...meter('M', { phases: 1 }), power }] });
    pass(1);
    const event = faultEvent(
      { kind: 'meter', fault: 'unexpected-load', index: 0, begins: true },
      { plan, frame, engine, clock: createManualClock(0), decisionOf: () => undefined },
    );
    t.match(String(event.evidence?.text), /20 W/);
    t.match(event.evidence?.readings, [...expected, { pointId: 'M.v0', value: 230, unit: 'V' }]);
    t.equal(event.evidence?.readings.length, expected.length + 1);
  });

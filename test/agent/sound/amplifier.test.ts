import t from 'tap';
import { createManualClock } from '../../../agent/core/manual-clock.ts';
import type { WriteResult } from '../../../agent/core/ports.ts';
import { Amplifier } from '../../../agent/sound/amplifier.ts';

t.test('a release while the relay is being switched on switches it off after that', async (t) => {
  const written: unknown[] = [];
  const amplifier = new Amplifier({
    clock: createManualClock(0),
    field: {
      latest: () => ({ pointId: 'IO.r1', value: 0, quality: 'good', atMono: 0, atMs: 0 }),
      writePoint: async ({ value }) => {
        written.push(value);
        return { state: 'verified' } as WriteResult;
      },
    },
    events: { set: () => {} },
    ...{ pointId: 'IO.r1', proofId: 'IO.r1', settleMs: 0 },
  });
  amplifier.follow(true);
  amplifier.release();
  await Promise.resolve();
  t.same(written, [1, 0]);
});

import t from 'tap';
import { watchPlan } from '../../../../agent/diagnosis/watch/watch-plan.ts';

type WatchedCabinet = Parameters<typeof watchPlan>[0];

t.test('a circuit with the id of the cabinet feeds its own zones alone', async (t) => {
  const zones = ['a', 'b', 'c'].map((id) => ({ id, lamps: [`L${id}`], presence: null }));
  const lamps = zones.map(({ lamps: [id = ''] }) => ({ id, device: id, point: 'level', pole: null, ratedPowerW: 40 }));
  const outputs = [
    { id: 'quay', litWith: { zones: ['a'] } },
    { id: 'K2', litWith: { zones: ['b'] } },
  ];
  const { feeders } = watchPlan({ id: 'quay', watch: null, zones, lamps, outputs } as unknown as WatchedCabinet, new Map(), new Map());
  t.strictSame(
    feeders.map((feeder) => feeder.lamps),
    [[0], [1], [2]],
  );
});

import t from 'tap';
import { cutPage, framesToAsk } from '../../../../../agent/console/commands/store/export.ts';
import { storedFrames } from '../../fake-store.ts';

t.test('a page of an export has at least one whole frame, and the next page is sized for ten thousand readings', async (t) => {
  const [frame] = storedFrames(1);
  const large = (seq: number, count: number) => ({ seq, readings: Array(count).fill(frame?.readings[0]) }) as never;
  const page = (...frames: never[]) => cutPage({ epoch: 'e', frames, nextSeq: null });
  t.match(page(large(1, 9_000), large(2, 9_000), large(3, 9_000)), { frames: [{ seq: 1 }, { seq: 2 }], nextSeq: 2 });
  t.match(page(large(1, 30_000), large(2, 1)), { frames: [{ seq: 1 }], nextSeq: 1 });
  t.match(page(large(1, 10_000), large(2, 10_000)), { frames: [{ seq: 1 }, { seq: 2 }], nextSeq: null });
  t.match(page(), { frames: [], nextSeq: null });
  const asked = [
    null,
    { frames: 0, readings: 0 },
    { frames: 200, readings: 1_200 },
    { frames: 200, readings: 200_000 },
    { frames: 9, readings: 9 },
  ];
  t.strictSame(asked.map(framesToAsk), [200, 200, 1_667, 20, 5_000]);
});

import t from 'tap';
import { keepListening } from '../../platform/database/listener.ts';

const pauses = (): number => process.getActiveResourcesInfo().filter((each) => each === 'Timeout').length;

t.test('a listener that is stopped while it waits to connect again leaves no pause, so it opens nothing', async (t) => {
  const before = pauses();
  let opened = 0;
  const stop = await keepListening(
    async () => {
      opened++;
      return { ended: Promise.resolve(), close: async () => {} };
    },
    () => {},
  );
  await new Promise(setImmediate);
  t.equal(pauses(), before + 1, 'the connection has ended: it waits');
  await stop();
  await new Promise(setImmediate);
  t.strictSame([pauses(), opened], [before, 1]);
});

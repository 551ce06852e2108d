import t from 'tap';
import { managerMissing } from '../support/fake-service-manager.ts';
import { beginStart, fittingLimitMs } from '../support/managed-start.ts';

t.test(
  'a start of which each step takes long becomes ready without a restart, several start limits after its begin',
  { timeout: 200_000, skip: managerMissing },
  async (t) => {
    const limitMs = await fittingLimitMs(t);
    const { manager, until, logText } = await beginStart(t, limitMs, { stepMs: 0.5 * limitMs });
    await until('ready or ended', (runs) => runs.length > 1 || runs[0]?.isReady === true, 10 * limitMs);
    const [run] = manager.runs;
    t.equal(manager.runs.length, 1, 'not ended by the manager');
    t.ok((run?.readyMono ?? 0) - (run?.atMono ?? 0) >= 3 * limitMs, 'and slower than the limit of the unit by far');
    t.notMatch(logText(), /without revisions/, 'with all that belongs to its configuration');
    t.match(logText(), /"event":"start-goes-on"/);
  },
);

t.test('a start that needs no more time sends no extension', { timeout: 200_000, skip: managerMissing }, async (t) => {
  const { manager, until } = await beginStart(t, 60_000);
  await until('ready', ([run]) => run?.isReady === true, 80_000);
  t.equal(manager.runs[0]?.extensions, 0);
});

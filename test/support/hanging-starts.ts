/** Starts that hang. Their limits follow the speed of the machine, so each file has few of them. */
import t from 'tap';
import { managerMissing } from './fake-service-manager.ts';
import { type Brake, beginStart, fittingLimitMs } from './managed-start.ts';

const options = { timeout: 200_000, skip: managerMissing };

type Hang = readonly [hangAt: NonNullable<Brake['hangAt']>, story: string];

/** Registers one test for each entry: a start that hangs is ended, and the next one succeeds. Measures a plain start first, so await it. */
export async function endHangingStarts(hangs: readonly Hang[]): Promise<void> {
  const limitMs = managerMissing === false ? await fittingLimitMs(t) : 0;
  for (const [hangAt, story] of hangs)
    t.test(`a start that hangs ${story} is ended within two limits, and the next one succeeds`, options, async (t) => {
      const { clock, manager, until } = await beginStart(t, limitMs, { hangAt, once: true });
      await until('ended', ([run]) => run?.wasLate === true, 3 * limitMs);
      const [run] = manager.runs;
      t.ok(clock.monoMs() - (run?.atMono ?? 0) <= 2 * limitMs);
      await until('the next one is ready', (runs) => runs[1]?.isReady === true, 4 * limitMs);
    });
}

/**
 * Registers one test for each entry: after four starts that hung, a fifth hangs too, and the start after it is in safe mode. Measures a plain
 * start first, so await it.
 */
export async function reachSafeMode(hangs: readonly Hang[]): Promise<void> {
  const limitMs = managerMissing === false ? await fittingLimitMs(t) : 0;
  for (const [hangAt, story] of hangs)
    t.test(`the fifth start in a row that hangs, ${story}, leads to safe mode`, options, async (t) => {
      const { manager, until, logText } = await beginStart(t, limitMs, { hangAt, once: true, hungBefore: 4 });
      await until('the next start', (runs) => runs.length === 2, 8 * limitMs);
      t.equal(manager.runs[0]?.wasLate, true);
      t.notMatch(logText(), /"event":"safe-mode"/, 'not yet');
      await until('safe mode', () => /"event":"safe-mode"/.test(logText()), 8 * limitMs);
    });
}

/** Starts that hang. Their limits follow the speed of the machine, so each file has few of them. */
import t from 'tap';
import { managerMissing } from './fake-service-manager.ts';
import { type Brake, beginStart, fittingLimitMs } from './managed-start.ts';

type Hang = readonly [hangAt: NonNullable<Brake['hangAt']>, story: string];

/** One test of each: the hanging start is ended, and the next one comes up. */
export async function endHangingStarts(hangs: readonly Hang[]): Promise<void> {
  const limitMs = managerMissing === false ? await fittingLimitMs(t) : 0;
  for (const [hangAt, story] of hangs)
    t.test(
      `a start that hangs ${story} is ended at the limit of its last step, and the next one comes up`,
      { skip: managerMissing },
      async (t) => {
        const { manager, until, hasHung } = await beginStart(t, limitMs, { hangAt, once: true });
        await until('hangs', hasHung);
        const steps = manager.runs[0]?.extensions ?? 0;
        await until('ended', ([run]) => run?.wasLate === true);
        // One message may have been on its way.
        t.ok((manager.runs[0]?.extensions ?? 0) <= steps + 1, 'and no longer than the limit of its last step');
        await until('the next one is ready', (runs) => runs.slice(1).some(({ isReady }) => isReady));
      },
    );
}

/** One test: after four starts that hung, the fifth leads to safe mode. */
export function reachSafeMode([hangAt, story]: Hang): void {
  t.test(`the fifth start in a row that hangs, ${story}, leads to safe mode`, { skip: managerMissing }, async (t) => {
    const limitMs = await fittingLimitMs(t);
    const { manager, until, logText } = await beginStart(t, limitMs, { hangAt, hungBefore: 4 });
    await until('the next start', (runs) => runs.length === 2);
    t.equal(manager.runs[0]?.wasLate, true);
    t.notMatch(logText(), /"event":"safe-mode"/, 'not yet');
    await until('safe mode', () => /"event":"safe-mode"/.test(logText()));
  });
}

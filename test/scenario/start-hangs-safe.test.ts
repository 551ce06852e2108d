import t from 'tap';
import { type Brake, beginStart, fittingLimitMs } from '../support/managed-start.ts';
import { managerMissing } from '../support/stand-in-manager.ts';

const hangs: [hangAt: NonNullable<Brake['hangAt']>, story: string][] = [
  ['silent console', 'while its loop turns, so that it ends as if a person had stopped it'],
  ['check', 'before its configuration is known'],
];
for (const [hangAt, story] of hangs)
  t.test(`the fifth start in a row that hangs, ${story}, leads to safe mode`, { timeout: 200_000, skip: managerMissing }, async (t) => {
    const limitMs = await fittingLimitMs(t);
    const { manager, until, logText } = await beginStart(t, limitMs, { hangAt, hungBefore: 4 });
    await until('the next start', (runs) => runs.length === 2, 8 * limitMs);
    t.equal(manager.runs[0]?.wasLate, true);
    t.notMatch(logText(), /"event":"safe-mode"/, 'not yet');
    await until('safe mode', () => /"event":"safe-mode"/.test(logText()), 8 * limitMs);
  });

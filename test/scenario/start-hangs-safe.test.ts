import t from 'tap';
import { type Brake, beginStart, fittingLimitMs } from '../support/managed-start.ts';
import { managerMissing } from '../support/stand-in-manager.ts';

const hangs: [hangAt: Brake['hangAt'], story: string][] = [
  ['silent console', 'while their loop turns, so that each ends as if a person had stopped it'],
  ['check', 'before their configuration is known'],
];
for (const [hangAt, story] of hangs)
  t.test(`five starts in a row that hang ${story} lead to safe mode`, { timeout: 200_000, skip: managerMissing }, async (t) => {
    const limitMs = await fittingLimitMs(t);
    const { manager, until, logText } = await beginStart(t, limitMs, { ...(hangAt === undefined ? {} : { hangAt }) });
    await until('a sixth start', (runs) => runs.length === 6, 20 * limitMs);
    t.ok(manager.runs.slice(0, 5).every(({ wasLate }) => wasLate));
    await until('safe mode', () => /"event":"safe-mode"/.test(logText()), 4 * limitMs);
    t.equal(logText().split('"event":"safe-mode"').length, 2, 'and not before the sixth');
  });

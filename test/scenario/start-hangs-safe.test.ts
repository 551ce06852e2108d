import t from 'tap';
import { beginStart, fittingLimitMs } from '../support/managed-start.ts';
import { managerMissing } from '../support/stand-in-manager.ts';

t.test(
  'five starts in a row that hang lead to safe mode, although the manager ends each of them as a person would',
  { timeout: 200_000, skip: managerMissing },
  async (t) => {
    const limitMs = await fittingLimitMs(t);
    const { manager, until, logText } = await beginStart(t, limitMs, { hangAt: 'silent console' });
    await until('a sixth start', (runs) => runs.length === 6, 12 * limitMs);
    t.ok(manager.runs.slice(0, 5).every(({ wasLate }) => wasLate));
    t.notMatch(logText(), /"event":"safe-mode"/, 'not before');
    await until('safe mode', () => /"event":"safe-mode"/.test(logText()), 2 * limitMs);
  },
);

import t from 'tap';
import { type Brake, beginStart, fittingLimitMs } from '../support/managed-start.ts';
import { managerMissing } from '../support/stand-in-manager.ts';

const options = { timeout: 200_000, skip: managerMissing };

const limitMs = managerMissing === false ? await fittingLimitMs(t) : 0;

const hangs: [hangAt: Brake['hangAt'], story: string][] = [
  ['boot', 'before the program runs'],
  ['load', 'while the agent is loaded'],
  ['console', 'with its loop blocked'],
  ['silent console', 'while its loop turns'],
];
for (const [hangAt = 'boot', story] of hangs)
  t.test(`a start that hangs ${story} is ended within two limits, and the next one comes up`, options, async (t) => {
    const { clock, manager, until } = await beginStart(t, limitMs, { hangAt, once: true });
    await until('ended', ([run]) => run?.wasLate === true, 3 * limitMs);
    const [run] = manager.runs;
    t.ok(clock.monoMs() - (run?.atMono ?? 0) <= 2 * limitMs);
    await until('the next one is ready', (runs) => runs[1]?.isReady === true, 4 * limitMs);
  });

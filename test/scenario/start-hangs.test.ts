import t from 'tap';
import { managerMissing } from '../support/fake-service-manager.ts';
import { type Brake, beginStart, fittingLimitMs } from '../support/managed-start.ts';

const options = { skip: managerMissing };

const limitMs = managerMissing === false ? await fittingLimitMs(t) : 0;

const hangs: [hangAt: Brake['hangAt'], story: string][] = [
  ['boot', 'before the program runs'],
  ['load', 'while the agent is loaded'],
  ['console', 'with its loop blocked'],
  ['silent console', 'while its loop turns'],
];
for (const [hangAt = 'boot', story] of hangs)
  t.test(`a start that hangs ${story} is ended at the limit of its last step, and the next one comes up`, options, async (t) => {
    const { manager, until, hasHung } = await beginStart(t, limitMs, { hangAt, once: true });
    await until('hangs', hasHung);
    const steps = manager.runs[0]?.extensions ?? 0;
    await until('ended', ([run]) => run?.wasLate === true);
    // One message may have been on its way.
    t.ok((manager.runs[0]?.extensions ?? 0) <= steps + 1, 'and no longer than the limit of its last step');
    await until('the next one is ready', (runs) => runs.slice(1).some(({ isReady }) => isReady));
  });

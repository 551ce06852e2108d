import t from 'tap';
import { managerMissing, secondsOf } from '../support/fake-service-manager.ts';
import { texts } from '../support/texts.ts';
import { createWatchedStreet, DIMMED_PCT, FAILSAFE_PCT } from '../support/watched-street.ts';

/** Seconds after which drivers of the usual setting go to their failsafe level, and what a start may take of them on an eighth of a core. Source: the goals of docs/scale.md. */
const DRIVERS = { failsafeS: 60, startS: 4 };

t.test('by the times of the unit a frozen agent is back before drivers of the usual setting notice', async (t) => {
  const downS = secondsOf('WatchdogSec') + secondsOf('TimeoutAbortSec') + secondsOf('RestartSec');
  t.ok(downS + DRIVERS.startS < DRIVERS.failsafeS, `${downS} s and a start`);
});

const options = { timeout: 80_000, skip: managerMissing };

t.test('a frozen agent is killed and started again, its lamps at their failsafe level meanwhile', options, async (t) => {
  const { manager, until, shortenFailsafe, all, newest, ask } = await createWatchedStreet(t);
  await shortenFailsafe();
  t.equal(manager.runs.length, 1, 'an agent that works is left alone');
  const frozen = newest();
  frozen.child.kill('SIGSTOP');
  await until('failsafe', all(FAILSAFE_PCT));
  t.equal(manager.runs.length, 1, 'lit by the drivers themselves, before it is healed');
  await until('started again', () => manager.runs.length === 2 && newest().isReady);
  t.ok(frozen.wasStarved, 'the watchdog has noticed');
  await until('dimmed as the programme says', all(DIMMED_PCT));
  await until(
    'the restart is reported',
    async () => /"code":"agent-restarted".*was killed, or froze/.test(JSON.stringify(texts(await ask('events', { since: '1h' })))),
    10_000,
  );
});

import t from 'tap';
import { managerMissing } from '../support/stand-in-manager.ts';
import { createWatchedStreet, DIMMED_PCT, FAILSAFE_PCT, PACE } from '../support/watched-street.ts';

const options = { timeout: 80_000, skip: managerMissing };

t.test('a frozen agent is killed and started again, its lamps at their failsafe level meanwhile', options, async (t) => {
  const { clock, manager, until, shortenFailsafe, all, newest, ask } = await createWatchedStreet(t);
  await shortenFailsafe();
  t.equal(manager.runs.length, 1, 'an agent that works is left alone');
  const frozen = newest();
  frozen.child.kill('SIGSTOP');
  const frozenMono = clock.monoMs();
  await until('failsafe', all(FAILSAFE_PCT));
  t.equal(manager.runs.length, 1, 'lit by the drivers themselves, before it is healed');
  await until('started again', () => manager.runs.length === 2 && newest().isReady);
  const healedMs = clock.monoMs() - frozenMono;
  t.ok(frozen.wasStarved, 'the watchdog has noticed');
  t.ok(healedMs < 60_000 / PACE, `healed before drivers of the usual setting would have noticed: ${Math.round(healedMs)} ms`);
  await until('dimmed as the programme says', all(DIMMED_PCT));
  await until(
    'told',
    async () => /"code":"agent-restarted".*was killed, or froze/.test(JSON.stringify(await ask('events', { since: '1h' }))),
    10_000,
  );
});

import t from 'tap';
import { managerMissing } from '../support/fake-service-manager.ts';
import { createWatchedStreet, DIMMED_PCT } from '../support/watched-street.ts';

const options = { timeout: 80_000, skip: managerMissing };

t.test('five kills in ten minutes lead to safe mode: the street is lit, and only reading is left', options, async (t) => {
  const { manager, until, all, event, newest, ask, status } = await createWatchedStreet(t);
  for (let kills = 1; kills <= 5; kills++) {
    newest().child.kill('SIGKILL');
    await until(`start ${kills + 1}`, () => manager.runs.length === kills + 1 && newest().isReady);
  }
  t.match(await event('safe-mode'), /street is lit/);
  t.equal((await status())?.uplink.state, 'off');
  await t.rejects(ask('bus write', { line: 'north', unit: '1', table: 'holding', address: '2000', value: '5', yes: true }), /safe mode/);
  await until('lit as the programme says', all(DIMMED_PCT));
});

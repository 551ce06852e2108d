import t from 'tap';
import { visitCabinet } from '../support/console-visit.ts';

t.test('a visit: arrive, find the dead lamp, replace its driver, scan, test, leave', async (t) => {
  const visit = await visitCabinet(t, { startAt: '2026-12-15T23:30:00+01:00' });
  const { rig } = visit;
  await rig.until('dimmed', () => rig.levels().every((level) => level === 30));
  const line = rig.street.lines.get('north');
  const unit = rig.agent.view.devices().find(({ id }) => id === 'L02')?.unit ?? 0;
  line?.silence(unit);
  await rig.until(
    'the silent lamp is reported',
    async () => (await rig.status()).activeEvents.some(({ source }) => source === 'L02'),
    300_000,
  );

  const status = await visit.say('status');
  t.match(status, /1 silent: devices silent[\s\S]*L02 +\d+ s +does not answer; check its supply[\s\S]*the wire[\s\S]*to[\s\S]*pole/);
  t.ok(status.length <= 1_920, `status takes ${status.length} characters: two seconds at 9600 baud`);
  t.match(await visit.say('devices | include silent'), /L02 +north/);
  t.match(await visit.say('bus stats north | begin advice'), /L02/);
  t.match(await visit.say(`bus scan north --from ${unit} --to ${unit}`), /did not answer|missing|L02/i);
  line?.revive(unit);
  t.match(await visit.say(`bus scan north --from ${unit} --to ${unit}`), /L02[\s\S]*1 unit on line north/);
  t.match(await visit.say('over L02 100 --for 5m --reason "driver replaced"'), /verified/);
  t.equal(rig.levels()[1], 100);
  t.match(await visit.say('why L02'), /override/);
  t.match(await visit.say('release L02'), /verified|released/);
  t.match(await visit.say('events --active'), /no events going on now/);
  await visit.say('logout');

  t.strictSame(visit.screen.strange, [], 'letters only');
  t.notMatch(visit.bytes().toString('latin1'), '\x1b');
  t.ok(
    visit.screen.transcript().every((row) => row.length <= 80),
    'no screen wider than 80 columns',
  );
  visit.compare(t, 'dead-lamp');
});

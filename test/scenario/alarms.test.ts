import t, { type Test } from 'tap';
import { verdictText } from '../../agent/console/commands/cabinet/status-verdict.ts';
import { MINUTE_MS } from '../../agent/core/durations.ts';
import { isSuppressed } from '../../agent/core/event-handling.ts';
import type { AgentEvent, EventCode } from '../../agent/core/words.ts';
import { type Metric, toLong } from '../../agent/sync/sparkplug/codec.ts';
import { createRig, type Rig } from '../support/rig.ts';

const text = (name: string, sent: string): Metric => ({ name, value: { kind: 'string', value: sent } });
const flag = (name: string, sent: boolean): Metric => ({ name, value: { kind: 'boolean', value: sent } });
const whole = (name: string, sent: number): Metric => ({ name, value: toLong(sent) });

const sentEvents = (rig: Rig) =>
  [...rig.host.values.values()]
    .filter(({ metric, value }) => metric === 'Sync/Event' && value !== null && value !== '')
    .map(
      ({ value }) =>
        JSON.parse(String(value)) as { id?: string; code?: string; source?: string; acknowledged?: { by: string }; open?: string[] },
    );
const endOf = (rig: Rig, id: string) =>
  [...rig.host.values.values()]
    .filter(({ metric }) => metric === 'Command/Outcome')
    .map(({ value }) => JSON.parse(String(value)) as { id: string; state: string; reason: string })
    .findLast((outcome) => outcome.id === id && ['verified', 'refused', 'failed'].includes(outcome.state));
const shown = (rig: Rig, metric: string) =>
  [...rig.host.values.values()].filter((each) => each.device === '' && each.metric === metric).at(-1)?.value;

async function openEvent(rig: Rig, code: EventCode, source: string): Promise<AgentEvent> {
  let found: AgentEvent | undefined;
  await rig.until(
    `${code} of ${source}`,
    async () => {
      found = (await rig.status()).activeEvents.find((event) => event.code === code && event.source === source);
      return found !== undefined;
    },
    5 * MINUTE_MS,
  );
  if (found === undefined) throw new Error('not open');
  return found;
}

t.test('a silent lamp in maintenance is named as such, and is in no figure with an advised alarm', async (t) => {
  const rig = await createRig(t, { startAt: '2026-12-15T23:30:00+01:00' });
  const maintain = { target: { kind: 'lamp', id: 'L02' }, owner: 'site', source: 'console:ann', reason: 'new driver' } as const;
  await rig.settled(rig.agent.view.alarms.maintain({ ...maintain, minutes: 30 }));
  const { line, unit } = rig.street.unitOf('L02');
  line.silence(unit);
  await openEvent(rig, 'unit-silent', 'L02');
  await rig.clock.advance(MINUTE_MS);
  const figures = async () => {
    const families = await rig.settled(rig.agent.view.metrics());
    const figureOf = (name: string, label?: string): number | undefined =>
      families?.find((family) => family.name === name)?.samples.find(({ labels }) => label === undefined || labels?.['state'] === label)
        ?.value;
    const [unknown, maintenance] = ['unknown', 'maintenance'].map((state) => figureOf('luciole_lamps', state));
    return { notFollowing: figureOf('luciole_lamps_not_following'), unknown, maintenance, silent: figureOf('luciole_units', 'silent') };
  };
  t.equal(String(verdictText(await rig.status())), '1 lamp in maintenance: `luciole maintenance list`');
  t.strictSame(await figures(), { notFollowing: 0, unknown: 0, maintenance: 1, silent: 0 });
  await rig.settled(rig.agent.view.alarms.maintain({ ...maintain, minutes: null }));
  t.match(String(verdictText(await rig.status())), /^1 lamp does not follow/);
  t.match(await figures(), { notFollowing: 1, maintenance: 0, silent: 1 });
});

t.test(
  'a silent lamp is acknowledged by the platform, over a kill and a restored link; maintenance hides the next one until its end',
  async (t) => {
    const rig = await createRig(t, { startAt: '2026-12-15T23:30:00+01:00', withUplink: true });
    await rig.until('online', async () => (await rig.status()).uplink.state === 'online', 5 * MINUTE_MS);
    const first = rig.street.unitOf('L02');
    first.line.silence(first.unit);
    const silent = await openEvent(rig, 'unit-silent', 'L02');
    await rig.until('the platform receives it', () => sentEvents(rig).some(({ id }) => id === silent.id), 2 * MINUTE_MS);
    await rig.host.command('', [
      text('Alarm/Acknowledge', silent.id),
      text('Alarm/Note', 'on the round'),
      text('Alarm/User', 'leo'),
      text('Command/Id', 'a1'),
    ]);
    await rig.until('the outcome', () => endOf(rig, 'a1') !== undefined, MINUTE_MS);
    t.match(endOf(rig, 'a1'), { state: 'verified' });
    await rig.until(
      'it is published',
      () => sentEvents(rig).some(({ id, acknowledged }) => id === silent.id && acknowledged?.by === 'platform:leo'),
      MINUTE_MS,
    );
    await rig.host.command('', [
      text('Alarm/Acknowledge', silent.id),
      text('Alarm/Note', 'on the round'),
      text('Alarm/User', 'leo'),
      text('Command/Id', 'a1'),
    ]);
    await rig.host.command('', [text('Alarm/Acknowledge', 'unit-silent:L77:1'), text('Command/Id', 'a2')]);
    await rig.until('refused', () => endOf(rig, 'a2') !== undefined, MINUTE_MS);
    t.match(endOf(rig, 'a2'), { state: 'refused', reason: /no event "unit-silent:L77:1" is known/ });
    await rig.kill();
    t.match(
      await openEvent(rig, 'unit-silent', 'L02'),
      { acknowledged: { by: 'platform:leo', note: 'on the round' } },
      'it survives a kill',
    );

    await rig.until('online again', async () => (await rig.status()).uplink.state === 'online', 5 * MINUTE_MS);
    await hideUntilEnd(t, rig);
  },
);

/** Maintenance of L03 begins, its lamp falls silent, the agent is killed, and the alarm is raised at the end. */
async function hideUntilEnd(t: Test, rig: Rig): Promise<void> {
  await rig.host.command('', [
    flag('Maintenance/On', true),
    whole('Maintenance/Minutes', 8),
    text('Maintenance/Target', 'L03'),
    text('Command/Id', 'm1'),
  ]);
  await rig.until('maintenance', () => endOf(rig, 'm1') !== undefined, MINUTE_MS);
  t.match(endOf(rig, 'm1'), { state: 'verified' });
  await rig.until('it is shown', () => String(shown(rig, 'Maintenance/List')).includes('L03'), MINUTE_MS);
  t.ok(
    sentEvents(rig).some(({ code, source }) => code === 'maintenance-mode' && source === 'L03'),
    'and reported',
  );
  const second = rig.street.unitOf('L03');
  second.line.silence(second.unit);
  const hidden = await openEvent(rig, 'unit-silent', 'L03');
  t.ok(isSuppressed(hidden));
  await rig.kill();
  t.ok(isSuppressed(await openEvent(rig, 'unit-silent', 'L03')), 'a kill in the middle raises no alarm');
  await rig.clock.advance(2 * MINUTE_MS);
  t.notOk(
    sentEvents(rig).some(({ code, source }) => code === 'unit-silent' && source === 'L03'),
    'nothing was sent',
  );
  const { activeEvents } = await rig.status();
  const current = activeEvents.find(({ source, code }) => source === 'L03' && code === 'unit-silent');
  await rig.until('its alarm is raised at the end', () => sentEvents(rig).some(({ id }) => id === current?.id), 12 * MINUTE_MS);
  const over = (await rig.agent.view.events({ sinceMs: 0, activeOnly: false, limit: 100 })).findLast(
    ({ code }) => code === 'maintenance-mode',
  );
  t.not(over?.endMs, null);
  t.match(String(over?.text), /is over; \d events? suppressed \(.*unit-silent L03.*\), \d of them last on and raise their alarm now/);
}

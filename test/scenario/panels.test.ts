import t from 'tap';
import type { Cabinet, PanelConfig } from '../../agent/core/cabinet.ts';
import { MINUTE_MS } from '../../agent/core/durations.ts';
import { DEFAULT_LIMITS } from '../../agent/core/panel-config.ts';
import { type Metric, toLong } from '../../agent/sync/sparkplug/codec.ts';
import { entry, panel, value } from '../agent/panels/square.ts';
import { testDevice } from '../support/profiles.ts';
import { createRig, type Rig, type RigOptions } from '../support/rig.ts';

const text = (name: string, sent: string): Metric => ({ name, value: { kind: 'string', value: sent } });
const flag = (name: string): Metric => ({ name, value: { kind: 'boolean', value: true } });
const minutes = (sent: number): Metric => ({ name: 'Panel/Minutes', value: toLong(sent) });

/** A card of two lines whose letters are swapped, and a tube display, on the line of the lamps. */
const SQUARE: readonly PanelConfig[] = [
  panel({ device: 'PN1', values: [value('volt', 'M01.voltage_l1')], schedule: [entry('Mains {volt} V'), entry('Market until 13:00')] }),
  panel({ id: 'speed', device: 'PN2', points: ['text'], fallback: '30', limits: { ...DEFAULT_LIMITS, maxLength: 6 } }),
];
const withPanels = (cabinet: Cabinet): Cabinet => ({
  ...cabinet,
  lines: cabinet.lines.map((line) => ({
    ...line,
    devices: [
      ...line.devices,
      testDevice('PN1', { unit: 41, profile: 'embeddedart-led-card-swapped' }),
      testDevice('PN2', { unit: 42, profile: 'dm36b06' }),
    ],
  })),
  panels: SQUARE,
});
const open = async (t: Parameters<typeof createRig>[0], over: Partial<RigOptions> = {}): Promise<Rig> =>
  createRig(t, { startAt: '2026-12-15T20:30:00+01:00', change: withPanels, ...over });
const shown = (rig: Rig, device: string): string => (rig.street.panels.get(device)?.texts() ?? []).join(' ').trim();
const shows = (rig: Rig, device: string, wanted: string | RegExp) => (): boolean =>
  typeof wanted === 'string' ? shown(rig, device) === wanted : wanted.test(shown(rig, device));

t.test('both panels show their texts on a line with lamps, after a power cut of the panel, and after a kill of the agent', async (t) => {
  const rig = await open(t);
  await rig.until('the mains voltage is shown', shows(rig, 'PN1', /^Mains 23\d V$/), 3 * MINUTE_MS);
  await rig.until('the speed is shown', shows(rig, 'PN2', '30'), 3 * MINUTE_MS);
  const sending = rig.agent.view.panels.send({
    panel: 'square-panel',
    text: 'Leave the square',
    isEmergency: true,
    minutes: 60,
    source: 'console:anna',
  });
  t.match(await rig.settled(sending), { state: 'verified', reason: /cannot be read back/ });
  t.equal(shown(rig, 'PN1'), 'Leave the square');
  for (const device of ['PN1', 'PN2']) {
    const { line, unit } = rig.street.unitOf(device);
    line.silence(unit);
    await rig.clock.advance(3 * MINUTE_MS);
    line.revive(unit);
    t.not(shown(rig, device), device === 'PN1' ? 'Leave the square' : '30', 'the text is lost');
    await rig.until('it is shown again', shows(rig, device, device === 'PN1' ? 'Leave the square' : '30'), 3 * MINUTE_MS);
  }
  await rig.kill();
  const { line, unit } = rig.street.unitOf('PN1');
  line.silence(unit);
  line.revive(unit);
  await rig.until('the emergency text survives a kill', shows(rig, 'PN1', 'Leave the square'), 3 * MINUTE_MS);
  await rig.until('acknowledged', () => rig.agent.view.panels.views()[0]?.state === 'acknowledged', MINUTE_MS);
  t.match(rig.agent.view.panels.views()[0], { rank: 'emergency', source: 'console:anna' });
  await rig.clock.advance(61 * MINUTE_MS);
  await rig.until('it ends by itself', shows(rig, 'PN1', /^Mains/), 3 * MINUTE_MS);
  t.notOk(
    rig.agent.view.points('').some(({ pointId }) => pointId === 'PN2.text'),
    'a checksum is no reading for people',
  );
});

t.test('the platform sends a text with outcome, is refused an emergency, and sees what is shown', async (t) => {
  const rig = await open(t, { withUplink: true });
  await rig.until('online', async () => (await rig.status()).uplink.state === 'online', 5 * MINUTE_MS);
  const endOf = (id: string) =>
    [...rig.host.values.values()]
      .filter(({ metric }) => metric === 'Command/Outcome')
      .map(({ value: sent }) => JSON.parse(String(sent)) as { id: string; state: string; reason: string })
      .findLast((outcome) => outcome.id === id && ['verified', 'refused', 'failed'].includes(outcome.state));
  const metric = (name: string) =>
    [...rig.host.values.values()].filter((each) => each.device === 'speed' && each.metric === name).at(-1)?.value;
  await rig.host.command('speed', [text('Panel/Text', '20'), minutes(5), text('Command/Id', 'p1')]);
  await rig.until('the text is shown and proven', () => endOf('p1') !== undefined, 2 * MINUTE_MS);
  t.match(endOf('p1'), { state: 'verified' });
  t.equal(shown(rig, 'PN2'), '20');
  await rig.until('the platform sees it', () => metric('Panel/Shown') === '20' && metric('Panel/State') === 'shown', MINUTE_MS);
  t.equal(metric('Panel/Rank'), 'sent');
  await rig.host.command('speed', [text('Panel/Text', '90'), flag('Panel/Emergency'), text('Command/Id', 'p2')]);
  await rig.until('refused', () => endOf('p2') !== undefined, MINUTE_MS);
  t.match(endOf('p2'), { state: 'refused', reason: /limits.emergencyFrom of panel speed does not include platform/ });
  await rig.host.command('speed', [text('Panel/Text', 'FASTER!'), text('Command/Id', 'p3')]);
  await rig.until('refused too', () => endOf('p3') !== undefined, MINUTE_MS);
  t.match(endOf('p3'), { state: 'refused', reason: /limits.maxLength of panel speed is 6/ });
  await rig.until('its text ends', shows(rig, 'PN2', '30'), 6 * MINUTE_MS);
});

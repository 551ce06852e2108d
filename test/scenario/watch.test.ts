/** The fault watch in the whole agent: a lamp dies, a breaker trips, an agent restarts. */
import t from 'tap';
import type { AgentEvent } from '../../agent/core/words.ts';
import { memoryFolder } from '../support/memory-folder.ts';
import { BREAKER_INPUT, meteredSite, SUPPLY_INPUT } from '../support/metered-site.ts';
import { createRig, type Rig } from '../support/rig.ts';

const START_AT = '2026-12-15T21:00:00+01:00';
const ALL = { sinceMs: 0, activeOnly: false, limit: 200 };

async function litRig(t: Parameters<typeof createRig>[0]): Promise<Rig> {
  const folder = memoryFolder(t);
  const rig = await createRig(t, { startAt: START_AT, folder, siteFile: meteredSite(folder) });
  inputsOf(rig)[SUPPLY_INPUT] = 1;
  await rig.until('lit', () => rig.levels().every((level) => level === 100), 120_000);
  await passes(rig, 4);
  return rig;
}

function inputsOf(rig: Rig): number[] {
  return rig.street.inputs.get('IO1') ?? [];
}

/** Units: min. */
async function passes(rig: Rig, minutes: number): Promise<void> {
  for (let second = 0; second < minutes * 60; second += 5) await rig.clock.advance(5_000);
}

async function faultsOf(rig: Rig): Promise<readonly AgentEvent[]> {
  return (await rig.settled(rig.agent.view.events(ALL))).filter(({ severity }) => severity !== 'info');
}

t.test('a lamp dies at night: one event with its evidence, and what to check where with what; it survives a restart', async (t) => {
  const rig = await litRig(t);
  t.strictSame(await faultsOf(rig), [], 'a healthy street has no faults');
  const lamp = rig.street.world.lamps.get('L03');
  if (lamp === undefined) throw new Error('no lamp L03');
  lamp.burnt = true;
  await passes(rig, 4);
  const [event, ...others] = await faultsOf(rig);
  t.strictSame(others, []);
  t.match(event, { code: 'lamp-out', source: 'L03', severity: 'alarm', endMs: null, talq: 'lampFailure', urgency: 'deferred' });
  t.equal(String(event?.evidence?.text), '0 W at 100 %, 60.0 W expected');
  t.match(event?.evidence?.readings, [
    { pointId: 'L03.power', value: 0, unit: 'W' },
    { pointId: 'L03.level', value: 100, unit: '%' },
  ]);
  t.match(event?.evidence?.decisions, [{ lampId: 'L03', levelPct: 100, reason: 'programme' }]);
  t.equal(String(event?.check?.where), 'pole P03');
  const [why] = rig.agent.view.why('L03')?.lamps ?? [];
  t.match(String(why?.faults[0]), /^L03: gives no light \(0 W at 100 %, 60\.0 W expected\); check: LED module/);

  await rig.kill();
  await passes(rig, 4);
  t.match(await faultsOf(rig), [{ id: event?.id, endMs: null }], 'the same event goes on');
  t.match((await rig.status()).activeEvents, [{ id: event?.id }]);
  lamp.burnt = false;
  await passes(rig, 4);
  t.match((await rig.status()).activeEvents, [{ id: event?.id }], 'until the morning');
});

t.test('a breaker trips: one alarm, none of its lamps; they are without supply, not silent', async (t) => {
  const rig = await litRig(t);
  for (const id of ['L01', 'L02', 'L03', 'L04']) rig.street.unitOf(id).line.silence(rig.street.unitOf(id).unit);
  const inputs = inputsOf(rig);
  inputs[BREAKER_INPUT] = 1;
  inputs[SUPPLY_INPUT] = 0;
  await passes(rig, 10);
  t.match(await faultsOf(rig), [{ code: 'breaker-tripped', source: 'rue-1', severity: 'alarm', urgency: 'urgent', endMs: null }]);
  t.equal((await faultsOf(rig)).length, 1);
  const { units } = await rig.status();
  t.equal(units.silent, 0);
  t.equal(rig.agent.view.devices().filter(({ hasNoSupply }) => hasNoSupply === true).length, 4);
  const [why] = rig.agent.view.why('L02')?.lamps ?? [];
  t.match(String(why?.faults[0]), /^rue-1: the breaker has tripped/);
});

t.test('a single driver falls silent: its event arrives later, with evidence', async (t) => {
  const rig = await litRig(t);
  rig.street.unitOf('L02').line.silence(rig.street.unitOf('L02').unit);
  await passes(rig, 8);
  const events = await faultsOf(rig);
  t.match(
    events.find(({ code }) => code === 'unit-silent'),
    { source: 'L02', talq: 'communicationFailure', evidence: { text: /its feeder is live/ } },
  );
});

/** The ramps of a commissioning on lamps that measure their power, and at the meter of a cabinet whose lamps do not. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { Job } from '../../agent/console/command-spec.ts';
import { type CommissionTested, commissionLamps } from '../../agent/console/commands/commission/commission-job.ts';
import type { Target } from '../../agent/core/words.ts';
import { memoryFolder } from '../support/memory-folder.ts';
import { meteredSite, SUPPLY_INPUT } from '../support/metered-site.ts';
import { createRig, type Rig } from '../support/rig.ts';

const DEMO = readFileSync(join(import.meta.dirname, '../../config/demo.yaml'), 'utf8');
const PERIODS_MS = { fast: 1_000, normal: 2_000, slow: 5_000 };

function jobOn(rig: Rig, signal: AbortSignal = new AbortController().signal): Job {
  return {
    ...{ source: 'console:marie', caller: { user: 'marie', role: 'technician', socketKind: 'login' } },
    ...{ clock: rig.clock, timezone: 'Europe/Paris', signal, report: () => true },
  };
}

function testOf(rig: Rig, target: Target | null = null, job: Job = jobOn(rig)): Promise<CommissionTested> {
  return commissionLamps(rig.agent.view, target, job);
}

t.test('lamps that measure themselves: power and time to settle at each level, kept over a kill as the reference', async (t) => {
  const folder = memoryFolder(t);
  const rig = await createRig(t, {
    ...{ startAt: '2026-12-15T21:00:00+01:00', folder, siteFile: meteredSite(folder), periodsMs: PERIODS_MS },
  });
  const inputs = rig.street.inputs.get('IO1') ?? [];
  inputs[SUPPLY_INPUT] = 1;
  await rig.until('lit', () => rig.levels().every((level) => level === 100), 120_000);
  const { lamps, isSaved } = await rig.settled(testOf(rig));
  t.equal(isSaved, true);
  t.match(
    lamps.map(({ test }) => test),
    Array.from({ length: 4 }, () => ({
      ...{ finding: 'ok', weighedBy: 'lamp', by: 'console:marie' },
      levels: [
        { levelPct: 20, isConfirmed: true, powerW: 13.9 },
        { levelPct: 60, isConfirmed: true, powerW: 37 },
        { levelPct: 100, isConfirmed: true, powerW: 60 },
      ],
    })),
  );
  t.ok(
    lamps.every(({ test }) => test?.levels.every(({ settleMs }) => settleMs !== null && settleMs >= 0 && settleMs < 10_000)),
    'each level was read back within seconds',
  );
  t.match(await rig.settled(testOf(rig)), { lamps: [] }, 'what passed is not tested again');

  await rig.kill();
  t.match(
    (await rig.settled(rig.agent.view.acceptance.report())).lamps,
    lamps.map(({ lamp }) => ({ lamp, test: { finding: 'ok' } })),
  );
  const worn = rig.street.world.lamps.get('L02');
  Object.assign(worn ?? {}, { ratedPowerW: 38 });
  for (let second = 0; second < 1_200; second += 5) await rig.clock.advance(5_000);
  const open = (await rig.status()).activeEvents.map(({ code, source }) => `${code} ${source}`);
  t.strictSame(open, ['lamp-power-low L02'], 'a loss of a third is found in the first night, and no other lamp is reported');
});

t.test('at the meter: each lamp gets its own power, though another load changes meanwhile', async (t) => {
  const rig = await createRig(t, { startAt: '2026-12-15T23:30:00+01:00', siteFile: DEMO, periodsMs: PERIODS_MS });
  const { world } = rig.street;
  await rig.until('dimmed', () => rig.levels().every((level) => level === 30), 120_000);
  Object.assign(world.lamps.get('L05') ?? {}, { ratedPowerW: 90 });
  Object.assign(world.lamps.get('L08') ?? {}, { burnt: true });
  let darkest = 100;
  const heater = world.addLamp('heater', 0, 200);
  const work = testOf(rig);
  const turns = rig.clock.after(50_000, () => world.dim(heater, 100, 0));
  const look = setInterval(() => {
    darkest = Math.min(darkest, ...rig.levels().slice(0, 12));
  }, 1);
  const { lamps } = await rig.settled(work);
  clearInterval(look);
  turns.cancel();
  t.strictSame(
    lamps.flatMap(({ lamp, test }) => (test?.finding === 'ok' ? [] : [`${lamp} ${test?.finding}`])),
    ['L05 power too high', 'L08 no power'],
  );
  for (const { lamp, test } of lamps.filter(({ test: each }) => each?.finding === 'ok'))
    t.ok(test?.weighedBy === 'meter' && Math.abs((test.levels[2]?.powerW ?? 0) - 60) < 0.5, `${lamp}: ${test?.levels[2]?.powerW} W`);
  t.ok(darkest >= 20, `no lamp was darker than 20 %: ${darkest}`);
  await rig.until(
    'the programme is back',
    () =>
      rig
        .levels()
        .slice(0, 12)
        .every((level) => level === 30),
    120_000,
  );
});

t.test('a client that leaves ends the test: what was measured is stored, and the light is given back', async (t) => {
  const rig = await createRig(t, { startAt: '2026-12-15T23:30:00+01:00', siteFile: DEMO, periodsMs: PERIODS_MS });
  await rig.until('dimmed', () => rig.levels().every((level) => level === 30), 120_000);
  const gone = new AbortController();
  let weighed = 0;
  const report = (progress: unknown): boolean => {
    weighed += (progress as { waitsFor?: string }).waitsFor === 'meter' ? 1 : 0;
    if (weighed === 4) gone.abort();
    return true;
  };
  await rig.settled(testOf(rig, null, { ...jobOn(rig, gone.signal), report }));
  const { lamps } = await rig.settled(rig.agent.view.acceptance.report());
  const done = lamps.filter(({ test }) => test?.weighedBy === 'meter').length;
  t.ok(done >= 3 && done <= 4, `${done} lamps were measured`);
  t.equal(lamps.filter(({ isUnweighed }) => isUnweighed).length, 12 - done);
  await rig.until('the programme is back', () => rig.levels().every((level) => level === 30), 120_000);
  const rest = await rig.settled(testOf(rig));
  t.equal(rest.lamps.length, 12 - done, 'the next test goes on from there');
  t.match(
    (await rig.settled(rig.agent.view.acceptance.report())).lamps,
    Array.from({ length: 12 }, () => ({ test: { finding: 'ok' }, isUnweighed: false })),
  );
});

t.test('a locked lamp is left alone: a person may be at work on it', async (t) => {
  const rig = await createRig(t, { startAt: '2026-12-15T23:30:00+01:00', periodsMs: PERIODS_MS });
  const target: Target = { kind: 'lamp', id: 'L02' };
  const lock = { target, levelPct: 0, rank: 'maintenance', minutes: 60, reason: 'repair', source: 'console:jean' } as const;
  await rig.settled(rig.agent.view.override(lock));
  const refused = await rig.settled(testOf(rig).catch((error: unknown) => error));
  t.match(String(refused), /L02 is locked by console:jean \(repair\)/);
  t.equal(rig.levels()[1], 0);
});

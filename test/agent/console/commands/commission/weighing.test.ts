/** `commission`: lamps at the meter whose levels are refused, scans that are interrupted, and the options that it shares with `setup`. */
import t from 'tap';
import type { Job } from '../../../../../agent/console/command-spec.ts';
import { COMMISSION_SCAN, type CommissionScanned } from '../../../../../agent/console/commands/commission/commission-scan.ts';
import { weighLamps } from '../../../../../agent/console/commands/commission/meter-weighing.ts';
import { COMMANDS } from '../../../../../agent/console/commands.ts';
import type { AcceptanceNews, LampAcceptance, LampRamp } from '../../../../../agent/core/acceptance.ts';
import type { ScanResult } from '../../../../../agent/core/bus-tools.ts';
import { BusError } from '../../../../../agent/core/errors.ts';
import { createManualClock } from '../../../../../agent/core/manual-clock.ts';
import { msg } from '../../../../../agent/core/message.ts';
import type { AgentView } from '../../../../../agent/core/views.ts';
import { powerW } from '../../../../../agent/diagnosis/energy.ts';
import { AT_MS, TIMEZONE } from '../../fake-clock.ts';
import { createFakeView, outcome } from '../../fake-view.ts';

const RATED_W = 50;
const clock = createManualClock(AT_MS);

function jobOf(signal = new AbortController().signal): Job {
  return {
    ...{ source: 'console:marie', caller: { user: 'marie', role: 'technician', socketKind: 'login' }, clock, timezone: TIMEZONE, signal },
    report: () => true,
  };
}

function tested(lamp: string): LampAcceptance {
  const levels = [20, 60, 100].map((levelPct) => ({ levelPct, isConfirmed: true, settleMs: 0, powerW: null, powerFactor: null }));
  const by = { atMs: AT_MS, by: 'console:marie', serial: null };
  return { lamp, finding: 'ok', weighedBy: 'nothing', levels, device: lamp, ratedPowerW: RATED_W, ...by };
}

/** Two lamps behind a meter. A level above 20 % is refused for one of them. */
function meteredView(refused: string): AgentView & { readonly released: string[] } {
  const fake = createFakeView();
  const levels = new Map([
    ['L07', 100],
    ['L08', 100],
  ]);
  let sinceMono = 0;
  const released: string[] = [];
  const meter = fake.profiles().slice(0, 1);
  return {
    ...fake,
    released,
    profiles: () => meter.map((profile) => ({ ...profile, category: 'meter', usedBy: ['M1'] })),
    names: () => ({ ...fake.names(), lamps: ['L07', 'L08'] }),
    light: { ...fake.light, zones: () => fake.light.zones().map((zone) => ({ ...zone, intents: [] })) },
    points: () => {
      const value = [...levels.values()].reduce((sum, levelPct) => sum + powerW(RATED_W, levelPct), 15);
      const ageS = Math.min(2, (clock.monoMs() - sinceMono) / 1_000);
      return [{ pointId: 'M1.power', value, unit: 'W', decimals: 0, quality: 'good', ageS }];
    },
    override: async ({ target, levelPct }) => {
      const isRefused = target.id === refused && levelPct > 20;
      sinceMono = clock.monoMs();
      if (!isRefused) for (const lamp of levels.keys()) if (target.kind === 'zone' || target.id === lamp) levels.set(lamp, levelPct);
      return { ...outcome({ state: isRefused ? 'refused' : 'verified', lamps: {}, levelPct }), untilMs: AT_MS };
    },
    release: async ({ target }) => {
      released.push(target.id);
      return outcome({ levelPct: null });
    },
  };
}

t.test('a lamp whose level is refused has no measured power, which is not a missing power; the next one is measured', async (t) => {
  const view = meteredView('L07');
  const ramps: LampRamp[] = [];
  const onWeighed = async (ramp: LampRamp): Promise<void> => void ramps.push(ramp);
  let isOver = false;
  const work = weighLamps(view, { tests: [tested('L07'), tested('L08')], onWeighed }, jobOf()).finally(() => {
    isOver = true;
  });
  while (!isOver) await clock.advance(500);
  await work;
  t.match(ramps, [{ lamp: 'L08', weighedBy: 'meter', verdict: 'ok' }]);
  t.equal(ramps.length, 1);
  t.ok(Math.abs((ramps[0]?.levels[2]?.powerW ?? 0) - powerW(RATED_W, 100)) < 0.2, `${ramps[0]?.levels[2]?.powerW} W`);
  t.strictSame(view.released.slice(0, 2).sort(), ['L07', 'L08'], 'the light is given back');
});

t.test('a lock that another person sets while lamps are measured ends the measurement before the next lamp, and stays', async (t) => {
  const view = meteredView('');
  const lock = { id: 'w', target: { kind: 'lamp', id: 'L08' }, levelPct: 0, rank: 'maintenance', source: 'console:luc', reason: '' };
  const own = { ...lock, target: { kind: 'zone', id: 'bressigny' }, source: 'console:marie' };
  const ramps: LampRamp[] = [];
  const releases: unknown[] = [];
  const locked: AgentView = {
    ...view,
    light: { ...view.light, intentsBy: () => (ramps.length === 0 ? [] : [own, lock]) as never },
    release: async (request) => {
      releases.push(request);
      return view.release(request);
    },
  };
  const onWeighed = async (ramp: LampRamp): Promise<void> => void ramps.push(ramp);
  let isOver = false;
  const work = weighLamps(locked, { tests: [tested('L07'), tested('L08')], onWeighed }, jobOf()).finally(() => {
    isOver = true;
  });
  work.catch(() => {});
  while (!isOver) await clock.advance(500);
  await t.rejects(work, { code: 'failed', message: /L08 is locked by console:luc/ });
  t.match(ramps, [{ lamp: 'L07' }]);
  t.ok(releases.length > 1);
  for (const release of releases) t.match(release, { source: 'console:marie', isOwnOnly: true });
});

t.test('a line that was scanned is stored, also if the scan of the next one is interrupted or fails', async (t) => {
  const fake = createFakeView();
  const result = { line: 'street', found: [], missing: [], damaged: [] } as unknown as ScanResult;
  for (const ending of ['interrupted', 'failed'] as const) {
    const gone = new AbortController();
    const stored: AcceptanceNews[] = [];
    const view: AgentView = {
      ...fake,
      names: () => ({ ...fake.names(), modbusLines: ['street', 'yard'] }),
      acceptance: { ...fake.acceptance, note: async (news) => stored.push(news) > 0 },
      bus: {
        ...fake.bus,
        scan: async ({ line }) => {
          if (line === 'street') return result;
          gone.abort();
          throw ending === 'interrupted' ? new Error('no client waits for the answer') : new BusError('timeout', msg`no reply`);
        },
      },
    };
    const scan = COMMISSION_SCAN.answer(view, {}, jobOf(gone.signal)) as Promise<CommissionScanned>;
    if (ending === 'interrupted') await t.rejects(scan, /no client/);
    else t.match(await scan, { scans: [{ line: 'street' }], failed: [{ line: 'yard' }], isSaved: true });
    t.match(stored, [{ by: 'console:marie', scans: [{ line: 'street' }] }], ending);
  }
});

t.test('commission has the options of setup that it passes on', async (t) => {
  const [setup, commission] = ['setup', 'commission'].map((name) => COMMANDS.find((each) => each.name === name)?.options ?? []);
  for (const name of ['port', 'serial', 'units', 'prefer', 'data-dir']) {
    const [one, other] = [setup, commission].map((options) => options?.find((option) => option.name === name));
    t.ok(one?.summary !== undefined && one.summary === other?.summary, name);
  }
});

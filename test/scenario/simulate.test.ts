import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { SimulateResult } from '../../agent/console/commands/light/simulate.ts';
import { runSimulate } from '../../agent/console/commands/light/simulate-run.ts';
import type { ConsoleError } from '../../agent/console/console-error.ts';
import type { LocalArgs, Terminal } from '../../agent/console/terminal/terminal.ts';
import { createRig, type Rig, type RigOptions } from '../support/rig.ts';
import { SMALL_SITE } from '../support/small-site.ts';

/** Besides the lamps the simulated meter counts the gear of the cabinet. Source: test/street/world.ts. */
const GEAR_W = 15;

interface Cabinet {
  readonly rig: Rig;
  readonly socketPath: string;
  readonly folder: string;
}

async function cabinet(t: Test, startAt: string, more: Partial<RigOptions> = {}): Promise<Cabinet> {
  const folder = mkdtempSync(join(tmpdir(), 'luciole-test-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const socketPath = join(folder, 'agent.sock');
  // Slow polls, so that a day takes seconds; with slower ones the drivers would go to their failsafe level.
  const periodsMs = { fast: 5_000, normal: 55_000, slow: 120_000 };
  return { rig: await createRig(t, { startAt, socketPath, periodsMs, ...more }), socketPath, folder };
}

/** Lets time pass, with a walker at each of these times. */
async function walkers({ clock, street }: Rig, times: readonly string[], untilIso: string): Promise<void> {
  for (const at of [...times, untilIso]) {
    await clock.advance(Date.parse(at) - clock.wallMs());
    if (at !== untilIso) street.world.send('walker');
  }
}

/** Runs `simulate` against the agent, as its own program would. */
async function simulate({ rig, socketPath }: Cabinet, args: LocalArgs, signal = new AbortController().signal) {
  const text = { out: '', err: '' };
  const terminal: Terminal = {
    out: (more) => {
      text.out += more;
    },
    err: (more) => {
      text.err += more;
    },
    ...{ widthCols: 80, colour: false, user: 'tech', version: 'luciole 0', socketPath, status: null },
    localFiles: () => Promise.reject(new Error('not needed here')),
  };
  const ended = runSimulate(args, terminal, signal, false).then(
    (code) => ({ code, error: null }),
    (error: ConsoleError) => ({ code: null, error }),
  );
  const { code, error } = await rig.settled(ended);
  return { code, error, ...text, result: args['json'] === true ? (JSON.parse(text.out) as SimulateResult) : null };
}

t.test('a recorded night gives the recorded decisions again, and the energy of the meter', async (t) => {
  const site = await cabinet(t, '2026-12-15T11:55:00+01:00');
  const day = '2026-12-15T';
  await walkers(site.rig, [`${day}23:30:00+01:00`, `${day}23:33:00+01:00`, '2026-12-16T02:10:00+01:00'], '2026-12-16T12:10:00+01:00');
  const own = await simulate(site, { json: true, 'other-load': String(GEAR_W) });
  t.equal(own.code, 0, own.err);
  t.match(own.result, { isComplete: true, ownReplay: { differing: 0 }, coverage: [{ date: '2026-12-15', missing: [] }] });
  t.ok((own.result?.ownReplay.decisions ?? 0) > 50, `${own.result?.ownReplay.decisions} decisions`);
  const [meter] = own.result?.meters ?? [];
  t.match(meter, { device: 'M01' });
  t.ok(Math.abs(meter?.differencePct ?? 100) <= 1, `${meter?.differencePct} % from the meter's ${meter?.kwh} kWh`);
  const before = await simulate(site, { night: '2026-12-14' });
  t.match(before, { code: 1, out: /^Missing +2026-12-14 17:\d\d to 2026-12-15 08:\d\d: before the record begins$/m });
});

t.test('other settings are replayed, what is missing is named, and a wrong file or option is refused', async (t) => {
  const site = await cabinet(t, '2026-12-15T23:25:00+01:00', { siteFile: SMALL_SITE });
  const times = ['30:00', '30:40', '31:20', '33:00'].map((at) => `2026-12-15T23:${at}+01:00`);
  await walkers(site.rig, times, '2026-12-15T23:40:00+01:00');
  const other = join(site.folder, 'other.yaml');
  writeFileSync(other, SMALL_SITE.replace('holdS: 15', 'holdS: 120').replace('levelPct: 30', 'levelPct: 20'));
  const night = { night: '2026-12-15', with: other };
  const { code, result } = await simulate(site, { ...night, json: true });
  t.equal(code, 1, 'the evening is missing');
  const [recorded, changed] = result?.settings ?? [];
  t.ok((changed?.nights[0]?.levelLampH[100] ?? 0) > 3 * (recorded?.nights[0]?.levelLampH[100] ?? 1), 'lit for longer by the hold');
  t.match(result, { limits: [], ownReplay: { differing: 0 }, coverage: [{ missing: [{ why: 'before' }] }] });
  t.ok((changed?.nights[0]?.levelLampH[20] ?? 0) > 0);
  const text = await simulate(site, night);
  t.ok(
    text.out.split('\n').every((line) => line.length <= 80),
    'in 80 columns',
  );
  t.match(text.out, /^the night of 2026-12-15, with other\.yaml$/m);
  t.match(text.out, /^Mean power in W, by quarters of an hour: \* is other\.yaml, : reaches to the/m);
  const sweep = await simulate(site, { night: '2026-12-15', suggest: true, need: '60', json: true });
  const front = sweep.result?.sweep?.front ?? [];
  t.ok(front.length > 1, `${front.length} of ${sweep.result?.sweep?.tried} settings`);
  for (const [at, each] of front.entries()) {
    const next = front[at + 1];
    if (next !== undefined)
      t.ok(each.kwh <= next.kwh && each.darkMoments >= next.darkMoments, `${each.darkMoments} moments, ${each.kwh} kWh`);
  }
  writeFileSync(other, SMALL_SITE.replace('holdS: 15', 'holdS: x'));
  t.match(await simulate(site, night), { code: 78, err: /other\.yaml:\d+:\d+: zones\[0\]\.presence\.holdS/ });
  for (const args of [{ night: '2026-02-30' }, { nights: '0' }, { need: '101' }])
    t.match(await simulate(site, args), { error: { code: 'usage' } }, JSON.stringify(args));
  t.match(await simulate(site, { night: '2026-12-15', suggest: true }, AbortSignal.abort()), { error: { message: 'stopped' } });
});

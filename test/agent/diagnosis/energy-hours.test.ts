/** Energy by lamp, and presence by hour of the night. */
import t from 'tap';
import { HOUR_MS, MINUTE_MS } from '../../../agent/core/durations.ts';
import { folded, type NightPart } from '../../../agent/diagnosis/energy-months.ts';
import { emptyZone, type NightTally, NO_TALLY, readTally } from '../../../agent/diagnosis/energy-tally.ts';
import { at, createEnergyRig, paris, raised } from './energy-street.ts';

type EnergyRig = ReturnType<typeof createEnergyRig>;

const minutes = (seconds: readonly number[]): Record<number, number> =>
  Object.fromEntries(seconds.flatMap((s, hour) => (s === 0 ? [] : [[hour, Math.round(s / 60)]])));

/** Passes time in steps of half a minute, so that the hour of the street is known in each. */
async function pass(street: EnergyRig, ms: number): Promise<void> {
  for (let leftMs = ms; leftMs > 0; leftMs -= MINUTE_MS / 2) await street.pass(MINUTE_MS / 2);
}

async function firstNight(street: EnergyRig, date: string): Promise<NightTally> {
  return (await street.tracker.nights(date, date))?.[0]?.tally ?? NO_TALLY;
}

t.test('presence is counted in the hours in which it raised the zone, also over a restart', async (t) => {
  const street = createEnergyRig(paris('2026-12-01 20:00'));
  street.set(at(30));
  await street.start();
  await pass(street, 90 * MINUTE_MS);
  street.set(raised(80, 30));
  await pass(street, 40 * MINUTE_MS);
  street.set(at(30));
  await pass(street, 20 * MINUTE_MS);
  await street.restart('stop');
  await pass(street, 30 * MINUTE_MS);
  const { path } = (await firstNight(street, '2026-12-01')).zones;
  t.strictSame(minutes(path?.nightS ?? []), { 20: 60, 21: 60, 22: 60 });
  t.strictSame(minutes(path?.presentS ?? []), { 21: 30, 22: 10 });
});

const clockChanges: [story: string, start: string, hours: Readonly<Record<number, number>>][] = [
  ['the hour that spring takes is not counted', '2026-03-29 00:00', { 0: 60, 1: 60, 3: 60, 4: 60 }],
  ['the hour that autumn repeats counts twice', '2026-10-25 00:00', { 0: 60, 1: 60, 2: 120 }],
];

for (const [story, start, hours] of clockChanges) {
  t.test(story, async (t) => {
    const street = createEnergyRig(paris(start));
    street.set(raised(80, 30));
    await street.start();
    await pass(street, 4 * HOUR_MS);
    const { path } = (
      await firstNight(
        street,
        start.replace(/-(\d\d) .*/, (_, day) => `-${Number(day) - 1}`),
      )
    ).zones;
    t.strictSame(minutes(path?.nightS ?? []), hours);
    t.strictSame(minutes(path?.presentS ?? []), hours);
  });
}

t.test('without a trusted time no hour is counted, but the energy of each lamp is', async (t) => {
  const street = createEnergyRig(paris('2026-12-01 20:00'));
  street.trust('none');
  street.set(at(100));
  await street.start();
  await pass(street, HOUR_MS);
  street.trust('synced');
  await street.pass(10_000);
  const { zones, lampWh } = await firstNight(street, '2026-12-01');
  t.strictSame(minutes(zones['path']?.nightS ?? []), {});
  t.match(lampWh, { A: 40.1, B: 40.1, C: 100.3 });
});

t.test('the energy of the lamps is that of their zones, over restarts', async (t) => {
  const street = createEnergyRig(paris('2026-12-01 14:00'));
  street.set(at(55));
  await street.start();
  for (let step = 0; step < 30; step++) {
    street.set(step % 3 === 0 ? raised(77, 31) : at(step % 5 === 0 ? 0 : 40));
    for (let part = 0; part < 6; part++) await street.pass(10 * MINUTE_MS);
    if (step % 10 === 4) await street.restart(step === 14 ? 'kill' : 'stop');
  }
  for (const { tally } of (await street.tracker.nights('2026-12-01', '2026-12-02')) ?? []) {
    const zones = Object.values(tally.zones).reduce((sum, { wh }) => sum + wh, 0);
    const lamps = Object.values(tally.lampWh).reduce((sum, wh) => sum + wh, 0);
    t.ok(zones > 0 && Math.abs(zones - lamps) < 1, `${zones} Wh in zones, ${lamps} in lamps`);
  }
});

t.test('a night that an earlier version stored has neither, and stays readable', async (t) => {
  const { zones, lampWh } = readTally({ zones: { path: { wh: 5, nights: 1, lampNights: 2 } }, meters: {}, awayMs: 0, undatedMs: 0 });
  t.match(zones['path'], { wh: 5, nightS: [], presentS: [] });
  t.strictSame(lampWh, {});
});

t.test('a month that is kept as one sum has the energy by lamp and the hours of all its nights', async (t) => {
  const hours = (s: number) => ({ nightS: Array.from({ length: 24 }, () => s), presentS: Array.from({ length: 24 }, () => s / 2) });
  const part = (id: string, wh: number, s: number): NightPart => ({
    ...{ ...NO_TALLY, id, endMs: 0, lampWh: { A: wh, B: 1 } },
    zones: { path: { ...emptyZone(2), ...(s === 0 ? {} : hours(s)) } },
  });
  const nights = { '2025-01-01': [part('a', 10, 60), part('b', 5, 40)], '2025-01-02': [part('c', 7, 0)] };
  const sum = folded({ nights, folded: null }).folded ?? NO_TALLY;
  t.strictSame(sum.lampWh, { A: 22, B: 3 });
  t.strictSame([sum.zones['path']?.nightS[23], sum.zones['path']?.presentS[0]], [100, 50]);
});

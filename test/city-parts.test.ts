import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { loadSite } from '../agent/config/load/load-site.ts';
import { cabinetOf, cityPlace, citySiteText, LAMP_VALUES, nodeNames, writeCitySite } from '../bench/city/city-site.ts';
import { createFleetClock } from '../bench/city/fleet-clock.ts';
import { CITY_PHASES, readCityCommand } from '../bench/city/options.ts';

t.test('the common configuration of the city loads, with eight polled values for each lamp', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'luciole-city-test-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const { cabinet, profiles } = loadSite(
    writeCitySite(folder, citySiteText({ place: cityPlace(Date.now()), lamps: 31, nightPct: 50, sensorShift: 0 })),
  );
  t.equal(cabinet.lamps.length, 31);
  t.equal(profiles.get('city-driver')?.points.filter(({ poll }) => poll !== 'never').length, LAMP_VALUES);
  const own = cabinetOf(cabinet, { node: 'c00007', dir: '/data', broker: 'mqtt://127.0.0.1:1', primaryHost: null, birthJitterS: 30 });
  t.match(own, { id: 'c00007', uplink: { node: 'c00007', group: 'city', birthJitterS: 30 }, store: { dir: '/data' } });
});

t.test('each cabinet has a name of its own', async (t) => {
  const names = nodeNames(1_450);
  t.equal(new Set(names).size, 1_450);
  t.same(nodeNames(2, 1_448), names.slice(1_448));
});

t.test('the command line of the city', async (t) => {
  t.match(readCityCommand([]), {
    kind: 'run',
    options: { cabinets: 100, lamps: 31, phases: [...CITY_PHASES], sample: 60, workers: 2, primaryHost: false },
  });
  t.match(readCityCommand(['--cabinets', '30', '--phases', 'command,start']), { options: { phases: ['start', 'command'], sample: 30 } });
  t.match(readCityCommand(['--help']), { kind: 'help' });
  for (const words of [['--cabinets', '0'], ['--lamps', '1e3'], ['--scale', ''], ['--phases', 'start,nothing'], ['--unknown']])
    t.match(readCityCommand(words), { kind: 'bad', refusal: String }, words.join(' '));
});

t.test('scaled time fires timers in order, each at its own time, and no cancelled one', async (t) => {
  const clock = createFleetClock();
  t.teardown(() => clock.stop());
  clock.setScale(10_000);
  const fired: number[] = [];
  const lateMs: number[] = [];
  const startMono = clock.monoMs();
  const done = Promise.withResolvers<void>();
  for (const seconds of [30, 10, 40, 20]) {
    const dueMono = startMono + seconds * 1_000;
    clock.precisely(dueMono, () => {
      fired.push(seconds);
      lateMs.push(clock.monoMs() - dueMono);
      if (seconds === 40) done.resolve();
    });
  }
  clock.after(25_000, () => fired.push(25)).cancel();
  await done.promise;
  t.same(fired, [10, 20, 30, 40]);
  t.ok(Math.max(...lateMs) < 1, `late by ${lateMs} ms`);
});

t.test('true time continues where scaled time ended', async (t) => {
  const clock = createFleetClock();
  t.teardown(() => clock.stop());
  clock.setScale(10_000);
  await new Promise<void>((resolve) => clock.after(60_000, resolve));
  clock.setScale(1);
  const [atMono, atMs] = [clock.monoMs(), performance.now()];
  await new Promise<void>((resolve) => clock.after(20, resolve));
  t.ok(clock.monoMs() - atMono >= 20);
  t.ok(Math.abs(clock.monoMs() - atMono - (performance.now() - atMs)) < 5);
});

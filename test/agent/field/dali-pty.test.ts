import { setTimeout as wait } from 'node:timers/promises';
import t from 'tap';
import { createSystemClock } from '../../../agent/core/system-clock.ts';
import { createField } from '../../../agent/field/field.ts';
import { fieldLine } from '../../../agent/field/line-from-config.ts';
import { createSerialPort } from '../../../drivers/serial-port.ts';
import { D4I, SHIPPED } from '../../street/dali-plant.ts';
import { createPtyCable } from '../../street/pty.ts';
import { SimDali } from '../../street/sim-dali.ts';
import { DaliGear, d4iBanks } from '../../street/units/dali-gear.ts';
import { testDevice, testLine } from '../../support/profiles.ts';

/** The set-up of two gears and a level take 2 s on a quiet machine, longer on a busy one. Units: ms. */
const LIMIT_MS = 30_000;

t.test('through a pseudo-terminal, gear is set up, lit and read back', async (t) => {
  const clock = createSystemClock({ quality: () => 'synced' });
  const banks = () => d4iBanks({ energyWh: 5, powerW: 40, onS: 60, temperatureC: 20, failures: [] });
  const gear = [0, 1].map((shortAddress) => new DaliGear({ shortAddress, clock, banks: banks() }));
  const sim = new SimDali({ clock, gear });
  const cable = createPtyCable((bytes) => sim.receive(bytes));
  sim.end = cable.end;
  const serial = { baud: 19_200, parity: 'even', stopBits: 1, dataBits: 8 } as const;
  const devices = gear.map((_, n) => testDevice(`G${n}`, { unit: n, profile: D4I, groups: { group5: ['level'] } }));
  const config = testLine('dali', devices, { kind: 'dali', port: cable.path, serial });
  const openPort = () => createSerialPort(cable.path, serial);
  const field = createField({
    lines: [fieldLine(config, { profiles: SHIPPED, openPort, clock })],
    clock,
    setupValuesOf: () => ({ rampUpMs: 0, rampDownMs: 0, failsafeTimeoutS: 60, failsafeLevelPct: 70 }),
    random: Math.random,
    log: { event: () => {} },
    onReadings: () => {},
    onAlive: () => {},
    onEvent: () => {},
  });
  t.teardown(async () => {
    await field.stop();
    cable.close();
  });
  await field.start();
  const endMono = clock.monoMs() + LIMIT_MS;
  while (gear.some(({ groups }) => groups !== 0b10_0000) && clock.monoMs() < endMono) await wait(20);
  const write = (n: number) =>
    field.write({ commandId: `c${n}`, lampId: `G${n}`, pointId: `G${n}.level`, levelPct: 50, lane: 'urgent', expiresMono: endMono });
  t.match(await Promise.all([0, 1].map(write)), [{ state: 'verified' }, { state: 'verified' }]);
  t.same(
    gear.map(({ target }) => target),
    [229, 229],
  );
  t.match(sim.levels[0], { target: 'all' }, 'all lamps of the line at once');
});

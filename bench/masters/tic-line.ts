import { readPlacedYaml } from '../../agent/config/load/places.ts';
import { createSystemClock } from '../../agent/core/system-clock.ts';
import { createField } from '../../agent/field/field.ts';
import { fieldLine } from '../../agent/field/line-from-config.ts';
import { readProfiles } from '../../drivers/registry.ts';
import { createSerialPort } from '../../drivers/serial-port.ts';
import { testDevice, testLine } from '../../test/support/profiles.ts';

/** A pseudo-terminal has no speed, so the meter is read at once. Units: ms. */
const WAIT_MS = 30_000;

/**
 * Reads a TIC meter as the agent does, in this process. Returns the function that stops it. Errors: rejects if no value has come after 30 s: a
 * figure beside a meter that is not read would be worthless.
 */
export async function readTicLine(path: string): Promise<() => Promise<void>> {
  const clock = createSystemClock({ quality: () => 'synced' });
  const { profiles } = readProfiles([], readPlacedYaml);
  const config = testLine('meter', [testDevice('LINKY', { unit: 0, profile: 'enedis-linky-tic' })], { kind: 'uart', port: path });
  let onValue = (): void => {};
  const field = createField({
    lines: [fieldLine(config, { profiles, openPort: createSerialPort, clock })],
    clock,
    log: { event: () => {} },
    setupValuesOf: () => ({ rampUpMs: 0, rampDownMs: 0, failsafeTimeoutS: 0, failsafeLevelPct: 0 }),
    random: () => 0,
    onReadings: (readings) => {
      if (readings.some(({ value }) => value !== null)) onValue();
    },
    onAlive: () => {},
    onEvent: () => {},
  });
  const read = new Promise<void>((done, fail) => {
    const timer = clock.after(WAIT_MS, () => fail(new Error('the meter beside the line is not read')));
    onValue = () => {
      timer.cancel();
      done();
    };
  });
  await field.start();
  await read;
  return () => field.stop();
}

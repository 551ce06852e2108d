import t, { type Test } from 'tap';
import { readPlacedYaml } from '../../agent/config/load/places.ts';
import { createEventTracker } from '../../agent/core/event-tracker.ts';
import type { Profile } from '../../agent/core/profile.ts';
import { createSystemClock } from '../../agent/core/system-clock.ts';
import type { AgentEvent, Reading } from '../../agent/core/words.ts';
import { UartLine } from '../../agent/field/uart/uart-line.ts';
import { uartDriverFor } from '../../drivers/driver-for.ts';
import { readProfiles } from '../../drivers/registry.ts';
import { createSerialPort } from '../../drivers/serial-port.ts';
import { createPtyCable } from '../street/pty.ts';
import { createSps30 } from '../street/units/sps30.ts';
import { testDevice } from '../support/profiles.ts';
import { UART_VECTORS } from './uart-vectors.ts';

const { profiles } = readProfiles([], readPlacedYaml);

/** A device at the end of a cable through the kernel, read with the serial settings of its profile. */
async function cabled(t: Test, profileId: string, receive: (bytes: Buffer) => void) {
  const profile = profiles.get(profileId) as Profile;
  const clock = createSystemClock({ quality: () => 'synced' });
  const cable = createPtyCable(receive);
  const port = createSerialPort(cable.path, profile.serial as NonNullable<Profile['serial']>);
  const readings: Reading[] = [];
  const events: AgentEvent[] = [];
  let wanted = { count: 0, done: (): void => {} };
  const line = new UartLine({
    device: testDevice('A1', { unit: 0, profile: profileId }),
    driver: uartDriverFor(profile),
    port,
    clock,
    events: createEventTracker(clock, (event) => events.push(event)),
    onReadings: (more) => {
      readings.push(...more);
      if (readings.length >= wanted.count) wanted.done();
    },
    onAlive: () => {},
  });
  t.teardown(async () => {
    line.stop();
    await port.close();
    cable.close();
  });
  const until = (count: number): Promise<void> =>
    new Promise((done) => {
      if (readings.length >= count) done();
      else wanted = { count, done };
    });
  await port.open();
  line.start();
  return { cable, line, readings, events, until, points: profile.points.length };
}

t.test('an SPS30 that answers only on request is read through a serial port', async (t) => {
  let plant: Awaited<ReturnType<typeof cabled>> | undefined;
  const unit = createSps30((bytes) => {
    // In two portions, as a port hands them out.
    plant?.cable.end.write(bytes.subarray(0, 7));
    plant?.cable.end.write(bytes.subarray(7));
  });
  unit.sample = [5.23, 9.47, 12.65, 13.28, 26.31, 37, 41.52, 42.41, 42.54, 0.83];
  plant = await cabled(t, 'sensirion-sps30', (bytes) => unit.receive(bytes));
  const { line, readings, events, until, points } = plant;
  await until(2 * points);
  t.same(
    readings.slice(0, 11).map(({ pointId, value, quality }) => [pointId, value, quality]),
    [
      ['A1.pm1', 5.23, 'good'],
      ['A1.pm2_5', 9.47, 'good'],
      ['A1.pm4', 12.65, 'good'],
      ['A1.pm10', 13.28, 'good'],
      ['A1.nc0_5', 26.31, 'good'],
      ['A1.nc1', 37, 'good'],
      ['A1.nc2_5', 41.52, 'good'],
      ['A1.nc4', 42.41, 'good'],
      ['A1.nc10', 42.54, 'good'],
      ['A1.size_um', 0.83, 'good'],
      ['A1.fault', 0, 'good'],
    ],
  );
  t.same(unit.commands.slice(0, 4), [0x11, 0x00, 0x03, 0x03], 'woken, started, asked, asked again');
  t.same(line.counters, { frames: 4, noiseBytes: 0, polls: 2, unanswered: 0 });
  t.same(events, []);
});

t.test('an LD2410 is read at its 256000 baud, which is no rate of the standard list', async (t) => {
  const frames = UART_VECTORS.filter(({ profile }) => profile === 'hilink-ld2410').map(({ frame }) => frame);
  const { cable, readings, until, points } = await cabled(t, 'hilink-ld2410', () => {});
  cable.end.write(Buffer.concat(frames));
  await until(frames.length * points);
  const presence = readings.filter(({ pointId }) => pointId === 'A1.presence');
  t.same(
    presence.map(({ value }) => value),
    [1, 0, 1],
  );
});

t.test('a device may send although no gateway reads: its bytes are lost, as on a wire', async (t) => {
  const cable = createPtyCable(() => {});
  t.teardown(() => cable.close());
  t.doesNotThrow(() => {
    for (let sentBytes = 0; sentBytes < 100_000; sentBytes += 100) cable.end.write(Buffer.alloc(100, 0x55));
  });
});

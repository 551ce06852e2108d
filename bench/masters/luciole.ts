import { RECORDER_DEFAULTS } from '../../agent/core/cabinet.ts';
import { createSystemClock } from '../../agent/core/system-clock.ts';
import { FlightMemory } from '../../agent/diagnosis/flight/flight-memory.ts';
import { createModbusLine } from '../../drivers/modbus/modbus-line.ts';
import { createSerialPort } from '../../drivers/serial-port.ts';
import { createTappedPort } from '../../drivers/tapped-port.ts';
import { LEVEL_ADDRESS } from '../bus.ts';
import type { Master, MasterPlace } from './master.ts';

/**
 * Opens our Modbus line with the settings of the agent, so with the silence of 3.5 characters before each request. Errors: rejects if the
 * port cannot be opened.
 */
export function openLuciole(place: MasterPlace): Promise<Master> {
  return open(place, {});
}

/** As `openLuciole`, but without the silence before a request, which the compared libraries do not keep either. */
export function openLucioleWithoutGap(place: MasterPlace): Promise<Master> {
  return open(place, { frameGapMs: 0 });
}

async function open({ path, serial, timeoutMs }: MasterPlace, gap: { frameGapMs?: number }): Promise<Master> {
  const clock = createSystemClock({ quality: () => 'none', isBusAlone: true });
  // Tapped as in the agent, so that the figures include the flight recorder.
  const tap = new FlightMemory({ clock, sizeKilobytes: () => RECORDER_DEFAULTS.memoryKilobytes }).tapOf('bench');
  const port = createTappedPort(createSerialPort(path, serial), { serial, tap, clock });
  const line = createModbusLine({ port, serial, clock, ...gap });
  await line.open();
  return {
    read: async (unit, count) => (await line.read({ unit, table: 'holding', address: 0, count }, timeoutMs)).words,
    write: async (unit, value) => void (await line.write({ unit, table: 'holding', address: LEVEL_ADDRESS, values: [value] }, timeoutMs)),
    close: () => line.close(),
  };
}

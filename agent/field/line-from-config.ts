/** Creates the lines of the configuration: port, protocol and drivers. */

import { createDaliLine } from '../../drivers/dali/dali-line.ts';
import { modbusDriverFor, uartDriverFor } from '../../drivers/driver-for.ts';
import { createListeningPort } from '../../drivers/listening-port.ts';
import { createModbusLine, createTcpLine } from '../../drivers/modbus/modbus-line.ts';
import { createSocketPort } from '../../drivers/socket-port.ts';
import { createTappedPort } from '../../drivers/tapped-port.ts';
import type { LineConfig, SerialSettings } from '../core/cabinet.ts';
import type { Clock } from '../core/clock.ts';
import type { BytePort, ModbusDriver, ModbusLine, OpenBytePort, UartDriver } from '../core/driver.ts';
import { linePortName, parseLinePort, serialOf } from '../core/line-port.ts';
import type { Profile } from '../core/profile.ts';
import type { WireTap } from '../core/wire-tap.ts';

/** One line of the cabinet with its port and drivers: a line of units (Modbus or DALI), or a raw UART with one device. */
export type FieldLine =
  | {
      readonly kind: 'modbus';
      readonly config: LineConfig;
      readonly line: ModbusLine;
      readonly driverOf: (deviceId: string) => ModbusDriver;
    }
  | { readonly kind: 'uart'; readonly config: LineConfig; readonly port: BytePort; readonly driver: UartDriver };

/** What `fieldLine` needs to create a line. `profiles`: by profile id. */
export interface FieldLineParts {
  readonly profiles: ReadonlyMap<string, Profile>;
  /** Creates the port of a device file, without opening it; not used for a network address. */
  readonly openPort: OpenBytePort;
  readonly clock: Clock;
  /** The tap of a line, by the line's id: it receives what passes on the port. Absent: nothing is observed. */
  readonly tapOf?: (lineId: string) => WireTap;
}

/** What a port needs. `tapped` adds the tap of the line; `serial` null for a port without serial settings. */
interface PortParts extends Pick<FieldLineParts, 'openPort' | 'clock'> {
  readonly tapped: (port: BytePort, serial: SerialSettings | null) => BytePort;
}

/**
 * Creates the port, the protocol and the drivers of a line; does not open the port.
 *
 * Errors: throws TypeError, for example for a device without a profile.
 */
export function fieldLine(config: LineConfig, { profiles, ...given }: FieldLineParts): FieldLine {
  const parts = portParts(config, given);
  const profileOf = (deviceId: string): Profile => {
    const profile = profiles.get(config.devices.find(({ id }) => id === deviceId)?.profile ?? '');
    if (profile === undefined) throw new TypeError(`device ${deviceId} has no profile; the config check lets none such pass`);
    return profile;
  };
  if (config.kind === 'uart') {
    const driver = uartDriverFor(profileOf(config.devices[0]?.id ?? ''));
    return { kind: 'uart', config, port: uartPort(config, driver, parts), driver };
  }
  const drivers = new Map(config.devices.map((device) => [device.id, modbusDriverFor(profileOf(device.id), device)]));
  const driverOf = (deviceId: string) => drivers.get(deviceId) ?? modbusDriverFor(profileOf(deviceId));
  return { kind: 'modbus', config, line: modbusLine(config, parts), driverOf };
}

/** The port of each opening is tapped, also one with other settings. */
function portParts({ id }: LineConfig, { openPort, clock, tapOf }: Omit<FieldLineParts, 'profiles'>): PortParts {
  if (tapOf === undefined) return { openPort, clock, tapped: (port) => port };
  const tap = tapOf(id);
  const tapped: PortParts['tapped'] = (port, serial) => createTappedPort(port, { serial, tap, clock });
  return { clock, tapped, openPort: (path, serial, rs485) => tapped(openPort(path, serial, rs485), serial) };
}

function modbusLine(config: LineConfig, parts: PortParts): ModbusLine {
  const { clock, openPort } = parts;
  const port = bytePort(config, parts);
  if (config.kind === 'dali') return createDaliLine({ port, clock, name: config.port });
  const { kind } = parseLinePort(config.port);
  if (kind === 'tcp') return createTcpLine({ port, clock });
  if (kind === 'rtu+tcp') return createModbusLine({ port, serial: config.serial, clock, isNetwork: true });
  return createModbusLine({ port, serial: config.serial, clock, portFor: (serial) => openPort(config.port, serial, config.rs485) });
}

/** A device that is only read gets a port that cannot send. The speed of a serial server cannot be changed. */
function uartPort(config: LineConfig, { listens }: UartDriver, parts: PortParts): BytePort {
  if (listens === undefined) return bytePort(config, parts);
  const isFile = ['serial', 'bad'].includes(parseLinePort(config.port).kind);
  return createListeningPort(isFile ? listens.serials : [], (serial) =>
    serial === undefined ? bytePort(config, parts) : parts.openPort(config.port, serial, config.rs485),
  );
}

/** A port that is neither a file nor an address can only come from the command line; opened as a file, it is reported as missing. */
function bytePort({ port, serial, rs485 }: LineConfig, { openPort, clock, tapped }: PortParts): BytePort {
  const parsed = parseLinePort(port);
  if (parsed.kind === 'serial' || parsed.kind === 'bad') return openPort(port, serial, rs485);
  const socket = createSocketPort({ name: linePortName(parsed), host: parsed.host, port: parsed.port, clock });
  return tapped(socket, serialOf({ port, serial }));
}

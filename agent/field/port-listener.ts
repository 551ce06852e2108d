/** Listens on a serial port that no line uses. No byte can be sent through it. */
import { realpathSync } from 'node:fs';
import { keepSettings } from '../../drivers/kept-settings.ts';
import { createListeningPort } from '../../drivers/listening-port.ts';
import { findSerialPorts, type SerialPortSeen } from '../../drivers/port-finder.ts';
import { createTappedPort } from '../../drivers/tapped-port.ts';
import type { LineConfig, SerialSettings } from '../core/cabinet.ts';
import type { Clock } from '../core/clock.ts';
import type { OpenBytePort } from '../core/driver.ts';
import { parseLinePort } from '../core/line-port.ts';
import { msg } from '../core/message.ts';
import { Refusal } from '../core/refusal.ts';
import type { WireTap } from '../core/wire-tap.ts';

/** What `listenOnPort` needs: a way to open a port, the clock, and the ports that exist or belong to lines. */
export interface PortListenerParts {
  readonly openPort: OpenBytePort;
  readonly clock: Clock;
  /** Lines of the cabinet; their serial ports are refused. */
  readonly lines: readonly Pick<LineConfig, 'id' | 'port'>[];
  /** Returns the serial ports of the machine. Others, and those with a reason in `keepOff`, are refused. Default: `findSerialPorts`. */
  readonly listPorts?: () => readonly Pick<SerialPortSeen, 'device' | 'keepOff'>[];
}

/**
 * Opens a serial port that no line uses, and passes what happens on it to `onEntry`. The returned function closes the port and restores its
 * settings where they are known; call it once.
 *
 * Errors: rejects with Refusal for a port that may not be used, for example that of a line, and with BusError for one that cannot be
 * opened.
 */
export async function listenOnPort(
  { openPort, clock, lines, listPorts = findSerialPorts }: PortListenerParts,
  { path, serial }: { readonly path: string; readonly serial: SerialSettings },
  onEntry: WireTap,
): Promise<() => Promise<void>> {
  const real = realPath(path);
  const owner = lines.find(({ port }) => parseLinePort(port).kind === 'serial' && realPath(port) === real);
  if (owner !== undefined) throw new Refusal(msg`${path} is the port of line ${owner.id}: luciole bus sniff ${owner.id}`);
  const seen = listPorts().find(({ device }) => realPath(device) === real);
  if (seen === undefined) throw new Refusal(msg`${path} is not a serial port that could be a line`);
  if (seen.keepOff !== null) throw new Refusal(msg`${path} is not listened to: ${seen.keepOff}`);
  const restore = await keepSettings(real);
  const port = createListeningPort([serial], () => createTappedPort(openPort(real, serial), { serial, tap: onEntry, clock }));
  try {
    await port.open();
  } catch (error) {
    await restore();
    throw error;
  }
  return async () => {
    await port.close();
    await restore();
  };
}

/** The path without links; unchanged if it does not exist. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    // Reported by the opening.
    return path;
  }
}

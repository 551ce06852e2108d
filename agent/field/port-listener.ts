/** Listens on a serial port that no line uses. No byte can be sent through it. */
import { realpathSync } from 'node:fs';
import { createListeningPort } from '../../drivers/listening-port.ts';
import { createTappedPort } from '../../drivers/tapped-port.ts';
import type { LineConfig, SerialSettings } from '../core/cabinet.ts';
import type { Clock } from '../core/clock.ts';
import type { OpenBytePort } from '../core/driver.ts';
import { parseLinePort } from '../core/line-port.ts';
import { msg } from '../core/message.ts';
import { Refusal } from '../core/refusal.ts';
import type { WireTap } from '../core/wire-tap.ts';

/** What `listenOnPort` uses. */
export interface PortListenerParts {
  readonly openPort: OpenBytePort;
  readonly clock: Clock;
  /** Lines of the cabinet; their ports are refused. */
  readonly lines: readonly Pick<LineConfig, 'id' | 'port'>[];
}

/**
 * Opens a serial port and passes to `onEntry` what is received. The returned function closes the port.
 *
 * Errors: rejects with Refusal for a port that may not be used, and with BusError for one that cannot be opened.
 */
export async function listenOnPort(
  { openPort, clock, lines }: PortListenerParts,
  { path, serial }: { readonly path: string; readonly serial: SerialSettings },
  onEntry: WireTap,
): Promise<() => void> {
  const real = realPath(path);
  if (!real.startsWith('/dev/')) throw new Refusal(msg`${path} is not a port: name one below /dev`);
  const owner = lines.find(({ port }) => parseLinePort(port).kind === 'serial' && realPath(port) === real);
  if (owner !== undefined) throw new Refusal(msg`${path} is the port of line ${owner.id}: luciole bus sniff ${owner.id}`);
  const port = createListeningPort([serial], () => createTappedPort(openPort(real, serial), { serial, tap: onEntry, clock }));
  await port.open();
  return () => void port.close();
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

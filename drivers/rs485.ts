/**
 * Makes the kernel switch the direction of an RS-485 transceiver.
 *
 * Neither Node nor the serial bindings offer the ioctl, so a child process calls it on the inherited descriptor.
 */

import { spawn } from 'node:child_process';
import type { Rs485Settings } from '../agent/core/cabinet.ts';
import { BusError } from '../agent/core/errors.ts';
import { msg } from '../agent/core/message.ts';

/** Source: Linux include/uapi/linux/serial.h, SER_RS485_*. */
const FLAGS = { enabled: 1, rtsOnSend: 2, rtsAfterSend: 4, receiveDuringSend: 16 };
/**
 * TIOCSRS485 with struct serial_rs485: flags, delay before, delay after, five of padding. Exits with errno. Source: Linux
 * asm-generic/ioctls.h.
 */
const SCRIPT = 'my $b = pack("L8", @ARGV, 0, 0, 0, 0, 0); exit(ioctl(STDIN, 0x542F, $b) ? 0 : $! + 0)';
/** Source: Linux errno.h. */
const ENOTTY = 25;

/**
 * Sends RS-485 settings to the kernel for the open port `fd`. `words`: flags, then the delays before and after sending in ms. Resolves with
 * 0 or errno; rejects when the call cannot be made at all.
 */
export type RunRs485 = (fd: number, words: readonly number[]) => Promise<number>;

/**
 * Makes the kernel switch the transceiver of an open port between sending and receiving. Errors: rejects with BusError `port-refused` if
 * that is not possible.
 */
export async function enableRs485(fd: number, settings: Rs485Settings, run: RunRs485 = runPerl): Promise<void> {
  let errno: number;
  try {
    errno = await run(fd, wordsOf(settings));
  } catch (cause) {
    throw new BusError('port-refused', msg`rs485 cannot be switched on: ${(cause as Error).message}; the package perl-base is needed`, {
      cause,
    });
  }
  if (errno === 0) return;
  const advice =
    errno === ENOTTY
      ? msg`this port has no RS-485 mode in the kernel: leave rs485 out for an adapter that switches by itself (most USB ones), or enable it in the device tree (linux,rs485-enabled-at-boot-time)`
      : msg`the kernel refuses these rs485 settings (errno ${errno}): try other delays, or rtsHighOnSend the other way round`;
  throw new BusError('port-refused', advice);
}

/** Shape: flags, delay before sending, delay after. Units: ms. */
function wordsOf({ rtsHighOnSend, delayBeforeSendMs, delayAfterSendMs, receiveDuringSend }: Rs485Settings): number[] {
  const flags = FLAGS.enabled | (rtsHighOnSend ? FLAGS.rtsOnSend : FLAGS.rtsAfterSend) | (receiveDuringSend ? FLAGS.receiveDuringSend : 0);
  return [flags, delayBeforeSendMs, delayAfterSendMs];
}

function runPerl(fd: number, words: readonly number[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn('perl', ['-e', SCRIPT, ...words.map(String)], { stdio: [fd, 'ignore', 'ignore'] });
    child.once('error', reject);
    child.once('exit', (code, signal) => (code === null ? reject(new Error(`perl ended by ${signal}`)) : resolve(code)));
  });
}

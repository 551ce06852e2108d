/**
 * Changes the speed of the serial port, and reverts it if the terminal does not follow.
 *
 * It announces the change, changes the speed, and waits for ENTER at the new speed. Otherwise it returns to the old speed.
 */

import { type Clock, sleep } from '../../core/clock.ts';
import { msg, type Said } from '../../core/message.ts';
import { ConsoleError } from '../console-error.ts';
import { wrap } from '../text/text-lines.ts';
import type { Dialog } from './dialog.ts';
import type { Tty } from './tty.ts';

/** Units: bit/s. Source: rates of Linux termios that are used for consoles. */
const SPEEDS = [9_600, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800, 921_600];
/** Units: ms. Source: the rules of the console. */
const WAIT_MS = 10_000;
/** Time for bytes in the buffers of kernel and chip. Units: ms. Source: assumed; 64 characters at 9600 baud. Confirmed by: the FIFO size in the UART's data sheet. */
const SETTLE_MS = 100;

/**
 * Sets the port to the typed speed (bit/s), and back if it reads no Enter typed after that within 10 s. Resolves with the lines to show.
 * Errors: rejects with ConsoleError, for example 'usage' for an unknown speed, or 'failed' after the return to the old one or the end of
 * the session.
 */
export async function changeSpeed(
  typed: string,
  dialog: Dialog,
  tty: Pick<Tty, 'setSpeed' | 'speedBaud'>,
  clock: Clock,
  translate: (said: Said) => string,
): Promise<readonly string[]> {
  const { writer, input } = dialog;
  const speedBaud = SPEEDS.find((speed) => String(speed) === typed);
  const oldBaud = tty.speedBaud;
  if (speedBaud === undefined) throw new ConsoleError('usage', msg`bad speed "${typed}": use one of ${SPEEDS}`);
  if (oldBaud === null) throw new ConsoleError('failed', msg`this terminal has no speed: it is no serial port`);
  const notice = msg`Now ${speedBaud} baud: set your terminal to it and press Enter within 10 s, else it goes back to ${oldBaud}.`;
  writer.write(`${wrap(translate(notice), dialog.settings.widthCols).join('\n')}\n`);
  await settle(dialog, clock);
  dialog.expectOpen();
  await tty.setSpeed(speedBaud);
  writer.setSpeed(speedBaud);
  // Keys typed ahead were sent at the old speed: they prove nothing.
  while (input.takeNow() !== undefined);
  if (await hasEntered(input, clock)) return [translate(msg`${speedBaud} baud`)];
  await settle(dialog, clock);
  await tty.setSpeed(oldBaud);
  writer.setSpeed(oldBaud);
  throw new ConsoleError('failed', msg`no Enter was received at ${speedBaud} baud: back at ${oldBaud}`);
}

async function settle(dialog: Dialog, clock: Clock): Promise<void> {
  await dialog.drained();
  await sleep(clock, SETTLE_MS);
}

/** At a wrong speed, keys arrive as noise, but never as ENTER. */
async function hasEntered(input: Dialog['input'], clock: Pick<Clock, 'after'>): Promise<boolean> {
  let isOver = false;
  const timer = clock.after(WAIT_MS, () => {
    isOver = true;
    input.giveUp();
  });
  try {
    while (!isOver) {
      const key = await input.take();
      if (key === null) return false;
      if (key.kind === 'control' && key.name === 'enter') return true;
    }
    return false;
  } finally {
    timer.cancel();
  }
}

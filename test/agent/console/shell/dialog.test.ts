import t from 'tap';
import { Dialog } from '../../../../agent/console/shell/dialog.ts';
import type { Tty } from '../../../../agent/console/shell/tty.ts';
import { createManualClock } from '../../../../agent/core/manual-clock.ts';

t.test('a program that has the terminal, and a file that goes out, are no time without a key', async (t) => {
  const clock = createManualClock(0);
  const tty = { listen: () => {}, write: (bytes: Uint8Array) => bytes.length } as unknown as Tty;
  const dialog = new Dialog(tty, clock, () => '');
  await clock.advance(1_000_000);
  t.equal(dialog.lastKeyMono(), 0);
  dialog.alive();
  t.equal(dialog.lastKeyMono(), 1_000_000);
  const done = Promise.withResolvers<void>();
  const lent = dialog.lend(() => done.promise);
  await clock.advance(3_000_000);
  t.equal(dialog.lastKeyMono(), 4_000_000);
  done.reject(new Error('the transfer failed'));
  await t.rejects(lent, /transfer failed/);
  await clock.advance(60_000);
  t.equal(dialog.lastKeyMono(), 4_000_000, 'time counts again from its end');
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { copySerial } from '../../../../agent/console/shell/copy-serial.ts';
import { Dialog } from '../../../../agent/console/shell/dialog.ts';
import { receiveSerial } from '../../../../agent/console/shell/receive-serial.ts';
import { changeSpeed } from '../../../../agent/console/shell/speed.ts';
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

t.test('lines that wait while a page is shown appear when the session ends there', async () => {
  const clock = createManualClock(0);
  let shown = '';
  const write = (bytes: Uint8Array): number => {
    shown += Buffer.from(bytes).toString();
    return bytes.length;
  };
  const dialog = new Dialog({ speedBaud: null, listen: () => {}, write } as unknown as Tty, clock, () => '');
  const paged = dialog.page(Array.from({ length: 100 }, (_, i) => `line ${i}`));
  dialog.printAbove(['! logout in 60 s']);
  await clock.advance(1_000);
  t.notMatch(shown, /logout/);
  dialog.printAbove(['! logged out']);
  dialog.end('idle');
  await paged;
  await clock.advance(1_000);
  t.match(shown, /--More--\r?\n! logout in 60 s\r?\n! logged out\r?\n$/);
});

/** A dialog at 9600 baud whose output a person has stopped with XOFF, and the parts of a file transfer on it. */
function underXoff(t: Pick<Test, 'teardown'>) {
  const filesDir = mkdtempSync(join(tmpdir(), 'luciole-test-'));
  t.teardown(() => rmSync(filesDir, { recursive: true, force: true }));
  writeFileSync(join(filesDir, 'a.txt'), 'x'.repeat(4_000));
  const clock = createManualClock(0);
  const done: string[] = [];
  const tty = {
    ...{ speedBaud: 9_600, listen: () => {}, write: (bytes: Uint8Array) => bytes.length },
    lend: async ([program = '']: readonly string[]) => {
      done.push(program);
      return 0;
    },
    setSpeed: async (baud: number) => void done.push(String(baud)),
  } as unknown as Tty;
  const dialog = new Dialog(tty, clock, () => '');
  dialog.input.receive(Buffer.from('\x13'));
  return { dialog, clock, done, parts: { dialog, tty, clock, filesDir, role: null, translate: String } };
}

t.test('a terminal that stopped the output with XOFF is asked for its size only until the session ends', async (t) => {
  const { dialog, clock } = underXoff(t);
  const probed = dialog.probe();
  await clock.advance(60_000);
  dialog.end('idle');
  await clock.advance(300);
  t.equal(await probed, false);
});

t.test('a change of speed or a transfer that waits for XON is given up when the session ends', async (t) => {
  const copy = { file: 'a.txt', fromLine: 1 };
  for (const [start, problem, leastBytes] of [
    [({ parts }) => changeSpeed('19200', parts.dialog, parts.tty, parts.clock, String), /the session has ended/, 1],
    [({ parts }) => copySerial({ ...copy, isBase64: false }, parts), /the session has ended/, 1],
    [({ parts }) => copySerial({ ...copy, isBase64: true }, parts), /stopped; --from LINE goes on/, 600],
    [({ parts }) => receiveSerial({ file: 'b.txt', isRestart: false, isGone: false }, parts), /the session has ended/, 1],
  ] satisfies [(scene: ReturnType<typeof underXoff>) => Promise<unknown>, RegExp, number][]) {
    const scene = underXoff(t);
    const ended = t.rejects(start(scene), { message: problem });
    while (scene.dialog.writer.waiting() < leastBytes) await new Promise((resolve) => setImmediate(resolve));
    scene.dialog.end('stopped');
    await scene.clock.advance(100);
    await ended;
    t.strictSame(scene.done, []);
  }
});

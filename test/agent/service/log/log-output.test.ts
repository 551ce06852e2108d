/** Real pipes and devices under the log. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { createSystemClock } from '../../../../agent/core/system-clock.ts';
import { createLogOutput } from '../../../../agent/service/log/log-output.ts';

const { O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;
const clock = createSystemClock({ quality: () => 'none' });
const LINE = `${'x'.repeat(99)}\n`;

/** A pipe whose writer is refused while it is full. */
async function pipeIn(t: Test) {
  const folder = mkdtempSync(join(tmpdir(), 'luciole-log-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'pipe');
  await once(spawn('mkfifo', [path]), 'exit');
  const reader = openSync(path, O_RDONLY | O_NONBLOCK);
  const writer = openSync(path, O_WRONLY | O_NONBLOCK);
  t.teardown(() => closeSync(writer));
  return { path, reader, writer };
}

/** What is in the pipe now. */
function drain(reader: number): string {
  const bytes = Buffer.alloc(2 ** 21);
  try {
    return bytes.toString('latin1', 0, readSync(reader, bytes));
  } catch {
    return '';
  }
}

t.test('each line is written once and in order, however slow the reader is', async (t) => {
  const { reader, writer } = await pipeIn(t);
  t.teardown(() => closeSync(reader));
  const output = createLogOutput(writer, clock);
  const lines = Array.from({ length: 5_000 }, (_, index) => `${String(index).padStart(99, '.')}\n`);
  for (const line of lines) output.write(line);
  let text = '';
  while (text.length < lines.length * LINE.length) {
    text += drain(reader);
    await new Promise((resolve) => setImmediate(resolve));
  }
  t.equal(text, lines.join(''));
});

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

t.test('of the lines for a reader that stalls the oldest megabyte is kept', async (t) => {
  const { reader, writer } = await pipeIn(t);
  t.teardown(() => closeSync(reader));
  const output = createLogOutput(writer, clock);
  for (let index = 0; index < 30_000; index++) output.write(`${String(index).padStart(99, '.')}\n`);
  let text = '';
  while (text.length < 2 ** 20 - LINE.length) {
    text += drain(reader);
    await turn();
  }
  // Was discarded: more than 2 MB.
  output.write('the next\n');
  while (!text.endsWith('the next\n')) {
    text += drain(reader);
    await turn();
  }
  t.ok(text.length < 2 ** 20 + 200 * LINE.length, `${text.length} bytes`);
  t.match(text, /^\.+0\n\.+1\n/);
});

t.test('a flush ends where the reader stalls', async (t) => {
  const { reader, writer } = await pipeIn(t);
  t.teardown(() => closeSync(reader));
  const output = createLogOutput(writer, clock);
  for (let index = 0; index < 5_000; index++) output.write(LINE);
  output.flush();
  t.ok(drain(reader).startsWith(LINE));
});

t.test('lines that could not be written are written once the output can be written again', async (t) => {
  const { path, reader, writer } = await pipeIn(t);
  closeSync(reader);
  const output = createLogOutput(writer, clock);
  output.write('first\n');
  // The write in progress fails meanwhile.
  for (let turns = 0; turns < 100; turns++) await turn();
  const again = openSync(path, O_RDONLY | O_NONBLOCK);
  t.teardown(() => closeSync(again));
  let text = '';
  for (let index = 0; !text.includes('next 0\n'); index++) {
    output.write(`next ${index}\n`);
    await turn();
    text += drain(again);
  }
  t.match(text, /^first\nnext 0\n/);
});

t.test('a flush to a full disk ends, and what it held is discarded', async (t) => {
  const fd = openSync('/dev/full', 'w');
  t.teardown(() => closeSync(fd));
  const output = createLogOutput(fd, clock);
  for (let index = 0; index < 20_000; index++) output.write(LINE);
  output.flush();
  await turn();
  output.flush();
  t.pass('it has returned');
});

/** Reads until the text holds. */
async function readUntil(reader: number, holds: (text: string) => boolean): Promise<string> {
  let text = '';
  while (!holds(text)) {
    text += drain(reader);
    await turn();
  }
  return text;
}

for (const lines of [10_500, 30_000, 100_000]) {
  t.test(`of ${lines} lines for a reader that stalls the log counts each lost one, in one line where they are missing`, async (t) => {
    const { reader, writer } = await pipeIn(t);
    t.teardown(() => closeSync(reader));
    const output = createLogOutput(writer, clock, (count) => output.write(`lost ${count}\n`));
    for (let index = 0; index < lines; index++) output.write(`${String(index).padStart(99, '.')}\n`);
    const text = await readUntil(reader, (found) => /^lost \d+\n/m.test(found) || found.length >= lines * LINE.length);
    const written = text.match(/^\.+\d+$/gm)?.length ?? 0;
    const reports = [...text.matchAll(/^lost (\d+)$/gm)].map(([, count]) => Number(count));
    t.ok(reports.length <= 1, 'one line');
    t.equal(written + (reports[0] ?? 0), lines, `${written} written, ${reports} lost`);
    t.equal(reports.length, lines > 12_000 ? 1 : reports.length);
  });
}

t.test('lines that a closed pipe lost are counted once somebody reads again', async (t) => {
  const { path, reader, writer } = await pipeIn(t);
  closeSync(reader);
  const output = createLogOutput(writer, clock, (count) => output.write(`lost ${count}\n`));
  for (let index = 0; index < 15_000; index++) output.write(`${String(index).padStart(99, '.')}\n`);
  for (let turns = 0; turns < 100; turns++) await turn();
  const again = openSync(path, O_RDONLY | O_NONBLOCK);
  t.teardown(() => closeSync(again));
  // As long as the others: it has no room.
  output.write(LINE);
  const text = await readUntil(again, (found) => /^lost \d+\n/m.test(found));
  const written = text.slice(0, text.indexOf('lost')).match(/^\.+\d+$/gm)?.length ?? 0;
  const [, lost = ''] = /^lost (\d+)$/m.exec(text) ?? [];
  t.ok(Number(lost) > 3_000 && written > 0, `${written} before it, ${lost} lost`);
});

/** Real pipes and devices under the log. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, mkdtempSync, openSync, readFileSync, readSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { createSystemClock } from '../../../../agent/core/system-clock.ts';
import { createLogOutput, type LogOutput } from '../../../../agent/service/log/log-output.ts';
import { mountSmallDisk } from '../../../support/small-disk.ts';

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

/** What is being written while a flush begins ends by itself. Units: lines. */
const MOST_IN_PROGRESS = 101;

/** What is there once a line is there that is written now. */
async function writeUntil(output: LogOutput, line: string, read: () => string): Promise<string> {
  for (;;) {
    // It is written with the next one, where the output has failed.
    output.write(line);
    await turn();
    const text = read();
    if (text.includes(line)) return text;
  }
}

/** All that has come through a pipe. */
function reading(reader: number): () => string {
  let text = '';
  return () => {
    text += drain(reader);
    return text;
  };
}

t.test('a flush fills a pipe whose reader stalls, ends there, and discards the rest', async (t) => {
  const { reader, writer } = await pipeIn(t);
  t.teardown(() => closeSync(reader));
  const output = createLogOutput(writer, clock);
  for (let index = 0; index < 5_000; index++) output.write(LINE);
  output.flush();
  const flushed = drain(reader);
  t.ok(flushed.startsWith(LINE) && flushed.length > 60_000, `${flushed.length} bytes were flushed`);
  const rest = await writeUntil(output, 'the next\n', reading(reader));
  const old = rest.split('\n').filter((line) => line.startsWith('x')).length;
  t.ok(old <= MOST_IN_PROGRESS, `${old} lines came later, of ${5_000 - Math.floor(flushed.length / LINE.length)} that were left`);
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
  // A write of the test before, still under way when its pipe was closed, may reach this pipe, which has its number.
  t.match(text.replace(/^(the next\n)+/, ''), /^first\nnext 0\n/);
});

const disk = mountSmallDisk(64);
t.teardown(() => disk.remove());

t.test('a flush to a full disk ends, and what it held is discarded', { skip: disk.skip }, async (t) => {
  const [path, ballast] = ['log', 'ballast'].map((name) => join(disk.dir, name)) as [string, string];
  writeFileSync(ballast, Buffer.alloc(40_960));
  const fd = openSync(path, 'a');
  t.teardown(() => closeSync(fd));
  const output = createLogOutput(fd, clock);
  for (let index = 0; index < 5_000; index++) output.write(LINE);
  output.flush();
  const { size } = statSync(path);
  t.ok(size > 0 && size <= 24_576, `${size} bytes had room`);
  rmSync(ballast);
  const text = await writeUntil(output, 'the next\n', () => readFileSync(path, 'latin1'));
  const old = text.split('\n').filter((line) => line.startsWith('x')).length;
  t.ok(old <= size / LINE.length + MOST_IN_PROGRESS, `${old} lines of before are there, ${size / LINE.length} had room`);
});

t.test('a flush to an output without a reader ends, and its content is discarded', async (t) => {
  const { path, reader, writer } = await pipeIn(t);
  closeSync(reader);
  const output = createLogOutput(writer, clock);
  for (let index = 0; index < 20_000; index++) output.write(LINE);
  for (let turns = 0; turns < 100; turns++) await turn();
  output.flush();
  const again = openSync(path, O_RDONLY | O_NONBLOCK);
  t.teardown(() => closeSync(again));
  t.match(await writeUntil(output, 'the next\n', reading(again)), /^(the next\n)+$/);
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

t.test('lines lost in a closed pipe are counted once it has a reader again', async (t) => {
  const { path, reader, writer } = await pipeIn(t);
  closeSync(reader);
  const output = createLogOutput(writer, clock, (count) => output.write(`lost ${count}${LINE}`));
  for (let index = 0; index < 15_000; index++) output.write(`${String(index).padStart(99, '.')}\n`);
  for (let turns = 0; turns < 100; turns++) await turn();
  const again = openSync(path, O_RDONLY | O_NONBLOCK);
  t.teardown(() => closeSync(again));
  // As long as the others: it has no room.
  output.write(LINE);
  const text = await readUntil(again, (found) => /^lost \d+x+\n/m.test(found));
  const written = text.slice(0, text.indexOf('lost')).match(/^\.+\d+$/gm)?.length ?? 0;
  const [, lost = ''] = /^lost (\d+)x+$/m.exec(text) ?? [];
  t.ok(Number(lost) > 3_000 && written > 0, `${written} before it, ${lost} lost`);
});

t.test('a flush to a device that takes nothing returns', async (t) => {
  const fd = openSync('/dev/full', 'w');
  t.teardown(() => closeSync(fd));
  const output = createLogOutput(fd, clock);
  for (let index = 0; index < 20_000; index++) output.write(LINE);
  output.flush();
  await turn();
  t.pass('it has returned');
});

/** What the program does where its output cannot be written: a full disk, a reader that has gone. */
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { createConsoleServer } from '../../../agent/console/protocol/socket-server.ts';
import { createManualClock } from '../../../agent/core/manual-clock.ts';
import type { ExportPage, ExportQuery } from '../../../agent/core/ports.ts';
import { frame } from '../store/fixtures/kit.ts';
import { AT_MS, TIMEZONE } from './fake-clock.ts';
import { createFakeView } from './fake-view.ts';
import { MAIN, programFolder, run, startProgram } from './program.ts';

const luciole = (...words: string[]): string[] => [process.execPath, MAIN, ...words];
const full = (): number => openSync('/dev/full', 'w');

t.test('a full disk under the output is one sentence with what to check, not a trace', async (t) => {
  for (const words of [['version'], ['version', '--json'], ['manual'], ['--help']]) {
    const { code, err } = await run(luciole(...words), { stdio: ['ignore', full(), 'pipe'] });
    t.equal(code, 1, words.join(' '));
    t.equal(err, 'luciole: the output cannot be written (ENOSPC): check the free space and the disk of the file it goes to\n');
  }
  t.match(await run(luciole('version'), { stdio: ['ignore', full(), full()] }), { code: 1 }, 'nor where that sentence has no place');
  t.match(await run(luciole('nonsense'), { stdio: ['ignore', 'pipe', full()] }), { code: 64 });
});

/** An agent whose export has no end. */
async function endlessExport(socketPath: string): Promise<() => Promise<void>> {
  const page = (afterSeq: number): ExportPage => {
    const frames = Array.from({ length: 100 }, (_, i) => ({ ...frame(i, 20), seq: afterSeq + i + 1, isCorrected: false }));
    return { epoch: 'e', frames, nextSeq: afterSeq + 100 };
  };
  const view = { ...createFakeView(), exportPage: async ({ afterSeq }: ExportQuery) => page(afterSeq) };
  const clock = createManualClock(AT_MS);
  const server = createConsoleServer({ view, socketPath, log: { event: () => {} }, clock, timezone: TIMEZONE });
  await server.start();
  return () => server.stop();
}

t.test('an export whose reader goes before its end fails as a shell reports SIGPIPE; a page that is cut is no failure', async (t) => {
  const socket = join(programFolder(t), 'agent.sock');
  t.teardown(await endlessExport(socket));
  const cut = async (...words: string[]): Promise<unknown> => {
    const child = startProgram(luciole(...words), { stdio: ['ignore', 'pipe', 'ignore'] });
    t.teardown(() => child.kill('SIGKILL'));
    child.stdout?.once('data', () => child.stdout?.destroy());
    return (await once(child, 'close'))[0];
  };
  t.equal(await cut('export', '--since', '24h', '--to', '-', '--format', 'csv', '--socket', socket), 141);
  t.equal(await cut('export', '--since', '24h', '--to', '-', '--format', 'jsonl', '--socket', socket), 141);
  t.equal(await cut('manual'), 0);
});

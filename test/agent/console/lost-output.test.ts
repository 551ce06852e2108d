/** What the program does where its output cannot be written: a full disk, a reader that has gone. */
import { once } from 'node:events';
import { openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { callAgent } from '../../../agent/console/protocol/socket-client.ts';
import { createConsoleServer } from '../../../agent/console/protocol/socket-server.ts';
import { createManualClock } from '../../../agent/core/manual-clock.ts';
import type { ExportPage, ExportQuery } from '../../../agent/core/ports.ts';
import { SMALL_SITE } from '../../support/small-site.ts';
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

t.test('an export whose reader closes early fails as a shell reports SIGPIPE; a page that is cut is no failure', async (t) => {
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

/** Resolves once the agent answers on this socket. */
async function answering(socket: string, isRunning: () => boolean): Promise<void> {
  while (isRunning()) {
    try {
      return void (await callAgent({ socketPaths: [socket], request: { id: 1, command: 'status', args: {}, user: '' }, timeoutMs: 5_000 }));
    } catch (error) {
      if (!(error instanceof Error && 'code' in error)) throw error;
    }
  }
}

t.test('an agent continues if its log cannot be written, and stops on request', async (t) => {
  const folder = programFolder(t);
  const [file, socket] = [join(folder, 'cabinet.yaml'), join(folder, 'agent.sock')];
  writeFileSync(file, SMALL_SITE);
  const places = ['--port', `north=${join(folder, 'tty')}`, '--no-uplink', '--data-dir', join(folder, 'data'), '--socket', socket];
  for (const errors of ['pipe', full()] as const) {
    const agent = startProgram(luciole('run', file, ...places, '--verbose'), { stdio: ['ignore', full(), errors] });
    t.teardown(() => agent.kill('SIGKILL'));
    await answering(socket, () => agent.exitCode === null && agent.signalCode === null);
    await answering(socket, () => agent.exitCode === null && agent.signalCode === null);
    t.same([agent.exitCode, agent.signalCode], [null, null], 'it answers');
    agent.kill('SIGTERM');
    t.same(await once(agent, 'exit'), [0, null]);
  }
});

t.test('a bad configuration has its exit code where its log cannot be written', async (t) => {
  const folder = programFolder(t);
  const file = join(folder, 'cabinet.yaml');
  writeFileSync(file, 'cabinet: 5\n');
  const { code, err } = await run(luciole('run', file, '--data-dir', join(folder, 'data')), { stdio: ['ignore', full(), 'pipe'] });
  t.equal(code, 78);
  t.match(err, /zones: missing/);
});

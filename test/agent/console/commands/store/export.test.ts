import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import t, { type Test } from 'tap';
import { runCommandLine } from '../../../../../agent/console/cli.ts';
import { openExportFile } from '../../../../../agent/console/commands/store/export-file.ts';
import { exportReadings } from '../../../../../agent/console/commands/store/export-run.ts';
import { createConsoleServer } from '../../../../../agent/console/protocol/socket-server.ts';
import type { LocalActions, Terminal } from '../../../../../agent/console/terminal/terminal.ts';
import { createManualClock } from '../../../../../agent/core/manual-clock.ts';
import { msg } from '../../../../../agent/core/message.ts';
import type { AgentView } from '../../../../../agent/core/views.ts';
import { mountSmallDisk } from '../../../../support/small-disk.ts';
import { AT_MS, TIMEZONE } from '../../fake-clock.ts';
import { storedFrames, storeStatus } from '../../fake-store.ts';
import { createFakeView } from '../../fake-view.ts';

const MAIN = resolve(import.meta.dirname, '../../../../../agent/main.ts');

/** An agent whose pages are of a hundred frames, so that its export of seven hours and a half has five. */
async function agentAt(t: Test, changes: Partial<AgentView> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'luciole-test-'));
  const socketPath = join(folder, 'agent.sock');
  const clock = createManualClock(AT_MS);
  const fake = createFakeView();
  const pages: number[] = [];
  const exportPage: AgentView['exportPage'] = (query) => {
    pages.push(query.afterSeq);
    return fake.exportPage({ ...query, maxFrames: 100 });
  };
  const view = { ...fake, exportPage, ...changes };
  const server = createConsoleServer({ view, socketPath, log: { event: () => {} }, clock, timezone: TIMEZONE });
  t.teardown(async () => {
    await server.stop();
    rmSync(folder, { recursive: true });
  });
  await server.start();
  return { folder, socketPath, clock, pages, exportPage, view, at: (name: string) => join(folder, name), server };
}
type At = Awaited<ReturnType<typeof agentAt>>;

async function run({ socketPath }: At, words: readonly string[], changes: Partial<Terminal> = {}, signal = new AbortController().signal) {
  const text = { out: '', err: '' };
  const add = (stream: 'out' | 'err') => (more: string) => {
    text[stream] += more;
  };
  const terminal: Terminal = {
    out: add('out'),
    err: add('err'),
    widthCols: 80,
    colour: false,
    user: 'tech',
    version: 'luciole 0',
    socketPath,
    status: null,
    localFiles: () => Promise.reject(new Error('device types are not needed here')),
    ...changes,
  };
  const write = async (more: string): Promise<void> => terminal.out(more);
  const actions = { export: (args: object) => exportReadings(args as never, terminal, signal, write) };
  const code = await runCommandLine(['export', ...words], terminal, actions as unknown as LocalActions);
  return { code, ...text };
}

const text = (file: string): string => readFileSync(file, 'utf8');
const files = ({ folder }: At): string[] =>
  readdirSync(folder)
    .filter((name) => name !== 'agent.sock')
    .sort();

t.test('readings become lines of CSV, each once, and the file has its name only when it is whole', async (t) => {
  const agent = await agentAt(t);
  const file = agent.at('all.csv');
  const ended = await run(agent, ['--since', '24h', '--to', file]);
  t.match(ended, { code: 0, err: '22 %, 200 readings\n44 %, 400 readings\n66 %, 600 readings\n88 %, 800 readings\n' });
  t.match(
    ended.out.replaceAll('\n', ' '),
    /all\.csv: 900 readings in 450 frames, 2026-11-30T21:41:07Z to 2026-12-01T21:41:07Z, store 8f1c0a6b/,
  );
  t.strictSame(files(agent), ['all.csv']);
  const lines = text(file).split('\n');
  t.equal(lines.length, 902);
  t.strictSame(lines.slice(0, 5), [
    'seq,time,point,value,unit,quality,corrected',
    '11,2026-12-01T14:11:07.000Z,L01.level,30,%,good,true',
    '11,2026-12-01T14:11:07.250Z,air.pm25,8.5,µg/m³,good,true',
    '12,2026-12-01T14:12:07.000Z,L01.level,30,%,good,false',
    '12,2026-12-01T14:12:07.250Z,air.pm25,,µg/m³,missing,false',
  ]);
  t.strictSame([new Set(lines).size, lines.at(-1)], [902, '']);
  t.strictSame(agent.pages, [0, 110, 210, 310, 410]);
});

t.test('an export while the disk takes nothing warns of the readings that are not in it, for people and for scripts', async (t) => {
  const store = async () => ({
    ...(await createFakeView().store()),
    state: 'trouble' as const,
    reason: msg`the disk is full`,
    readingsWaiting: 131,
  });
  const agent = await agentAt(t, { store });
  const warning = /warning: 131 readings not in it: the disk does not take them, they wait in\nmemory; see `luciole store`\n$/;
  t.match(await run(agent, ['--since', '1m', '--to', agent.at('held.csv')]), { code: 0, err: warning });
  const scripted = await run(agent, ['--since', '1m', '--to', agent.at('held.jsonl'), '--json']);
  t.match(scripted, { code: 0, err: warning });
  t.match(JSON.parse(scripted.out), { waiting: 131 });
  const sound = await agentAt(t);
  const { out, err } = await run(sound, ['--since', '1m', '--to', sound.at('sound.csv'), '--json']);
  t.notMatch(err + out, /waiting|memory/);
});

t.test('JSON Lines begin with their origin, and the file extension selects them', async (t) => {
  const agent = await agentAt(t);
  for (const name of ['some.jsonl', 'some.ndjson']) {
    await run(agent, ['--since', '2h', '--until', '1h', '--to', agent.at(name)]);
    const lines = text(agent.at(name)).trim().split('\n');
    t.equal(lines.length, 121);
    t.strictSame(JSON.parse(lines[0] ?? ''), {
      luciole: 'export',
      epoch: storeStatus().epoch,
      from: '2026-12-01T19:41:07.000Z',
      to: '2026-12-01T20:41:07.000Z',
    });
    t.strictSame(JSON.parse(lines[1] ?? ''), {
      seq: 341,
      time: '2026-12-01T19:41:07.000Z',
      point: 'L01.level',
      value: 30,
      unit: '%',
      quality: 'good',
      corrected: false,
    });
  }
});

t.test('the output accepts an export too, and the checksum is printed separately', async (t) => {
  const agent = await agentAt(t);
  const csv = await run(agent, ['--since', '1h', '--to', '-']);
  t.match(csv, { code: 0, out: /^seq,time[\s\S]*\n460,/, err: /^120 readings in 60 frames/ });
  const json = await run(agent, ['--since', '1h', '--to', '-', '--format', 'jsonl', '--json']);
  t.match(json, {
    code: 0,
    out: /^{"luciole":"export"/,
    err: /^{"file":"-","format":"jsonl","epoch":.*,"frames":60,"readings":120,"resumed":false}\n$/,
  });
  t.strictSame(files(agent), []);
});

t.test('a terminal shows the progress', async (t) => {
  const agent = await agentAt(t);
  const shown: string[] = [];
  const status = { show: (line: string) => void shown.push(line), clear: () => void shown.push('') };
  const { err } = await run(agent, ['--since', '8h', '--to', agent.at('x.csv')], { status });
  t.strictSame(shown.slice(0, 4), ['22 %, 200 readings', '44 %, 400 readings', '66 %, 600 readings', '88 %, 800 readings']);
  t.equal(err, '');
});

t.test('an interrupted export continues after its last whole page, with its original time range, wherever it was cut', async (t) => {
  const whole = await agentAt(t);
  for (const format of ['csv', 'jsonl']) {
    const all = whole.at(`all.${format}`);
    await run(whole, ['--since', '24h', '--to', all]);
    for (const failing of [1, 2, 3, 4, 5]) {
      let asked = 0;
      const agent = await agentAt(t);
      const exportPage: AgentView['exportPage'] = async (query) => (++asked === failing ? undefined : agent.exportPage(query));
      const broken = await agentAt(t, { exportPage });
      const file = broken.at(`some.${format}`);
      const words = ['--since', '24h', '--to', file];
      const first = await run(broken, words);
      const message = failing === 1 ? /busy/ : /busy;[\s\S]*part\s+is\s+kept:\s+the\s+same\s+command\s+continues\s+from\s+there/;
      t.match(first, { code: 1, out: '', err: message }, `${format} broken at page ${failing}`);
      t.strictSame(files(broken), failing === 1 ? [] : [`some.${format}.part`, `some.${format}.part.json`]);
      if (failing > 1) appendFileSync(`${file}.part`, '999,half of a li'.repeat(10_000));
      await broken.clock.advance(3_600_000);
      const second = await run(broken, [...words, '--json']);
      t.match(second, { code: 0, out: new RegExp(`"readings":900,"resumed":${failing > 1}}`) });
      if (failing > 1) t.equal(text(file), text(all), 'the same as in one go');
      t.strictSame(files(broken), [`some.${format}`]);
    }
  }
});

t.test('an export killed within its first page starts again; one killed before its rename is renamed', async (t) => {
  const agent = await agentAt(t);
  const file = agent.at('x.csv');
  const words = ['--since', '24h', '--to', file];
  const note = {
    since: '24h',
    until: null,
    format: 'csv',
    epoch: storeStatus().epoch,
    fromMs: AT_MS - 86_400_000,
    toMs: AT_MS,
    beganMs: AT_MS - 27_000_000,
  };
  const left = (part: string, state: object | null): void => {
    writeFileSync(`${file}.part`, part);
    if (state !== null) writeFileSync(`${file}.part.json`, JSON.stringify({ ...note, ...state }));
  };
  left('', null);
  t.match(await run(agent, words), { code: 0 }, 'before anything was written');
  const whole = text(file);
  left('seq,time,poi', { afterSeq: 0, frames: 0, readings: 0, bytes: 0 });
  t.match(await run(agent, words), { code: 0 });
  t.equal(text(file), whole, 'within its first page');
  left(whole, { afterSeq: 460, frames: 450, readings: 900, bytes: Buffer.byteLength(whole) });
  t.match(await run(agent, words), { code: 0, out: /900\s+readings/ });
  t.equal(text(file), whole, 'after its last');
  writeFileSync(`${file}.part.json`, JSON.stringify({ ...note, afterSeq: 460, frames: 450, readings: 900, bytes: 5_000_000 }));
  t.match(await run(agent, words), { code: 0 }, 'a note without its file');
  t.strictSame(files(agent), ['x.csv']);
});

/** Sixteen pages, of which one is left: for the note, not for the readings. */
const disk = mountSmallDisk(64);
t.teardown(() => disk.remove());

t.test('a truncated first page is recognised, so that the next run may overwrite it', { skip: disk.skip }, async (t) => {
  const at = (name: string): string => join(disk.dir, name);
  writeFileSync(at('filler'), Buffer.alloc(15 * 4_096));
  const typed = { since: '24h', until: null, format: 'csv' };
  const file = await openExportFile(at('x.csv'), typed);
  const reached = { ...typed, epoch: 'e', fromMs: 0, toMs: 9, beganMs: 0, afterSeq: 7, frames: 1, readings: 2 };
  await t.rejects(file.append('seq,time', reached), { code: 'failed', message: /disk is full/ });
  t.match(JSON.parse(text(at('x.csv.part.json'))), { afterSeq: 0, readings: 0, bytes: 0, toMs: 9 });
  await file.close();
  t.strictSame(readdirSync(disk.dir).sort(), ['filler', 'x.csv.part.json']);
  rmSync(at('x.csv.part.json'));
});

t.test('an export to a full disk reports what to check', { skip: disk.skip }, async (t) => {
  const agent = await agentAt(t);
  writeFileSync(join(disk.dir, 'filler'), Buffer.alloc(16 * 4_096));
  const answer = await run(agent, ['--since', '24h', '--to', join(disk.dir, 'full.csv')]);
  t.match(answer, { code: 1, out: '', err: /its disk is full; make\s+room, or\s+write to another one/ });
});

t.test('the start of another export is neither continued nor discarded', async (t) => {
  const exportPage: AgentView['exportPage'] = async (query) =>
    query.afterSeq > 200 ? undefined : createFakeView().exportPage({ ...query, maxFrames: 100 });
  const agent = await agentAt(t, { exportPage });
  const file = agent.at('x.csv');
  await run(agent, ['--since', '24h', '--to', file]);
  const [part, note] = [text(`${file}.part`), text(`${file}.part.json`)];
  const refused: [story: string, words: string[], message: RegExp][] = [
    ['another time', ['--since', '23h'], /x\.csv\.part is the beginning of an export --since 24h --format csv: give the same/],
    ['another end', ['--since', '24h', '--until', '1h'], /is the beginning of an export --since 24h/],
    ['another format', ['--since', '24h', '--format', 'jsonl'], /to start again remove \S+x\.csv\.part and x\.csv\.part\.json/],
  ];
  for (const [story, words, message] of refused) {
    const { code, err } = await run(agent, [...words, '--to', file]);
    t.equal(code, 1, story);
    t.match(err.replace(/\s+/g, ' '), message, story);
  }
  t.strictSame([text(`${file}.part`), text(`${file}.part.json`)], [part, note], 'nothing was touched');
  truncateSync(`${file}.part`, 100);
  t.match(await run(agent, ['--since', '24h', '--to', file]), { code: 1, err: /shorter/ });
  writeFileSync(`${file}.part.json`, '{"since":"24h"');
  t.match(await run(agent, ['--since', '24h', '--to', file]), { code: 1, err: /not\s+the\s+beginning\s+of\s+an\s+export/ });
});

t.test('a store that was created again has other readings, so an export of the old one does not continue', async (t) => {
  let epoch = storeStatus().epoch;
  const exportPage: AgentView['exportPage'] = async (query) => {
    const page = await createFakeView().exportPage({ ...query, maxFrames: 100 });
    if (page === undefined || query.afterSeq > 200) epoch = 'another';
    return page === undefined ? undefined : { ...page, epoch };
  };
  const agent = await agentAt(t, { exportPage });
  const ended = await run(agent, ['--since', '24h', '--to', agent.at('x.csv')]);
  t.match(ended, { code: 1, err: /was replaced\s+since/ });
  t.notMatch(ended.err, /goes on from/);
});

t.test('an agent that gives the same page again does not keep a reader for ever', async (t) => {
  const exportPage: AgentView['exportPage'] = async () => ({ epoch: 'e', frames: storedFrames(2), nextSeq: 12 });
  const agent = await agentAt(t, { exportPage });
  t.match(await run(agent, ['--since', '24h', '--to', '-']), { code: 1, err: /same page again/ });
});

t.test('an unwritable target is reported with what to check', async (t) => {
  const agent = await agentAt(t);
  mkdirSync(agent.at('folder.csv'));
  symlinkSync('/dev/full', agent.at('device.csv.part'));
  const places: [to: string, patterns: RegExp][] = [
    ['none/x.csv', /there is no such\s+folder; make it\s+first/],
    ['folder.csv', /is a folder; name a file in it/],
    ['device.csv', /it or its \.part is a\s+pipe or a device; name another file/],
  ];
  for (const [to, err] of places) t.match(await run(agent, ['--since', '24h', '--to', agent.at(to)]), { code: 1, out: '', err }, to);
});

t.test('a missing agent is reported, and an agent that stops leaves a file that can be continued', async (t) => {
  const agent = await agentAt(t, {
    exportPage: async (query) => {
      if (query.afterSeq > 0) void agent.server.stop();
      return createFakeView().exportPage({ ...query, maxFrames: 100 });
    },
  });
  const file = agent.at('x.csv');
  t.match(await run(agent, ['--since', '24h', '--to', file]), {
    code: 69,
    err: /closed the connection[\s\S]*the\s+same\s+command\s+continues/,
  });
  t.strictSame(files(agent), ['x.csv.part', 'x.csv.part.json']);
  t.match(await run(agent, ['--since', '24h', '--to', file]), { code: 69, err: /no agent answers/ });
  t.strictSame(files(agent), ['x.csv.part', 'x.csv.part.json']);
});

t.test('Ctrl-C ends it immediately, even while a page is being received, and keeps the file so far', async (t) => {
  const waiting = Promise.withResolvers<void>();
  const exportPage: AgentView['exportPage'] = (query) => {
    if (query.afterSeq === 0) return createFakeView().exportPage({ ...query, maxFrames: 100 });
    waiting.resolve();
    return new Promise(() => {});
  };
  const agent = await agentAt(t, { exportPage });
  const file = agent.at('x.csv');
  const child = spawn(process.execPath, [MAIN, 'export', '--since', '24h', '--to', file, '--socket', agent.socketPath], {
    env: { PATH: '/usr/bin:/bin' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let err = '';
  child.stderr.on('data', (bytes) => {
    err += bytes;
  });
  await waiting.promise;
  child.kill('SIGINT');
  t.strictSame(await once(child, 'close'), [1, null]);
  t.match(err, /luciole: stopped; \S+x\.csv\.part\s+is\s+kept/);
  t.strictSame(files(agent), ['x.csv.part', 'x.csv.part.json']);
  t.match(JSON.parse(text(`${file}.part.json`)), { afterSeq: 110, frames: 100, readings: 200 });
});

/**
 * A visit at the cabinet: the real `luciole console` on a real pseudo-terminal at the pace of 9600 baud, before the whole agent on a simulated street.
 *
 * Owns the terminal and its transcript. The street's clock runs while the technician waits for an answer.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { spawn } from '@lydell/node-pty';
import type { Test } from 'tap';
import { createRig, type Rig, type RigOptions } from './rig.ts';
import { createScreen, type Screen } from './screen.ts';

const ROOT = join(import.meta.dirname, '../..');
const TRANSCRIPTS = join(ROOT, 'test/scenario/transcripts');
/** Who runs the tests is who visits. */
export const USER = userInfo().username;
/** How far the street gets on while the console may write. Units: ms. */
const STEP_MS = 20;
/** How much faster than the terminal's own, so that no visit takes minutes and no override of minutes ends within an answer. */
const PACE = 10;
/** So many equal rows and more stand as one and their count: what was pasted, not what was told. */
const MANY_ROWS = 10;

export interface Visit {
  readonly rig: Rig;
  readonly screen: Screen;
  /** Bytes the terminal got so far. */
  bytes(): Buffer;
  /** Types a line, turns all pages, and waits for the next prompt; resolves with what was shown between. */
  say(line: string): Promise<string>;
  /** Types it as it is. */
  type(text: string): void;
  /** Lets the street get on until the terminal shows it. */
  until(shown: RegExp): Promise<void>;
  /** Lets the street get on until it is so. */
  settled(holds: () => boolean, what: string): Promise<void>;
  /** What the technician typed in other visits. */
  readonly folder: string;
  /** The carrier is lost, of which the kernel tells by this signal; resolves with the exit code. */
  hangUp(): Promise<number>;
  /** Holds the transcript against the one that is kept; `UPDATE_TRANSCRIPTS=1` keeps this one. */
  compare(t: Test, name: string): void;
}

export interface VisitOptions extends Pick<RigOptions, 'startAt' | 'change' | 'siteFile' | 'withUplink'> {
  /** Default: the agent is there. */
  readonly withAgent?: boolean;
  /** Default: 9600. */
  readonly speedBaud?: number;
  /** Of the file of the cabinet, for what is said where no agent answers. */
  readonly cabinetText?: (storeDir: string) => string;
}

export async function visitCabinet(
  t: Test,
  { withAgent = true, speedBaud = 9_600, cabinetText, ...options }: VisitOptions,
): Promise<Visit> {
  const folder = mkdtempSync(join(tmpdir(), 'luciole-test-'));
  const socketPath = join(folder, 'agent.sock');
  // As short wherever the tests lie, so that rows that name it break at the same places.
  const cabinetFolder = mkdtempSync(join(tmpdir(), 'luciole-test-'));
  t.teardown(() => rmSync(cabinetFolder, { recursive: true, force: true }));
  const rig = await createRig(t, { ...options, folder: cabinetFolder, socketPath: withAgent ? socketPath : null });
  // A name of its own, as the transcript shows it.
  symlinkSync(join(cabinetFolder, 'data'), join(folder, 'store'));
  if (cabinetText !== undefined) writeFileSync(join(folder, 'cabinet.yaml'), cabinetText(join(folder, 'store')));
  const child = spawn(
    process.execPath,
    [join(ROOT, 'agent/main.ts'), 'console', '--baud', String(speedBaud), '--no-probe', '--socket', socketPath],
    {
      cols: 80,
      rows: 24,
      encoding: null,
      env: { PATH: '/nowhere', STATE_DIRECTORY: folder, LUCIOLE_CONFIG: join(folder, 'cabinet.yaml') },
    },
  );
  const screen = createScreen();
  const got: Buffer[] = [];
  // Without an encoding they are bytes, whatever the type says.
  child.onData((data) => {
    const bytes = data as unknown as Buffer;
    got.push(bytes);
    screen.write(bytes);
  });
  let exitCode: number | null = null;
  const ended = new Promise<number>((resolve) => {
    child.onExit((how) => {
      exitCode = how.exitCode;
      resolve(how.exitCode);
    });
  });
  const text = (): string => Buffer.concat(got).toString('latin1');
  const until = async (holds: () => boolean, what: string): Promise<void> => {
    for (let turn = 0; turn < 400_000; turn++) {
      if (holds()) return;
      if (exitCode !== null) break;
      await rig.clock.advance(STEP_MS);
      await new Promise((resolve) => setTimeout(resolve, STEP_MS / PACE));
    }
    throw new Error(`never: ${what}\n${screen.transcript().join('\n')}`);
  };
  const atPrompt = (from: number): boolean =>
    /\n[\w.-]+(?: \([^)]*\))?(?: \[[A-Z]+ [\d:]+\])*> $/.test(text().slice(Math.max(0, from - 2)));
  t.teardown(async () => {
    if (exitCode === null) child.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  });
  const visit: Visit = {
    rig,
    folder,
    screen,
    bytes: () => Buffer.concat(got),
    type: (typed) => child.write(typed),
    until: (shown) => until(() => shown.test(text()), String(shown)),
    settled: until,
    async say(line) {
      let from = text().length;
      const start = from;
      child.write(`${line}\r`);
      await until(() => {
        if (text().endsWith('--More--') && text().length > from) {
          from = text().length;
          child.write(' ');
        }
        return exitCode !== null || (text().length > start + line.length && atPrompt(start + line.length));
      }, `an answer to ${line}`).catch((error: unknown) => {
        if (exitCode === null) throw error;
      });
      return text().slice(start).replaceAll('\r\n', '\n');
    },
    hangUp() {
      child.kill('SIGHUP');
      return ended;
    },
    compare(t, name) {
      const file = join(TRANSCRIPTS, `${name}.txt`);
      const seen = `${folded(normal(screen.transcript(), folder)).join('\n')}\n`;
      if (process.env['UPDATE_TRANSCRIPTS'] === '1' || !existsSync(file)) writeFileSync(file, seen);
      t.equal(seen, readFileSync(file, 'utf8'), `as in ${name}.txt; UPDATE_TRANSCRIPTS=1 keeps the new one`);
    },
  };
  await until(() => atPrompt(0), 'the first prompt');
  return visit;
}

/** Long runs of one row, shown once and counted, so that none of them can go missing unseen. */
function folded(rows: readonly string[]): readonly string[] {
  const runs: { row: string; times: number }[] = [];
  for (const row of rows) {
    const last = runs.at(-1);
    if (last?.row === row) last.times++;
    else runs.push({ row, times: 1 });
  }
  return runs.flatMap(({ row, times }) => (times < MANY_ROWS ? Array.from({ length: times }, () => row) : [row, `(${times} such rows)`]));
}

/** What is another at each visit stands as `#`: counts, ages, times; names keep their numbers. Where a sentence was broken is not kept. */
function normal(rows: readonly string[], folder: string): readonly string[] {
  const whole: string[] = [];
  for (const row of rows) {
    const isRest = /^ {10,}\S/.test(row) && whole.length > 0;
    if (isRest) whole.push(`${whole.pop()} ${row.trim()}`);
    else whole.push(row);
  }
  return whole.map((row) =>
    row
      .replaceAll(folder, '/run')
      .replace(`console:${USER}`, 'console:tech')
      .replace(/(?<![\w.])-?\d+(?:[.:-]\d+)*/g, '#')
      .replace(/# (?:ms|s|min|h|d|j|kB|MB)\b(?: # (?:min|s|h)\b)?/g, '#')
      .replace(/ {2,}/g, '  ')
      .trimEnd(),
  );
}

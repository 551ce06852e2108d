/**
 * The start ledger on disk. A damaged file, or a disk that accepts no file, never prevents a start.
 */
import { mkdirSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { replaceWhole, replaceWholeLater } from '../../core/atomic-write.ts';
import { isRecord } from '../../core/is-record.ts';
import type { EarlierLoss } from '../../core/ports.ts';
import { flawOfFile, readRegularFileLater } from '../../core/regular-file.ts';
import { EMPTY_LEDGER, type RunRecord, type StartLedger } from './start-ledger.ts';

const NAME = 'starts.json';
const MODE = 0o600;
const NO_FOLDER = 'no folder for the start ledger';
/** A longer file is not a ledger. Units: bytes. Source: thirty runs take 6 kB. */
const MAX_BYTES = 65_536;

/** The start ledger on disk: reads it, and writes it with or without blocking. */
export type LedgerFile = ReturnType<typeof createLedgerFile>;

/**
 * Returns functions that read and write the start ledger, `starts.json`. A write goes to the first folder that accepts it. `read`
 * chooses the ledger with most starts. `onFlaw`: receives the path and the cause, as one text, if `read` finds a file that it cannot read
 * or parse as JSON.
 */
export function createLedgerFile(folders: readonly string[], onFlaw: (flaw: string) => void = () => {}) {
  let paths = folders.map((folder) => join(folder, NAME));
  let queue = Promise.resolve();
  const overtaken = new AbortController();
  return {
    /**
     * Resolves with the readable ledger that has most starts, or an empty one if there is none. `wait` limits the wait for a folder that
     * does not respond; that folder is not written either.
     */
    async read(wait: (found: Promise<StartLedger>) => Promise<StartLedger | undefined> = (found) => found): Promise<StartLedger> {
      const found = await Promise.all(paths.map((path) => wait(readLedger(path, onFlaw))));
      paths = paths.filter((_, i) => found[i] !== undefined);
      return found.reduce<StartLedger>((best, each) => (each !== undefined && each.starts > best.starts ? each : best), EMPTY_LEDGER);
    },
    /** Writes without blocking; has no effect after `writeNow`. Errors: rejects if no folder accepts it. */
    write(ledger: StartLedger): Promise<void> {
      const written = queue.then(() => firstOf(paths, (path) => replace(path, textOf(ledger), overtaken.signal)));
      queue = written.catch(() => {});
      return written;
    },
    /** Writes, and blocks meanwhile; for a process that ends. Errors: throws if no folder accepts it. */
    writeNow(ledger: StartLedger): void {
      overtaken.abort();
      let failure: unknown = new Error(NO_FOLDER);
      for (const path of paths) {
        try {
          mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
          replaceWhole(path, textOf(ledger), MODE);
          return;
        } catch (error) {
          failure = error;
        }
      }
      throw failure;
    },
  };
}

async function readLedger(path: string, onFlaw: (flaw: string) => void): Promise<StartLedger> {
  try {
    return toLedger(JSON.parse((await readRegularFileLater(path, { maxBytes: MAX_BYTES })).toString('utf8')));
  } catch (error) {
    // Missing or damaged: only history is lost.
    const flaw = flawOfFile(path, error);
    if (flaw !== null) onFlaw(flaw);
    return EMPTY_LEDGER;
  }
}

function toLedger(value: unknown): StartLedger {
  const { starts, ends, runs, unstored } = value as Partial<Record<keyof StartLedger, unknown>>;
  if (typeof starts !== 'number' || !Array.isArray(runs)) return EMPTY_LEDGER;
  const counts = Object.entries(isRecord(ends) ? ends : {}).filter(([, count]) => typeof count === 'number');
  return { starts, ends: Object.fromEntries(counts), runs: runs.filter(isRun), ...(isLoss(unstored) ? { unstored } : {}) };
}

function isLoss(value: unknown): value is EarlierLoss {
  if (!isRecord(value)) return false;
  const { run, readings, sinceMs } = value;
  return typeof run === 'string' && Number.isSafeInteger(readings) && Number.isSafeInteger(sinceMs);
}

function isRun(value: unknown): value is RunRecord {
  if (!isRecord(value)) return false;
  const { bootId, bootMono, version, mode, end, cause } = value;
  const words = [bootId, version, mode, cause].every((word) => typeof word === 'string');
  return words && typeof bootMono === 'number' && (end === null || typeof end === 'string');
}

function textOf(ledger: StartLedger): string {
  return `${JSON.stringify(ledger)}\n`;
}

/** Errors: rejects with the last failure if all of them fail. */
async function firstOf(paths: readonly string[], attempt: (path: string) => Promise<void>): Promise<void> {
  let failure: unknown = new Error(NO_FOLDER);
  for (const path of paths) {
    try {
      return await attempt(path);
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

async function replace(path: string, text: string, signal: AbortSignal): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await replaceWholeLater(path, text, MODE, signal);
}

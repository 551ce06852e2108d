/**
 * Compares the folder of a store with all that a killed writer was promised. The folder is a copy: the next writer gets what the killed one
 * left.
 */
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { Gap, Store, StoredFrame, StoreStatus } from '../../agent/core/ports.ts';
import { createSystemClock } from '../../agent/core/system-clock.ts';
import { openInProcessLink } from '../../agent/store/client/in-process-link.ts';
import { createStore } from '../../agent/store/store.ts';
import { COUNTERS, checksumOf, DECIMALS, frameOf, isPartOf } from './content.ts';
import type { CommandLedger } from './ledger.ts';
import { type CommittedFrame, type Orders, toEventId } from './writer.ts';

export interface ExamineVerdict {
  /** Committed readings that are neither present nor in a gap. */
  readonly lost: number;
  readonly integrityFailures: number;
  /** Everything that is wrong, in words. */
  readonly problems: readonly string[];
  /** When the newest present frame was appended; 0 if there is none. Units: ms. */
  readonly newestMs: number;
  readonly status: StoreStatus;
  /** Readings whose loss the store has recorded, by reason. */
  readonly gone: Readonly<Record<string, number>>;
}

interface Found {
  readonly status: StoreStatus;
  readonly frames: ReadonlyMap<number, StoredFrame>;
  readonly gaps: readonly Gap[];
}

/** A cap above all data, so that the examination removes nothing. Units: MB. */
const EXAMINE_MB = 256;
/** Frames and gaps in one read. */
const PAGE = 2_000;
const FILES = ['telemetry.db', 'state.db'];

/**
 * Opens the store in `dir` and compares it with what was promised to the ledger: frames, gaps, account, cursor and facts. Resolves with
 * all that is wrong. The ledger is changed: it no longer expects readings whose loss the store has recorded.
 *
 * Errors: rejects if the folder cannot be read at all.
 */
export async function examine(dir: string, ledger: CommandLedger, orders: Orders): Promise<ExamineVerdict> {
  const clock = createSystemClock({ quality: () => 'synced', wallOffsetMs: orders.wallOffsetMs });
  const { commitSeconds, maxDays } = orders;
  const log = { event: () => {} };
  const store = createStore({
    dir,
    clock,
    log,
    commitSeconds,
    maxMegabytes: EXAMINE_MB,
    maxDays,
    decimals: DECIMALS,
    counters: COUNTERS,
    openLink: openInProcessLink,
  });
  const problems: string[] = [];
  store.onEvent = ({ code, text }) => problems.push(`${code}: ${text}`);
  await store.start();
  const found = await readAll(store);
  const integrity = await integrityOf(store);
  problems.push(...(await factProblems(store, ledger)), ...accountProblems(found, ledger), ...cursorProblems(found, ledger));
  const { lost, released, texts } = frameProblems(found, ledger, orders);
  problems.push(...texts);
  await store.stop();
  integrity.push(...FILES.flatMap((file) => sqliteProblems(join(dir, file))));
  ledger.release(released);
  ledger.found(found.status);
  const newestMs = [...found.frames.values()].at(-1)?.atMs ?? 0;
  return {
    lost,
    integrityFailures: integrity.length,
    problems: [...problems, ...integrity],
    newestMs,
    status: found.status,
    gone: goneOf(found),
  };
}

async function readAll(store: Store): Promise<Found> {
  const frames = new Map<number, StoredFrame>();
  for (let seq = 0; ; ) {
    const page = await store.readAfter(seq, PAGE);
    for (const frame of page) frames.set(frame.seq, frame);
    if (page.length === 0) break;
    seq = page.at(-1)?.seq ?? seq;
  }
  const gaps: Gap[] = [];
  for (let page = await store.gapsAfter(0); page.length > 0; page = await store.gapsAfter(page.at(-1)?.id ?? 0)) gaps.push(...page);
  return { status: await store.status(), frames, gaps };
}

/** Frames that were reported as committed and are missing or different. */
function frameProblems({ frames, gaps, status }: Found, ledger: CommandLedger, { isTight }: Orders) {
  const texts: string[] = [];
  const released: number[] = [];
  let lost = 0;
  const covers = (seq: number, reasons: readonly string[]): boolean =>
    isTight && (seq <= status.cursorSeq || gaps.some((gap) => reasons.includes(gap.reason) && isWithin(seq, gap)));
  for (const [seq, promised] of ledger.frames) {
    const frame = frames.get(seq);
    if (frame === undefined) {
      if (covers(seq, ['cap', 'age', 'thinned'])) released.push(seq);
      else lost += promised.readings;
    } else if (frame.readings.length < promised.readings) {
      if (!covers(seq, ['thinned'])) lost += promised.readings - frame.readings.length;
      if (!isPartOf(frame.readings, originalOf(promised, ledger))) texts.push(`frame ${seq}: a reading that was never taken`);
    } else if (checksumOf(frame.readings) !== promised.checksum) {
      lost += promised.readings;
      texts.push(`frame ${seq}: other content than was committed`);
    }
  }
  if (lost > 0) texts.push(`${lost} committed readings lost`);
  return { lost, released, texts };
}

/** Compares the store's account with a count of all readings. */
function accountProblems({ frames, gaps, status }: Found, ledger: CommandLedger): readonly string[] {
  const { account } = status;
  const backlog = [...frames.values()].filter(({ seq }) => seq > status.cursorSeq).reduce((sum, { readings }) => sum + readings.length, 0);
  const gone = gaps.reduce((sum, { readings }) => sum + readings, 0);
  const problems: string[] = [];
  const expect = (what: string, isSo: boolean): void => {
    if (!isSo) problems.push(`account: ${what}: ${JSON.stringify(account)}`);
  };
  expect('out of balance', account.isBalanced && account.produced === account.delivered + account.backlog + account.gaps);
  expect(`${backlog} readings found after the cursor`, account.backlog === backlog);
  expect(`${gone} readings found in gaps`, account.gaps === gone);
  expect(`${ledger.readings} readings were committed`, account.produced >= ledger.readings);
  return problems;
}

function cursorProblems({ status: { cursorSeq, epoch, lastSeq } }: Found, ledger: CommandLedger): readonly string[] {
  const problems: string[] = [];
  if (ledger.epoch !== null && epoch !== ledger.epoch) problems.push(`the epoch has changed from ${ledger.epoch} to ${epoch}`);
  if (cursorSeq > ledger.cursor.writtenSeq) problems.push(`the cursor is at ${cursorSeq}, the writer set ${ledger.cursor.writtenSeq}`);
  if (cursorSeq < ledger.cursor.foundSeq) problems.push(`the cursor has gone back from ${ledger.cursor.foundSeq} to ${cursorSeq}`);
  if (lastSeq < ledger.lastSeq) problems.push(`the last seq is ${lastSeq}, committed was ${ledger.lastSeq}`);
  return problems;
}

/** Facts are saved at once, and the events before them with them. */
async function factProblems(store: Store, { saved }: CommandLedger): Promise<readonly string[]> {
  if (saved === null) return [];
  const { round, number } = saved;
  const fact = (await store.load('torture')) as { readonly round: number; readonly number: number } | undefined;
  const isPresent = fact !== undefined && (fact.round > round || (fact.round === round && fact.number >= number));
  const events = await store.events({ sinceMs: 0, limit: PAGE });
  return [
    ...(isPresent ? [] : [`the fact ${JSON.stringify(saved)} was saved, found is ${JSON.stringify(fact)}`]),
    ...(events.some(({ id }) => id === toEventId(round, number)) ? [] : [`the event ${toEventId(round, number)} is gone`]),
  ];
}

async function integrityOf(store: Store): Promise<string[]> {
  const check = await store.check();
  if (check === undefined) return ['the store could not be checked'];
  return check.files.filter(({ ok }) => !ok).map(({ file, problems }) => `${file}: ${problems.join('; ')}`);
}

/** What SQLite's own check finds. */
function sqliteProblems(path: string): readonly string[] {
  const db = new Database(path);
  try {
    const found = db.pragma('integrity_check') as { readonly integrity_check: string }[];
    return found
      .map((row) => row.integrity_check)
      .filter((text) => text !== 'ok')
      .map((text) => `${path}: ${text}`);
  } finally {
    db.close();
  }
}

function isWithin(seq: number, { firstSeq, lastSeq }: Gap): boolean {
  return firstSeq !== null && lastSeq !== null && firstSeq <= seq && seq <= lastSeq;
}

function originalOf({ round, ticket, atMs }: CommittedFrame, { seed, load }: CommandLedger): readonly StoredFrame['readings'][number][] {
  return frameOf({ seed, round, ticket, atMs }, load, 0).readings;
}

function goneOf({ gaps }: Found): Readonly<Record<string, number>> {
  const gone: Record<string, number> = {};
  for (const { reason, readings } of gaps) gone[reason] = (gone[reason] ?? 0) + readings;
  return gone;
}

/**
 * Reports the audit log to the platform, as `Sync/Log`: one JSON object for each entry, and one for the newest entry after each birth.
 *
 * ```
 * {"n":4211,"after":4210,"atMs":…,"hash":"…","body":"…"}   an entry; `after`: the one reported before it
 * {"n":4211,"after":3900,…,"lost":310}                     entries 3901 to 4210 were trimmed before they left
 * {"head":4211,"hash":"…"}                                 the newest entry of the log
 * ```
 *
 * The platform writes back the last entry up to which it has all, in the format of `luciole audit --head`: `4211:<hash>`.
 */

import type { AuditHead } from '../../core/audit-tools.ts';
import type { Clock, MonoMs } from '../../core/clock.ts';
import { DAY_MS } from '../../core/durations.ts';
import { type Message, msg, NO_TEXT } from '../../core/message.ts';
import type { Store } from '../../core/ports.ts';
import { RecordReporter, type ReportedRecord, type ReportLink } from './record-reporter.ts';
import { wireEpoch } from './rows-mark.ts';

/** The dependencies with which `AuditReporter` is created. */
export interface AuditReporterParts extends ReportLink {
  /** Has the audit log, and keeps what was reported. */
  readonly store: Pick<Store, 'auditAfter' | 'save' | 'load'>;
  readonly clock: Pick<Clock, 'monoMs'>;
  /** Longest text that the broker accepts; a longer entry is sent without its body. Units: UTF-8 bytes. */
  readonly maxTextBytes: () => number;
}

/** Entries that are repeated after a birth for a platform that acknowledges none. Source: assumed; 10 KB. Confirmed by: the data use of a cabinet on a cellular link in a month. */
const NEWEST = 20;
/** Older entries that are sent if none was reported yet: by an earlier release, or before the uplink. Source: assumed; half a megabyte, once. Confirmed by: the audit log of a cabinet that gets its first uplink. */
const OLDER = 1_000;
/** Shortest and longest wait for an acknowledgement. Units: ms. Source: assumed; 20 entries an hour are 240 KB a day to a silent platform. Confirmed by: a week of logs of a cabinet with a silent platform. */
const WAIT_MS = { first: 60_000, longest: 3_600_000 };
/** Time between two reports of the newest entry. Units: ms. Source: assumed; a truncated log is detected within a day. Confirmed by: the requirements of an audit. */
const HEAD_MS = DAY_MS;
const KEY = 'sync.auditTold';

/**
 * Reports what is due of the audit log to the platform, as `Sync/Log`, when `report` is called. Call `restore` once before the first
 * `report`.
 */
export class AuditReporter {
  readonly #parts: AuditReporterParts;
  readonly #reporter: RecordReporter;
  /** Null if a report of the newest entry is due. */
  #headMono: MonoMs | null = null;

  constructor(parts: AuditReporterParts) {
    this.#parts = parts;
    const recordsAfter = (id: number, _: string, limit: number): Promise<readonly ReportedRecord[]> => this.#entriesAfter(id, limit);
    this.#reporter = new RecordReporter({ ...parts, key: KEY, newest: NEWEST, waitMs: WAIT_MS, giveUpMs: DAY_MS, recordsAfter });
  }

  restore(): Promise<void> {
    return this.#reporter.restore();
  }

  /** Call it after a birth: the next report repeats entries that the platform may have missed. */
  repeat(): void {
    this.#headMono = null;
    this.#reporter.repeat();
  }

  /** Sends what is due; nothing while `isOpen` returns false. */
  async report(): Promise<void> {
    const { store, clock, isOpen, onTexts } = this.#parts;
    const page = isOpen() ? await store.auditAfter(Number.MAX_SAFE_INTEGER) : undefined;
    const head = page?.head ?? null;
    // Each start of the agent adds an entry, so a log is empty only for a moment.
    if (head === null || head.n === 0 || !isOpen()) return;
    if (this.#headMono === null || clock.monoMs() - this.#headMono >= HEAD_MS) {
      this.#headMono = clock.monoMs();
      onTexts([JSON.stringify({ head: head.n, hash: head.hash })]);
    }
    await this.#reporter.report(this.#epochOf(head), Math.max(0, head.n - OLDER));
  }

  /**
   * The platform has all entries up to this one; `n` 0: it has none. The hash of an entry that was trimmed is not checked. Resolves with
   * why the acknowledgement does not count, or an empty text.
   */
  async acknowledge({ n, hash }: AuditHead): Promise<Message> {
    if (n === 0) {
      this.#reporter.startAgain();
      return NO_TEXT;
    }
    const page = await this.#parts.store.auditAfter(n - 1);
    if (page === undefined) return msg`the audit log cannot be read now: send it again later`;
    const [found] = page.rows;
    // A trimmed entry can no longer be compared.
    if (found !== undefined && (found.n > n || found.hash === hash)) {
      this.#reporter.acknowledge(this.#reporter.reported.epoch, n);
      return NO_TEXT;
    }
    this.#headMono = null;
    return found === undefined ? msg`there is no entry ${n} in the audit log` : msg`entry ${n} of the audit log has another hash here`;
  }

  /** A log whose newest entry has a lower number than the last reported one is another log: its entries are reported again. */
  #epochOf(head: AuditHead): string {
    const { epoch, id } = this.#reporter.reported;
    return epoch === '' || head.n < id ? wireEpoch(head.hash) : epoch;
  }

  async #entriesAfter(id: number, limit: number): Promise<readonly ReportedRecord[]> {
    const page = await this.#parts.store.auditAfter(id);
    let after = id;
    return (page?.rows ?? []).slice(0, limit).map(({ n, atMs, hash, body }) => {
      const lost = n - after - 1;
      const fields = { n, after, atMs, hash, ...(lost === 0 ? {} : { lost }) };
      const text = JSON.stringify({ ...fields, body });
      after = n;
      return { id: n, text: Buffer.byteLength(text) > this.#parts.maxTextBytes() ? JSON.stringify({ ...fields, body: null }) : text };
    });
  }
}

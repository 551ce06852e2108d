/**
 * Records the current run in the start ledger on disk.
 *
 * Errors: none; a disk that accepts no file is logged, and the run continues.
 */
import type { EarlierLoss, Log } from '../../core/ports.ts';
import { redact } from '../log/redact.ts';
import type { LedgerFile } from './ledger-file.ts';
import { ended, type RunEnd, type StartLedger, up } from './start-ledger.ts';

/** Longest recorded cause. Units: characters. */
const MAX_CAUSE = 200;

/** The start ledger of the present run, and where it is written. */
export interface RunLedgerParts {
  readonly file: LedgerFile;
  readonly log: Log;
  /** The ledger with this run as its last one. */
  readonly ledger: StartLedger;
  /** In a run without a store: readings that earlier runs lost, 0 if they lost none. Null in a run with a store. */
  readonly lostBefore: EarlierLoss | null;
}

/** Keeps the start ledger of the present run up to date, in memory and on disk. Errors: none; a failed write is logged. */
export class RunLedger {
  readonly #file: LedgerFile;
  readonly #log: Log;
  readonly #lostBefore: EarlierLoss | null;
  #ledger: StartLedger;
  #hasEnded = false;

  constructor({ file, log, ledger, lostBefore }: RunLedgerParts) {
    this.#file = file;
    this.#log = log;
    this.#lostBefore = lostBefore;
    this.#ledger = lostBefore === null ? ledger : { ...ledger, unstored: lostBefore };
  }

  get current(): StartLedger {
    return this.#ledger;
  }

  /** Writes the ledger. Resolves when it is on disk, or the write has failed. */
  async write(): Promise<void> {
    try {
      await this.#file.write(this.#ledger);
    } catch (error) {
      this.#logFailure(error);
    }
  }

  /** Records that the start is complete. */
  cameUp(): void {
    this.#ledger = up(this.#ledger);
    void this.write();
  }

  /** Removes the recorded losses of runs without a store from the ledger. Call it once a store has recorded them. */
  settleLoss(): void {
    const { unstored: _, ...rest } = this.#ledger;
    this.#ledger = rest;
    void this.write();
  }

  /** Records in memory how many readings this run has lost since its start; no effect in a run with a store. */
  countLoss(readings: number): void {
    const before = this.#lostBefore;
    if (before !== null) this.#ledger = { ...this.#ledger, unstored: { ...before, readings: before.readings + readings } };
  }

  /**
   * Records how the run ends, and writes it before it returns; later calls have no effect. `recorded`: number of readings of this run, lost
   * in a run without a store.
   */
  end(how: RunEnd, cause: string, recorded: number): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.countLoss(recorded);
    this.#ledger = ended(this.#ledger, how, String(redact({ cause })['cause']).slice(0, MAX_CAUSE));
    try {
      this.#file.writeNow(this.#ledger);
    } catch (error) {
      this.#logFailure(error);
    }
  }

  #logFailure(error: unknown): void {
    this.#log.event('starts-not-kept', { error }, 'warning');
  }
}

import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { WallMs } from '../../core/clock.ts';
import type { StoreError } from '../../core/errors.ts';
import { type Message, msg } from '../../core/message.ts';
import type { Notice } from '../messages.ts';
import { createQuarantine } from '../quarantine.ts';
import type { Schema } from '../schema.ts';
import { applySettings, getMeta, openSqlite, type Sqlite, setMeta, storeError, toStoreError } from '../sqlite.ts';
import { expectPlainJournal, makeFresh, plainFileBytes } from './db-files.ts';
import { assertSoundFile, pageProblems, toOpeningError, toUseError } from './file-check.ts';
import { migrate } from './migrations.ts';

/** What a `StoreFile` needs: which file it is, and what its owner does when the file is created or opened. */
export interface FileParts<H> {
  /** The folder of the file; created if it is missing. */
  readonly dir: string;
  readonly schema: Schema;
  /** The file does not grow beyond this, or its present length if that is more. Units: pages of `PAGE_BYTES`. */
  readonly maxPages: number;
  /** Writes the first rows of a new file, which takes the place of `replaced`. Its notices are reported once the file is in place. */
  readonly begin: (db: Sqlite, atMs: WallMs, replaced: Replaced) => readonly Notice[];
  /** Reads a file that was removed or replaced while in use, through the connection that is still open. Default: nothing is read. */
  readonly lastLook?: (db: Sqlite) => void;
  /** Creates statements and caches of a connection; again after each failure, because a rollback may have removed what they refer to. */
  readonly attach: (db: Sqlite, atMs: WallMs) => H;
  readonly onNotice: (notice: Notice) => void;
  /**
   * Restores a file that is missing or may not be used from an undamaged copy. Returns the origin of the copy, as text; null if there is
   * none. Default: there are no copies.
   */
  readonly restore?: (atMs: WallMs) => Message | null;
}

/**
 * The file that a new file replaces. `setAsidePath`: where it is while the new file is filled; nothing may be there if it was removed in
 * use. Null if no former file is known.
 */
export interface Replaced {
  readonly setAsidePath: string | null;
  /** Why the former file is not used; null if none is known. */
  readonly why: Message | null;
}

interface Open<H> {
  readonly db: Sqlite;
  /** Distinguishes this file from another one under the same name. */
  readonly inode: number;
  handle: H | null;
  clean: boolean;
}

/**
 * One SQLite file of the store, opened when it is used. A file that may not be used, or that is missing, is replaced by a sound copy or a
 * fresh file: if that is found at the opening, in the same use; otherwise that use throws, and the next one replaces it.
 *
 * ```
 *   closed ──use──► open ──failure other than a full disk──► closed
 *     ▲              │
 *     │              └──a file that may not be used──► condemned ──use──► set aside, then a sound copy or a fresh file ──► open
 *     └──close
 * ```
 */
export class StoreFile<H> {
  readonly path: string;
  readonly #parts: FileParts<H>;
  readonly #quarantine: ReturnType<typeof createQuarantine>;
  #open: Open<H> | null = null;
  /**
   * Why the file has to be replaced. Kept until another file is in its place and open. If opening that file fails, it is replaced in turn.
   */
  #condemned: StoreError | null = null;
  #lastReplaced: Message | null = null;

  constructor(parts: FileParts<H>) {
    this.#parts = parts;
    this.path = join(parts.dir, parts.schema.fileName);
    this.#quarantine = createQuarantine(this.path);
  }

  /** Opens the file if necessary and reads from it. Errors: throws StoreError. */
  read<T>(atMs: WallMs, act: (handle: H) => T): T {
    return this.#use(atMs, (_, handle) => act(handle));
  }

  /**
   * Runs `act` as one transaction that is on disk when this returns. Errors: throws StoreError, also for what `act` throws; nothing of
   * `act` is then written.
   */
  write<T>(atMs: WallMs, act: (handle: H) => T): T {
    return this.#use(atMs, (current, handle) => {
      const transaction = current.db.transaction(() => {
        if (current.clean) setMeta(current.db, 'clean', 0);
        return act(handle);
      });
      const result = transaction.immediate();
      current.clean = false;
      return result;
    });
  }

  /**
   * Reads the whole file; a damaged file is replaced if possible. Shape: the problems, empty for a sound file, also for a fresh one that
   * was created because none was found. If a file had to be replaced, the last line says how, or why it was not.
   *
   * Errors: throws StoreError if the file cannot be read.
   */
  check(atMs: WallMs): readonly Message[] {
    this.#lastReplaced = null;
    let problems: readonly Message[] = [];
    try {
      this.#use(atMs, ({ db }) => {
        const [first, ...others] = pageProblems(db);
        if (first === undefined) return;
        problems = [first, ...others].map((problem) => msg`${problem}`);
        throw storeError('corrupt', msg`${this.path}: ${first}`);
      });
    } catch (error) {
      if (this.#condemned === null) throw error;
      this.#replaceNow(atMs);
    }
    return this.#lastReplaced === null ? problems : [...problems, this.#lastReplaced];
  }

  /** The last work before the file is closed, if it is open. Errors: none; a failure is logged. */
  tidy(act: (handle: H) => void): void {
    const handle = this.#open?.handle;
    if (handle != null) this.#remarkFailure(() => act(handle));
  }

  /** Marks a clean end and closes the file; the next use opens it again. Errors: none; a failure is logged. */
  close(): void {
    const open = this.#open;
    if (open !== null && !open.clean) this.#remarkFailure(() => setMeta(open.db, 'clean', 1));
    this.#release();
  }

  #use<T>(atMs: WallMs, act: (open: Open<H>, handle: H) => T): T {
    try {
      const current = this.#opened(atMs);
      current.handle ??= this.#attach(current.db, atMs);
      return act(current, current.handle);
    } catch (error) {
      const failure = toUseError(error, this.path, this.#open?.db);
      if (failure.policy.quarantine) this.#condemn(failure);
      if (this.#open !== null) this.#open.handle = null;
      // On a full disk a new connection might find no room for its shared memory file, while this one can still read.
      if (failure.code !== 'full') this.#release();
      throw failure;
    }
  }

  #condemn(failure: StoreError): void {
    this.#condemned = failure;
    const open = this.#open;
    if (open === null) return;
    this.#remarkFailure(() => {
      if (statSync(this.path, { throwIfNoEntry: false })?.ino !== open.inode) this.#parts.lastLook?.(open.db);
    });
  }

  #opened(atMs: WallMs): Open<H> {
    if (this.#open !== null) return expectInPlace(this.#open, this.path);
    mkdirSync(this.#parts.dir, { recursive: true });
    this.#condemned ??= this.#quarantine.interrupted((message) => this.#parts.onNotice({ kind: 'remark', message }));
    this.#open = (this.#condemned === null ? this.#openExisting() : null) ?? this.#replace(atMs);
    return this.#open;
  }

  /** Null if there is no file, or none that may be used. */
  #openExisting(): Open<H> | null {
    const { path } = this;
    const { schema, maxPages } = this.#parts;
    let db: Sqlite | null = null;
    try {
      const bytes = plainFileBytes(path);
      if (bytes === null) return null;
      if (bytes === 0) throw storeError('foreign', msg`${path}: found 0 bytes, expected a database of Luciole`);
      db = openSqlite(path);
      assertSoundFile(db, path, schema);
      applySettings(db, maxPages);
      migrate(db, path, schema);
      return { db, inode: statSync(path).ino, handle: null, clean: getMeta(db, 'clean') === 1 };
    } catch (error) {
      const failure = toOpeningError(error, path);
      // If it stayed open, closing it later would remove the journal of the file that replaces it.
      db?.close();
      if (failure.code === 'io') expectPlainJournal(path);
      if (!failure.policy.quarantine) throw failure;
      this.#condemned = failure;
      return null;
    }
  }

  /** Restores the file from an undamaged copy, or creates a new file. */
  #replace(atMs: WallMs): Open<H> {
    const { schema, restore, onNotice } = this.#parts;
    const why = this.#condemned;
    const setAsidePath = why === null ? null : this.#quarantine.take();
    const source = restore?.(atMs) ?? null;
    const restored = source === null ? null : this.#openExisting();
    const next = restored ?? this.#begin(atMs, { setAsidePath, why: why?.said ?? null });
    this.#condemned = null;
    if (why === null && source === null) return next;
    const reason = why?.said ?? msg`${this.path}: it was missing`;
    const outcome = restored === null || source === null ? msg`the agent began a new file` : source;
    this.#lastReplaced = setAsidePath === null ? msg`${reason}; ${outcome}` : msg`${reason}; ${this.#quarantine.keep()}; ${outcome}`;
    onNotice({ kind: 'set-aside', file: schema.fileName, message: this.#lastReplaced });
    return next;
  }

  #begin(atMs: WallMs, replaced: Replaced): Open<H> {
    const { schema, maxPages, begin, onNotice } = this.#parts;
    const notices: Notice[] = [];
    const fill = (db: Sqlite): void => {
      notices.push(...begin(db, atMs, replaced));
      setMeta(db, 'clean', 0);
    };
    makeFresh({ path: this.path, schema, maxPages, fill });
    const fresh = this.#openExisting();
    if (fresh === null) throw storeError('io', msg`${this.path}: a new file cannot be used (${this.#condemned?.said ?? ''})`);
    for (const notice of notices) onNotice(notice);
    return fresh;
  }

  #attach(db: Sqlite, atMs: WallMs): H {
    try {
      return this.#parts.attach(db, atMs);
    } catch (error) {
      throw toOpeningError(error, this.path);
    }
  }

  #replaceNow(atMs: WallMs): void {
    try {
      this.#use(atMs, () => null);
    } catch (error) {
      this.#lastReplaced = msg`not yet replaced: ${toStoreError(error, this.path).said}`;
    }
  }

  #release(): void {
    const open = this.#open;
    this.#remarkFailure(() => open?.db.close());
    this.#open = null;
  }

  #remarkFailure(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#parts.onNotice({ kind: 'remark', message: toStoreError(error, this.path).said });
    }
  }
}

/** A file that was removed or emptied in use would continue to accept commits, and all of them would be lost. Errors: throws StoreError `foreign`. */
function expectInPlace<H>(open: Open<H>, path: string): Open<H> {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.ino === open.inode && found.size > 0) return open;
  throw storeError(
    'foreign',
    found === undefined ? msg`${path}: it was removed while in use` : msg`${path}: it was replaced or emptied while in use`,
  );
}

import { createHash } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import { Message, msg, NO_TEXT } from '../../core/message.ts';
import {
  type CandidateView,
  type ConfigAnswer,
  type ConfigFiles,
  MAX_SIGNATURE_CHARS,
  type Revision,
  SIGNATURE_FILE,
} from '../../core/revisions.ts';
import { listNames } from '../../core/suggestions.ts';
import { textRefusal } from '../load/text-bounds.ts';
import { answer, notStored, refusedAnswer } from './config-answers.ts';
import { type CandidateFiles, type RevisionDisk, revisionHash } from './revision-disk.ts';
import { DiskTimeout } from './timed-disk.ts';
import { fileRefusal, UPLOAD_LIMIT } from './upload.ts';

/**
 * The dependencies with which `CandidateStore` is created. `disk`: stores the candidates. `clock`: gives the time of a change. `running`:
 * returns the running revision, with which a new candidate begins.
 */
export interface CandidateStoreParts {
  readonly disk: RevisionDisk;
  readonly clock: Pick<Clock, 'wallMs'>;
  readonly running: () => Revision;
}

/** Device types that a revision may contain. Source: assumed; more than the package ships. Confirmed by: the device types at the sites. */
const MAX_PROFILES = 32;
/**
 * Candidates of people at the console; the oldest is dropped for a new one. Source: assumed; more technicians never work on one cabinet. Confirmed
 * by: the console logins of the cabinets.
 */
const MAX_CONSOLE_CANDIDATES = 8;
const NO_FILES: ConfigFiles = { cabinet: '', profiles: {} };
const PLATFORM = 'platform';
/**
 * Authors listed for one candidate. Source: assumed; users of the platform within one change. Confirmed by: the histories of revisions of the
 * cabinets.
 */
const MAX_AUTHORS = 8;
/** Source: 64 bits distinguish any number of authors. */
const NAME_CHARS = 16;

/**
 * Returns the author to whom a candidate belongs: `platform` for every user of the platform, otherwise `by`.
 */
export function candidateAuthor(by: string): string {
  return isPlatform(by) ? PLATFORM : by;
}

/** Returns whether the author `by` is a user of the platform: the text begins with `platform`. */
export function isPlatform(by: string): boolean {
  return by.startsWith(PLATFORM);
}

interface Candidate {
  readonly view: CandidateView;
  readonly files: CandidateFiles;
}

/**
 * The candidates: the files of future revisions, collected request by request and kept on disk. Checks names, sizes and the bounds of a
 * text, not the content. If the consoles have too many candidates, the one of theirs that was changed least recently is removed.
 */
export class CandidateStore {
  readonly #parts: CandidateStoreParts;
  /** By author, the oldest first. */
  readonly #candidates = new Map<string, Candidate>();

  constructor(parts: CandidateStoreParts) {
    this.#parts = parts;
  }

  /** The candidate of this author; null if there is none. */
  view(by: string): CandidateView | null {
    return this.#candidates.get(candidateAuthor(by))?.view ?? null;
  }

  /** The candidates of all other authors. */
  others(by: string): readonly CandidateView[] {
    return [...this.#candidates].flatMap(([author, { view }]) => (author === candidateAuthor(by) ? [] : [view]));
  }

  /** Where the files of this author's candidate are; undefined if there is none. */
  files(by: string): CandidateFiles | undefined {
    return this.#candidates.get(candidateAuthor(by))?.files;
  }

  /** Why the candidate of this author may not be committed: it was begun on another revision. Empty otherwise. */
  staleness(by: string): Message {
    const { number } = this.#parts.running();
    const base = this.view(by)?.base ?? number;
    if (base === number) return NO_TEXT;
    return msg`revision ${number} runs, but this was begun on revision ${base}: compare, then discard it or load it again`;
  }

  /** Loads the candidates on this disk that an earlier run left; unreadable ones are skipped. */
  async restore(disk: RevisionDisk): Promise<void> {
    this.#candidates.clear();
    const found: [string, Candidate][] = [];
    for (const files of await disk.candidates()) {
      const kept = await disk.readFiles(files);
      if (kept === undefined) continue;
      // Loaded only if there is one: the schema would stay in memory.
      const { readNote } = await import('./revision-history-file.ts');
      const note = readNote(kept.note);
      if (note !== undefined) found.push([candidateAuthor(note.by), { view: { ...note, hash: revisionHash(kept) }, files }]);
    }
    // A candidate that was put while the disk was read is the newer one.
    const restored = found.filter(([author]) => !this.#candidates.has(author)).sort(([, a], [, b]) => a.view.atMs - b.view.atMs);
    const later = [...this.#candidates];
    this.#candidates.clear();
    for (const [author, candidate] of [...restored, ...later]) this.#candidates.set(author, candidate);
  }

  /**
   * Puts a file into the author's candidate; null removes a profile or the signature. Starts a candidate with the running files if there is
   * none. Errors: rejects, for example with `DiskTimeout` if the disk hangs while the files are read.
   */
  async put(file: string, text: string | null, by: string): Promise<ConfigAnswer> {
    const { disk, clock, running } = this.#parts;
    const candidate = this.view(by);
    const before = await disk.readFiles(this.files(by) ?? running().number);
    const isSignature = file === SIGNATURE_FILE;
    const files = isSignature ? (signatureFlaw(text) ?? before ?? NO_FILES) : changed(before ?? NO_FILES, file, text);
    if (files instanceof Message) return refusedAnswer(files);
    const flaw = text === null ? NO_TEXT : textRefusal(text);
    if (flaw !== NO_TEXT) return refusedAnswer(flaw);
    if (before === undefined && files.cabinet === '')
      return refusedAnswer(msg`the files of what runs are not kept: begin with a whole cabinet.yaml`);
    // A signature is verified at the commit, against all files: other files may follow it.
    const signature = isSignature ? (text?.trim() ?? null) : (candidate?.signature ?? null);
    const authors = withAuthor(candidate?.authors ?? [], by);
    return this.#keep(files, { by, authors, atMs: clock.wallMs(), base: candidate?.base ?? running().number, signature });
  }

  /** Copies another author's candidate to `by`. Refused, for example, if `by` has one already. */
  async take(author: string, by: string): Promise<ConfigAnswer> {
    const { disk, clock } = this.#parts;
    const taken = this.#candidates.get(candidateAuthor(author));
    const own = candidateAuthor(by);
    if (taken !== undefined && candidateAuthor(author) === own)
      return refusedAnswer(msg`the candidate of ${author} is your own: there is nothing to take`);
    if (taken === undefined) {
      const others = [...this.#candidates.keys()].filter((each) => each !== own);
      return refusedAnswer(
        others.length === 0
          ? msg`there is no candidate of ${author}`
          : msg`there is no candidate of ${author}; there are: ${listNames(others)}`,
      );
    }
    if (this.view(by) !== null) return refusedAnswer(msg`you have a candidate of your own: commit or discard it first`);
    const files = await disk.readFiles(taken.files);
    if (files === undefined) return refusedAnswer(msg`the files of ${author} are not kept`);
    const { hash: _, ...note } = taken.view;
    return this.#keep({ cabinet: files.cabinet, profiles: files.profiles }, { ...note, by, atMs: clock.wallMs() });
  }

  /**
   * After a commit: removes the candidate of this author, and all other candidates with equal files. Files that the disk does not remove
   * are read again at the next start.
   */
  async committed(by: string): Promise<void> {
    const hash = this.view(by)?.hash;
    for (const [author, { view }] of [...this.#candidates]) if (view.hash === hash) await this.#forget(author);
  }

  /**
   * Removes the files of the candidate of this author, then the candidate. Errors: rejects with the error of the disk; after `DiskTimeout`
   * the candidate is removed all the same.
   */
  async drop(by: string): Promise<void> {
    const files = this.files(by);
    try {
      if (files !== undefined) await this.#parts.disk.remove(files);
    } catch (error) {
      // A disk that hung may remove them later.
      if (error instanceof DiskTimeout) this.#candidates.delete(candidateAuthor(by));
      throw error;
    }
    this.#candidates.delete(candidateAuthor(by));
  }

  /** As `drop`, also if the disk refuses. */
  async #forget(author: string): Promise<void> {
    await this.drop(author).catch((error: unknown) => {
      if (!isDiskError(error)) throw error;
    });
    this.#candidates.delete(author);
  }

  /** Writes a candidate; it then belongs to its last author. */
  async #keep(files: ConfigFiles, note: Omit<CandidateView, 'hash'>): Promise<ConfigAnswer> {
    const author = candidateAuthor(note.by);
    const place = this.files(note.by) ?? placeOf(author);
    try {
      await this.#parts.disk.writeFiles(place, files, note);
    } catch (error) {
      if (!isDiskError(error)) throw error;
      return notStored(msg`it cannot be kept (${error.code}): check the disk of store.dir`);
    }
    this.#candidates.delete(author);
    this.#candidates.set(author, { view: { ...note, hash: revisionHash(files) }, files: place });
    await this.#dropOldest();
    return answer({});
  }

  async #dropOldest(): Promise<void> {
    const people = [...this.#candidates.keys()].filter((author) => author !== PLATFORM);
    const [oldest] = people;
    if (people.length > MAX_CONSOLE_CANDIDATES && oldest !== undefined) await this.#forget(oldest);
  }
}

/** Returns whether the error is one of the system, with a code such as EROFS. True also for `DiskTimeout`. */
export function isDiskError(error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && /^E[A-Z0-9]+$/.test(error.code);
}

/** The newest last. */
function withAuthor(authors: readonly string[], by: string): readonly string[] {
  return [...authors.filter((author) => author !== by), by].slice(-MAX_AUTHORS);
}

function placeOf(author: string): CandidateFiles {
  return `candidate-${createHash('sha256').update(author).digest('hex').slice(0, NAME_CHARS)}`;
}

/** Why a text cannot be a signature; undefined if it can. */
function signatureFlaw(text: string | null): Message | undefined {
  if ((text ?? '').trim().length <= MAX_SIGNATURE_CHARS) return undefined;
  return msg`${SIGNATURE_FILE} has at most ${MAX_SIGNATURE_CHARS} characters`;
}

/** The files with one of them changed, or why that is refused. */
function changed(files: ConfigFiles, file: string, text: string | null): ConfigFiles | Message {
  const flaw = fileRefusal(file);
  if (flaw !== NO_TEXT) return flaw;
  const bytes = Buffer.byteLength(text ?? '');
  if (file === 'cabinet.yaml') {
    if (text === null) return msg`cabinet.yaml cannot be removed`;
    return bytes > UPLOAD_LIMIT.cabinetBytes
      ? msg`${file} has ${bytes} bytes, at most ${UPLOAD_LIMIT.cabinetBytes}`
      : { ...files, cabinet: text };
  }
  const name = file.slice('profiles/'.length);
  const others = Object.fromEntries(Object.entries(files.profiles).filter(([each]) => each !== name));
  if (text === null) return name in files.profiles ? { ...files, profiles: others } : msg`there is no ${file} in it`;
  if (bytes > UPLOAD_LIMIT.profileBytes) return msg`${file} has ${bytes} bytes, at most ${UPLOAD_LIMIT.profileBytes}`;
  if (Object.keys(others).length >= MAX_PROFILES) return msg`${MAX_PROFILES} profiles at most`;
  return { ...files, profiles: { ...others, [name]: text } };
}

import type { Clock } from '../../core/clock.ts';
import {
  type CandidateView,
  type ConfigAnswer,
  type ConfigFiles,
  MAX_SIGNATURE_CHARS,
  type Revision,
  SIGNATURE_FILE,
} from '../../core/revisions.ts';
import { textRefusal } from '../load/text-bounds.ts';
import { answer, refusedAnswer } from './config-answers.ts';
import { type RevisionDisk, revisionHash } from './revision-disk.ts';
import { fileRefusal, UPLOAD_LIMIT } from './upload.ts';

export interface CandidateStoreParts {
  readonly disk: RevisionDisk;
  readonly clock: Pick<Clock, 'wallMs'>;
  readonly running: () => Revision;
}

/** Device types that a revision may bring. Source: assumed; more than the package ships. */
const MAX_PROFILES = 32;
const NO_FILES: ConfigFiles = { cabinet: '', profiles: {} };

/**
 * The candidate: the files that are to become a revision, put together request by request and kept on disk.
 *
 * Checks names, sizes and the bounds of a text, not the content.
 */
export class CandidateStore {
  readonly #parts: CandidateStoreParts;
  #candidate: CandidateView | null = null;

  constructor(parts: CandidateStoreParts) {
    this.#parts = parts;
  }

  /** Null where there is no candidate. */
  view(): CandidateView | null {
    return this.#candidate;
  }

  /** Why it may not be committed as it is: another revision runs than when it was begun. Empty when it may. */
  staleness(): string {
    const { number } = this.#parts.running();
    if (this.#candidate === null || this.#candidate.base === number) return '';
    return `revision ${number} runs, but this was begun on revision ${this.#candidate.base}: compare, then discard it or load it again`;
  }

  /** Reads what an earlier run left on disk. */
  async restore(): Promise<void> {
    const found = await this.#parts.disk.readFiles('candidate');
    if (found === undefined) {
      this.#candidate = null;
      return;
    }
    // Loaded only where there is one: the schema would stay in memory.
    const { readNote } = await import('./revision-history-file.ts');
    const note = readNote(found.note);
    this.#candidate = note === undefined ? null : { ...note, hash: revisionHash(found) };
  }

  /** Puts a file into the candidate, or removes a profile or the signature with null. Begins a candidate with the running files. */
  async put(file: string, text: string | null, by: string): Promise<ConfigAnswer> {
    const { disk, clock, running } = this.#parts;
    const candidate = this.#candidate;
    const before = await disk.readFiles(candidate === null ? running().number : 'candidate');
    const isSignature = file === SIGNATURE_FILE;
    const files = isSignature ? signatureFlaw(text) || (before ?? NO_FILES) : changed(before ?? NO_FILES, file, text);
    const flaw = typeof files === 'string' ? files : text === null ? '' : textRefusal(text);
    if (typeof files === 'string' || flaw !== '') return refusedAnswer(flaw);
    if (before === undefined && files.cabinet === '')
      return refusedAnswer('the files of what runs are not kept: begin with a whole cabinet.yaml');
    // A signature is verified at the commit, against all files: other files may follow it.
    const signature = isSignature ? (text?.trim() ?? null) : (candidate?.signature ?? null);
    const note = { by, atMs: clock.wallMs(), base: candidate?.base ?? running().number, signature };
    try {
      await disk.writeFiles('candidate', files, note);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error)) throw error;
      return refusedAnswer(`it cannot be kept (${String(error.code)}): check the disk of store.dir`);
    }
    this.#candidate = { ...note, hash: revisionHash(files) };
    return answer({});
  }

  /** Removes the candidate and its files. */
  async drop(): Promise<void> {
    this.#candidate = null;
    await this.#parts.disk.remove('candidate');
  }
}

/** Why a text cannot be a signature; empty where it can. */
function signatureFlaw(text: string | null): string {
  return (text ?? '').trim().length > MAX_SIGNATURE_CHARS ? `${SIGNATURE_FILE} has at most ${MAX_SIGNATURE_CHARS} characters` : '';
}

/** The files with one of them changed, or why that is refused. */
function changed(files: ConfigFiles, file: string, text: string | null): ConfigFiles | string {
  const flaw = fileRefusal(file);
  if (flaw !== '') return flaw;
  const bytes = Buffer.byteLength(text ?? '');
  if (file === 'cabinet.yaml') {
    if (text === null) return 'cabinet.yaml cannot be taken out';
    return bytes > UPLOAD_LIMIT.cabinetBytes
      ? `${file} has ${bytes} bytes, at most ${UPLOAD_LIMIT.cabinetBytes}`
      : { ...files, cabinet: text };
  }
  const name = file.slice('profiles/'.length);
  const others = Object.fromEntries(Object.entries(files.profiles).filter(([each]) => each !== name));
  if (text === null) return name in files.profiles ? { ...files, profiles: others } : `there is no ${file} in it`;
  if (bytes > UPLOAD_LIMIT.profileBytes) return `${file} has ${bytes} bytes, at most ${UPLOAD_LIMIT.profileBytes}`;
  if (Object.keys(others).length >= MAX_PROFILES) return `${MAX_PROFILES} profiles at most`;
  return { ...files, profiles: { ...others, [name]: text } };
}

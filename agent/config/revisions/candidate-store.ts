/**
 * The candidate: files that shall become a revision, as far as somebody has put them together.
 *
 * Owns what lies in its folder. Checks names, sizes and the bounds of a text, not the content.
 */
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

export interface CandidateStore {
  view(): CandidateView | null;
  /** Why it may not be taken up as it is: another revision runs than when it was begun; empty when it may. */
  staleness(): string;
  restore(): Promise<void>;
  put(file: string, text: string | null, by: string): Promise<ConfigAnswer>;
  drop(): Promise<void>;
}

/** Device types that a revision may bring. Source: assumed; more than there are on the shelf. */
const MOST_PROFILES = 32;
const NO_FILES: ConfigFiles = { cabinet: '', profiles: {} };

export function createCandidateStore({
  disk,
  clock,
  running,
}: {
  readonly disk: RevisionDisk;
  readonly clock: Pick<Clock, 'wallMs'>;
  readonly running: () => Revision;
}): CandidateStore {
  let candidate: CandidateView | null = null;

  async function put(file: string, text: string | null, by: string): Promise<ConfigAnswer> {
    const before = await disk.readFiles(candidate === null ? running().number : 'candidate');
    const isSignature = file === SIGNATURE_FILE;
    const files = isSignature ? signatureFlaw(text) || (before ?? NO_FILES) : changed(before ?? NO_FILES, file, text);
    const flaw = typeof files === 'string' ? files : text === null ? '' : textRefusal(text);
    if (typeof files === 'string' || flaw !== '') return refusedAnswer(flaw);
    if (before === undefined && files.cabinet === '')
      return refusedAnswer('the files of what runs are not kept: begin with a whole cabinet.yaml');
    // Judged against all files together when they are to run; by then others may have come after it.
    const signature = isSignature ? (text?.trim() ?? null) : (candidate?.signature ?? null);
    const view = { by, atMs: clock.wallMs(), base: candidate?.base ?? running().number, hash: revisionHash(files), signature };
    try {
      await disk.writeFiles('candidate', files, { by: view.by, atMs: view.atMs, base: view.base, signature });
    } catch (error) {
      if (!(error instanceof Error && 'code' in error)) throw error;
      return refusedAnswer(`it cannot be kept (${String(error.code)}): check the disk of store.dir`);
    }
    candidate = view;
    return answer({});
  }

  return {
    view: () => candidate,
    staleness() {
      const { number } = running();
      if (candidate === null || candidate.base === number) return '';
      return `revision ${number} runs, but this was begun on revision ${candidate.base}: compare, then discard it or load it again`;
    },
    async restore() {
      const found = await disk.readFiles('candidate');
      if (found === undefined) {
        candidate = null;
        return;
      }
      // Loaded only where there is one: the schema would stay in memory.
      const { readNote } = await import('./candidate-note.ts');
      const note = readNote(found.note);
      candidate = note === undefined ? null : { ...note, hash: revisionHash(found) };
    },
    put,
    async drop() {
      candidate = null;
      await disk.remove('candidate');
    },
  };
}

/** Empty where it may be kept. */
function signatureFlaw(text: string | null): string {
  return (text ?? '').trim().length > MAX_SIGNATURE_CHARS ? `${SIGNATURE_FILE} has at most ${MAX_SIGNATURE_CHARS} characters` : '';
}

/** The files with one of them changed, or why that cannot be. */
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
  if (Object.keys(others).length >= MOST_PROFILES) return `${MOST_PROFILES} profiles at most`;
  return { ...files, profiles: { ...others, [name]: text } };
}

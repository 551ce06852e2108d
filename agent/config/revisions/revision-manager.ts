import { createEventTracker, type EventTracker, type StartNotice } from '../../core/event-tracker.ts';
import { type Message, msg, NO_TEXT, type Said } from '../../core/message.ts';
import type {
  CommitRequest,
  ConfigAnswer,
  ConfigFiles,
  ConfigManager,
  ConfigView,
  EditedText,
  EditOrder,
  FilePart,
  Revision,
  ValueInForce,
} from '../../core/revisions.ts';
import { createTokenBucket } from '../../core/token-bucket.ts';
import { asWritten } from '../edit/as-written.ts';
import { pathsFrom, valueInForce } from '../edit/config-paths.ts';
import { ActiveRevision, type ActiveRevisionParts } from './active-revision.ts';
import { CandidateStore, candidateAuthor, isDiskError, isPlatform } from './candidate-store.ts';
import type { CheckedRevision, RevisionFolder } from './check-in-child.ts';
import { type CommitContext, commitRevision, REOPENINGS } from './commit-revision.ts';
import { answer, notStored, refusedAnswer } from './config-answers.ts';
import { compareRevisions, NO_CANDIDATE_YET } from './revision-comparison.ts';
import type { CandidateFiles, RevisionDisk } from './revision-disk.ts';
import { revisionOf, runningOf } from './revision-history.ts';
import type { RevisionHistory } from './revision-history-file.ts';
import { RevisionHistoryStore } from './revision-history-store.ts';
import { DiskTimeout, timedDisk } from './timed-disk.ts';
import type { TrialEnd } from './trial-watch.ts';
import { TurnQueue } from './turn-queue.ts';
import { createUploads } from './upload.ts';

/** The dependencies with which `RevisionManager` is created, including those of `ActiveRevision`. */
export interface RevisionManagerParts extends ActiveRevisionParts, Pick<CommitContext, 'touches'> {
  readonly disk: RevisionDisk;
  /** The history at the start of the run, which contains the running revision. */
  readonly history: RevisionHistory;
  /**
   * Checks the files in a folder of the revision store. Compares them with the running revision and the file of the site. Aborting `signal`
   * ends it early.
   */
  readonly check: (folder: Pick<RevisionFolder, 'dir' | 'runningDir' | 'checkedFor'>, signal?: AbortSignal) => Promise<CheckedRevision>;
  /**
   * Resolves with the text of the cabinet.yaml in such a folder with one value changed, or with why it cannot be changed; does not write
   * the file. Default: in this process.
   */
  readonly edit?: (order: EditOrder, signal?: AbortSignal) => Promise<EditedText>;
  /** Events from the start-up that still have to be reported. */
  readonly startNotices?: readonly StartNotice[];
}

/**
 * Longest value. Units: characters. Source: assumed; a device with all its keys has 300. Confirmed by: the longest values that people set at the
 * cabinets.
 */
const MAX_VALUE_CHARS = 16_384;
/**
 * Requests of consoles, and as many of the platform, that wait while another is handled. Source: assumed; the largest upload has some 40 parts.
 * Confirmed by: the uploads of a platform in a year of logs.
 */
const MOST_WAITING = 128;
const NO_TRIAL = msg`no revision is on trial`;
const NO_CANDIDATE = msg`there is no candidate`;

/**
 * Manages configuration revisions: candidates, trial, confirmation and rollback. Each user of the console has a candidate of their own;
 * the users of the platform share one.
 */
export class RevisionManager implements ConfigManager {
  readonly #parts: RevisionManagerParts;
  /** For requests: a hung disk ends them, so that they do not delay the end of a trial. */
  readonly #disk: RevisionDisk;
  /** Tracks the lasting conditions that the start found. */
  readonly #events: EventTracker;
  readonly #histories: RevisionHistoryStore;
  readonly #candidates: CandidateStore;
  readonly #uploads: ReturnType<typeof createUploads>;
  readonly #active: ActiveRevision;
  readonly #context: CommitContext;
  readonly #turns = new TurnQueue();

  constructor(parts: RevisionManagerParts) {
    this.#parts = parts;
    this.#disk = timedDisk(parts.disk, parts.clock);
    this.#events = createEventTracker(parts.clock, parts.onEvent);
    this.#histories = new RevisionHistoryStore({ ...parts, onKept: () => this.#events.clear('config-refused', 'configuration') });
    this.#candidates = new CandidateStore({ ...parts, disk: this.#disk, running: () => this.#running });
    this.#uploads = createUploads(parts.clock);
    const check = (of: number | CandidateFiles, signal?: AbortSignal): Promise<CheckedRevision> => {
      const { disk } = parts;
      const checkedFor = typeof of === 'number' ? 'running' : 'new';
      return parts.check({ dir: disk.dirOf(of), runningDir: disk.dirOf(this.#running.number), checkedFor }, signal);
    };
    // The check of what runs after a trial is not interrupted.
    this.#active = new ActiveRevision(parts, this.#histories, { check: (of) => check(of), onVerdict: (end) => this.#endTrial(end) });
    this.#context = {
      ...parts,
      disk: this.#disk,
      histories: this.#histories,
      active: this.#active,
      check: (of) => check(of, this.#turns.signal),
      reopenings: createTokenBucket(parts.clock, REOPENINGS),
    };
  }

  /** Id of the platform command that began the current trial; null for none. */
  get openCommand(): string | null {
    return this.#histories.history.trial?.commandId ?? null;
  }

  /** Reports the events of the start-up and continues the trial of an earlier run. Resolves when the candidates on disk have been read. */
  async start(): Promise<void> {
    const { onChange, startNotices = [] } = this.#parts;
    for (const { isLasting, ...facts } of startNotices) isLasting === true ? this.#events.set(true, facts) : this.#events.notice(facts);
    // The running revision is in memory, so a trial continues without waiting for the disk.
    this.#active.start();
    onChange();
    await this.#candidates.restore(this.#parts.disk);
    if (this.#active.isStopped) return;
    void this.#histories.removeForgotten();
    onChange();
  }

  /** Aborts a running check and handles the waiting requests. Then saves the progress of a trial, which the next run continues. */
  async stop(): Promise<void> {
    this.#active.stop();
    await this.#turns.close();
    await this.#active.saveProgress();
    await this.#histories.settled();
  }

  /** The running revision and its trial, the candidate of `by`, and those of others. */
  view(by: string): ConfigView {
    const { trial } = this.#histories.history;
    const remainingMs = trial === null ? 0 : trial.trialMs - this.#active.watch.spentMs(trial);
    const restS = Math.max(0, Math.ceil(remainingMs / 1_000));
    return {
      running: this.#running,
      trial: trial === null ? null : { number: trial.number, mode: trial.mode, restS, missing: this.#active.watch.missing() },
      candidate: this.#candidates.view(by),
      others: this.#candidates.others(by),
      trouble: this.#histories.trouble,
    };
  }

  /** Newest first. */
  history(): readonly Revision[] {
    return this.#histories.history.revisions.toReversed();
  }

  async files(of: number | 'candidate' | 'running', by: string): Promise<ConfigFiles | undefined> {
    const kept = of === 'running' ? this.#running.number : of === 'candidate' ? this.#candidates.files(by) : of;
    return kept === undefined ? undefined : this.#parts.disk.readFiles(kept);
  }

  /** Completions for a partly typed path, from the running configuration. */
  paths(typed: string): readonly string[] {
    return pathsFrom(asWritten(this.#parts.site().cabinet), typed);
  }

  /** The value at a path of the running configuration; null if it does not exist, or is null. */
  inForce(path: string): ValueInForce | null {
    return valueInForce(asWritten(this.#parts.site().cabinet), path);
  }

  /** Puts a file into the candidate; null removes a profile or the signature. Starts a candidate if there is none. */
  put(file: string, text: string | null, by: string): Promise<ConfigAnswer> {
    return this.#inTurn(by, () => this.#putFile(file, text, by));
  }

  putPart(part: FilePart, by: string): Promise<ConfigAnswer> {
    return this.#inTurn(by, async () => {
      const state = this.#uploads.take(part, candidateAuthor(by));
      if (state.kind === 'refused') return refusedAnswer(state.reason);
      const dropped = state.dropped === null ? NO_TEXT : droppedText(part.file, state.dropped);
      if (state.kind === 'more') return answer({ reason: msg`${state.have} of ${state.of} parts received${dropped}` });
      const result = await this.#putFile(part.file, state.text, by);
      return result.state === 'done' && dropped !== NO_TEXT
        ? { ...result, reason: msg`${part.parts} of ${part.parts} parts received${dropped}` }
        : result;
    });
  }

  /** Sets one value of the candidate's cabinet.yaml; null removes it. Starts a candidate if there is none. */
  set(path: string, value: string | null, by: string): Promise<ConfigAnswer> {
    return this.#inTurn(by, async () => {
      const { disk, edit } = this.#parts;
      const of = this.#candidates.files(by) ?? this.#running.number;
      const files = await this.#disk.readFiles(of);
      if (files === undefined) return refusedAnswer(msg`the files of what runs are not kept: load a whole cabinet.yaml first`);
      if ((value ?? '').length > MAX_VALUE_CHARS)
        return refusedAnswer(msg`a value has at most ${MAX_VALUE_CHARS} characters: load a whole file`);
      const edited = await (edit?.({ dir: disk.dirOf(of), path, value }, this.#turns.signal) ?? editHere(files.cabinet, path, value));
      if ('reason' in edited) return refusedAnswer(edited.reason);
      const result = await this.#putFile('cabinet.yaml', edited.text, by);
      return { ...result, warnings: edited.missing ?? [] };
    });
  }

  /** Copies another author's candidate to `by`; refused, for example, if `by` has one already. */
  take(author: string, by: string): Promise<ConfigAnswer> {
    return this.#inTurn(by, () => this.#candidates.take(author, by).finally(this.#parts.onChange));
  }

  /** Checks the candidate, and compares it with the running revision. */
  check(by: string): Promise<ConfigAnswer> {
    return this.compare('running', 'candidate', by);
  }

  compare(from: number | 'running', to: number | 'candidate' | 'running', by: string): Promise<ConfigAnswer> {
    return this.#inTurn(by, async () => {
      const side = to === 'candidate' ? this.#candidates.files(by) : to;
      return side === undefined ? refusedAnswer(NO_CANDIDATE_YET) : compareRevisions(this.#context, from, side);
    });
  }

  /** Resolves when the revision is in force or was refused; does not wait for the trial to end. */
  commit(request: CommitRequest): Promise<ConfigAnswer> {
    return this.#inTurn(request.by, async () => {
      const { by, base } = request;
      const of = this.#candidates.files(by);
      const files = of === undefined ? undefined : await this.#disk.readFiles(of);
      if (of === undefined || files === undefined) return refusedAnswer(NO_CANDIDATE_YET);
      const stale = base === null ? this.#candidates.staleness(by) : NO_TEXT;
      if (stale !== NO_TEXT) return refusedAnswer(stale);
      const { signature = null, authors = [] } = this.#candidates.view(by) ?? {};
      const others = authors.filter((author) => author !== by && author !== candidateAuthor(by));
      const result = await commitRevision(this.#context, { of, files, signature }, { ...request, why: whyWithOthers(request.why, others) });
      if (result.state === 'done') await this.#candidates.committed(by).finally(this.#parts.onChange);
      return others.length === 0 ? result : { ...result, partsBy: others };
    });
  }

  rollback(number: number, request: CommitRequest): Promise<ConfigAnswer> {
    return this.#inTurn(request.by, async () => {
      const { history } = this.#histories;
      const files = await this.#disk.readFiles(number);
      if (revisionOf(history, number) === undefined || files === undefined)
        return refusedAnswer(msg`there is no revision ${number}: ${history.revisions.map((each) => each.number)} are kept`);
      const why = String(request.why) === '' ? msg`rollback to revision ${number}` : msg`rollback to revision ${number}: ${request.why}`;
      return commitRevision(this.#context, { of: number, files, signature: null }, { ...request, why });
    });
  }

  confirm(by: string): Promise<ConfigAnswer> {
    return this.#endingTrial(by, async () => {
      const { trial } = this.#histories.history;
      if (trial === null) return refusedAnswer(NO_TRIAL);
      const trouble = await this.#active.confirm(by);
      if (trouble === NO_TEXT) return answer({ revision: trial.number });
      return { ...notStored(msg`revision ${trial.number} stays on trial: ${trouble}; then confirm it again`), revision: trial.number };
    });
  }

  /** Ends the trial and returns to the revision before it; refused, for example, if `number` is not the one on trial. */
  returnTrial(by: string, why: Said, number?: number): Promise<ConfigAnswer> {
    return this.#endingTrial(by, async () => {
      const { trial } = this.#histories.history;
      if (trial === null) return refusedAnswer(NO_TRIAL);
      if (number !== undefined && number !== trial.number)
        return refusedAnswer(msg`revision ${trial.number} is on trial, not revision ${number}`);
      const { obstacle, trouble } = await this.#active.return(String(why) === '' ? msg`by ${by}` : msg`by ${by}: ${why}`);
      if (obstacle !== NO_TEXT) return refusedAnswer(obstacle);
      const { current: revision } = this.#histories.history;
      if (trouble === NO_TEXT) return answer({ revision });
      const reason = msg`that is not stored: ${trouble}; a restart before it is stored goes on with the trial`;
      return answer({ revision, code: 'not-stored', reason });
    });
  }

  /** Resolves when the requests that consoles have made so far have been handled. */
  settled(): Promise<void> {
    return this.#turns.add('console', async () => {});
  }

  discard(by: string): Promise<ConfigAnswer> {
    return this.#inTurn(by, async () => {
      if (this.#candidates.view(by) === null) return refusedAnswer(NO_CANDIDATE);
      await this.#candidates.drop(by);
      this.#parts.onChange();
      return answer({});
    });
  }

  get #running(): Revision {
    return runningOf(this.#histories.history);
  }

  #putFile(file: string, text: string | null, by: string): Promise<ConfigAnswer> {
    return this.#candidates.put(file, text, by).finally(this.#parts.onChange);
  }

  #endTrial(end: TrialEnd): void {
    // If the end of a trial cannot be saved, it is tried again by the watch, or with the history.
    void this.#turns.add<unknown>('trial-end', () =>
      end.kind === 'confirm' ? this.#active.confirm(null) : this.#active.return(end.reason),
    );
  }

  /**
   * A confirmation or a return is not delayed by a check, because the trial would end in the meantime. One waits ahead of other requests; more
   * of them wait in their turn, so that repeating them delays no console.
   */
  #endingTrial(by: string, work: () => Promise<ConfigAnswer>): Promise<ConfigAnswer> {
    const isFirst = this.#histories.history.trial !== null && this.#turns.waiting('trial-end') === 0;
    return isFirst ? this.#turns.add('trial-end', work) : this.#inTurn(by, work);
  }

  async #inTurn(by: string, work: () => Promise<ConfigAnswer>): Promise<ConfigAnswer> {
    const rank = isPlatform(by) ? 'platform' : 'console';
    if (this.#turns.waiting(rank) >= MOST_WAITING)
      return refusedAnswer(msg`${MOST_WAITING} requests for the configuration wait: wait for their results, then send it again`);
    return this.#turns.add(rank, () => work().catch(diskTrouble));
  }
}

/** The result of a request that a hung or failing disk ended. Errors: throws every other error again. */
function diskTrouble(error: unknown): ConfigAnswer {
  if (error instanceof DiskTimeout)
    return notStored(msg`the disk does not answer in time: check the disk of store.dir, then send it again`);
  if (!isDiskError(error)) throw error;
  return notStored(msg`the disk fails (${error.code}): check the disk of store.dir, then send it again`);
}

/** Why a revision was made, and which other authors contributed to it. */
function whyWithOthers(why: Said, others: readonly string[]): Said {
  if (others.length === 0) return why;
  return String(why) === '' ? msg`with parts by ${others}` : msg`${why}; with parts by ${others}`;
}

/** Parser and schema are loaded only for this. */
async function editHere(text: string, path: string, value: string | null): Promise<EditedText> {
  return (await import('../edit/checked-edit.ts')).editChecked(text, path, value);
}

/** Two senders that upload the same file drop each other's parts: both must be able to see it. */
function droppedText(file: string, { have, of }: { readonly have: number; readonly of: number }): Message {
  return msg`; another incomplete upload of ${file} (${have} of ${of} parts, other hash or number of parts) was dropped: check for a second sender`;
}

/**
 * The desk of the configuration: a candidate is put together, checked, tried and then kept, or taken back.
 *
 * Owns the candidate, the book and the order of things: whatever is asked is done one after the other, and nothing runs that is not on disk.
 * Builds no room itself: it is given what checks files and takes configurations up.
 */
import { type Clock, isTrusted } from '../../core/clock.ts';
import type { Log } from '../../core/ports.ts';
import type {
  CommitRequest,
  ConfigAnswer,
  ConfigFiles,
  ConfigManager,
  ConfigView,
  EditedText,
  EditOrder,
  SiteOwnedDifference,
} from '../../core/revisions.ts';
import type { AgentEvent } from '../../core/words.ts';
import { asWritten } from '../edit/as-written.ts';
import { pathsFrom } from '../edit/config-paths.ts';
import { type FloorLeave, floorLeave } from '../floor/floor-leave.ts';
import { type CandidateStore, createCandidateStore } from './candidate-store.ts';
import type { CheckedRevision } from './check-in-child.ts';
import { answer, differences, refusedAnswer } from './config-answers.ts';
import { asProblems, createComparison, wrongness } from './revision-comparison.ts';
import { type RevisionDisk, revisionHash } from './revision-disk.ts';
import { createRevisionEvents } from './revision-events.ts';
import {
  nextNumber,
  type RevisionBook,
  revisionOf,
  runningOf,
  type Trial,
  withConfirmed,
  withTrial,
  withTrialConfirmed,
  withTrialReturned,
} from './revision-history.ts';
import { createRevisionHistoryStore } from './revision-history-store.ts';
import { siteOwnedRefusal } from './site-owned.ts';
import type { CabinetAndProfiles } from './touched-parts.ts';
import type { TrialHealth } from './trial.ts';
import { createTrialWatch } from './trial-watch.ts';
import { createUploads } from './upload.ts';

export interface RevisionManagerParts {
  readonly disk: RevisionDisk;
  readonly clock: Clock;
  readonly log: Log;
  /** As it is on disk, or will be: whatever runs is in it. */
  readonly book: RevisionBook;
  /** What runs. */
  readonly site: () => CabinetAndProfiles;
  /** The files in a folder of the disk, against those of the revision that runs. */
  readonly check: (dir: string, runningDir: string) => Promise<CheckedRevision>;
  /** One value changed of the cabinet.yaml in a folder of the disk, by another process. Default: by this one. */
  readonly edit?: (order: EditOrder) => Promise<EditedText>;
  /** The file of the site, for people. */
  readonly siteFile: string;
  /** What runs at the start and is not as the file of the site says. */
  readonly unlikeSite: readonly SiteOwnedDifference[];
  /** Which rooms a change touches, in words; empty for none. */
  readonly touches: (before: CabinetAndProfiles, after: CabinetAndProfiles) => readonly string[];
  readonly health: () => TrialHealth;
  /** Takes a configuration up; resolves when it runs. */
  readonly apply: (site: CabinetAndProfiles) => Promise<unknown>;
  readonly onEvent: (event: AgentEvent) => void;
  /** The view is another one. */
  readonly onChange: () => void;
  /** A trial is over. `reason` is empty where it was confirmed. */
  readonly onTrialEnd: (trial: { readonly commandId: string | null; readonly number: number; readonly reason: string }) => void;
}

export interface RevisionManager extends ConfigManager {
  /** Goes on with what an earlier run left. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** The command whose end is still to come; null for none. */
  readonly openCommand: string | null;
}

export function createRevisionManager(parts: RevisionManagerParts): RevisionManager {
  const { disk, clock, log } = parts;
  const events = createRevisionEvents(clock, parts.onEvent, parts.siteFile);
  const keeper = createRevisionHistoryStore({ disk, clock, log, book: parts.book, onChange: parts.onChange });
  const shelf: CandidateStore = createCandidateStore({ disk, clock, running: () => runningOf(keeper.book) });
  const uploads = createUploads(clock);
  const watch = createTrialWatch({
    clock,
    health: parts.health,
    onSpent: (spentMs) => {
      const { trial } = keeper.book;
      if (trial !== null) void keeper.save({ ...keeper.book, trial: { ...trial, spentMs } });
    },
    onVerdict: (verdict) => void inTurn(() => (verdict.kind === 'confirm' ? keep('by itself: all is back') : takeBack(verdict.reason))),
  });
  /** What ran before the trial, as long as this run knows it. */
  let former: Running | null = null;
  let unlikeSite = parts.unlikeSite;
  let turn: Promise<unknown> = Promise.resolve();
  let isStopped = false;
  const compare = createComparison({
    ...{ disk, running: parts.site, touches: parts.touches, siteFile: parts.siteFile, checked },
    runningNumber: () => runningOf(keeper.book).number,
    hasCandidate: () => shelf.view() !== null,
    unlikeSite: () => unlikeSite,
  });

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = turn.then(work);
    turn = done.catch(() => {});
    return done;
  }

  function begin(trial: Trial): void {
    watch.start(trial);
    events.trial(trial);
  }

  function showUnlikeSite(differences: readonly SiteOwnedDifference[]): void {
    unlikeSite = differences;
    events.unlikeSite(differences);
  }

  async function editHere(text: string, path: string, value: string | null): Promise<EditedText> {
    return (await import('../edit/edit.ts')).editYaml(text, path, value);
  }

  function checked(of: number | 'candidate'): Promise<CheckedRevision> {
    return parts.check(disk.dirOf(of), disk.dirOf(runningOf(keeper.book).number));
  }

  async function keep(how: string): Promise<void> {
    const { trial } = keeper.book;
    if (trial === null || isStopped) return;
    watch.stop();
    events.trial(null);
    await keeper.save(withTrialConfirmed(keeper.book));
    former = null;
    events.confirmed(trial.number, how);
    parts.onTrialEnd({ commandId: trial.commandId, number: trial.number, reason: '' });
  }

  /** The book first, so that a restart does not try it again; but a line that is lost does not wait for a disk that hangs. */
  async function takeBack(reason: string): Promise<void> {
    const { trial, current } = keeper.book;
    if (trial === null || isStopped) return;
    watch.stop();
    events.trial(null);
    await keeper.save(withTrialReturned(keeper.book, reason));
    const { site, unlikeSite: unlike } = former ?? (await checked(current));
    if (site === null) log.event('configuration-not-returned', { revision: current, check: 'luciole check of its folder' }, 'alarm');
    else await parts.apply(site);
    showUnlikeSite(unlike);
    former = null;
    events.returned(trial.number, current, reason);
    parts.onTrialEnd({ commandId: trial.commandId, number: trial.number, reason });
    parts.onChange();
  }

  /** Files that lie in a folder of the disk → the revision that runs. */
  async function takeUp(
    of: number | 'candidate',
    files: ConfigFiles,
    request: CommitRequest,
    signature: string | null = null,
  ): Promise<ConfigAnswer> {
    const before = keeper.book;
    const running = runningOf(before);
    const hash = revisionHash(files);
    if (before.trial !== null) return refusedAnswer(`revision ${running.number} is on trial: confirm it or take it back first`);
    if (request.base !== null && request.base !== running.hash)
      return refusedAnswer(`revision ${running.number} runs, not the one that this is based on: compare, then send it again`);
    if (hash === running.hash) return answer({ reason: `equal to revision ${running.number}, which runs`, revision: running.number });
    const { site, problems, warnings, siteOwned, unlikeSite: unlike, belowFloor } = await checked(of);
    if (site === null) return { ...refusedAnswer(wrongness(problems.length)), problems };
    const touches = parts.touches(parts.site(), site);
    const changes = await differences(parts.site(), site, await disk.readFiles(running.number), files);
    const facts = { problems, warnings, changes, touches };
    if (siteOwned.length > 0) return { ...refusedAnswer(siteOwnedRefusal(siteOwned, parts.siteFile)), ...facts };
    if (request.by.startsWith('platform') && site.cabinet.uplink === null) return { ...refusedAnswer(CUT_OFF), ...facts };
    const leave = belowFloor.length === 0 ? null : leaveFor(files, request, signature);
    if (leave?.isGiven === false) return { ...refusedAnswer(leave.reason), ...facts, problems: [...problems, ...asProblems(belowFloor)] };
    const number = nextNumber(before);
    const revision = { atMs: clock.wallMs(), by: request.by, why: whyWith(request, leave), hash };
    const saved = await kept(number, files, () => {
      const signedSerial = leave?.serial ?? before.signedSerial;
      if (touches.length === 0) return { ...withConfirmed(before, revision), signedSerial };
      const { mode, minutes, commandId } = request;
      const { answering, isOnline } = parts.health();
      return withTrial({ ...before, signedSerial }, revision, {
        mode,
        trialMs: minutes * 60_000,
        commandId,
        baseline: { units: [...answering], isOnline },
      });
    });
    if (saved !== '') return { ...refusedAnswer(saved), ...facts };
    await run({ site, unlikeSite: unlike }, number, { ...request, why: whyWith(request, leave) }, touches);
    return answer({ ...facts, revision: number, isOnTrial: touches.length > 0 });
  }

  /** For the files as they are, by the clock and the keys of now. */
  function leaveFor(files: ConfigFiles, { by, lowersFloor }: CommitRequest, signature: string | null): FloorLeave {
    const { id: cabinetId, trust } = parts.site().cabinet;
    const nowMs = isTrusted(clock.quality()) ? clock.wallMs() : null;
    return floorLeave({
      by,
      lowersFloor,
      files,
      signature,
      keys: trust.revisionKeys,
      cabinetId,
      nowMs,
      lastSerial: keeper.book.signedSerial,
    });
  }

  async function run(
    next: Running & { readonly site: CabinetAndProfiles },
    number: number,
    { by, why }: CommitRequest,
    touches: readonly string[],
  ): Promise<void> {
    events.changed(number, { by, why, touches });
    former = { site: parts.site(), unlikeSite };
    await parts.apply(next.site);
    showUnlikeSite(next.unlikeSite);
    const { trial } = keeper.book;
    if (trial?.number === number) begin(trial);
    else former = null;
    void keeper.tidy();
    parts.onChange();
  }

  /** On disk for good, files before the book. Answers why not; empty when it is. */
  async function kept(number: number, files: ConfigFiles, next: () => RevisionBook): Promise<string> {
    const before = keeper.book;
    try {
      await disk.writeFiles(number, files, {});
    } catch (error) {
      if (!(error instanceof Error && 'code' in error)) throw error;
      return `it cannot be kept (${String(error.code)}): check the disk of store.dir`;
    }
    if (await keeper.save(next())) return '';
    // A book that comes to disk late after all must not bring up what was refused.
    void keeper.save(before);
    return `it cannot be kept: ${keeper.trouble}`;
  }

  return {
    view(): ConfigView {
      const { trial } = keeper.book;
      const restS = trial === null ? 0 : Math.max(0, Math.ceil((trial.trialMs - watch.spentMs()) / 1_000));
      return {
        running: runningOf(keeper.book),
        trial: trial === null ? null : { number: trial.number, mode: trial.mode, restS, missing: watch.missing() },
        candidate: shelf.view(),
        trouble: keeper.trouble,
      };
    },
    history: () => keeper.book.revisions.toReversed(),
    files: (of) => disk.readFiles(of === 'running' ? runningOf(keeper.book).number : of),
    put: (file, text, by) => inTurn(() => shelf.put(file, text, by).finally(parts.onChange)),
    putPart: (part, by) =>
      inTurn(async () => {
        const state = uploads.take(part);
        if (state.kind === 'refused') return refusedAnswer(state.reason);
        if (state.kind === 'more') return answer({ reason: `${state.have} of ${state.of} parts are there` });
        return shelf.put(part.file, state.text, by).finally(parts.onChange);
      }),
    set: (path, value, by) =>
      inTurn(async () => {
        const files = await disk.readFiles(shelf.view() === null ? runningOf(keeper.book).number : 'candidate');
        if (files === undefined) return refusedAnswer('the files of what runs are not kept: load a whole cabinet.yaml first');
        if ((value ?? '').length > MAX_VALUE) return refusedAnswer(`a value has at most ${MAX_VALUE} characters: load a whole file`);
        const dir = disk.dirOf(shelf.view() === null ? runningOf(keeper.book).number : 'candidate');
        const edited = await (parts.edit?.({ dir, path, value }) ?? editHere(files.cabinet, path, value));
        return 'reason' in edited ? refusedAnswer(edited.reason) : shelf.put('cabinet.yaml', edited.text, by).finally(parts.onChange);
      }),
    check: () => inTurn(() => compare('running', 'candidate')),
    compare: (from, to) => inTurn(() => compare(from, to)),
    commit: (request) =>
      inTurn(async () => {
        const files = await disk.readFiles('candidate');
        if (files === undefined || shelf.view() === null) return refusedAnswer('there is no candidate: send or load a file first');
        const stale = request.base === null ? shelf.staleness() : '';
        if (stale !== '') return refusedAnswer(stale);
        const result = await takeUp('candidate', files, request, shelf.view()?.signature ?? null);
        if (result.state === 'done') await shelf.drop();
        return result;
      }),
    rollback: (number, request) =>
      inTurn(async () => {
        const [known, files] = [revisionOf(keeper.book, number), await disk.readFiles(number)];
        if (known === undefined || files === undefined)
          return refusedAnswer(`there is no revision ${number}: ${numbersOf(keeper.book)} are kept`);
        return takeUp(number, files, request);
      }),
    confirm: (by) =>
      inTurn(async () => {
        const { trial } = keeper.book;
        if (trial === null) return refusedAnswer('no revision is on trial');
        await keep(`by ${by}`);
        return answer({ revision: trial.number });
      }),
    giveBack: (by, why, number) =>
      inTurn(async () => {
        const { trial } = keeper.book;
        if (trial === null) return refusedAnswer('no revision is on trial');
        if (number !== undefined && number !== trial.number)
          return refusedAnswer(`revision ${trial.number} is on trial, not revision ${number}`);
        await takeBack(`by ${by}${why === '' ? '' : `: ${why}`}`);
        return answer({ revision: keeper.book.current });
      }),
    paths: (typed) => pathsFrom(asWritten(parts.site().cabinet), typed),
    discard: () =>
      inTurn(async () => {
        if (shelf.view() === null) return refusedAnswer('there is no candidate');
        await shelf.drop();
        parts.onChange();
        return answer({});
      }),
    get openCommand() {
      return keeper.book.trial?.commandId ?? null;
    },
    async start() {
      // What runs is known without the disk, and a trial goes on.
      const { trial } = keeper.book;
      if (trial !== null) begin(trial);
      showUnlikeSite(unlikeSite);
      parts.onChange();
      await shelf.restore();
      if (isStopped) return;
      void keeper.tidy();
      parts.onChange();
    },
    async stop() {
      isStopped = true;
      watch.stop();
      await turn;
      const { trial } = keeper.book;
      if (trial !== null) await keeper.save({ ...keeper.book, trial: { ...trial, spentMs: watch.spentMs() } });
      await keeper.settled();
    },
  };
}

/** Units: characters. Source: assumed; a device with all its keys has 300. */
const MAX_VALUE = 16_384;

/** A file of the site without an uplink allows one without it too. */
const CUT_OFF = 'it has no uplink: the platform would cut itself off; take it out at the cabinet';

/** The history says who allowed less light. */
function whyWith({ why }: CommitRequest, leave: FloorLeave | null): string {
  if (leave?.isGiven !== true) return why;
  return `${why}${why === '' ? '' : '; '}below the floor, allowed by ${leave.by}`;
}

/** What runs, and what of it is not as the file of the site says. */
type Running = Pick<CheckedRevision, 'site' | 'unlikeSite'>;

function numbersOf({ revisions }: RevisionBook): string {
  return revisions.map(({ number }) => number).join(', ');
}

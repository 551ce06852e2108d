/**
 * Chooses the configuration of a run: the file of the site, or the revision that was confirmed or is on trial.
 *
 * The file of the site belongs to its integrator: the agent never writes it, and a file that was changed by hand becomes a new revision with
 * precedence. A configuration that cannot be used does not keep a street dark while another one can be used.
 */

import { createHash } from 'node:crypto';
import { dirname, join, resolve } from 'node:path';
import type { WallMs } from '../../core/clock.ts';
import { ConfigError, problemMessage, type StoreError } from '../../core/errors.ts';
import type { EventFacts, StartNotice } from '../../core/event-tracker.ts';
import { type Message, msg } from '../../core/message.ts';
import { finishRestore } from '../../core/pending-restore.ts';
import { readRegularFile } from '../../core/regular-file.ts';
import type { ConfigFiles, SiteOwnedDifference } from '../../core/revisions.ts';
import { createRevisionDisk, type RevisionDisk, revisionHash } from '../revisions/revision-disk.ts';
import { firstRevisionHistory, withConfirmed, withTrialConfirmed, withTrialReturned } from '../revisions/revision-history.ts';
import { type RevisionHistory, readRevisionHistory } from '../revisions/revision-history-file.ts';
import { siteOwnedDifferences } from '../revisions/site-owned.ts';
import { STORE_DIR } from '../schema/schema.ts';
import { cabinetFrom } from './load.ts';
import { type LoadedSite, loadRevision, loadSite } from './load-site.ts';
import { readPlacedYaml } from './places.ts';

/** The configuration and state with which a run begins. */
export interface Beginning {
  readonly site: LoadedSite;
  /** The initial state of the revision manager; null: this run accepts no revisions. */
  readonly revisions: RevisionsAtStart | null;
  /**
   * Why the data may not be used, for example because another agent (`in-use`) or a command (`held`) has it locked. Absent does not mean
   * that this run has locked it.
   */
  readonly refusal?: StoreError;
  /**
   * Makes the process that read the configuration release its locks, so that this run can have them. Does not wait until they are
   * released. Absent if that process has none or was killed.
   */
  readonly handOver?: () => void;
  /** Whether a process of this run may still have the data or the lines locked. Default: false. */
  readonly isLockOurs?: () => boolean;
}

/** The configuration and state with which a run begins; unlike in `Beginning`, `revisions` is not null. */
export type BegunWithRevisions = Beginning & { readonly revisions: RevisionsAtStart };

/** The revisions at the start of a run. */
export interface RevisionsAtStart {
  readonly disk: RevisionDisk;
  /** The history with the changes of this start, even if the disk refused them. */
  readonly history: RevisionHistory;
  /** The folder of the file of the site, absolute; folders of profiles are relative to it. */
  readonly siteDir: string;
  /** The file of the site, absolute. */
  readonly siteFile: string;
  /**
   * Site-owned keys of the running configuration that differ from the file of the site; empty if that file cannot be read or does not fit
   * the schema.
   */
  readonly unlikeSite: readonly SiteOwnedDifference[];
  /** Events to report once there is an event log. */
  readonly notices: readonly StartNotice[];
}

/** The inputs for the choice of the configuration at a start. */
export interface StartParts {
  /** The file of the site. A relative path is relative to the working directory. */
  readonly configFile: string;
  /** The store's folder, if the command line names one; otherwise null. */
  readonly dataDir: string | null;
  /** The time of a revision that this start makes from the file of the site. */
  readonly nowMs: WallMs;
}

/**
 * The steps of choosing the configuration, in their order. Some are left out or repeated. `configuration-files-read`: cabinet.yaml has been
 * read, if that is possible; the step after it loads the device profiles too.
 */
export type BeginningStep =
  | 'configuration-reader-started'
  | 'lines-locked'
  | 'data-locked'
  | 'configuration-files-read'
  | 'configuration-checked';

/**
 * A revision is withdrawn if the agent had to start more often than this during its trial. Source: assumed; one crash may be chance, mains may fail
 * twice. Confirmed by: starts during trials in the logs of the cabinets.
 */
const MOST_STARTS = 3;
/**
 * Unusable files that a start reports. Source: assumed; the history, one revision and the file of the site are read. Confirmed by: start events after
 * a damaged disk on the bench.
 */
const MOST_FLAWS = 5;

/** Reason of a return whose own reason was not stored, because the disk did not take the history. */
const WAS_RETURNED = msg`it was returned before the agent started again`;

/**
 * Chooses and loads the configuration of a run: the file of the site, or a revision. May also write revisions and their history, and
 * complete an interrupted restore. `onStep`: called with the steps of reading and checking. `beforeDisk`: called with the data folder,
 * before anything in it is read or written.
 *
 * Errors: rejects with ConfigError if it finds no configuration that can be used, and as `beforeDisk`.
 */
export async function beginConfiguration(
  parts: StartParts,
  onStep: (completed: BeginningStep) => void = () => {},
  beforeDisk: (dir: string) => Promise<void> = async () => {},
): Promise<BegunWithRevisions> {
  const file = readSiteFile(parts.configFile, onStep);
  const dir = parts.dataDir ?? storeDirOf(file.values());
  await beforeDisk(dir);
  goOnWithRestore(dir);
  const flaws: string[] = [];
  const disk = createRevisionDisk(join(dir, 'config'), (flaw) => flaws.push(flaw));
  const { site, revisions } = await begin({ ...parts, disk, file, known: readRevisionHistory(await disk.readHistory()), onStep });
  return { site, revisions: { ...revisions, notices: [...revisions.notices, ...flaws.slice(0, MOST_FLAWS).map(flawFacts)] } };
}

/** A disk that refuses it does not keep a street dark; the next start tries again. */
function goOnWithRestore(dir: string): void {
  try {
    finishRestore(dir);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
  }
}

/** Loads the file of the site and does not read the revisions. Errors: throws ConfigError if the file cannot be used. */
export function beginWithoutRevisions(configFile: string): Beginning {
  const { site, error } = readSiteFile(configFile, () => {}).load();
  if (site === null) throw error ?? new TypeError('a file without a site has an error');
  return { site, revisions: null };
}

interface SiteFile {
  readonly text: string;
  readonly hash: string;
  /** Its values as written, read at the first call. */
  readonly values: () => unknown;
  /** Read and checked at the first call: most runs begin with a revision, and this takes longer than everything else at a start. */
  readonly load: () => Loading;
}

interface Loading {
  /** Null if it cannot be used; then `error` has the reason. */
  readonly site: LoadedSite | null;
  readonly error: ConfigError | null;
}

interface Beginnings extends StartParts {
  readonly disk: RevisionDisk;
  readonly file: SiteFile;
  readonly known: RevisionHistory | undefined;
  readonly onStep: (completed: BeginningStep) => void;
}

async function begin(parts: Beginnings): Promise<BegunWithRevisions> {
  const { file, known } = parts;
  if (known === undefined) return fromFile(parts, null, []);
  if (file.hash === known.fileHash) {
    await rememberSite(parts);
    return fromRevision(parts, known, []);
  }
  const { error } = file.load();
  if (error === null) return fromFile(parts, known, [changedFacts(known)]);
  return fromRevision(parts, known, [unusableFacts(parts.configFile, error)]);
}

/** Creates a revision from the file and begins with it. Errors: throws ConfigError if the file cannot be used. */
async function fromFile(
  { disk, file, configFile, nowMs }: Beginnings,
  before: RevisionHistory | null,
  notices: readonly StartNotice[],
): Promise<BegunWithRevisions> {
  const { site, error } = file.load();
  if (site === null) throw error ?? new TypeError('a file without a site has an error');
  const files: ConfigFiles = { cabinet: file.text, profiles: {} };
  const revision = { atMs: nowMs, by: 'file', why: configFile, hash: revisionHash(files) };
  await rememberSite({ disk, file });
  const settled = before === null ? null : withTrialReturned(before, msg`the file ${configFile} was changed`);
  const history =
    settled === null ? firstRevisionHistory(revision, file.hash) : { ...withConfirmed(settled, revision), fileHash: file.hash };
  const saved = await savedAs(disk, history, files);
  const all = saved === '' ? notices : [...notices, unsavedFacts(saved)];
  return { site, revisions: { disk, history, ...placeOf(configFile), unlikeSite: [], notices: all } };
}

/** Begins with the revision on trial, otherwise the confirmed one, otherwise the file. */
async function fromRevision(parts: Beginnings, known: RevisionHistory, notices: readonly StartNotice[]): Promise<BegunWithRevisions> {
  const { disk, configFile, onStep } = parts;
  const place = placeOf(configFile);
  const { siteDir } = place;
  const { trial } = known;
  if (trial?.isMarked === true && !(await disk.isMarked(trial.number))) {
    const history = withTrialReturned(known, WAS_RETURNED);
    await savedAs(disk, history, null);
    return fromRevision(parts, history, [...notices, returnedFacts(trial.number, known.current, WAS_RETURNED)]);
  }
  if (trial !== null) {
    const site = trial.starts < MOST_STARTS ? await siteOf(known, trial.number, { disk, siteDir, onStep }) : null;
    const why =
      trial.starts < MOST_STARTS ? msg`its files cannot be used any more` : msg`the agent had to start ${trial.starts + 1} times with it`;
    const history = site === null ? withTrialReturned(known, why) : { ...known, trial: { ...trial, starts: trial.starts + 1 } };
    await savedAs(disk, history, null);
    if (site !== null) return { site, revisions: { disk, history, ...place, unlikeSite: unlikeSite(site, parts), notices } };
    return fromRevision(parts, history, [...notices, returnedFacts(trial.number, known.current, why)]);
  }
  const site = await siteOf(known, known.current, { disk, siteDir, onStep });
  if (site !== null)
    return { site, revisions: { disk, history: withTrialConfirmed(known), ...place, unlikeSite: unlikeSite(site, parts), notices } };
  return fromFile(parts, known, [...notices, lostFacts(known.current)]);
}

/**
 * Stores the text of the site's file, so that each revision can be compared with the file as last loaded. A disk that refuses it does not delay the
 * start: without this text a revision may only keep the running values.
 */
async function rememberSite({ disk, file }: Pick<Beginnings, 'disk' | 'file'>): Promise<void> {
  try {
    const kept = await disk.readFiles('site');
    if (kept?.cabinet !== file.text) await disk.writeFiles('site', { cabinet: file.text, profiles: {} }, {});
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
  }
}

/** Empty if the file of the site cannot be used now: there is nothing to compare with. */
function unlikeSite({ cabinet }: LoadedSite, { configFile, file }: Beginnings): readonly SiteOwnedDifference[] {
  const ofFile = cabinetFrom(file.values());
  const { siteDir } = placeOf(configFile);
  if (ofFile === undefined) return [];
  return siteOwnedDifferences(cabinet, [{ ...ofFile, profileDirs: ofFile.profileDirs.map((dir) => resolve(siteDir, dir)) }]);
}

function placeOf(configFile: string): Pick<RevisionsAtStart, 'siteDir' | 'siteFile'> {
  const siteFile = resolve(configFile);
  return { siteDir: dirname(siteFile), siteFile };
}

/** Null if its files are incomplete or cannot be used. */
async function siteOf(
  history: RevisionHistory,
  number: number,
  { disk, siteDir, onStep }: Pick<Beginnings, 'disk' | 'onStep'> & { readonly siteDir: string },
): Promise<LoadedSite | null> {
  const files = await disk.readFiles(number);
  const revision = history.revisions.find((each) => each.number === number);
  if (files === undefined || revisionHash(files) !== revision?.hash) return null;
  return usable(() => loadRevision(disk.dirOf(number), siteDir, 'running'), onStep).site;
}

/** Saves files and history. Returns the code of the error, empty when saved: a failing disk does not keep a street dark. */
async function savedAs(disk: RevisionDisk, history: RevisionHistory, files: ConfigFiles | null): Promise<string> {
  try {
    if (files !== null) await disk.writeFiles(history.current, files, {});
    await disk.writeHistory(history);
    return '';
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    return String(error.code);
  }
}

function readSiteFile(configFile: string, onStep: Beginnings['onStep']): SiteFile {
  let text = '';
  try {
    text = readRegularFile(configFile).toString('utf8');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    // `load` reports why it cannot be read.
  }
  let read: { readonly value: unknown } | null = null;
  const values = (): unknown => {
    read ??= readPlacedYaml(text);
    return read.value;
  };
  let loading: Loading | null = null;
  const load = (): Loading => {
    loading ??= usable(() => loadSite(configFile), onStep);
    return loading;
  };
  return { text, hash: createHash('sha256').update(text).digest('hex'), values, load };
}

function usable(load: () => LoadedSite, onStep: Beginnings['onStep']): Loading {
  onStep('configuration-files-read');
  try {
    return { site: load(), error: null };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { site: null, error };
  } finally {
    onStep('configuration-checked');
  }
}

/** The store's folder, from a file that may be wrong in other places; the default if the file names none. */
function storeDirOf(values: unknown): string {
  const dir = (values as { store?: { dir?: unknown } } | null | undefined)?.store?.dir;
  return typeof dir === 'string' && dir !== '' ? dir : STORE_DIR;
}

function facts(code: EventFacts['code'], severity: EventFacts['severity'], text: Message): EventFacts {
  return { code, source: 'configuration', severity, text };
}

function changedFacts({ trial, current }: RevisionHistory): EventFacts {
  const text = msg`the file of the site was changed: it runs in the place of revision ${trial?.number ?? current}`;
  return facts('config-changed', 'warning', text);
}

function unusableFacts(configFile: string, { problems }: ConfigError): EventFacts {
  const [first] = problems;
  const why = first === undefined ? configFile : problemMessage(first);
  const text = msg`the file of the site was changed and cannot be used, the last revision runs: ${why}`;
  return facts('config-refused', 'alarm', text);
}

function returnedFacts(number: number, current: number, why: Message): EventFacts {
  return facts('config-returned', 'warning', msg`revision ${number} returned, revision ${current} runs again: ${why}`);
}

function lostFacts(number: number): EventFacts {
  return facts('config-refused', 'alarm', msg`the files of revision ${number} cannot be used any more: the file of the site runs`);
}

function flawFacts(flaw: string): EventFacts {
  return facts('config-refused', 'warning', msg`a file of the revisions cannot be used: ${flaw}; check it (ls -l) and the disk (dmesg)`);
}

/** Lasts until a history is saved, or the next start saves everything. */
function unsavedFacts(code: string): StartNotice {
  const text = msg`revisions of the configuration cannot be kept (${code}): check the folder config in store.dir, and its disk; the next start tries again`;
  return { ...facts('config-refused', 'warning', text), isLasting: true };
}

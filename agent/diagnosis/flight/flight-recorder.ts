/**
 * Freezes the flight memory on every alarm and on request, and stores what was frozen.
 *
 *   quiet --alarm--> freeze, store --a minute--> add that minute and its alarms --> quiet
 *
 * Alarms of that minute are named in the same recording. Too many recordings in a row wait: their alarms are named in the next one.
 */
import { type Clock, every, type Timer } from '../../core/clock.ts';
import { createEventTracker, type EventTracker } from '../../core/event-tracker.ts';
import { type Message, msg } from '../../core/message.ts';
import type { Log } from '../../core/ports.ts';
import type {
  LineCapture,
  RecordedAlarm,
  RecordedLine,
  RecorderTools,
  RecordingFacts,
  RecordingHead,
  RecordingSummary,
} from '../../core/recorder-tools.ts';
import { Refusal } from '../../core/refusal.ts';
import { createTokenBucket } from '../../core/token-bucket.ts';
import type { AgentEvent } from '../../core/words.ts';
import type { ChannelImage, FlightMark, FlightMemory } from './flight-memory.ts';
import { packedPartsOf, packPart } from './recording-codec.ts';
import type { RecordingFolder } from './recording-folder.ts';

/** Alarms within this time belong to one recording. Units: ms. Source: issue 21, one recording for the alarms of a minute. */
const TOGETHER_MS = 60_000;
/**
 * Recordings that alarms cause: a burst, then one each 10 min, so that a flapping alarm does not wear the flash. Source: assumed; 150 recordings of
 * 100 kB are 15 MB a day. Confirmed by: alarms per day of a year of logs.
 */
const RATE = { burst: 10, perS: 1 / 600 };
/** Alarms that one recording names. Source: assumed; two for each of 30 lamps fill a screen. Confirmed by: alarms in one minute in a year of logs. */
const MAX_ALARMS = 64;
/**
 * Work that waits for the disk: images, which need memory, and other requests. More is refused, because a hung disk would fill the memory. Source: assumed; an image
 * has a third of the memory when packed. Confirmed by: stalls of the slowest card in use.
 */
const MAX_WAITING = { images: 3, others: 16 };

const DAY_MS = 86_400_000;

/** What the flight recorder uses. */
export interface FlightRecorderParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly memory: FlightMemory;
  /** Null if this run has no data folder. */
  readonly folder: RecordingFolder | null;
  /** Whether the data folder belongs to this run now. */
  readonly mayWrite: () => boolean;
  /** Returns what is in force at the call; called when a recording is stored or extended. */
  readonly facts: () => RecordingFacts;
  /** Receives the event `recording-failed`, at its begin and at its end. */
  readonly onEvent: (event: AgentEvent) => void;
}

/** An image of the memory, with what is needed to store it. */
interface Frozen {
  readonly images: readonly ChannelImage[];
  readonly at: { readonly atMono: number; readonly atMs: number; readonly clockQuality: ReturnType<Clock['quality']> };
}

/** Stores recordings on request, and after alarms at a limited rate. Errors: as `RecorderTools`. */
export class FlightRecorder implements RecorderTools {
  readonly #parts: FlightRecorderParts;
  readonly #events: EventTracker;
  readonly #bucket: ReturnType<typeof createTokenBucket>;
  /** Ids of the alarms that last. */
  readonly #lasting = new Set<string>();
  /** Alarms that no recording names yet. */
  #alarms: RecordedAlarm[] = [];
  #moreAlarms = 0;
  #timer: Timer | null = null;
  /** The recording of the present minute, once it is stored; null without one. */
  #open: { readonly summary: Promise<RecordingSummary | null>; readonly mark: FlightMark } | null = null;
  #work: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(parts: FlightRecorderParts) {
    this.#parts = parts;
    this.#events = createEventTracker(parts.clock, parts.onEvent);
    this.#bucket = createTokenBucket(parts.clock, RATE);
  }

  /** Records an event. An alarm that begins may cause a recording. */
  note(event: AgentEvent): void {
    const { memory } = this.#parts;
    memory.event(event);
    const { id, code, source, severity, text, startMs, endMs } = event;
    if (severity !== 'alarm') return;
    if (endMs === null) this.#lasting.add(id);
    // After the clock was set back, an alarm ends at its start, as a notice does.
    else if (this.#lasting.delete(id) || endMs !== startMs) return;
    if (this.#alarms.length < MAX_ALARMS) this.#alarms.push({ code, source, text, atMs: startMs });
    else this.#moreAlarms++;
    if (this.#timer === null) this.#begin();
  }

  /** Ends the recording of the present minute, or stores alarms that wait for one. Resolves when the waiting work has ended. */
  async stop(): Promise<void> {
    this.#timer?.cancel();
    if (this.#open !== null) this.#finish();
    else if (this.#alarms.length > 0) this.#startRecording();
    this.#timer = null;
    await this.#work;
  }

  async list(): Promise<readonly RecordingSummary[]> {
    return this.#onDisk(async (folder) => folder.list());
  }

  async freeze(by: string): Promise<RecordingSummary> {
    const frozen = this.#image();
    return this.#onDisk((folder) => this.#store(folder, frozen, { cause: 'request', by, alarms: [], moreAlarms: 0 }), MAX_WAITING.images);
  }

  async keep(by: string, { line, baseUs, bytes, lost }: LineCapture): Promise<RecordingSummary> {
    const { clock, facts } = this.#parts;
    const at = { atMono: clock.monoMs(), atMs: clock.wallMs(), clockQuality: clock.quality() };
    const images = [{ line: line.id, baseUs, bytes, fromSeq: lost, nextSeq: 0 }];
    const known = facts().lines.some(({ id }) => id === line.id);
    const more = known ? [] : [{ ...line, devices: [] }];
    return this.#onDisk(
      (folder) => this.#store(folder, { images, at }, { cause: 'request', by, alarms: [], moreAlarms: 0 }, more),
      MAX_WAITING.images,
    );
  }

  async pin(id: number, isPinned: boolean): Promise<RecordingSummary | undefined> {
    return this.#onDisk((folder) => folder.pin(id, isPinned));
  }

  async read(id: number): Promise<Buffer | undefined> {
    return this.#onDisk((folder) => folder.read(id));
  }

  /**
   * Removes recordings older than this, protected ones too; none without a synchronised clock or a data folder of this run. Resolves with
   * how many. Units: days.
   */
  async expire(maxDays: number): Promise<number> {
    const { clock, folder, mayWrite } = this.#parts;
    if (clock.quality() !== 'synced' || folder === null || !mayWrite()) return 0;
    return this.#onDisk(() => folder.expire(clock.wallMs() - maxDays * DAY_MS));
  }

  reach(): ReturnType<RecorderTools['reach']> {
    return this.#parts.memory.reach();
  }

  #begin(): void {
    const { clock } = this.#parts;
    this.#timer = every(clock, TOGETHER_MS, () => this.#minute());
    if (this.#bucket.take()) this.#startRecording();
  }

  /** A minute is over: the recording of it is completed, or one that had to wait may begin. */
  #minute(): void {
    if (this.#open !== null) this.#finish();
    else if (this.#alarms.length > 0 && this.#bucket.take()) {
      this.#startRecording();
      return;
    }
    if (this.#alarms.length > 0) return;
    this.#timer?.cancel();
    this.#timer = null;
  }

  #startRecording(): void {
    const frozen = this.#image();
    const mark = new Map(frozen.images.map(({ line, nextSeq }) => [line, nextSeq]));
    const why = this.#takeAlarms();
    const summary = this.#inBackground((folder) => this.#store(folder, frozen, { cause: 'alarm', by: '', ...why }), why.alarms);
    this.#open = { summary, mark };
  }

  #finish(): void {
    const open = this.#open;
    this.#open = null;
    if (open === null) return;
    const frozen = this.#image(open.mark);
    const why = this.#takeAlarms();
    void this.#inBackground(async (folder) => {
      const stored = await open.summary;
      const extended = stored === null ? null : await this.#extend(folder, stored.id, { frozen, mark: open.mark, ...why });
      if (extended !== null) return extended;
      return why.alarms.length === 0 ? null : this.#store(folder, frozen, { cause: 'alarm', by: '', ...why });
    }, why.alarms);
  }

  #takeAlarms(): Pick<RecordingHead, 'alarms' | 'moreAlarms'> {
    const taken = { alarms: this.#alarms, moreAlarms: this.#moreAlarms };
    this.#alarms = [];
    this.#moreAlarms = 0;
    return taken;
  }

  #image(since?: FlightMark): Frozen {
    const { clock, memory } = this.#parts;
    return { images: memory.images(since), at: { atMono: clock.monoMs(), atMs: clock.wallMs(), clockQuality: clock.quality() } };
  }

  async #store(
    folder: RecordingFolder,
    { images, at }: Frozen,
    why: Pick<RecordingHead, 'cause' | 'by' | 'alarms' | 'moreAlarms'>,
    moreLines: readonly RecordedLine[] = [],
  ): Promise<RecordingSummary> {
    const { part, packed } = await packPart(images, at);
    const facts = this.#parts.facts();
    const head: RecordingHead = { ...facts, lines: [...facts.lines, ...moreLines], ...why, parts: [part] };
    const stored = await folder.add(head, [packed], at.atMs);
    this.#parts.log.event('recording-stored', { recording: stored.id, cause: why.cause, bytes: stored.bytes });
    return stored;
  }

  /** Adds what followed to a stored recording. Resolves with null if that was removed or damaged meanwhile. */
  async #extend(
    folder: RecordingFolder,
    id: number,
    more: { readonly frozen: Frozen; readonly mark: FlightMark } & Pick<RecordingHead, 'alarms' | 'moreAlarms'>,
  ): Promise<RecordingSummary | null> {
    const file = await folder.read(id);
    const former = file === undefined ? null : packedPartsOf(file);
    if (former === null) return null;
    const { part, packed } = await packPart(more.frozen.images, more.frozen.at, more.mark);
    const alarms = [...former.head.alarms, ...more.alarms];
    // A revision may have added lines since.
    const added = this.#parts.facts().lines.filter((line) => !former.head.lines.some(({ id: known }) => known === line.id));
    const head: RecordingHead = {
      ...former.head,
      lines: [...former.head.lines, ...added],
      alarms: alarms.slice(0, MAX_ALARMS),
      moreAlarms: former.head.moreAlarms + more.moreAlarms + Math.max(0, alarms.length - MAX_ALARMS),
      parts: [...former.head.parts, part],
    };
    return (await folder.replace(id, head, [...former.packed, packed])) ?? null;
  }

  /** Runs work for a person, after the work that waits. Errors: rejects with Refusal. */
  async #onDisk<T>(work: (folder: RecordingFolder) => Promise<T>, mostWaiting = MAX_WAITING.others): Promise<T> {
    const { folder, mayWrite } = this.#parts;
    if (folder === null || !mayWrite()) throw new Refusal(msg`this run has no data folder, so it stores no recordings`);
    if (this.#waiting >= mostWaiting) throw new Refusal(msg`the disk does not respond: check it (dmesg)`);
    try {
      return await this.#queued(() => work(folder));
    } catch (error) {
      throw error instanceof Refusal ? error : new Refusal(troubleText(error), { cause: error });
    }
  }

  /** Runs work without a caller that waits for it. Its failure is an event that names the alarms which are in no recording; null after a failure. */
  async #inBackground(
    work: (folder: RecordingFolder) => Promise<RecordingSummary | null>,
    alarms: readonly RecordedAlarm[],
  ): Promise<RecordingSummary | null> {
    try {
      const stored = await this.#onDisk(work, MAX_WAITING.images);
      if (stored !== null) this.#events.clear('recording-failed', 'recorder');
      return stored;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const names = alarms.map(({ code, source }) => `${code} ${source}`);
      const text = names.length === 0 ? error.said : msg`${error.said}; not recorded: ${names}`;
      this.#events.set(true, { code: 'recording-failed', source: 'recorder', severity: 'warning', text });
      return null;
    }
  }

  #queued<T>(work: () => Promise<T>): Promise<T> {
    this.#waiting++;
    const result = this.#work.then(work).finally(() => void this.#waiting--);
    this.#work = result.catch(() => {});
    return result;
  }
}

function troubleText(error: unknown): Message {
  const { code = '', message } = error as NodeJS.ErrnoException;
  if (code === '') throw error;
  if (code === 'ENOSPC' || code === 'EDQUOT') return msg`no recording was stored: the disk is full, make room on it`;
  return msg`no recording was stored: ${message}; check the disk (dmesg)`;
}

/**
 * Replays recorded nights with their own settings and with others, and sums what each set of settings would have given.
 *
 * The own settings are counted by the recorded levels; their inputs are decided again too, to prove that the replay yields the recorded decisions.
 */
import type { MonoMs } from '../../core/clock.ts';
import type { StoredRecord } from '../../core/decision-record.ts';
import type { LightingStreet } from '../../lighting/lighting.ts';
import { decodeRecord } from '../record/record-decoder.ts';
import { recordedInputs } from '../record/recorded-snapshot.ts';
import { type ReplayedInstant, recordedStreet, replayRecord } from '../record/replay.ts';
import { type DarkLimits, type DarkMoment, DarkMomentFinder } from './dark-moments.ts';
import { type NightSums, type NightWindow, type PowerOf, SettingsTally } from './settings-tally.ts';

/** Settings to replay a record with: the street to use for a recorded one. `id`: that of their `SettingsFigures`. */
export interface ReplaySettings {
  readonly id: string;
  readonly streetFor: (recorded: LightingStreet) => LightingStreet;
}

/** What a night would have been with some settings. `missingS`: missing light in its dark moments, in seconds of full darkness. */
export interface NightFigures extends NightSums {
  readonly darkMoments: number;
  /** Those of kind `late`; the others are of kind `fell`. */
  readonly late: number;
  readonly missingS: number;
  /** Detections that needed light. They are counted with the recorded levels, so the number is the same for all settings. */
  readonly detections: number;
}

/** The figures of one set of settings, by night in the order of `NightReplayParts.windows`. `id` null: those of the record. */
export interface SettingsFigures {
  readonly id: string | null;
  readonly nights: readonly NightFigures[];
}

/**
 * Number of decisions replayed with the recorded settings, one per lamp and recorded instant; and of those that differ from the record in
 * level, rank or reason.
 */
export interface OwnReplay {
  readonly decisions: number;
  readonly differing: number;
}

/** A segment of the same run begins at the tick after the end of the one before. Units: ms. Source: the tick of the control, twice. */
const CONTINUES_MS = 2_000;

interface Track {
  readonly settings: ReplaySettings | null;
  readonly tally: SettingsTally;
  readonly finder: DarkMomentFinder;
  readonly moments: DarkMoment[];
  /** The end of the last segment, to know whether the next continues it. */
  last: { readonly run: number; readonly endMono: MonoMs } | null;
  street: {
    readonly text: string;
    readonly used: LightingStreet;
    readonly own: LightingStreet;
    readonly indexOf: ReadonlyMap<string, number>;
  } | null;
}

/** What a replay requires. `settings`: those to replay besides the recorded ones. */
export interface NightReplayParts {
  /** The nights whose figures are summed. Light outside them is not counted. */
  readonly windows: readonly NightWindow[];
  readonly settings: readonly ReplaySettings[];
  /** Returns the mains power of a lamp at a level, for the energy. */
  readonly powerOf: PowerOf;
  /** What counts as a dark moment. */
  readonly limits: DarkLimits;
}

/** Replays segments with the recorded settings and with each of the others. The segments must come oldest first. */
export class NightReplay {
  readonly #parts: NightReplayParts;
  readonly #tracks: readonly Track[];
  readonly #own = { decisions: 0, differing: 0 };
  readonly #detections: number[];

  constructor(parts: NightReplayParts) {
    this.#parts = parts;
    this.#detections = parts.windows.map(() => 0);
    this.#tracks = [null, ...parts.settings].map((settings) => {
      const moments: DarkMoment[] = [];
      const finder = new DarkMomentFinder(parts.limits, (moment) => moments.push(moment));
      return { settings, moments, finder, tally: new SettingsTally(parts.windows, parts.powerOf), last: null, street: null };
    });
  }

  /**
   * Replays a segment; one without inputs (thinned) is skipped. Yields often, so that the caller can pause: the share of the settings that
   * are done for this segment, from 0 to below 1. Errors: throws for bytes that cannot be read, for example StoreError `corrupt`.
   */
  *segment(record: StoredRecord): Generator<number, void, void> {
    if (record.isThinned) return;
    for (const state of decodeRecord(record, { nowUs: Math.round(record.fromMono * 1_000), nowMs: record.fromMs })) {
      recordedInputs(state);
      yield 0;
    }
    for (const [at, track] of this.#tracks.entries()) {
      for (const _ of this.#replay(track, record)) yield at / this.#tracks.length;
    }
  }

  /** Ends the replay. Returns the figures of the record first, then those of the settings in their order. */
  figures(): readonly SettingsFigures[] {
    for (const { finder, last } of this.#tracks) if (last !== null) finder.end(last.endMono);
    return this.#tracks.map(({ settings, tally, moments }) => ({
      id: settings?.id ?? null,
      nights: tally.sums().map((sums, at): NightFigures => {
        const { fromMs, toMs } = this.#parts.windows[at] ?? { fromMs: 0, toMs: 0 };
        const dark = moments.filter(({ atMs }) => atMs >= fromMs && atMs < toMs);
        return {
          ...sums,
          ...{ darkMoments: dark.length, late: dark.filter(({ kind }) => kind === 'late').length },
          missingS: dark.reduce((sum, { missingS }) => sum + missingS, 0),
          detections: this.#detections[at] ?? 0,
        };
      }),
    }));
  }

  /** Returns the counts of all segments replayed so far. */
  ownReplay(): OwnReplay {
    return { ...this.#own };
  }

  *#replay(track: Track, record: StoredRecord): Generator<void, void, void> {
    const { last } = track;
    const { used, own, indexOf } = this.#streetsOf(track, record);
    const endMono = record.fromMono + (record.toMs - record.fromMs);
    const isNext = track.last?.run === record.run && Math.abs(track.last.endMono - record.fromMono) < CONTINUES_MS;
    track.tally.begin(used);
    if (!isNext) {
      // Someone may be present at the end of a run.
      if (last !== null) track.finder.end(last.endMono);
      track.finder.begin(own);
    }
    const options = track.settings === null ? {} : ({ street: used, findsChanges: true, onlyLevels: true } as const);
    let reachedMono = record.fromMono;
    try {
      for (const instant of replayRecord(record, options)) {
        reachedMono = instant.nowMono;
        this.#take(track, indexOf, instant);
        yield;
      }
      reachedMono = Math.max(reachedMono, endMono);
    } finally {
      track.tally.end(reachedMono);
      track.last = { run: record.run, endMono: reachedMono };
    }
  }

  #take(track: Track, indexOf: ReadonlyMap<string, number>, instant: ReplayedInstant): void {
    const { nowMono, nowMs, decisions, zones, snapshot, recorded } = instant;
    const isOwn = track.settings === null;
    if (isOwn) this.#compare(decisions, recorded);
    const levelsPct = decisions.map(({ lampId, levelPct }) => (isOwn ? (recorded.get(lampId)?.levelPct ?? levelPct) : levelPct));
    track.tally.change({ nowMono, nowMs, levelsPct, zones });
    const levelOf = (lampId: string): number | undefined => levelsPct[indexOf.get(lampId) ?? -1];
    const recordedPct = (lampId: string): number | undefined => recorded.get(lampId)?.levelPct;
    const began = track.finder.look({ nowMono, nowMs, levelOf, recordedPct, sensors: snapshot.sensors });
    if (isOwn && began > 0) this.#countDetections(began, nowMs);
  }

  #countDetections(detections: number, nowMs: number): void {
    const at = this.#parts.windows.findIndex(({ fromMs, toMs }) => nowMs >= fromMs && nowMs < toMs);
    if (at >= 0) this.#detections[at] = (this.#detections[at] ?? 0) + detections;
  }

  #compare(decisions: ReplayedInstant['decisions'], recorded: ReplayedInstant['recorded']): void {
    for (const { lampId, levelPct, rank, reason } of decisions) {
      const choice = recorded.get(lampId);
      this.#own.decisions++;
      if (choice?.levelPct !== levelPct || choice.rank !== rank || choice.reason !== reason) this.#own.differing++;
    }
  }

  /** Parsing a street takes longer than many decisions, and it rarely changes. */
  #streetsOf(track: Track, record: StoredRecord): NonNullable<Track['street']> {
    if (track.street?.text !== record.basis.street) {
      const own = recordedStreet(record);
      const used = track.settings?.streetFor(own) ?? own;
      track.street = { text: record.basis.street, own, used, indexOf: new Map(used.lamps.map(({ id }, at) => [id, at])) };
      track.last = null;
    }
    return track.street;
  }
}

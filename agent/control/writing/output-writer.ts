/**
 * Makes contactors, panels and other outputs follow zones and rules.
 *
 * `lighting/output` decides the value of an output, `reconcile` the time of a write. As with lamps, an output that does not follow is tried
 * again after growing waits, and one that was changed by something else is written again.
 */
import type { Clock, MonoMs } from '../../core/clock.ts';
import type { EventTracker } from '../../core/event-tracker.ts';
import type { Field, Log } from '../../core/ports.ts';
import type { Decision, Intent, PointId, Reading } from '../../core/words.ts';
import type { LightingStreet, RuleState } from '../../lighting/lighting.ts';
import { isEmergency, litZones, type OutputFacts, type OutputState, outputValue, type ResolvedOutput } from '../../lighting/output.ts';
import { levelPointOf } from './follower.ts';
import { afterSend, isFollowing, isKnown, reconcile } from './reconcile.ts';
import { TrackRegistry } from './track-registry.ts';

/** The dependencies with which `OutputWriter` is created. */
export interface OutputWriterParts {
  /** The zones that outputs may follow, and the lamps. */
  readonly street: Pick<LightingStreet, 'zones' | 'lamps'>;
  /** The outputs to write, from `resolveOutputs`. */
  readonly outputs: readonly ResolvedOutput[];
  readonly clock: Clock;
  readonly field: Pick<Field, 'writePoint' | 'latest'>;
  /** Receives `output-not-following`. */
  readonly events: Pick<EventTracker, 'set'>;
  readonly log: Log;
}

/** What `OutputWriter.follow` needs at one tick: the decisions of lamps, the intents, and the states of the rules. */
export interface OutputInputs {
  readonly decisions: readonly Decision[];
  /** Only those of rank `emergency` count. */
  readonly intents: readonly Intent[];
  /** By id of the rule; one that is absent counts as not active. */
  readonly ruleStates: ReadonlyMap<string, RuleState>;
}

/** The state of one output, for display. */
export interface OutputView extends OutputState {
  readonly id: string;
  /** The point that is written. */
  readonly pointId: PointId;
  /** The newest reading of the point that proves a write; undefined if there is none. */
  readonly measured: Reading | undefined;
  /** False after several failed writes or drifts in a row, or if there is a reading (`measured`) and it is not good. */
  readonly following: boolean;
}

/** A value not sent within this time is dropped and planned again. Units: ms. Source: as for the level of a lamp. */
const WRITE_TTL_MS = 60_000;
/**
 * How long an output waits for the first reading of its device before it is set to idle without one. Units: ms. Source: assumed; ten polls.
 * Confirmed by: the time from the start to the first readings in the logs of a cabinet.
 */
const FIRST_LOOK_MS = 10_000;

/** Decides and writes the values of the outputs. Raises `output-not-following` for one with several failed writes or drifts in a row. */
export class OutputWriter {
  readonly #parts: OutputWriterParts;
  readonly #states = new Map<string, OutputState>();
  readonly #tracks: TrackRegistry;
  readonly #levelPoints: ReadonlyMap<string, PointId>;
  readonly #startMono: MonoMs;
  #writes = 0;

  constructor(parts: OutputWriterParts) {
    this.#parts = parts;
    this.#levelPoints = new Map(parts.street.lamps.map((lamp) => [lamp.id, levelPointOf(lamp)]));
    this.#startMono = parts.clock.monoMs();
    this.#tracks = new TrackRegistry(parts.events, 'output-not-following');
  }

  /** Decides the values of the outputs, and writes those that are due. */
  follow({ decisions, intents, ruleStates }: OutputInputs): void {
    const { street, outputs, clock } = this.#parts;
    const nowMono = clock.monoMs();
    const lit = litZones(street, decisions, (lampId) => this.#valueAt(this.#levelPoints.get(lampId)));
    for (const output of outputs) {
      const situation = { litZones: lit, ruleStates, isEmergency: isEmergency(intents, nowMono, output.litWith?.zones), nowMono };
      const state = this.#decide(output, situation);
      if (state !== undefined) this.#write(output, state.value, situation.isEmergency);
    }
  }

  /** Returns the outputs in the order of the cabinet, without those for which nothing was decided yet. */
  views(): readonly OutputView[] {
    return this.#parts.outputs.flatMap((output) => {
      const state = this.#states.get(output.id);
      if (state === undefined) return [];
      const { id, pointId, proofId } = output;
      const measured = this.#parts.field.latest(proofId);
      return [{ ...state, id, pointId, measured, following: isFollowing(this.#tracks.of(id)) && isKnown(measured) }];
    });
  }

  /** Undefined while the device has not been read and only idle is decided for it. */
  #decide(output: ResolvedOutput, situation: Omit<OutputFacts, 'before' | 'found'>): OutputState | undefined {
    const { field, log } = this.#parts;
    const before = this.#states.get(output.id);
    const state = outputValue(output, { ...situation, before, found: this.#valueAt(output.proofId) });
    const isUnread = before === undefined && field.latest(output.proofId) === undefined;
    if (isUnread && situation.nowMono < this.#startMono + FIRST_LOOK_MS && state.value === output.idle) return undefined;
    if (before?.value !== state.value) log.event('output-set', { output: output.id, value: state.value, why: String(state.text) });
    this.#states.set(output.id, state);
    return state;
  }

  #write(output: ResolvedOutput, value: number, isUrgent: boolean): void {
    const { clock, field } = this.#parts;
    const nowMono = clock.monoMs();
    const { id, pointId, proofId, settleMs, tolerance } = output;
    const verification = { settleMs, tolerance, isValue: true } as const;
    const situation = { decision: { levelPct: value, rank: 'default' }, measured: field.latest(proofId), verification, nowMono } as const;
    const step = reconcile(this.#tracks.of(id), situation);
    const commandId = `${id}#${this.#writes + 1}`;
    this.#tracks.take(id, step.write === null ? step.track : afterSend(step.track, commandId, value));
    if (step.write === null) return;
    this.#writes++;
    const lane = isUrgent ? 'urgent' : 'command';
    void field
      .writePoint({ pointId, value, lane, expiresMono: nowMono + WRITE_TTL_MS })
      .then((result) => this.#tracks.settle(id, commandId, { result, endMono: clock.monoMs() }));
  }

  #valueAt(pointId: PointId | undefined): number | null {
    const reading = pointId === undefined ? undefined : this.#parts.field.latest(pointId);
    return reading?.quality === 'good' ? reading.value : null;
  }
}

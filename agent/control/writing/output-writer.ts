/**
 * Makes contactors, panels and other outputs show what zones and rules ask for.
 *
 * Owns what each output shows by our own word and how it follows. What it shows is decided in `lighting/output`, when it is written in
 * `reconcile`: as with lamps, what does not follow is tried again after ever longer waits, and what is found changed is written anew.
 */
import type { Clock } from '../../core/clock.ts';
import type { EventTracker } from '../../core/event-tracker.ts';
import type { Field, Log, WriteResult } from '../../core/ports.ts';
import type { Decision, Intent, PointId, Reading } from '../../core/words.ts';
import type { LightingStreet, RuleState } from '../../lighting/lighting.ts';
import { isEmergency, litZones, type OutputFacts, type OutputState, outputValue, type ResolvedOutput } from '../../lighting/output.ts';
import { createComplianceTracker } from './compliance-tracker.ts';
import { levelPointOf } from './follower.ts';
import { afterResult, afterSend, isFollowing, isKnown, type LampTrack, NEW_TRACK, reconcile } from './reconcile.ts';

export interface OutputWriterParts {
  readonly street: Pick<LightingStreet, 'zones' | 'lamps'>;
  /** From `resolveOutputs`. */
  readonly outputs: readonly ResolvedOutput[];
  readonly clock: Clock;
  readonly field: Pick<Field, 'writePoint' | 'latest'>;
  readonly events: Pick<EventTracker, 'set'>;
  readonly log: Log;
}

/** What the outputs follow at one tick. */
export interface OutputInputs {
  readonly decisions: readonly Decision[];
  readonly intents: readonly Intent[];
  /** By rule. */
  readonly ruleStates: ReadonlyMap<string, RuleState>;
}

export interface OutputView extends OutputState {
  readonly id: string;
  readonly pointId: PointId;
  readonly measured: Reading | undefined;
  readonly following: boolean;
}

export interface OutputWriter {
  /** Writes what must be written. */
  follow(inputs: OutputInputs): void;
  /** In the order of the cabinet; those that nothing is known of yet are absent. */
  views(): readonly OutputView[];
}

/** A value not sent by then is dropped and planned anew. Units: ms. Source: as for the level of a lamp. */
const WRITE_TTL_MS = 60_000;
/** How long the first look at a device is waited for, before an output is put to idle unseen. Units: ms. Source: assumed; ten polls. */
const FIRST_LOOK_MS = 10_000;

export function createOutputWriter({ street, outputs, clock, field, events, log }: OutputWriterParts): OutputWriter {
  const states = new Map<string, OutputState>();
  const tracks = new Map<string, LampTrack>();
  const levelPoints = new Map(street.lamps.map((lamp) => [lamp.id, levelPointOf(lamp)]));
  const startMono = clock.monoMs();
  const obedience = createComplianceTracker(events, 'output-not-following');
  let writes = 0;

  function valueAt(pointId: PointId | undefined): number | null {
    const reading = pointId === undefined ? undefined : field.latest(pointId);
    return reading?.quality === 'good' ? reading.value : null;
  }

  function keep({ id }: ResolvedOutput, track: LampTrack): void {
    tracks.set(id, track);
    obedience.tell(id, track);
  }

  function settle(output: ResolvedOutput, commandId: string, result: WriteResult): void {
    const reason = result.state === 'failed' ? result.reason : '';
    const end = { endMono: clock.monoMs(), verified: result.state === 'verified', sent: result.sentMono !== null, reason };
    keep(output, afterResult(tracks.get(output.id) ?? NEW_TRACK, commandId, end));
  }

  /** Undefined while the device has not been looked at and nothing is wanted of it. */
  function stateOf(output: ResolvedOutput, sight: Omit<OutputFacts, 'before' | 'found'>): OutputState | undefined {
    const before = states.get(output.id);
    const state = outputValue(output, { ...sight, before, found: valueAt(output.proofId) });
    const isUnseen = before === undefined && field.latest(output.proofId) === undefined && sight.nowMono < startMono + FIRST_LOOK_MS;
    if (isUnseen && state.value === output.idle) return undefined;
    if (before?.value !== state.value) log.event('output-set', { output: output.id, value: state.value, why: state.text });
    states.set(output.id, state);
    return state;
  }

  function write(output: ResolvedOutput, value: number, isUrgent: boolean): void {
    const nowMono = clock.monoMs();
    const { id, pointId, proofId, settleMs, tolerance } = output;
    const verification = { settleMs, tolerance, noun: 'value', unit: '' };
    const sight = { decision: { levelPct: value, rank: 'default' }, measured: field.latest(proofId), verification, nowMono } as const;
    const step = reconcile(tracks.get(id) ?? NEW_TRACK, sight);
    const commandId = `${id}#${writes + 1}`;
    keep(output, step.write === null ? step.track : afterSend(step.track, commandId, value));
    if (step.write === null) return;
    writes++;
    const lane = isUrgent ? 'urgent' : 'command';
    void field
      .writePoint({ pointId, value, lane, expiresMono: nowMono + WRITE_TTL_MS })
      .then((result) => settle(output, commandId, result));
  }

  return {
    follow({ decisions, intents, ruleStates }) {
      const nowMono = clock.monoMs();
      const lit = litZones(street, decisions, (lampId) => valueAt(levelPoints.get(lampId)));
      const sight = { litZones: lit, ruleStates, isEmergency: isEmergency(intents, nowMono), nowMono };
      for (const output of outputs) {
        const state = stateOf(output, sight);
        if (state !== undefined) write(output, state.value, sight.isEmergency);
      }
    },
    views: () =>
      outputs.flatMap((output) => {
        const state = states.get(output.id);
        const { id, pointId, proofId } = output;
        if (state === undefined) return [];
        const measured = field.latest(proofId);
        return [{ ...state, id, pointId, measured, following: isFollowing(tracks.get(id) ?? NEW_TRACK) && isKnown(measured) }];
      }),
  };
}

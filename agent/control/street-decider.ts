/** Decides the level of every lamp at a tick, and keeps the state for the next tick: the lit lamps, and what the start protects. */
import type { Clock, MonoMs } from '../core/clock.ts';
import type { Decision, LevelPct, Reading } from '../core/words.ts';
import { createDecider, type Decider } from '../lighting/decide.ts';
import type { LightingSnapshot, LightingStreet, LitLamps, ZoneState } from '../lighting/lighting.ts';
import { mustWait, notBelowFound, type StartGuard, startGuardOf } from './start-guard.ts';
import type { StreetIndex, StreetKnowledge } from './street-knowledge.ts';

/** The inputs of a decision that the caller provides; `StreetDecider` adds the time and its own state. */
export type DecisionInputs = Pick<
  Required<LightingSnapshot>,
  'sensors' | 'photocells' | 'traffic' | 'rules' | 'overRaised' | 'intents' | 'detections' | 'burningH' | 'programmes'
>;

const NO_FLOORS: ReadonlyMap<string, LevelPct> = new Map();

/**
 * Decides the levels of the lamps from the inputs of a tick and the time. After its creation, a start guard may keep found levels and
 * delay writes, see `createStartGuard`.
 */
export class StreetDecider {
  /** Returns the nights and the programme of a zone; undefined for an unknown zone. */
  readonly plan: Decider['plan'];
  /** The inputs of the newest decisions; null before the first. */
  snapshot: LightingSnapshot | null = null;
  /** Empty before the first decision. */
  zoneStates: readonly ZoneState[] = [];
  /** The floors that `notBelowFound` got for the newest decisions, by lamp; lamps without one are absent. */
  floors: ReadonlyMap<string, LevelPct> = NO_FLOORS;
  readonly #clock: Clock;
  readonly #index: StreetIndex;
  readonly #decider: Decider;
  readonly #guard: StartGuard;
  #lit: Map<string, MonoMs | null>;

  constructor(
    street: LightingStreet,
    clock: Clock,
    { index, contacts }: Pick<StreetKnowledge, 'contacts'> & { readonly index: StreetIndex },
  ) {
    this.#clock = clock;
    this.#index = index;
    this.#decider = createDecider(street);
    this.plan = this.#decider.plan;
    this.#guard = startGuardOf(street, contacts, clock.monoMs());
    // Until a lamp is found dark, it may have been lit just before the start.
    this.#lit = new Map(street.zones.flatMap(({ dark, lamps }) => (dark === null ? [] : lamps.map((id) => [id, null]))));
  }

  /**
   * For the warning before 0 %: the lamps that are lit or show it after the newest decisions. Lit lamps of zones without `dark` may be
   * absent. Before the first decision: the lamps of zones with `dark` that were not read as 0 %.
   */
  get lit(): LitLamps {
    return this.#lit;
  }

  /** Records the first readings of lamps and points since the start. */
  take(readings: readonly Reading[]): void {
    for (const reading of readings) {
      const lampId = this.#index.lampAt.get(reading.pointId);
      if (lampId !== undefined && this.#guard.take(lampId, reading) === 0) this.#lit.delete(lampId);
      this.#guard.takePoint(reading);
    }
  }

  /** Decides now, and stores the lit lamps for the next call. Returns one decision for each lamp, in the order of the cabinet. */
  decide(inputs: DecisionInputs): readonly Decision[] {
    const nowMono = this.#clock.monoMs();
    const snapshot = {
      nowMs: this.#clock.wallMs(),
      nowMono,
      clockQuality: this.#clock.quality(),
      otherMs: this.#clock.otherMs?.() ?? null,
      ...inputs,
      holds: this.#guard.holds(nowMono),
      lit: this.#lit,
    };
    const { decisions, zones, lit } = this.#decider.decide(snapshot);
    this.snapshot = snapshot;
    this.zoneStates = zones;
    this.#lit = new Map(lit);
    const floors = new Map<string, LevelPct>();
    const held = decisions.map((decision) => this.#heldUp(decision, nowMono, floors));
    this.floors = floors.size === 0 ? NO_FLOORS : floors;
    return held;
  }

  /** Returns the decisions that may be written now, see `mustWait`. */
  writable(decisions: readonly Decision[]): readonly Decision[] {
    const nowMono = this.#clock.monoMs();
    return decisions.filter((decision) => !mustWait(decision, this.#guard, nowMono));
  }

  #heldUp(decision: Decision, nowMono: MonoMs, floors: Map<string, LevelPct>): Decision {
    const { lampId, levelPct } = decision;
    const floorPct = this.#guard.floorPct(lampId, nowMono);
    if (floorPct > 0) floors.set(lampId, floorPct);
    const held = notBelowFound(decision, floorPct, this.#index.maxPctOf.get(lampId));
    // A lamp that the start keeps lit is lit, so its fall to 0 % has a warning too.
    if (held.levelPct > levelPct) this.#lit.set(lampId, null);
    return held;
  }
}

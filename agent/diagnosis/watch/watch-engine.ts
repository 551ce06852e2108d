/**
 * The fault engine: judges feeders, lamps and meters, and returns which faults begin and end. One cause gives one fault: what a feeder, a phase or
 * a breaker explains is not reported for its lamps.
 *
 * `step` depends on its arguments and on the state of the engine alone; it has no clock, no disk and no texts.
 */
import type { MonoMs } from '../../core/clock.ts';
import { HOUR_MS } from '../../core/durations.ts';
import { CommonCause } from './common-cause.ts';
import type { FaultLatch } from './fault-latch.ts';
import { FeederWatch, isPhaseLost } from './feeder-watch.ts';
import { LampWatch, type WatchMoment } from './lamp-watch.ts';
import { MeterWatch } from './meter-watch.ts';
import { FEEDER_FAULTS, type FeederFault, LAMP_FAULTS, type LampFault, METER_FAULTS, type MeterFault } from './watch-faults.ts';
import type { WatchFrame } from './watch-frame.ts';
import type { WatchPlan } from './watch-plan.ts';

/** A fault that begins or ends. `index`: of the lamp, feeder or meter in the plan. A driver's restart has no duration: it only begins. */
export type WatchChange = {
  readonly begins: boolean;
  readonly index: number;
  /** Another fault explains it, so it ends although it may last. */
  readonly isSuperseded?: true;
} & (
  | { readonly kind: 'lamp'; readonly fault: LampFault }
  | { readonly kind: 'feeder'; readonly fault: FeederFault }
  | { readonly kind: 'meter'; readonly fault: MeterFault }
);

const LAMP_LIST = Object.keys(LAMP_FAULTS) as LampFault[];
const FEEDER_LIST = Object.keys(FEEDER_FAULTS) as FeederFault[];
const METER_LIST = Object.keys(METER_FAULTS) as MeterFault[];
/** Faults of a lamp that end as soon as they are clear; all others stay until the morning. */
const NOT_LATCHED: ReadonlySet<LampFault> = new Set<LampFault>(['unit-silent', 'driver-reset']);
/** Faults of a lamp that a loss of its supply explains. */
const BY_SUPPLY: ReadonlySet<LampFault> = new Set<LampFault>(['lamp-out', 'unit-silent', 'lamp-cycling', 'lamp-power-low']);
const SUPPLY_FAULTS = ['supply-lost', 'breaker-tripped', 'contactor-stuck-off'] as const satisfies readonly FeederFault[];
/** Time after sunrise at which latched faults that are clear end. Units: ms. Source: CPD 3000 manual, at least 5 h after sunrise. */
const MORNING_MS = 5 * HOUR_MS;
/** Where no morning comes, because the time is not trusted or in a polar night, a latched fault ends when it has been clear for this time. Units: ms. Source: assumed; a day, the longest wait for a morning elsewhere. Confirmed by: cabinets without a clock. */
const NO_MORNING_MS = 24 * HOUR_MS;
/**
 * Faults of a lamp that a low voltage of the mains explains, and for how long after it. Units: ms. Source: the periods in which restarts and goings-out
 * are counted, and their judgement.
 */
const LOW_VOLTAGE_MS: Partial<Record<LampFault, number>> = {
  'driver-reset': 600_000,
  'lamp-out': 600_000,
  'lamp-power-low': 600_000,
  'lamp-cycling': HOUR_MS + 600_000,
};
const NOTHING: readonly WatchChange[] = [];

/** Finds the faults of the lamps, feeders and meters of a plan from its frame, step by step. */
export class WatchEngine {
  readonly lamps: LampWatch;
  readonly feeders: FeederWatch;
  readonly meters: MeterWatch;
  /** The groups of lamps that failed together. */
  readonly common: CommonCause;
  readonly #plan: WatchPlan;
  readonly #frame: WatchFrame;
  /** Since when the sun is up; null while it is down. */
  #sunUpMono: MonoMs | null = null;
  /** When the meter last showed a low voltage. */
  #lowVoltageMono: MonoMs = Number.NEGATIVE_INFINITY;
  #nowMono: MonoMs = 0;
  #changes: WatchChange[] = [];

  constructor(plan: WatchPlan, frame: WatchFrame) {
    this.#plan = plan;
    this.#frame = frame;
    this.lamps = new LampWatch(plan, frame);
    this.feeders = new FeederWatch(plan, frame);
    this.meters = new MeterWatch(plan, frame, this.lamps);
    this.common = new CommonCause(plan, frame, this.lamps.latches);
  }

  /** Judges what is new in the frame. Returns the faults that begin or end. Call it every few seconds. */
  step(moment: WatchMoment): readonly WatchChange[] {
    const { monoMs } = moment;
    this.#followSun(moment);
    let isDisturbed = false;
    for (const [index, feeder] of this.#plan.feeders.entries()) {
      this.feeders.step(index, moment, isPhaseLost(feeder, this.#plan, this.#frame, monoMs));
      isDisturbed ||=
        this.feeders.fedMono(index) === Number.POSITIVE_INFINITY || this.#isSupplyLost(index) || this.common.sizeOf(index) > 0;
    }
    for (const [index, { feeder }] of this.#plan.lamps.entries()) this.lamps.step(index, moment, this.feeders.fedMono(feeder));
    this.lamps.finish(monoMs);
    for (const index of this.#plan.meters.keys()) this.meters.step(index, monoMs, isDisturbed || this.#isPhaseOut());
    this.#nowMono = monoMs;
    if (this.#isMeterBad('supply-voltage-low')) this.#lowVoltageMono = monoMs;
    this.#announceFeeders();
    this.#announceMeters();
    this.#releaseGroups(monoMs);
    this.#announceLamps(monoMs);
    if (this.#changes.length === 0) return NOTHING;
    const changes = this.#changes;
    this.#changes = [];
    return changes;
  }

  /** Returns true if a lamp has or may have no supply, for example if a phase is lost that may feed it. False also if nothing is known. */
  isWithoutSupply(lamp: number): boolean {
    return this.feeders.fedMono(this.#plan.lamps[lamp]?.feeder ?? 0) === Number.POSITIVE_INFINITY || this.#isBySupply(lamp);
  }

  /**
   * Opens a fault of an earlier run again. `kind`, `fault`: as in `WatchChange`. `isSource`: whether the subject at this index is its
   * source. Returns the index; null for an unknown kind or fault, or without such a subject, also for a lost supply of a feeder whose lamps
   * and contact, which could end it, are no longer in the plan.
   */
  resume(kind: string, fault: string, isSource: (index: number, kind: WatchChange['kind']) => boolean): number | null {
    const all = { lamp: this.lamps.latches, feeder: this.feeders.latches, meter: this.meters.latches };
    if (kind !== 'lamp' && kind !== 'feeder' && kind !== 'meter') return null;
    const latches: Readonly<Record<string, FaultLatch | undefined>> = all[kind];
    const latch = Object.hasOwn(latches, fault) ? latches[fault] : undefined;
    const subjects = { lamp: this.#plan.lamps, feeder: this.#plan.feeders, meter: this.#plan.meters }[kind];
    const index = [...subjects.keys()].find((at) => isSource(at, kind));
    if (latch === undefined || index === undefined) return null;
    if (kind === 'feeder' && fault === 'supply-lost') {
      const { lamps = [], supply = null, output = null } = this.#plan.feeders[index] ?? {};
      if (lamps.length === 0 && (supply === null || output !== null)) return null;
      this.common.resume(index);
    }
    latch.open(index);
    return index;
  }

  #announceFeeders(): void {
    for (const fault of FEEDER_LIST) {
      const latch = this.feeders.latches[fault];
      if (!latch.isDue) continue;
      for (const index of this.#plan.feeders.keys()) {
        if (latch.isRipe(index)) this.#begin(latch, { kind: 'feeder', fault, index });
        else if (latch.isCleared(index) && this.common.sizeOf(index) === 0) this.#end(latch, { kind: 'feeder', fault, index });
      }
    }
  }

  #announceMeters(): void {
    for (const fault of METER_LIST) {
      const latch = this.meters.latches[fault];
      if (!latch.isDue) continue;
      for (const index of this.#plan.meters.keys()) {
        if (latch.isRipe(index)) this.#begin(latch, { kind: 'meter', fault, index });
        else if (latch.isCleared(index)) this.#end(latch, { kind: 'meter', fault, index });
      }
    }
  }

  #announceLamps(nowMono: MonoMs): void {
    for (const fault of LAMP_LIST) {
      const latch = this.lamps.latches[fault];
      if (!latch.isDue) continue;
      for (const index of this.#plan.lamps.keys()) {
        if (latch.isRipe(index)) this.#announceLamp(fault, index, nowMono);
        else if (latch.isCleared(index) && (NOT_LATCHED.has(fault) || this.#isMorning(latch.clearSince(index), nowMono)))
          this.#end(latch, { kind: 'lamp', fault, index });
      }
    }
  }

  #announceLamp(fault: LampFault, index: number, nowMono: MonoMs): void {
    const latch = this.lamps.latches[fault];
    if (this.#isExplained(fault, index)) {
      latch.doubt(index);
      return;
    }
    if (fault === 'lamp-out' || fault === 'unit-silent') {
      const isNeeded = this.feeders.isNeeded(this.#plan.lamps[index]?.feeder ?? 0);
      const cause = this.common.causeOf(index, { sinceMono: latch.badSince(index), nowMono, isNeeded });
      const isOwn = cause === 'own' || (cause === 'common' && this.meters.showsSilentLit(nowMono));
      if (!isOwn && cause === 'common') this.#openGroup(index, latch.badSince(index));
      if (!isOwn) return;
    }
    if (fault === 'driver-reset') {
      latch.reset(index);
      this.#changes.push({ kind: 'lamp', fault, index, begins: true });
      return;
    }
    if (fault === 'lamp-day-burner') this.#supersede('lamp-power-high', index);
    if (fault === 'lamp-cycling') this.#supersede('lamp-out', index);
    if (fault === 'lamp-out' || fault === 'lamp-cycling') this.#supersede('lamp-power-low', index);
    this.#begin(latch, { kind: 'lamp', fault, index });
  }

  /** Lamps that fail later than an open group are a new fault, which has both. */
  #openGroup(lamp: number, sinceMono: MonoMs): void {
    const index = this.#plan.lamps[lamp]?.feeder ?? 0;
    const latch = this.feeders.latches['supply-lost'];
    const isExplained = this.#isPhaseOutAt(index) || this.#isSupplyLost(index);
    this.common.gather(index, sinceMono);
    if (isExplained) return;
    if (latch.isOpen(index)) this.#changes.push({ kind: 'feeder', fault: 'supply-lost', index, begins: false, isSuperseded: true });
    this.#begin(latch, { kind: 'feeder', fault: 'supply-lost', index });
  }

  #releaseGroups(nowMono: MonoMs): void {
    const latch = this.feeders.latches['supply-lost'];
    for (const [index, { lamps }] of this.#plan.feeders.entries()) {
      if (this.common.sizeOf(index) === 0) continue;
      for (const lamp of lamps) {
        const { lightMono } = this.#plan.lamps[lamp]?.points.power === undefined ? { lightMono: this.#frame.answeredMono } : this.lamps;
        this.common.release(lamp, lightMono[lamp] ?? 0, nowMono);
      }
      // Their bus is lost, not their supply.
      if (this.meters.showsSilentLit(nowMono)) this.common.dissolve(index);
      if (this.common.sizeOf(index) === 0 && latch.isOpen(index)) this.#end(latch, { kind: 'feeder', fault: 'supply-lost', index });
    }
  }

  /** Whether another fault, open or about to be, explains this one. */
  #isExplained(fault: LampFault, index: number): boolean {
    const lamp = this.#plan.lamps[index];
    if (lamp === undefined) return true;
    if (fault === 'lamp-day-burner')
      return (
        this.feeders.latches['contactor-stuck-on'].isOpen(lamp.feeder) || this.feeders.latches['contactor-stuck-on'].isBad(lamp.feeder)
      );
    if (fault === 'supply-voltage-low' || fault === 'supply-voltage-high') return this.#isMeterBad(fault) || this.#isOpenAtLamp(fault);
    if (this.#isByLowVoltage(fault)) return true;
    if (!BY_SUPPLY.has(fault)) return false;
    return this.#isBySupply(index);
  }

  /** The lamp failed with others, or its feeder has no voltage. A lamp that answers has supply, whatever a contact showed last. */
  #isBySupply(lamp: number): boolean {
    const feeder = this.#plan.lamps[lamp]?.feeder ?? 0;
    if (this.common.isInGroup(lamp) || this.#isPhaseOutAt(feeder)) return true;
    return this.#isSupplyLost(feeder) && !this.common.hasSupply(lamp, this.#nowMono);
  }

  /** Drivers stop and start again at a low voltage. */
  #isByLowVoltage(fault: LampFault): boolean {
    const windowMs = LOW_VOLTAGE_MS[fault] ?? 0;
    return this.#nowMono - this.#lowVoltageMono < windowMs;
  }

  #isSupplyLost(feeder: number): boolean {
    return SUPPLY_FAULTS.some((fault) => {
      const latch = this.feeders.latches[fault];
      return latch.isOpen(feeder) ? this.common.sizeOf(feeder) === 0 && !latch.isCleared(feeder) : latch.isBad(feeder);
    });
  }

  /** A phase is out that may feed these lamps: a feeder with a known phase is not live then. */
  #isPhaseOutAt(feeder: number): boolean {
    return this.#plan.feeders[feeder]?.phase === null && this.#isPhaseOut();
  }

  #isPhaseOut(): boolean {
    return this.#isMeterBad('phase-lost') || this.#isMeterBad('supply-lost');
  }

  #isMeterBad(fault: MeterFault): boolean {
    const latch = this.meters.latches[fault];
    for (const index of this.#plan.meters.keys()) if (latch.isBad(index) || latch.isOpen(index)) return true;
    return false;
  }

  /** The mains are one cause: the first lamp that shows it stands for all. */
  #isOpenAtLamp(fault: LampFault): boolean {
    const latch = this.lamps.latches[fault];
    return this.#plan.lamps.some((_, index) => latch.isOpen(index));
  }

  #supersede(fault: LampFault, index: number): void {
    const latch = this.lamps.latches[fault];
    if (!latch.isOpen(index)) return;
    latch.reset(index);
    this.#changes.push({ kind: 'lamp', fault, index, begins: false, isSuperseded: true });
  }

  #begin(latch: FaultLatch, change: DistributedOmit<WatchChange, 'begins'>): void {
    latch.open(change.index);
    this.#changes.push({ ...change, begins: true });
  }

  #end(latch: FaultLatch, change: DistributedOmit<WatchChange, 'begins'>): void {
    latch.reset(change.index);
    this.#changes.push({ ...change, begins: false });
  }

  #followSun({ monoMs, sunAltitudeDeg }: WatchMoment): void {
    if (sunAltitudeDeg === null || sunAltitudeDeg <= 0) this.#sunUpMono = null;
    else this.#sunUpMono ??= monoMs;
  }

  #isMorning(clearMono: MonoMs, nowMono: MonoMs): boolean {
    return nowMono - clearMono >= NO_MORNING_MS || (this.#sunUpMono !== null && nowMono - this.#sunUpMono >= MORNING_MS);
  }
}

type DistributedOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

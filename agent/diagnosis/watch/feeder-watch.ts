/**
 * Judges the feeders: whether each is live, whether its contactor follows, its breaker and its earth-leakage relay. A lamp is judged only while its
 * feeder is live. Pure apart from its own state.
 */
import type { MonoMs } from '../../core/clock.ts';
import type { LatchSample } from './fault-latch.ts';
import { DEAD_SHARE, type WatchMoment } from './lamp-watch.ts';
import { createLatches, FEEDER_FAULTS, type FeederFault, type Latches } from './watch-faults.ts';
import { PHASES, type Series, type WatchFrame } from './watch-frame.ts';
import type { WatchedFeeder, WatchPlan } from './watch-plan.ts';

/** A contactor and its contact need this long to follow. Units: ms. Source: assumed; contacts are polled each 5 s, an output waits 2 s at most. Confirmed by: contactors of a cabinet. */
const FOLLOW_MS = { on: 30_000, off: 120_000 };
/** A lamp on a feeder that is off draws more than this only if the feeder has voltage. Units: W. Source: CPD 3000 manual, relay open but P > 6 W. */
const WELDED_W = 6;
/** Lamps that do not answer for this time after their feeder was switched off have no voltage. Units: ms. Source: assumed; drivers hold their charge for seconds. Confirmed by: contactors of a cabinet. */
const QUIET_MS = 600_000;
/** Contacts that were not read for this time prove nothing. Units: ms. Source: assumed; several polls. Confirmed by: poll times of contacts. */
const FRESH_MS = 300_000;
/** Above this altitude of the sun a contactor that the agent does not switch may be open. Units: degrees. Source: civil twilight; street lighting is switched within it. */
const NIGHT_ALTITUDE_DEG = -6;

type Contact = 'supply' | 'breaker' | 'leakage';

/** Finds which feeders are live, and the faults of feeders. Call `step` for each feeder before its lamps. */
export class FeederWatch {
  /** The state of each fault, by feeder. */
  readonly latches: Latches<FeederFault>;
  readonly #plan: WatchPlan;
  readonly #frame: WatchFrame;
  /** Since when each feeder is live; Infinity while it is not. */
  readonly #fedMono: Float64Array;
  /** 1 for a feeder whose lamps need supply now. */
  readonly #isNeeded: Uint8Array;
  readonly #seen: Readonly<Record<Contact, Float64Array>>;

  constructor(plan: WatchPlan, frame: WatchFrame) {
    const n = plan.feeders.length;
    this.#plan = plan;
    this.#frame = frame;
    this.latches = createLatches(FEEDER_FAULTS, n);
    this.#fedMono = new Float64Array(n).fill(Number.NEGATIVE_INFINITY);
    this.#isNeeded = new Uint8Array(n);
    this.#seen = { supply: times(n), breaker: times(n), leakage: times(n) };
  }

  /** Since when the lamps of a feeder have voltage, as far as known. -Infinity: always live, as far as seen; Infinity: they have none. */
  fedMono(feeder: number): MonoMs {
    return this.#fedMono[feeder] ?? Number.NEGATIVE_INFINITY;
  }

  /**
   * Whether the lamps of a feeder need supply now; false before the first `step`. True for a feeder with an output, even while that is off.
   * Another feeder may be switched by a clock or photocell: true only while a lamp should be lit, and it is dark or the time is not
   * trusted.
   */
  isNeeded(feeder: number): boolean {
    return this.#isNeeded[feeder] === 1;
  }

  /** Judges one feeder. `lostPhase`: the meter shows that its phase, or every phase, is dead. */
  step(feeder: number, { monoMs: nowMono, sunAltitudeDeg }: WatchMoment, lostPhase: boolean): void {
    const watched = this.#plan.feeders[feeder];
    if (watched === undefined) return;
    const isNight = sunAltitudeDeg === null || sunAltitudeDeg <= NIGHT_ALTITUDE_DEG;
    const isLit = isNight && watched.lamps.some((lamp) => (this.#frame.commands.levelPct[lamp] ?? 0) > 0);
    this.#isNeeded[feeder] = watched.output !== null || isLit ? 1 : 0;
    const { commandedOn, sinceMono, supply, breaker, leakage } = this.#frame.feeders;
    const [isOn, since = 0] = [commandedOn[feeder] ?? -1, sinceMono[feeder]];
    const tripped = contact(breaker, feeder, nowMono);
    const live = contact(supply, feeder, nowMono);
    if (this.#isNew('breaker', breaker, feeder))
      this.latches['breaker-tripped'].feed(feeder, tripped === true ? 'bad' : 'good', breaker.atMono[feeder] ?? 0);
    if (this.#isNew('leakage', leakage, feeder))
      this.latches['earth-leakage'].feed(feeder, leakage.values[feeder] === 1 ? 'bad' : 'good', leakage.atMono[feeder] ?? 0);
    if (this.#isNew('supply', supply, feeder))
      this.#judgeSupply(feeder, { at: supply.atMono[feeder] ?? 0, live, isExplained: lostPhase || tripped === true });
    if (isOn === 0 && nowMono - since > FOLLOW_MS.off)
      this.latches['contactor-stuck-on'].feed(feeder, this.#isStuckOn(watched, feeder, nowMono), nowMono);
    const isFed = !(isOn === 0 && !this.latches['contactor-stuck-on'].isOpen(feeder)) && tripped !== true && live !== false && !lostPhase;
    if (!isFed) this.#fedMono[feeder] = Number.POSITIVE_INFINITY;
    else if (this.#fedMono[feeder] === Number.POSITIVE_INFINITY || (isOn === 1 && this.#fedMono[feeder] === Number.NEGATIVE_INFINITY))
      this.#fedMono[feeder] = nowMono;
  }

  /** Voltage behind the contactor, compared with its command. Without a command there is only a lost supply. */
  #judgeSupply(feeder: number, { at, live, isExplained }: { at: MonoMs; live: boolean | null; isExplained: boolean }): void {
    const { commandedOn, sinceMono } = this.#frame.feeders;
    const isOn = commandedOn[feeder] ?? -1;
    const isSettled = at - (sinceMono[feeder] ?? 0) > FOLLOW_MS.on;
    const isOpen = live === false;
    const isUnknown = isExplained || isOn === 0 || !isSettled || (isOpen && !this.isNeeded(feeder));
    const sample: LatchSample = isUnknown ? 'none' : isOpen ? 'bad' : 'good';
    this.latches[isOn === -1 ? 'supply-lost' : 'contactor-stuck-off'].feed(feeder, sample, at);
  }

  /** It is on if its contact or a lamp shows voltage, and off if one of them shows none, or no lamp answers. */
  #isStuckOn({ lamps, supply }: WatchedFeeder, feeder: number, nowMono: MonoMs): LatchSample {
    if (signOfVoltage(feeder, this.#plan, this.#frame, nowMono) !== null) return 'bad';
    const offMono = this.#frame.feeders.sinceMono[feeder] ?? 0;
    const { voltage, power } = this.#frame.lamps;
    let isMeasured = supply !== null && contact(this.#frame.feeders.supply, feeder, nowMono) === false;
    let isQuiet = nowMono - offMono > QUIET_MS;
    for (const lamp of lamps) {
      isMeasured ||= isSince(voltage, lamp, offMono) || isSince(power, lamp, offMono);
      isQuiet &&= (this.#frame.answeredMono[lamp] ?? 0) - offMono <= FOLLOW_MS.off;
    }
    return isMeasured || isQuiet ? 'good' : 'none';
  }

  #isNew(kind: Contact, { values, atMono }: Series, feeder: number): boolean {
    const at = atMono[feeder] ?? 0;
    if (Number.isNaN(values[feeder]) || at <= (this.#seen[kind][feeder] ?? 0)) return false;
    this.#seen[kind][feeder] = at;
    return true;
  }
}

/**
 * Returns what showed voltage on a feeder more than 2 min after its command last changed: its contact, if read recently, or the newest
 * reading of a lamp, however old: above half the nominal voltage, or above 6 W. Null if nothing did. Units: `value` in V or W; 1 for a
 * contact.
 */
export function signOfVoltage(
  feeder: number,
  { feeders, settings }: WatchPlan,
  { feeders: { supply, sinceMono }, lamps: { voltage, power } }: WatchFrame,
  nowMono: MonoMs,
): { readonly quantity: 'contact' | 'voltage' | 'power'; readonly value: number } | null {
  const offMono = sinceMono[feeder] ?? 0;
  if (contact(supply, feeder, nowMono) === true && isSince(supply, feeder, offMono)) return { quantity: 'contact', value: 1 };
  for (const lamp of feeders[feeder]?.lamps ?? []) {
    const [volts, watts] = [voltage.values[lamp] ?? 0, power.values[lamp] ?? 0];
    if (isSince(voltage, lamp, offMono) && volts > DEAD_SHARE * settings.voltageV) return { quantity: 'voltage', value: volts };
    if (isSince(power, lamp, offMono) && watts > WELDED_W) return { quantity: 'power', value: watts };
  }
  return null;
}

/** Measured once a contactor must have followed its command to open. */
function isSince({ atMono }: Series, index: number, offMono: MonoMs): boolean {
  return (atMono[index] ?? 0) - offMono > FOLLOW_MS.off;
}

/**
 * Returns whether the meter shows a lost supply, a voltage below half the nominal one, on the phase of the feeder. If that phase is unknown
 * or not measured, all measured phases must show it. A phase that was not read for 5 min does not show it.
 */
export function isPhaseLost(
  { meter, phase }: WatchedFeeder,
  { meters, settings }: WatchPlan,
  { meters: { voltage } }: WatchFrame,
  nowMono: MonoMs,
): boolean {
  const count = meters[meter]?.voltages.length ?? 0;
  if (count === 0) return false;
  const isDead = (index: number): boolean =>
    nowMono - (voltage.atMono[index] ?? 0) < FRESH_MS && (voltage.values[index] ?? Number.NaN) < DEAD_SHARE * settings.voltageV;
  if (phase !== null && phase <= count) return isDead(meter * PHASES + phase - 1);
  for (let at = 0; at < count; at++) if (!isDead(meter * PHASES + at)) return false;
  return true;
}

/** Null if the contact does not exist or was not read recently. */
function contact({ values, atMono }: Series, feeder: number, nowMono: MonoMs): boolean | null {
  const value = values[feeder] ?? Number.NaN;
  return Number.isNaN(value) || nowMono - (atMono[feeder] ?? 0) > FRESH_MS ? null : value >= 1;
}

function times(size: number): Float64Array {
  return new Float64Array(size).fill(Number.NEGATIVE_INFINITY);
}

/**
 * The fault watch of a running cabinet: fills the frame from readings, decisions and outputs, steps the engine every 5 s, and reports its faults as
 * events. What it has learned, and which faults are open, persists in the store.
 *
 * memory: unread ── disk responds ──► known: saves begin
 */

import type { LevelMeasure } from '../../core/acceptance.ts';
import type { Cabinet } from '../../core/cabinet.ts';
import type { CabinetPoint } from '../../core/cabinet-points.ts';
import { type Clock, every, isTrusted, type MonoMs, type Timer } from '../../core/clock.ts';
import { HOUR_MS } from '../../core/durations.ts';
import { detailsOf } from '../../core/event-details.ts';
import { msg } from '../../core/message.ts';
import type { DeviceView, Store } from '../../core/ports.ts';
import type { Profile } from '../../core/profile.ts';
import { UNREAD } from '../../core/retried-save.ts';
import type { AgentEvent, Decision, PointId, Reading } from '../../core/words.ts';
import { sunAltitudeDeg } from '../../lighting/sun.ts';
import { type FaultReportParts, faultEvent, faultTexts, sourceOf } from './fault-report.ts';
import { createFrameFiller, type FrameFiller } from './frame-filler.ts';
import { createSupplyGate, type HeldEvents, type SupplyGate, type SupplyVerdict } from './supply-gate.ts';
import { type WatchChange, WatchEngine } from './watch-engine.ts';
import { createWatchFrame, setCommand, setFeeder, type WatchFrame } from './watch-frame.ts';
import { type OpenFault, restoreWatch, storedWatch } from './watch-memory.ts';
import { type WatchPlan, watchPlan } from './watch-plan.ts';

/** What `Watch` requires: the cabinet, its clock and store, the present state of the light, and a receiver of events. */
export interface WatchParts {
  readonly cabinet: Cabinet;
  readonly points: ReadonlyMap<PointId, CabinetPoint>;
  readonly profiles: ReadonlyMap<string, Profile>;
  readonly clock: Clock;
  readonly store: Pick<Store, 'load' | 'save'>;
  /** The present decisions, and the decided values of the outputs. */
  readonly light: { decisions(): readonly Decision[]; outputs(): readonly { readonly id: string; readonly value: number }[] };
  /** Receives a fault when it begins and when it ends; one that was open in an earlier run also when it is restored. */
  readonly onEvent: (event: AgentEvent) => void;
  /** Events that wait until it is known whether their lamps have supply. */
  readonly held: HeldEvents;
}

/** Time between two steps. Units: ms. Source: assumed; as often as contacts are polled. Confirmed by: `bench -- faults`. */
const STEP_MS = 5_000;
/** Time between two saves of what was learned. Units: ms. Source: assumed; a mains cut loses at most this, and flash wears. Confirmed by: writes per day of a cabinet. */
const SAVE_MS = 3 * HOUR_MS;
const RETRY_MS = 60_000;
const KEY = 'watch.state';
/** A lamp that answers but does not follow is reported after this time, when the supply would be known to be lost. Units: ms. Source: assumed; the period after which the engine calls a lamp silent, the gathering of a group, and the steps between. Confirmed by: test/scenario/watch.test.ts. */
const HOLD_MS = 420_000 + 4 * STEP_MS;
/** A lamp that does not follow but has answered within this time has supply. Units: ms. Source: as HOLD_MS. */
const ANSWERS_MS = 60_000;

/**
 * The fault watch of a cabinet. It detects no faults before `start`, but takes readings. It saves nothing before it has read the state of
 * earlier runs.
 */
export class Watch {
  readonly #parts: WatchParts;
  readonly #plan: WatchPlan;
  readonly #frame: WatchFrame;
  readonly #engine: WatchEngine;
  readonly #filler: FrameFiller;
  readonly #gate: SupplyGate;
  readonly #report: FaultReportParts;
  readonly #open = new Map<string, { readonly change: WatchChange; readonly event: AgentEvent }>();
  readonly #lampsOf: ReadonlyMap<string, readonly number[]>;
  readonly #decisions = new Map<string, Decision>();
  #isKnown = false;
  #isLoading = false;
  #savedMono: MonoMs;
  #triedMono: MonoMs = Number.NEGATIVE_INFINITY;
  #timer: Timer | null = null;

  constructor(parts: WatchParts) {
    this.#parts = parts;
    this.#plan = watchPlan(parts.cabinet, parts.points, parts.profiles);
    this.#frame = createWatchFrame(this.#plan);
    this.#engine = new WatchEngine(this.#plan, this.#frame);
    this.#filler = createFrameFiller(this.#plan, this.#frame, parts.points);
    this.#savedMono = parts.clock.monoMs();
    const entries = [...this.#plan.lamps.entries()].flatMap(([at, { id, device }]) => [[id, at] as const, [device, at] as const]);
    this.#lampsOf = new Map(
      [...Map.groupBy(entries, ([name]) => name)].map(([name, all]) => [name, [...new Set(all.map(([, at]) => at))]]),
    );
    this.#gate = createSupplyGate({
      held: parts.held,
      isWatched: (source) => (this.#lampsOf.get(source) ?? []).some((lamp) => isFeederWatched(this.#plan, lamp)),
      verdictOf: (event, heldMs) => this.#verdictOf(event, heldMs),
    });
    this.#report = {
      plan: this.#plan,
      frame: this.#frame,
      engine: this.#engine,
      clock: parts.clock,
      decisionOf: (id) => this.#decisions.get(id),
    };
  }

  /** Starts the regular judgement, and loads the state of earlier runs. */
  start(): void {
    this.#timer ??= every(this.#parts.clock, STEP_MS, () => this.#step());
    void this.#recall();
  }

  /** Stops, drops held events of the light control, and requests a save. Does not end open faults. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#gate.stop();
    this.#save();
  }

  /** Takes readings; one without a good value has no effect. */
  onReadings(readings: readonly Reading[]): void {
    this.#filler.take(readings);
  }

  /** Takes an event of a line. Passes it on, or holds it while a lost supply may be its cause; a held event may be dropped. */
  takeLineEvent(event: AgentEvent, pass: (event: AgentEvent) => void): void {
    this.#gate.take(event, { pass, isOfLine: true }, this.#parts.clock.monoMs());
  }

  /** As `takeLineEvent`, for an event of the light control of this configuration. */
  takeLightEvent(event: AgentEvent, pass: (event: AgentEvent) => void): void {
    this.#gate.take(event, { pass, isOfLine: false }, this.#parts.clock.monoMs());
  }

  /** Returns a copy of the device with `hasNoSupply` if it is silent and each of its lamps has or may have no supply; else the device. */
  withSupply(device: DeviceView): DeviceView {
    const lamps = device.state === 'silent' ? (this.#lampsOf.get(device.id) ?? []) : [];
    return lamps.length > 0 && lamps.every((lamp) => this.#engine.isWithoutSupply(lamp)) ? { ...device, hasNoSupply: true } : device;
  }

  /** Returns the id of the feeder of a lamp; that of the cabinet if it has none of its own, null for an unknown lamp. */
  feederOf(lampId: string): string | null {
    const lamp = this.#plan.lamps.find(({ id }) => id === lampId);
    return this.#plan.feeders[lamp?.feeder ?? -1]?.id ?? null;
  }

  /** The lamps, feeders and meters of the configuration, with the points that measure them. */
  get plan(): Pick<WatchPlan, 'lamps' | 'meters' | 'feeders'> {
    return this.#plan;
  }

  /**
   * Takes what was measured of a lamp at its commissioning as the reference for its faults and its drift, and requests a save. A reference
   * that it has already remains, unless its driver is another one (`isExchanged`). No effect for a lamp that measures no power.
   */
  takeReference(lampId: string, levels: readonly LevelMeasure[], isExchanged: boolean): void {
    const at = this.#plan.lamps.findIndex(({ id, points }) => id === lampId && points.power !== undefined);
    if (at < 0) return;
    this.#engine.lamps.takeReference(at, levels, isExchanged);
    this.#save();
  }

  /**
   * Returns how far the power of each lamp has drifted from its reference: the power at its commissioning or the first learned one,
   * whichever came first. Units: %, positive if it draws more. Lamps without learned power are absent.
   */
  powerDriftPct(): ReadonlyMap<string, number> {
    return new Map(
      this.#plan.lamps.flatMap(({ id }, at) => {
        const drift = this.#engine.lamps.power.driftPct(at);
        return drift === null ? [] : [[id, drift] as const];
      }),
    );
  }

  #step(): void {
    const { clock, cabinet, light } = this.#parts;
    const nowMono = clock.monoMs();
    const isTimeTrusted = isTrusted(clock.quality());
    for (const decision of light.decisions()) this.#decisions.set(decision.lampId, decision);
    for (const [at, { id }] of this.#plan.lamps.entries()) {
      const decision = this.#decisions.get(id);
      if (decision === undefined) continue;
      setCommand(this.#frame.commands, at, decision.levelPct, nowMono);
    }
    const outputs = light.outputs();
    for (const [at, { output, idle }] of this.#plan.feeders.entries()) {
      const view = output === null ? undefined : outputs.find(({ id }) => id === output);
      if (view !== undefined) setFeeder(this.#frame.feeders, at, view.value !== idle, nowMono);
    }
    const altitudeDeg = isTimeTrusted ? sunAltitudeDeg(cabinet, clock.wallMs()) : null;
    for (const change of this.#engine.step({ monoMs: nowMono, sunAltitudeDeg: altitudeDeg })) this.#take(change);
    this.#gate.tend(nowMono);
    if (!this.#isKnown && nowMono - this.#triedMono >= RETRY_MS) void this.#recall();
    if (nowMono - this.#savedMono >= SAVE_MS) this.#save();
  }

  #take(change: WatchChange): void {
    // The line reports silence; the gate adds the details.
    if (change.fault === 'unit-silent') return;
    const key = `${change.kind}:${change.fault}:${change.index}`;
    const running = this.#open.get(key);
    if (change.begins) {
      if (running !== undefined) return;
      const event = faultEvent(change, this.#report);
      if (event.endMs === null) this.#open.set(key, { change, event });
      this.#parts.onEvent(event);
    } else if (running !== undefined) {
      this.#open.delete(key);
      const { end } = faultTexts(change, this.#report);
      this.#end(running.event, change.isSuperseded === true ? msg`${running.event.text}; another fault explains it` : end);
    }
    this.#save();
  }

  #end(event: AgentEvent, text: AgentEvent['text']): void {
    this.#parts.onEvent({ ...event, text, endMs: Math.max(this.#parts.clock.wallMs(), event.startMs) });
  }

  #verdictOf({ code, source }: AgentEvent, heldMs: number): SupplyVerdict {
    const lamps = this.#lampsOf.get(source) ?? [];
    if (lamps.some((lamp) => this.#engine.isWithoutSupply(lamp))) return { kind: 'supply' };
    const index = lamps.find((lamp) => this.#engine.lamps.latches['unit-silent'].isOpen(lamp));
    if (index !== undefined)
      return { kind: 'own', details: detailsOf(faultEvent({ kind: 'lamp', fault: 'unit-silent', index, begins: true }, this.#report)) };
    const sinceAnswerMs = this.#parts.clock.monoMs() - Math.min(...lamps.map((lamp) => this.#frame.answeredMono[lamp] ?? 0));
    const isOwn = heldMs >= HOLD_MS || (code === 'lamp-not-following' && heldMs >= ANSWERS_MS && sinceAnswerMs < ANSWERS_MS);
    return isOwn ? { kind: 'own', details: {} } : { kind: 'unknown' };
  }

  async #recall(): Promise<void> {
    if (this.#isKnown || this.#isLoading) return;
    this.#isLoading = true;
    this.#triedMono = this.#parts.clock.monoMs();
    const stored = await this.#parts.store.load(KEY, UNREAD);
    this.#isLoading = false;
    // After a stop the faults belong to the next watch, which loads them itself.
    if (stored === UNREAD || this.#timer === null) return;
    this.#isKnown = true;
    for (const fault of restoreWatch(stored, this.#plan, this.#engine)) this.#resume(fault);
  }

  /** An open fault of an earlier run continues with its id; one whose source no longer exists ends. */
  #resume({ kind, fault, event }: OpenFault): void {
    const index = this.#engine.resume(kind, fault, (at, of) => sourceOf({ kind: of, index: at }, this.#plan) === event.source);
    if (index === null) this.#end(event, msg`${event.text}; no longer in the configuration`);
    else if (!this.#open.has(`${kind}:${fault}:${index}`)) {
      this.#open.set(`${kind}:${fault}:${index}`, { change: { kind, fault, index, begins: true } as WatchChange, event });
      this.#parts.onEvent(event);
    }
  }

  #save(): void {
    this.#savedMono = this.#parts.clock.monoMs();
    if (!this.#isKnown) return;
    const open = [...this.#open.values()].map(({ change: { kind, fault }, event }) => ({ kind, fault, event }));
    void this.#parts.store.save(KEY, storedWatch(this.#plan, this.#engine, open));
  }
}

/** Whether it can be known that the feeder of a lamp is not live. */
function isFeederWatched({ lamps, feeders }: WatchPlan, lamp: number): boolean {
  const feeder = feeders[lamps[lamp]?.feeder ?? -1];
  return feeder !== undefined && (feeder.output ?? feeder.supply ?? feeder.breaker) !== null;
}

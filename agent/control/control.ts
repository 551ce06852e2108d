/**
 * The tick: readings, requests and the time become decisions, and the lamps that must change are written.
 *
 * Decides every second, and at once when a person is detected, a lamp is found at another level or a request arrives. Depends on nothing but
 * the lines: without disk, network or a trusted clock the street stays lit.
 *
 *     idle ── start ──► starting ── restored, or 2 s ──► running
 *       ▲                   └─────────── stop ──────────────┤
 *       └───────────────────────────────────────────────────┘
 */

import { type Clock, every, isTrusted, type MonoMs, type Timer } from '../core/clock.ts';
import { createEventTracker, type EventTracker } from '../core/event-tracker.ts';
import type { WalkStep } from '../core/light-tools.ts';
import { msg } from '../core/message.ts';
import type { Field, RelayedDetection } from '../core/ports.ts';
import type { WhyView, ZoneView } from '../core/views.ts';
import type { AgentEvent, Decision, Reading } from '../core/words.ts';
import type { LightingSnapshot, ZoneState } from '../lighting/lighting.ts';
import { BurningHoursTracker } from './burning-hours-tracker.ts';
import { DetectionRelay, type DetectionRelayParts } from './detection-relay.ts';
import type { DecisionRecorder } from './record/decision-recorder.ts';
import { LightRequests, type LightRequestsParts } from './requests/light-requests.ts';
import { createStreetSensing, type StreetSensing } from './sensing/street-sensing.ts';
import { StreetDecider } from './street-decider.ts';
import { indexStreet, type StreetKnowledge } from './street-knowledge.ts';
import { LampStatus, type LampStatusParts } from './views/lamp-status.ts';
import { whyView, zoneViews } from './views/views.ts';
import { WalkTestHandler, type WatchedWalk } from './views/walk-test.ts';
import { Follower } from './writing/follower.ts';
import type { PaceParts } from './writing/group-pace.ts';
import { type OutputView, OutputWriter } from './writing/output-writer.ts';
import type { Verification } from './writing/reconcile.ts';
import { createWritePace } from './writing/write-pace.ts';

/**
 * The dependencies with which `Control` is created, and its callbacks. Without `outputs` or `contacts` there are none. Without `pace` the
 * rate of writes is not limited. Without `verificationOf` default values apply.
 */
export interface ControlParts
  extends Pick<LightRequestsParts, 'street' | 'clock' | 'store' | 'log' | 'onOutcome' | 'onIntents' | 'onProgrammes' | 'onBlinks'>,
    Pick<DetectionRelayParts, 'onRelay'>,
    Pick<LampStatusParts, 'onDecision'>,
    Partial<StreetKnowledge> {
  readonly field: Pick<Field, 'write' | 'writePoint' | 'latest'>;
  /** Receives the events of control: a lasting one when it begins and when it ends, any other once. */
  readonly onEvent: (event: AgentEvent) => void;
  /** Records the decisions with their inputs. Default: nothing is recorded. */
  readonly recorder?: Pick<DecisionRecorder, 'look' | 'flush' | 'stop'>;
  /** No level is written before this time, because drivers start up first. Default: no wait. Units: ms of monotonic time. */
  readonly quietUntilMono?: MonoMs;
}

/** Time between two ticks when nothing else causes one. Units: ms. Source: levels follow the time of day to the second. */
const TICK_MS = 1_000;
/**
 * Longest wait for the disk at start, before the street is lit without it. Units: ms. Source: assumed; lamps hold their level during the
 * wait. Confirmed by: the start times of gateways with a worn disk.
 */
const RESTORE_MS = 2_000;
/**
 * For a profile without write settings. Source: assumed; coarser than any driver's own scale. Confirmed by: levels read back from the
 * shipped drivers on the bench.
 */
const DEFAULT_VERIFICATION: Verification = { settleMs: 1_000, tolerance: 0.5 };

/** Decides and writes the levels of the lamps and the values of the outputs, and carries out requests, between `start` and `stop`. */
export class Control {
  /** This and the next five are the requests of platform and technicians, as in `LightRequests`. */
  readonly override: LightRequests['override'] = (request) => this.#requests.override(request);
  readonly release: LightRequests['release'] = (request) => this.#requests.release(request);
  readonly chooseProgramme: LightRequests['chooseProgramme'] = (request) => this.#requests.chooseProgramme(request);
  readonly blink: LightRequests['blink'] = (request) => this.#requests.blink(request);
  readonly writePoint: LightRequests['writePoint'] = (request) => this.#requests.writePoint(request);
  readonly identify: LightRequests['identify'] = (request) => this.#requests.identify(request);
  readonly #parts: ControlParts;
  readonly #events: EventTracker;
  readonly #sensing: StreetSensing;
  readonly #decider: StreetDecider;
  readonly #lamps: LampStatus;
  readonly #requests: LightRequests;
  readonly #follower: Follower;
  readonly #outputs: OutputWriter;
  readonly #relay: DetectionRelay;
  readonly #walks: WalkTestHandler;
  readonly #burning: BurningHoursTracker;
  #state: 'idle' | 'starting' | 'running' = 'idle';
  #timer: Timer | null = null;
  #tickedMono: MonoMs | null = null;

  constructor(parts: ControlParts) {
    const { street, clock, outputs = [], contacts = new Map(), verificationOf = () => DEFAULT_VERIFICATION } = parts;
    const events = createEventTracker(clock, parts.onEvent);
    const index = indexStreet(street, outputs);
    this.#parts = parts;
    this.#events = events;
    this.#decider = new StreetDecider(street, clock, { index, contacts });
    const { plan } = this.#decider;
    this.#sensing = createStreetSensing({ ...parts, events, plan, contacts });
    this.#follower = new Follower({
      ...parts,
      ...{ lamps: street.lamps, events, verificationOf },
      pace: paceOf(parts),
      onProgress: () => this.#requests.advance(),
      onSent: (lampId, sentMono) => this.#walks.sent(lampId, sentMono),
    });
    this.#lamps = new LampStatus({ ...parts, index, follower: this.#follower, verificationOf });
    this.#requests = new LightRequests({
      ...parts,
      ...{ index, events, plan, sensing: this.#sensing, lamps: this.#lamps, follower: this.#follower },
      isRunning: () => this.#state === 'running',
      decide: () => this.#tick(),
    });
    this.#walks = new WalkTestHandler(street, clock);
    this.#outputs = new OutputWriter({ ...parts, outputs, events });
    this.#relay = new DetectionRelay(parts);
    this.#burning = new BurningHoursTracker({ ...parts, lamps: street.lamps });
  }

  /**
   * Restores the stored state of an earlier run, for which it waits 2 s at most, then decides every second. What is restored later is used
   * too. Does nothing if it has started.
   */
  async start(): Promise<void> {
    if (this.#state !== 'idle') return;
    this.#state = 'starting';
    // The first decision depends on all of them: without the chosen programmes a street that changes its configuration would dim briefly.
    const restored = Promise.all([this.#requests.restore(), this.#burning.restore(), this.#sensing.restore()]);
    await inTime(this.#parts.clock, restored, RESTORE_MS);
    // `stop` may have been called during the wait.
    if (this.#state !== 'starting') return;
    this.#state = 'running';
    this.#timer = every(this.#parts.clock, TICK_MS, () => this.#tick());
    this.#tick();
  }

  /** Leaves the lamps as they are. Resolves once the outcomes of open commands for lamps are published. */
  async stop(): Promise<void> {
    this.#state = 'idle';
    this.#timer?.cancel();
    void this.#burning.save();
    this.#relay.stop();
    this.#walks.endAll();
    this.#parts.recorder?.stop();
    await this.#requests.abandonAll(msg`the agent stopped before it was confirmed`);
  }

  /** Accepts new readings. Decides at once if one of them cannot wait for the next tick. */
  onReadings(readings: readonly Reading[]): void {
    this.#decider.take(readings);
    const isUrgent = this.#sensing.take(readings);
    if (isUrgent || readings.some((reading) => this.#lamps.isElsewhere(reading))) this.#tick();
  }

  /** Handles a detection from another cabinet. Decides at once if it is accepted. */
  receiveRelay(relay: RelayedDetection): void {
    if (this.#relay.receive(relay)) this.#tick();
  }

  /**
   * Reports the detections of a zone's own sensors and their effect, until stopped or `forMs` ends, after 1 h at most, or until `stop` of
   * this control. Errors: throws Refusal, for example for an unknown zone.
   */
  walkTest(zoneId: string, forMs: number, tell: (step: WalkStep) => void): WatchedWalk {
    return this.#walks.watch(zoneId, forMs, tell);
  }

  /** Returns the newest decisions, one for each lamp; empty before the first. */
  decisions(): readonly Decision[] {
    return this.#lamps.decisions();
  }

  /** Returns all zones with their lamps, for the console. Lamps without a decision are left out: all of them before the first. */
  zones(): readonly ZoneView[] {
    return zoneViews(this.#parts.street, (lampId) => this.#lamps.knowledge(lampId));
  }

  /**
   * Returns why a lamp, or the lamps of a zone, have their level; lamps without a decision are left out. Undefined for an unknown id.
   */
  why(id: string): WhyView | undefined {
    return whyView(this.#parts.street, id, (lampId) => this.#lamps.knowledge(lampId));
  }

  /** Returns night, sun and presence by zone; empty before the first tick. */
  zoneStates(): readonly ZoneState[] {
    return this.#decider.zoneStates;
  }

  /** Returns the inputs of the newest decisions; null before the first. */
  snapshot(): LightingSnapshot | null {
    return this.#decider.snapshot;
  }

  /** Returns the state of the outputs for which a value was decided. */
  outputs(): readonly OutputView[] {
    return this.#outputs.views();
  }

  /** Returns the burning hours by lamp, in a live map; absent if unknown. Units: h. */
  burningHours(): ReadonlyMap<string, number> {
    return this.#burning.hours();
  }

  /** Sets the burning hours of these lamps. Resolves false if they are not saved yet. Units: h. */
  setBurningHours(lampIds: readonly string[], h: number): Promise<boolean> {
    return this.#burning.set(lampIds, h);
  }

  /** Returns numbers since the creation: detections of own sensors that raise light themselves, and how often presence raised a lamp. */
  counters(): { readonly detections: number; readonly lampsRaised: number } {
    return { detections: this.#sensing.detectionCount(), lampsRaised: this.#lamps.lampsRaised };
  }

  /** Passes the decisions that the recorder has in memory to the store. */
  flushRecord(): void {
    this.#parts.recorder?.flush();
  }

  /** End of the last tick; null before the first one and after `stop`. Units: ms of monotonic time. */
  get tickedMono(): MonoMs | null {
    return this.#state === 'running' ? this.#tickedMono : null;
  }

  #tick(): void {
    if (this.#state !== 'running') return;
    this.#requests.tend();
    this.#sensing.refresh();
    this.#reportTime();
    const sensed = this.#sensing.snapshot();
    const intents = this.#requests.intents();
    const detections = this.#relay.take(this.#sensing.detections());
    const inputs = { ...sensed, intents, detections, burningH: this.#burning.hours(), programmes: this.#requests.programmes() };
    const decisions = this.#decider.decide(inputs);
    this.#lamps.take(decisions);
    this.#sensing.notice(decisions);
    this.#walks.look({ sensors: sensed.sensors, decisions });
    this.#burning.take(decisions);
    // Contactors feed the lamps, so they do not wait until the drivers have started.
    this.#outputs.follow({ decisions, intents, ruleStates: sensed.rules });
    const { clock, quietUntilMono = 0 } = this.#parts;
    if (clock.monoMs() >= quietUntilMono) this.#follower.follow(this.#decider.writable(decisions));
    this.#requests.advance();
    this.#record(decisions);
    this.#tickedMono = clock.monoMs();
  }

  #record(decisions: readonly Decision[]): void {
    const { snapshot, floors, lit: litAfter, zoneStates: zones } = this.#decider;
    if (snapshot !== null) this.#parts.recorder?.look({ snapshot, floors, litAfter, zones, decisions });
  }

  #reportTime(): void {
    const quality = this.#parts.clock.quality();
    const text = isTrusted(quality)
      ? msg`the time is known (${quality})`
      : msg`clock quality ${quality}: lit until the time is known, check the time server`;
    this.#events.set(!isTrusted(quality), { code: 'time-not-trusted', source: 'clock', severity: 'warning', text });
  }
}

function paceOf({ pace }: ControlParts): PaceParts | undefined {
  if (pace === undefined) return undefined;
  const { mayWrite } = createWritePace(pace.maxPerS);
  return { groups: pace.groups, mayWrite: (lampId, nowMono) => mayWrite(pace.lineOf(lampId) ?? '', nowMono) };
}

/** Resolves with the work or at the time limit. The work itself continues and still uses a late answer. */
function inTime(clock: Clock, work: Promise<unknown>, limitMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = clock.after(limitMs, resolve);
    void work.finally(() => {
      timer.cancel();
      resolve();
    });
  });
}

/**
 * All requests of people and the platform for light: checks them, adds them to the intents in force, and follows them to their outcome.
 *
 * Refuses a request that cannot be carried out, with a reason. The tick decides what a lamp does.
 */

import type { Clock, WallMs } from '../../core/clock.ts';
import type { EventTracker } from '../../core/event-tracker.ts';
import type { IdentifyRequest, IdentifyRun } from '../../core/light-tools.ts';
import { Message, msg, NO_TEXT } from '../../core/message.ts';
import type { BlinkRequest, Field, OverrideRequest, PointRequest, ProgrammeRequest, ReleaseRequest } from '../../core/ports.ts';
import { Refusal } from '../../core/refusal.ts';
import type { OverrideAnswer } from '../../core/views.ts';
import type { Authorised, Intent, Outcome, Target } from '../../core/words.ts';
import type { Decider } from '../../lighting/decide.ts';
import { intentsFor } from '../../lighting/intents.ts';
import type { ChosenProgramme, LightingStreet } from '../../lighting/lighting.ts';
import { chosenIn } from '../../lighting/programme.ts';
import type { ContactTracker } from '../sensing/contact-tracker.ts';
import type { StreetIndex } from '../street-knowledge.ts';
import type { LampStatus } from '../views/lamp-status.ts';
import type { Follower } from '../writing/follower.ts';
import { isFollowed, type LampWork } from './commands.ts';
import { IdentifyHandler } from './identify.ts';
import { describeTarget, lampsOf, refusalOf, releaseRefusalOf } from './limits.ts';
import { OverrideRegistry, type OverrideRegistryParts } from './override-registry.ts';
import { intentOf } from './overrides.ts';
import { type CommandHead, type Incoming, PendingCommands } from './pending-commands.ts';
import { ProgrammeRegistry, type ProgrammeRegistryParts } from './programme-registry.ts';

/** The dependencies with which `LightRequests` is created, and its callbacks. */
export interface LightRequestsParts extends OverrideRegistryParts, ProgrammeRegistryParts {
  readonly street: LightingStreet;
  /** Gives the zone of a lamp, and the lamp or output that sets a point. */
  readonly index: StreetIndex;
  readonly clock: Clock;
  /** Writes the points that no lamp or output sets. */
  readonly field: Pick<Field, 'writePoint'>;
  /** Receives `command-refused`, and the events of overrides and chosen programmes. */
  readonly events: Pick<EventTracker, 'notice'>;
  /** Gives the programme and the nights of a zone, to find its next step. */
  readonly plan: Decider['plan'];
  /** Contacts of the cabinet are also sources of intents. */
  readonly sensing: Pick<ContactTracker, 'intents'>;
  /** Gives the newest decision and the writes of a lamp, from which the stages of its commands follow. */
  readonly lamps: Pick<LampStatus, 'work'>;
  /** Lets lamps that have not confirmed their level be written again without a wait. */
  readonly follower: Pick<Follower, 'nudge'>;
  /** Returns false while `Control` does not run: requests are then refused. */
  readonly isRunning: () => boolean;
  /** Decides all lamps now, before it returns. */
  readonly decide: () => void;
  /** Receives the stages of commands, from `received` on. */
  readonly onOutcome: (outcome: Outcome) => void;
  /** Receives the blinking lamps when they change, with the requested duration of each. Units: s. */
  readonly onBlinks?: (running: ReadonlyMap<string, number>) => void;
}

/**
 * A wall clock that moved by this much relative to monotonic time was set. Units: ms. Source: slewing by a time server stays far below
 * between two ticks.
 */
const CLOCK_STEP_MS = 1_000;
/** The refusal while there is no tick. */
const NOT_RUNNING = msg`the agent is starting or stopping; try again in a moment`;

/** Carries out the requests of people and the platform for light, and their writes of other points. Returned outcomes are final. */
export class LightRequests {
  readonly #parts: LightRequestsParts;
  readonly #overrides: OverrideRegistry;
  readonly #programmes: ProgrammeRegistry;
  readonly #blinks: IdentifyHandler;
  readonly #pending: PendingCommands;
  #wallAtZeroMs: WallMs;

  constructor(parts: LightRequestsParts) {
    const { street, clock, onOutcome } = parts;
    this.#parts = parts;
    this.#overrides = new OverrideRegistry(parts);
    this.#programmes = new ProgrammeRegistry(parts);
    this.#blinks = new IdentifyHandler(street, clock, parts.decide, parts.onBlinks);
    this.#pending = new PendingCommands(clock, onOutcome, (lampId) => this.#workOf(lampId));
    this.#wallAtZeroMs = clock.wallMs() - clock.monoMs();
  }

  /** Restores overrides and chosen programmes of an earlier run. Those that have not ended are in force once the time is trusted. */
  async restore(): Promise<void> {
    await Promise.all([this.#overrides.restore(), this.#programmes.restore()]);
  }

  /** Ends expired requests, resumes restored ones once the time is trusted, and retries failed disk work. Call it before each decision. */
  tend(): void {
    const wasClockSet = this.#wasClockSet();
    this.#overrides.tend(wasClockSet);
    this.#programmes.tend(wasClockSet);
    this.#blinks.tend();
  }

  /** The intents on this street; expired ones may be among them. */
  intents(): readonly Intent[] {
    return [...this.#overrides.intents(), ...this.#parts.sensing.intents(), ...this.#blinks.intents()];
  }

  /** The programmes that were chosen in place of the calendars, by zone; expired ones may be among them. */
  programmes(): ReadonlyMap<string, ChosenProgramme> {
    return this.#programmes.choices();
  }

  /**
   * Sets a level for a lamp, zone or cabinet for a limited time. A failure does not end its intent. `untilMs`: the end of the intent; absent
   * if the request is refused.
   */
  async override(request: Authorised<OverrideRequest>): Promise<Outcome & Partial<OverrideAnswer>> {
    const { street, clock } = this.#parts;
    const incoming = { ...request, intentId: request.commandId };
    const refusal = this.#receive(incoming, () => refusalOf(street, request));
    if (refusal !== NO_TEXT) return this.#refuse(incoming, refusal);
    const requested = intentOf(request, { nowMs: clock.wallMs(), nowMono: clock.monoMs() });
    const { untilMs } = this.#overrides.add(requested, request.isFurther);
    return { ...(await this.#carryOut(incoming, this.#overrides.saved)), untilMs };
  }

  /** Ends the named intents of `override` that the sender may end: now, or with `atNextStep` at the next step. A refusal is an outcome. */
  async release(request: Authorised<ReleaseRequest>): Promise<Outcome> {
    const incoming = { ...request, levelPct: null, intentId: null };
    if (this.#receive(incoming) !== NO_TEXT) return this.#refuse(incoming, NOT_RUNNING);
    if (request.atNextStep === true) return this.#releaseAtNextStep(request, incoming);
    const release = this.#overrides.release(request);
    const refusal = releaseRefusalOf(this.#parts.street, request, release);
    if (refusal === NO_TEXT) return this.#carryOut(incoming, this.#overrides.saved);
    // "Nothing in force" is an answer for the sender, not an event: a second release needs no investigation.
    const isOver = lampsOf(this.#parts.street, request.target) !== undefined && release.denied.length === 0;
    return isOver ? this.#pending.publish(incoming, 'refused', refusal) : this.#refuse(incoming, refusal);
  }

  /** Chooses another programme for a zone for a limited time, or returns the zone to its calendar (`programme` null). */
  async chooseProgramme(request: ProgrammeRequest): Promise<Outcome> {
    const { commandId, zone, source } = request;
    const incoming: Incoming = { commandId, target: { kind: 'zone', id: zone }, levelPct: null, source, intentId: null };
    const refusal = this.#receive(incoming, () => this.#programmes.refusalOf(request));
    if (refusal !== NO_TEXT) return this.#refuse(incoming, refusal);
    this.#programmes.choose(request);
    return this.#carryOut(incoming, this.#programmes.saved);
  }

  /** Starts or ends the blinking of a lamp. A refusal is an outcome; it is not thrown. */
  async blink(request: Authorised<BlinkRequest>): Promise<Outcome> {
    const { commandId, lamp, source } = request;
    const incoming: Incoming = { commandId, target: { kind: 'lamp', id: lamp }, levelPct: null, source, intentId: null };
    const refusal = this.#receive(incoming);
    const answer = refusal === NO_TEXT ? this.#blinks.request(request, this.#intentsFor(lamp)) : refusal;
    return answer instanceof Message ? this.#refuse(incoming, answer) : this.#carryOut({ ...incoming, ...answer });
  }

  /** Writes a point that no lamp or output sets, and refuses others. A refusal is an outcome. */
  async writePoint({ commandId, deviceId, pointId, value, source, expiresMono }: PointRequest): Promise<Outcome> {
    const { index, field } = this.#parts;
    const incoming = { commandId, target: { kind: 'device', id: deviceId }, levelPct: null, source } as const;
    const owner = index.owners.get(pointId);
    const isOwned = owner === undefined ? NO_TEXT : msg`${pointId} follows ${owner}: the agent would undo the write at once`;
    const refusal = this.#receive(incoming, () => isOwned);
    if (refusal !== NO_TEXT) return this.#refuse(incoming, refusal);
    this.#pending.publish(incoming, 'queued');
    const result = await field.writePoint({ pointId, value, lane: 'command', expiresMono });
    if (result.sentMono !== null) this.#pending.publish(incoming, 'sent');
    return result.state === 'verified'
      ? this.#pending.publish(incoming, 'verified')
      : this.#pending.publish(incoming, 'failed', result.reason);
  }

  /** Makes a lamp blink. Errors: throws Refusal, for example for an unknown lamp. */
  identify(request: Authorised<IdentifyRequest>): IdentifyRun {
    if (!this.#parts.isRunning()) throw new Refusal(NOT_RUNNING);
    return this.#blinks.start(request, this.#intentsFor(request.lamp));
  }

  /** Advances open commands after decisions or writes. */
  advance(): void {
    this.#pending.advance();
    this.#noteBegun();
  }

  /** Ends all open commands for lamps as failed, with this reason. Resolves once their outcomes are published. */
  abandonAll(reason: Message): Promise<void> {
    return this.#pending.abandonAll(reason);
  }

  /** Publishes that a request has arrived. Returns why it is refused; empty if it is allowed. */
  #receive(incoming: CommandHead, refusal: () => Message = () => NO_TEXT): Message {
    this.#pending.publish(incoming, 'received');
    return this.#parts.isRunning() ? refusal() : NOT_RUNNING;
  }

  #refuse(incoming: CommandHead, reason: Message): Outcome {
    const text = msg`${incoming.source}: ${reason}`;
    this.#parts.events.notice({ code: 'command-refused', source: incoming.target.id, severity: 'warning', text });
    return this.#pending.publish(incoming, 'refused', reason);
  }

  /** Follows a command whose intent is already in the list, or removed from it, and applies it without waiting for a retry. */
  #carryOut(incoming: Incoming, saved: Promise<boolean> | null = null): Promise<Outcome> {
    const { street, follower, decide } = this.#parts;
    const lampIds = lampsOf(street, incoming.target) ?? [];
    const final = this.#pending.open(incoming, lampIds, saved);
    follower.nudge(lampIds);
    decide();
    return final;
  }

  /** The intent stays in force until the next step and ends by itself, so there is nothing to wait for. */
  #releaseAtNextStep(request: Authorised<ReleaseRequest>, incoming: Incoming): Outcome | Promise<Outcome> {
    const { clock } = this.#parts;
    const atMs = this.#nextStepMs(request.target);
    if (atMs === null)
      return this.#refuse(incoming, msg`no step of the programme is known for ${describeTarget(request.target)}; release it now`);
    const shortened = this.#overrides.shorten(request, { nowMs: atMs, nowMono: clock.monoMs() + atMs - clock.wallMs() });
    if (shortened > 0) return this.#pending.publishSaved(incoming, 'verified', this.#overrides.saved);
    return this.#pending.publish(
      incoming,
      'refused',
      msg`no override of ${describeTarget(request.target)} lasts longer than the next step`,
    );
  }

  /** When the light of a target's zone next changes by its programme or its night; null if that is not known. */
  #nextStepMs(target: Target): WallMs | null {
    const { street, clock, plan } = this.#parts;
    const nowMs = clock.wallMs();
    // A cabinet may have the id of a zone.
    const zone =
      target.kind === 'cabinet' ? undefined : street.zones.find(({ id, lamps }) => id === target.id || lamps.includes(target.id));
    const zonePlan = zone === undefined ? undefined : plan(zone.id);
    if (zone === undefined || zonePlan === undefined) return null;
    const chosen = chosenIn({ programmes: this.programmes(), nowMono: clock.monoMs() }, zone.id)?.programme;
    const steps = [zonePlan.programme.at(nowMs, chosen).next?.atMs, zonePlan.nights.changeAfter(nowMs)];
    const ahead = steps.filter((atMs) => typeof atMs === 'number').filter((atMs) => atMs > nowMs);
    return ahead.length === 0 ? null : Math.min(...ahead);
  }

  /** An intent that a lamp follows has begun, so it no longer expires with its command. */
  #noteBegun(): void {
    const open = this.intents().filter(({ id, startBy }) => startBy !== undefined || this.#blinks.isPending(id));
    if (open.length === 0) return;
    const works = this.#parts.street.lamps.flatMap(({ id }) => this.#workOf(id) ?? []);
    const begun = new Set(open.map(({ id }) => id).filter((id) => works.some((work) => isFollowed(id, work))));
    this.#blinks.begun(begun);
    this.#overrides.begun(begun);
  }

  #workOf(lampId: string): LampWork | undefined {
    return this.#parts.lamps.work(lampId, this.#intentsFor(lampId));
  }

  #intentsFor(lampId: string): readonly Intent[] {
    const { index, clock } = this.#parts;
    return intentsFor(this.intents(), { lampId, zoneId: index.zoneOf.get(lampId) ?? null }, clock.monoMs());
  }

  /** Whether the wall clock was set since the last call. */
  #wasClockSet(): boolean {
    const { clock } = this.#parts;
    const beforeMs = this.#wallAtZeroMs;
    this.#wallAtZeroMs = clock.wallMs() - clock.monoMs();
    return Math.abs(this.#wallAtZeroMs - beforeMs) > CLOCK_STEP_MS;
  }
}

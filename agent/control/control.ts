/**
 * The tick: what is known goes in, the lamps that must change are written.
 *
 * Owns when to decide: each second, and at once when someone is detected, a lamp is found elsewhere or a person asks. Needs nothing but the
 * lines: without disk, network or a trusted clock the street stays lit.
 */
import { type Clock, every, isTrusted, type MonoMs, type Timer } from '../core/clock.ts';
import { createEventTracker } from '../core/event-tracker.ts';
import type { IdentifyRequest, IdentifyRun } from '../core/light-tools.ts';
import type { Field, Log, RelayedDetection, Store } from '../core/ports.ts';
import type { WhyView, ZoneView } from '../core/views.ts';
import type { AgentEvent, Decision, Intent, Outcome, PointId, Reading } from '../core/words.ts';
import { createDecider } from '../lighting/decide.ts';
import { intentsFor } from '../lighting/intents.ts';
import type { ChosenProgramme, LightingSnapshot, LightingStreet, ZoneState } from '../lighting/lighting.ts';
import type { ResolvedOutput } from '../lighting/output.ts';
import { createBurningHoursTracker } from './burning-hours-tracker.ts';
import { createDetectionRelay } from './detection-relay.ts';
import { isFollowed, type LampWork } from './requests/commands.ts';
import { createIdentifyHandler } from './requests/identify.ts';
import { createOverrideRegistry } from './requests/override-registry.ts';
import { createPendingCommands } from './requests/pending-commands.ts';
import { createPointCommandHandler } from './requests/point-command-handler.ts';
import { createProgrammeRegistry } from './requests/programme-registry.ts';
import { createRemoteBlinks } from './requests/remote-blinks.ts';
import { createRequestHandler, NOT_RUNNING, type RequestHandler } from './requests/request-handler.ts';
import { inRestoreTime } from './restore-time.ts';
import { createContactTracker, type LightContact } from './sensing/contact-tracker.ts';
import { createStreetSensing } from './sensing/street-sensing.ts';
import { mustWait, notBelowFound, startGuardOf } from './start-guard.ts';
import { createDecisionTracker } from './views/decision-tracker.ts';
import { type LampKnowledge, whyView, zoneViews } from './views/views.ts';
import { createWalkTestHandler, type WalkTestHandler } from './views/walk-test.ts';
import { createFollower, levelPointOf } from './writing/follower.ts';
import { createOutputWriter, type OutputView } from './writing/output-writer.ts';
import { isKnown, type Verification } from './writing/reconcile.ts';
import { createWritePace } from './writing/write-pace.ts';

export interface ControlParts {
  readonly street: LightingStreet;
  readonly clock: Clock;
  readonly field: Pick<Field, 'write' | 'writePoint' | 'latest'>;
  readonly store: Pick<Store, 'save' | 'load'>;
  readonly log: Log;
  readonly onEvent: (event: AgentEvent) => void;
  /** Each stage of each command. */
  readonly onOutcome: (outcome: Outcome) => void;
  /** A lamp's level, rank or reason changed. */
  readonly onDecision: (decision: Decision) => void;
  /** Someone is on the way to a neighbour cabinet. */
  readonly onRelay?: (relay: RelayedDetection) => void;
  /** The wishes in force changed. */
  readonly onIntents?: (intents: readonly Intent[]) => void;
  /** The programmes that were chosen for zones changed. */
  readonly onProgrammes?: (choices: readonly ChosenProgramme[]) => void;
  /** Other lamps blink than before. Units: s that each was asked for. */
  readonly onBlinks?: (running: ReadonlyMap<string, number>) => void;
  /** From the profile of the lamp's level point. */
  readonly verificationOf?: (lampId: string) => Verification;
  /** Points that follow zones and rules. */
  readonly outputs?: readonly ResolvedOutput[];
  /** Contacts in the cabinet that ask for light. */
  readonly contacts?: ReadonlyMap<PointId, LightContact>;
  /** Line of each lamp, and how many levels a second each line takes. */
  readonly pace?: { readonly lineOf: (lampId: string) => string | undefined; readonly maxPerS: ReadonlyMap<string, number> };
  /** Mains have just returned: no level before then, drivers start up first. */
  readonly quietUntilMono?: MonoMs;
}

export interface Control extends RequestHandler {
  /** Restores overrides and decides at once. */
  start(): Promise<void>;
  /** Leaves the lamps as they are; open commands end as failed. */
  stop(): Promise<void>;
  onReadings(readings: readonly Reading[]): void;
  /** A neighbour cabinet tells of someone. */
  hear(relay: RelayedDetection): void;
  decisions(): readonly Decision[];
  zones(): readonly ZoneView[];
  /** Night, sun and presence by zone; empty before the first tick. */
  zoneStates(): readonly ZoneState[];
  why(id: string): WhyView | undefined;
  /** End of the last tick; null while it does not run. */
  readonly tickedMono: MonoMs | null;
  counters(): { readonly detections: number; readonly lampsRaised: number };
  outputs(): readonly OutputView[];
  /** Burning hours by lamp; absent where not known. Units: h. */
  burningHours(): ReadonlyMap<string, number>;
  /** As the burning book. */
  setBurningHours(lampIds: readonly string[], h: number): Promise<boolean>;
  /** What the newest decisions were made from; null before the first. */
  sight(): LightingSnapshot | null;
  /** Tells each detection of a zone and what it did. Errors: as the walk-test desk. */
  readonly walkTest: WalkTestHandler['watch'];
  /** Blinks a lamp. Errors: throws RangeError, as the identify desk and while the agent starts or stops. */
  identify(request: IdentifyRequest): IdentifyRun;
}

/** Between two ticks that nothing hastens. Units: ms. Source: design §3, re-evaluated every second. */
const TICK_MS = 1_000;
/** Where the store keeps the contacts that request light. */
const CONTACTS_KEY = 'control.contacts';
/** Faults of photocells, by point. */
const PHOTOCELLS_KEY = 'control.photocells';
/** Where a profile says nothing. Source: assumed; coarser than any driver's own scale. */
const DEFAULT_VERIFICATION: Verification = { settleMs: 1_000, tolerance: 0.5 };

export function createControl({
  street,
  clock,
  field,
  store,
  log,
  verificationOf = () => DEFAULT_VERIFICATION,
  outputs = [],
  contacts = new Map(),
  pace,
  quietUntilMono = 0,
  ...tell
}: ControlParts): Control {
  const decider = createDecider(street);
  const events = createEventTracker(clock, tell.onEvent);
  const contactDesk = createContactTracker(contacts, (stored) => void store.save(CONTACTS_KEY, stored).catch(() => {}));
  const senses = createStreetSensing({
    ...{ street, clock, field, events, plan: decider.plan, contacts: contactDesk },
    onFaults: (faults) => void store.save(PHOTOCELLS_KEY, faults).catch(() => false),
  });
  const keeper = createOverrideRegistry({ clock, store, log, events, onChange: (intents) => tell.onIntents?.(intents) });
  const programmes = createProgrammeRegistry({ street, clock, store, log, events, onChange: (choices) => tell.onProgrammes?.(choices) });
  const book = createDecisionTracker({ clock, onDecision: tell.onDecision });
  const writePace = createWritePace(pace?.maxPerS ?? new Map());
  const mayWrite = (lampId: string): boolean => writePace.mayWrite(pace?.lineOf(lampId) ?? '', clock.monoMs());
  const onProgress = (): void => {
    desk.advance();
    noteBegun();
  };
  const walks = createWalkTestHandler(street, clock);
  const identify = createIdentifyHandler(street, clock, tick);
  const written = { lamps: street.lamps, clock, field, events, log, verificationOf, mayWrite, onProgress };
  const follower = createFollower({ ...written, onSent: (lampId, sentMono) => walks.sent(lampId, sentMono) });
  const relays = createDetectionRelay({ street, clock, tell: (relay) => tell.onRelay?.(relay) });
  const outputDesk = createOutputWriter({ street, outputs, clock, field, events, log });
  const burning = createBurningHoursTracker({ clock, store, lamps: street.lamps });
  const guard = startGuardOf(street, contacts, clock.monoMs());
  // Until a lamp is found dark, it may have been lit a moment before the start.
  let lit = new Map<string, MonoMs | null>(street.zones.flatMap(({ dark, lamps }) => (dark === null ? [] : lamps.map((id) => [id, null]))));
  const desk = createPendingCommands({ clock, workOf, onOutcome: tell.onOutcome });
  const maxPctOf = new Map(street.lamps.map(({ id, maxPct }) => [id, maxPct]));
  const zoneOf = new Map(street.zones.flatMap((zone) => zone.lamps.map((lampId) => [lampId, zone.id] as const)));
  const lampAt = new Map<PointId, string>(street.lamps.map((lamp) => [levelPointOf(lamp), lamp.id]));
  const pointOf = new Map(street.lamps.map((lamp) => [lamp.id, levelPointOf(lamp)]));
  const owners = new Map<PointId, string>([
    ...outputs.map(({ pointId, id }) => [pointId, `output ${id}`] as const),
    ...street.lamps.map((lamp) => [levelPointOf(lamp), `lamp ${lamp.id}`] as const),
  ]);
  const points = createPointCommandHandler({ owners, clock, field, onOutcome: tell.onOutcome });
  const blinks = createRemoteBlinks(identify, clock, (running) => tell.onBlinks?.(running));
  const requests = createRequestHandler({
    ...{ street, clock, events, keeper, programmes, blinks, points, desk },
    plan: decider.plan,
    wishesFor,
    isRunning: () => state === 'running',
    hasten(lampIds) {
      follower.nudge(lampIds);
      tick();
    },
  });
  const wishes = (): readonly Intent[] => [...keeper.intents(), ...senses.intents(), ...identify.intents()];
  let sight: LightingSnapshot | null = null;
  let zoneStates: readonly ZoneState[] = [];
  let state: 'idle' | 'starting' | 'running' = 'idle';
  let timer: Timer | null = null;
  let tickedMono: MonoMs | null = null;

  function tick(): void {
    if (state !== 'running') return;
    keeper.tend();
    programmes.tend();
    blinks.tend();
    senses.refresh();
    tellTime();
    const nowMono = clock.monoMs();
    const intents = wishes();
    sight = {
      nowMs: clock.wallMs(),
      nowMono,
      clockQuality: clock.quality(),
      otherMs: clock.otherMs?.() ?? null,
      ...senses.snapshot(),
      intents,
      detections: relays.take(senses.detections()),
      burningH: burning.hours(),
      holds: guard.holds(nowMono),
      programmes: programmes.choices(),
      lit,
    };
    const { decisions: decided, zones, lit: litNow } = decider.decide(sight);
    const decisions = decided.map((decision) =>
      notBelowFound(decision, guard.floorPct(decision.lampId, nowMono), maxPctOf.get(decision.lampId)),
    );
    lit = new Map(litNow);
    // What the start holds up is lit, so its fall to 0 % has a warning too.
    for (const [i, { lampId, levelPct }] of decisions.entries()) if (levelPct > (decided[i]?.levelPct ?? 0)) lit.set(lampId, null);
    zoneStates = zones;
    book.take(decisions);
    senses.notice(decisions);
    walks.look({ sensors: sight.sensors, decisions });
    burning.take(decisions);
    // Contactors feed the lamps: they do not wait for the drivers to have started.
    outputDesk.follow({ decisions, intents, ruleStates: senses.snapshot().rules });
    if (nowMono >= quietUntilMono) follower.follow(decisions.filter((decision) => !mustWait(decision, guard, nowMono)));
    onProgress();
    tickedMono = clock.monoMs();
  }

  /** A wish that a lamp follows has begun, so it does not expire with its command. */
  function noteBegun(): void {
    const open = wishes().filter(({ id, startBy }) => startBy !== undefined || blinks.isPending(id));
    if (open.length === 0) return;
    const works = street.lamps.flatMap(({ id }) => workOf(id) ?? []);
    const begun = new Set(open.map(({ id }) => id).filter((id) => works.some((work) => isFollowed(id, work))));
    blinks.begun(begun);
    keeper.begun(begun);
  }

  async function restoreContacts(): Promise<void> {
    const stored = await store.load(CONTACTS_KEY).catch(() => undefined);
    contactDesk.restore(stored, { nowMs: clock.wallMs(), nowMono: clock.monoMs() }, isTrusted(clock.quality()));
  }

  /** Where the disk cannot be read, each cell is judged from this start on. */
  function restorePhotocells(): Promise<void> {
    return store.load(PHOTOCELLS_KEY).then(senses.restore, () => undefined);
  }

  function tellTime(): void {
    const quality = clock.quality();
    const text = isTrusted(quality)
      ? `the time is known (${quality})`
      : `clock quality ${quality}: lit until the time is known, check the time server`;
    events.set(!isTrusted(quality), { code: 'time-not-trusted', source: 'clock', severity: 'warning', text });
  }

  function workOf(lampId: string): LampWork | undefined {
    const decision = book.of(lampId)?.decision;
    if (decision === undefined) return undefined;
    return { decision, track: follower.track(lampId), intents: wishesFor(lampId) };
  }

  function wishesFor(lampId: string): readonly Intent[] {
    return intentsFor(wishes(), { lampId, zoneId: zoneOf.get(lampId) ?? null }, clock.monoMs());
  }

  function isElsewhere({ pointId, value, quality }: Reading): boolean {
    const lampId = lampAt.get(pointId);
    const wanted = lampId === undefined ? undefined : book.of(lampId)?.decision.levelPct;
    if (lampId === undefined || wanted === undefined || quality !== 'good' || value === null) return false;
    return Math.abs(value - wanted) > verificationOf(lampId).tolerance;
  }

  function knowledgeOf(lampId: string): LampKnowledge | undefined {
    const known = book.of(lampId);
    const pointId = pointOf.get(lampId);
    if (known === undefined || pointId === undefined) return undefined;
    const measured = field.latest(pointId);
    return { ...known, measured, following: follower.isFollowing(lampId) && isKnown(measured) };
  }

  return {
    async start() {
      if (state !== 'idle') return;
      state = 'starting';
      // The first decision rests on all of them: without what was chosen a street that changes its configuration would dip.
      await inRestoreTime(
        clock,
        Promise.all([keeper.restore(), programmes.restore(), burning.restore(), restoreContacts(), restorePhotocells()]).then(() => {}),
      );
      if (state !== 'starting') return;
      state = 'running';
      timer = every(clock, TICK_MS, tick);
      tick();
    },
    async stop() {
      state = 'idle';
      timer?.cancel();
      burning.save();
      relays.stop();
      desk.abandonAll('the agent stopped before it was confirmed');
    },
    onReadings(readings) {
      for (const reading of readings) {
        const lampId = lampAt.get(reading.pointId);
        if (lampId !== undefined && guard.take(lampId, reading) === 0) lit.delete(lampId);
        guard.takePoint(reading);
      }
      const isUrgent = senses.take(readings);
      if (isUrgent || readings.some(isElsewhere)) tick();
    },
    hear(relay) {
      if (relays.hear(relay)) tick();
    },
    ...requests,
    decisions: () => book.all(),
    zones: () => zoneViews(street, knowledgeOf),
    zoneStates: () => zoneStates,
    why: (id) => whyView(street, id, knowledgeOf),
    outputs: () => outputDesk.views(),
    burningHours: burning.hours,
    setBurningHours: burning.set,
    sight: () => sight,
    walkTest: walks.watch,
    identify(request) {
      if (state !== 'running') throw new RangeError(NOT_RUNNING);
      return identify.start(request, wishesFor(request.lamp));
    },
    get tickedMono() {
      return state === 'running' ? tickedMono : null;
    },
    counters: () => ({ detections: senses.detectionCount(), lampsRaised: book.lampsRaised() }),
  };
}

/**
 * The tick: what is known goes in, the lamps that must change are written.
 *
 * Owns when to decide: each second, and at once when someone is detected, a lamp is found elsewhere or a person asks.
 * Needs nothing but the lines: without disk, network or a trusted clock the street stays lit.
 * Called by `app.ts` with every batch of readings, and by console and uplink with requests.
 */
import { type Clock, every, isTrusted, type MonoMs, type Timer } from '../core/clock.ts';
import { createEventBook } from '../core/event-book.ts';
import type { IdentifyRequest, IdentifyRun } from '../core/light-tools.ts';
import type {
  BlinkRequest,
  Field,
  Log,
  OverrideRequest,
  PointRequest,
  ProgrammeRequest,
  Relay,
  ReleaseRequest,
  Store,
} from '../core/ports.ts';
import type { WhyView, ZoneView } from '../core/views.ts';
import type { AgentEvent, Decision, Intent, Outcome, PointId, Reading } from '../core/words.ts';
import { createDecider } from '../lighting/decide.ts';
import { intentsFor } from '../lighting/intents.ts';
import type { LightingSnapshot, Street, ZoneState } from '../lighting/lighting.ts';
import type { ResolvedOutput } from '../lighting/output.ts';
import { createBurningBook } from './burning-book.ts';
import { createCommandDesk } from './command-desk.ts';
import { isFollowed, type LampWork } from './commands.ts';
import type { LightContact } from './contact-desk.ts';
import { createDecisionBook } from './decision-book.ts';
import { createFollower, levelPointOf } from './follower.ts';
import { createIdentifyDesk } from './identify.ts';
import { createOutputDesk, type OutputView } from './output-desk.ts';
import { createOverrideKeeper } from './override-keeper.ts';
import { createPointDesk } from './point-desk.ts';
import { type ChosenProgramme, createProgrammeKeeper } from './programme-keeper.ts';
import { isKnown, type Verification } from './reconcile.ts';
import { createRelayDesk } from './relay-desk.ts';
import { createRemoteBlinks } from './remote-blinks.ts';
import { createRequestDesk, NOT_RUNNING } from './request-desk.ts';
import { inRestoreTime } from './restore-time.ts';
import { createSenses } from './senses.ts';
import { createStartGuard } from './start-guard.ts';
import { type LampKnowledge, whyView, zoneViews } from './views.ts';
import { createWalkTestDesk, type WalkTestDesk } from './walk-test.ts';
import { createWritePace } from './write-pace.ts';

export interface ControlParts {
  readonly street: Street;
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
  readonly onRelay?: (relay: Relay) => void;
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

export interface Control {
  /** Restores overrides and decides at once. */
  start(): Promise<void>;
  /** Leaves the lamps as they are; open commands end as failed. */
  stop(): Promise<void>;
  onReadings(readings: readonly Reading[]): void;
  /** A neighbour cabinet tells of someone. */
  hear(relay: Relay): void;
  /** Resolves with the final outcome, at the latest after `COMMAND_MS`; the stages before go to `onOutcome`. */
  override(request: OverrideRequest): Promise<Outcome>;
  release(request: ReleaseRequest): Promise<Outcome>;
  chooseProgramme(request: ProgrammeRequest): Promise<Outcome>;
  /** As `identify`, for who is not on the spot: its end is that of a command. */
  blink(request: BlinkRequest): Promise<Outcome>;
  writePoint(request: PointRequest): Promise<Outcome>;
  decisions(): readonly Decision[];
  zones(): readonly ZoneView[];
  /** Night, sun and presence by zone; empty before the first tick. */
  zoneStates(): readonly ZoneState[];
  why(id: string): WhyView | undefined;
  /** End of the last tick; null while it does not run. */
  readonly tickedMono: MonoMs | null;
  counters(): { readonly detections: number; readonly lampsRaised: number };
  outputs(): readonly OutputView[];
  /** What the newest decisions were made from; null before the first. */
  sight(): LightingSnapshot | null;
  /** Tells each detection of a zone and what it did. Errors: as the walk-test desk. */
  readonly walkTest: WalkTestDesk['watch'];
  /** Blinks a lamp. Errors: throws RangeError, as the identify desk and while the agent starts or stops. */
  identify(request: IdentifyRequest): IdentifyRun;
}

/** Between two ticks that nothing hastens. Units: ms. Source: design §3, re-evaluated every second. */
const TICK_MS = 1_000;
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
  const events = createEventBook(clock, tell.onEvent);
  const senses = createSenses({ street, clock, field, events, plan: decider.plan, contacts });
  const keeper = createOverrideKeeper({ clock, store, log, events, onChange: (intents) => tell.onIntents?.(intents) });
  const programmes = createProgrammeKeeper({ street, clock, store, log, events, onChange: (choices) => tell.onProgrammes?.(choices) });
  const book = createDecisionBook({ clock, onDecision: tell.onDecision });
  const writePace = createWritePace(pace?.maxPerS ?? new Map());
  const mayWrite = (lampId: string): boolean => writePace.mayWrite(pace?.lineOf(lampId) ?? '', clock.monoMs());
  const onProgress = (): void => {
    desk.advance();
    noteBegun();
  };
  const walks = createWalkTestDesk(street, clock);
  const identify = createIdentifyDesk(street, clock, tick);
  const written = { lamps: street.lamps, clock, field, events, log, verificationOf, mayWrite, onProgress };
  const follower = createFollower({ ...written, onSent: (lampId, sentMono) => walks.sent(lampId, sentMono) });
  const relays = createRelayDesk({ street, clock, tell: (relay) => tell.onRelay?.(relay) });
  const outputDesk = createOutputDesk({ street, outputs, clock, field, events, log });
  const burning = createBurningBook({ clock, store });
  const guard = createStartGuard(new Map(street.zones.flatMap(guarded)), clock.monoMs());
  const desk = createCommandDesk({ clock, workOf, onOutcome: tell.onOutcome });
  const zoneOf = new Map(street.zones.flatMap((zone) => zone.lamps.map((lampId) => [lampId, zone.id] as const)));
  const lampAt = new Map<PointId, string>(street.lamps.map((lamp) => [levelPointOf(lamp), lamp.id]));
  const pointOf = new Map(street.lamps.map((lamp) => [lamp.id, levelPointOf(lamp)]));
  const owners = new Map<PointId, string>([
    ...outputs.map(({ pointId, id }) => [pointId, `output ${id}`] as const),
    ...street.lamps.map((lamp) => [levelPointOf(lamp), `lamp ${lamp.id}`] as const),
  ]);
  const points = createPointDesk({ owners, clock, field, onOutcome: tell.onOutcome });
  const blinks = createRemoteBlinks(identify, clock, (running) => tell.onBlinks?.(running));
  const requests = createRequestDesk({
    ...{ street, clock, events, keeper, programmes, blinks, desk },
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
      ...senses.snapshot(),
      intents,
      detections: relays.take(senses.detections()),
      burningH: burning.hours(),
      holds: guard.holds(nowMono),
      programmes: programmes.choices(),
    };
    const { decisions, zones } = decider.decide(sight);
    zoneStates = zones;
    book.take(decisions);
    senses.notice(decisions);
    walks.look({ sensors: sight.sensors, decisions });
    burning.take(decisions);
    // Contactors feed the lamps: they do not wait for the drivers to have started.
    outputDesk.follow({ decisions, intents, ruleStates: senses.snapshot().rules });
    if (nowMono >= quietUntilMono) follower.follow(decisions.filter((decision) => !mustWait(decision, nowMono)));
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

  /** What would lower a lamp that nobody has looked at yet; what raises it waits for nothing. */
  function mustWait({ lampId, rank }: Decision, nowMono: MonoMs): boolean {
    return (rank === 'programme' || rank === 'default' || rank === 'dusk') && guard.isWaiting(lampId, nowMono);
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
      // The first decision rests on all three: without what was chosen a street that changes its configuration would dip.
      await inRestoreTime(
        clock,
        Promise.all([keeper.restore(), programmes.restore(), burning.restore()]).then(() => {}),
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
        if (lampId !== undefined) guard.take(lampId, reading);
      }
      const isUrgent = senses.take(readings);
      if (isUrgent || readings.some(isElsewhere)) tick();
    },
    hear(relay) {
      if (relays.hear(relay)) tick();
    },
    override: requests.override,
    release: requests.release,
    chooseProgramme: requests.chooseProgramme,
    blink: requests.blink,
    writePoint: (request) => points.write(request, state === 'running' ? '' : NOT_RUNNING),
    decisions: () => book.all(),
    zones: () => zoneViews(street, knowledgeOf),
    zoneStates: () => zoneStates,
    why: (id) => whyView(street, id, knowledgeOf),
    outputs: () => outputDesk.views(),
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

/** Lamps that presence may have raised before the start, each with the hold of its zone. */
function guarded({ presence, lamps }: Street['zones'][number]): (readonly [string, number])[] {
  return presence === null ? [] : lamps.map((id) => [id, presence.holdS] as const);
}

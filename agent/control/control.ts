/**
 * The tick: what is known goes in, the lamps that must change are written.
 *
 * Owns when to decide: each second, and at once when someone is detected, a lamp is found elsewhere or a person asks.
 * Needs nothing but the lines: without disk, network or a trusted clock the street stays lit.
 * Called by `app.ts` with every batch of readings, and by console and uplink with requests.
 */
import { type Clock, every, isTrusted, type Timer } from '../core/clock.ts';
import { createEventBook } from '../core/event-book.ts';
import type { Field, Log, OverrideRequest, ReleaseRequest, Store } from '../core/ports.ts';
import type { WhyView, ZoneView } from '../core/views.ts';
import type { AgentEvent, Decision, Intent, Outcome, PointId, Reading } from '../core/words.ts';
import { createDecider } from '../lighting/decide.ts';
import { intentsFor } from '../lighting/intents.ts';
import type { Street, ZoneState } from '../lighting/lighting.ts';
import { createCommandDesk, type Incoming } from './command-desk.ts';
import type { LampWork } from './commands.ts';
import { createDecisionBook } from './decision-book.ts';
import { createFollower, levelPointOf } from './follower.ts';
import { lampsOf, refusalOf, releaseRefusalOf } from './limits.ts';
import { createOverrideKeeper } from './override-keeper.ts';
import { intentOf } from './overrides.ts';
import type { Verification } from './reconcile.ts';
import { createSensorDesk } from './sensor-desk.ts';
import { type LampKnowledge, whyView, zoneViews } from './views.ts';

export interface ControlParts {
  readonly street: Street;
  readonly clock: Clock;
  readonly field: Pick<Field, 'write' | 'latest'>;
  readonly store: Pick<Store, 'save' | 'load'>;
  readonly log: Log;
  readonly onEvent: (event: AgentEvent) => void;
  /** Each stage of each command. */
  readonly onOutcome: (outcome: Outcome) => void;
  /** A lamp's level, rank or reason changed. */
  readonly onDecision: (decision: Decision) => void;
  /** The wishes in force changed. */
  readonly onIntents?: (intents: readonly Intent[]) => void;
  /** From the profile of the lamp's level point. */
  readonly verificationOf?: (lampId: string) => Verification;
}

export interface Control {
  /** Restores overrides and decides at once. */
  start(): Promise<void>;
  /** Leaves the lamps as they are; open commands end as failed. */
  stop(): Promise<void>;
  onReadings(readings: readonly Reading[]): void;
  /** Resolves with the final outcome, at the latest after `COMMAND_MS`; the stages before go to `onOutcome`. */
  override(request: OverrideRequest): Promise<Outcome>;
  release(request: ReleaseRequest): Promise<Outcome>;
  decisions(): readonly Decision[];
  zones(): readonly ZoneView[];
  /** Night, sun and presence by zone; empty before the first tick. */
  zoneStates(): readonly ZoneState[];
  why(id: string): WhyView | undefined;
  counters(): { readonly detections: number; readonly lampsRaised: number };
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
  ...tell
}: ControlParts): Control {
  const decider = createDecider(street);
  const events = createEventBook(clock, tell.onEvent);
  const sensors = createSensorDesk({ street, field, clock, events, ownChangeMono: () => null });
  const keeper = createOverrideKeeper({ clock, store, log, events, onChange: (intents) => tell.onIntents?.(intents) });
  const book = createDecisionBook({ clock, onDecision: tell.onDecision });
  const follower = createFollower({ lamps: street.lamps, clock, field, events, log, verificationOf, onProgress: () => desk.advance() });
  const desk = createCommandDesk({ clock, workOf, onOutcome: tell.onOutcome });
  const zoneOf = new Map(street.zones.flatMap((zone) => zone.lamps.map((lampId) => [lampId, zone.id] as const)));
  const lampAt = new Map<PointId, string>(street.lamps.map((lamp) => [levelPointOf(lamp), lamp.id]));
  const pointOf = new Map(street.lamps.map((lamp) => [lamp.id, levelPointOf(lamp)]));
  let zoneStates: readonly ZoneState[] = [];
  let state: 'idle' | 'starting' | 'running' = 'idle';
  let timer: Timer | null = null;

  function tick(): void {
    if (state !== 'running') return;
    keeper.tend();
    sensors.refresh();
    tellTime();
    const { decisions, zones } = decider.decide({
      nowMs: clock.wallMs(),
      nowMono: clock.monoMs(),
      clockQuality: clock.quality(),
      sensors: sensors.states(),
      intents: keeper.intents(),
    });
    zoneStates = zones;
    book.take(decisions);
    follower.follow(decisions);
    desk.advance();
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
    const place = { lampId, zoneId: zoneOf.get(lampId) ?? null };
    return { decision, track: follower.track(lampId), intents: intentsFor(keeper.intents(), place, clock.monoMs()) };
  }

  function isElsewhere({ pointId, value, quality }: Reading): boolean {
    const lampId = lampAt.get(pointId);
    const wanted = lampId === undefined ? undefined : book.of(lampId)?.decision.levelPct;
    if (lampId === undefined || wanted === undefined || quality !== 'good' || value === null) return false;
    return Math.abs(value - wanted) > verificationOf(lampId).tolerance;
  }

  function refuse(incoming: Incoming, reason: string): Outcome {
    events.notice({ code: 'command-refused', source: incoming.target.id, severity: 'warning', text: `${incoming.source}: ${reason}` });
    return desk.tell(incoming, 'refused', reason);
  }

  /** Takes up a command whose wish is already in the list, or out of it, and has it carried out at once. */
  function carryOut(incoming: Incoming): Promise<Outcome> {
    const lampIds = lampsOf(street, incoming.target) ?? [];
    const final = desk.open(incoming, lampIds);
    follower.nudge(lampIds);
    tick();
    return final;
  }

  function knowledgeOf(lampId: string): LampKnowledge | undefined {
    const known = book.of(lampId);
    const pointId = pointOf.get(lampId);
    if (known === undefined || pointId === undefined) return undefined;
    const measured = field.latest(pointId);
    // What a silent lamp does is not known, so nobody may say that it follows.
    return { ...known, measured, following: follower.isFollowing(lampId) && measured?.quality !== 'missing' };
  }

  return {
    async start() {
      if (state !== 'idle') return;
      state = 'starting';
      await keeper.restore();
      if (state !== 'starting') return;
      state = 'running';
      timer = every(clock, TICK_MS, tick);
      tick();
    },
    async stop() {
      state = 'idle';
      timer?.cancel();
      desk.abandonAll('the agent stopped before it was confirmed');
    },
    onReadings(readings) {
      const detected = sensors.take(readings);
      if (detected || readings.some(isElsewhere)) tick();
    },
    async override(request) {
      const incoming = { ...request, intentId: request.commandId };
      desk.tell(incoming, 'received');
      const refusal = state === 'running' ? refusalOf(street, request) : NOT_RUNNING;
      if (refusal !== '') return refuse(incoming, refusal);
      keeper.add(intentOf(request, { nowMs: clock.wallMs(), nowMono: clock.monoMs() }));
      return carryOut(incoming);
    },
    async release(request) {
      const incoming = { ...request, levelPct: null, intentId: null };
      desk.tell(incoming, 'received');
      if (state !== 'running') return refuse(incoming, NOT_RUNNING);
      const refusal = releaseRefusalOf(street, request.target, keeper.release(request.target, request.source));
      return refusal === '' ? carryOut(incoming) : refuse(incoming, refusal);
    },
    decisions: () => book.all(),
    zones: () => zoneViews(street, knowledgeOf),
    zoneStates: () => zoneStates,
    why: (id) => whyView(street, id, knowledgeOf),
    counters: () => ({ detections: sensors.detections(), lampsRaised: book.lampsRaised() }),
  };
}

const NOT_RUNNING = 'the agent is starting or stopping; try again in a moment';

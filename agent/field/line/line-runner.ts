/**
 * One Modbus line at work: chooses before each transaction which one is the most urgent, and sends it.
 *
 * All requests of the line go through its runner. One turn:
 *
 *   wait for the silence between frames -> choose a lane -> send one request    -> is the whole line silent?
 *                                                     \-> sleep until one is due /
 */

import type { MonoMs } from '../../core/clock.ts';
import type { ModbusLine, ReadRequest } from '../../core/driver.ts';
import { BusError } from '../../core/errors.ts';
import { type Message, msg } from '../../core/message.ts';
import type { Lane, LevelWrite, WriteResult } from '../../core/ports.ts';
import { Refusal } from '../../core/refusal.ts';
import type { TransactionReport } from '../bus-tools/bus-watch.ts';
import type { POLL_PERIOD_MS } from '../polls/poll-plan.ts';
import { type Poll, Polls } from '../polls/polls.ts';
import { createWakeableTimer, type WakeableTimer } from '../timers.ts';
import { nameplateRead, readNameplateOnce } from '../units/nameplate-reads.ts';
import { setUpOne } from '../units/set-up.ts';
import { createSetUpBroadcasts, type SetUpBroadcasts } from '../units/set-up-broadcasts.ts';
import { isSetUpOpen, setUpReadOf } from '../units/set-up-steps.ts';
import { restartSteps, type Unit } from '../units/unit.ts';
import { probeOf } from '../units/unit-requests.ts';
import { groupsOf } from '../writes/group-writes.ts';
import { LevelWrites } from '../writes/level-writes.ts';
import type { WriteWords } from '../writes/write-reasons.ts';
import { createDeadBudget, createSilenceWatch } from './dead-units.ts';
import { afterTurn, type ConsoleJobs, createConsoleJobs, NONE_SINCE, nextLane } from './lanes.ts';
import { createSecondMasterWatch, type SecondMasterWatch } from './second-master.ts';
import { Transactions, type TransactionsOptions } from './transactions.ts';
import { type Agenda, agendaOf, type HeldUntil } from './units-due.ts';

/**
 * Set-up transactions per poll of units that have answered before. Source: assumed; a failsafe level is more important than fresh readings of a line
 * of hundreds of units. Units that have not answered yet take turns with set-up. Confirmed by: the set-up time and the overruns of a factory-new line
 * on the bench.
 */
const SET_UP_TURNS = 5;
/**
 * Polls after which a nameplate has one turn although others are due. Source: assumed; a full line shows its serial numbers within minutes and loses
 * 1 % of its polls meanwhile. Confirmed by: the time until all nameplates of a full line are read on the bench.
 */
const POLLS_PER_NAMEPLATE = 100;
/**
 * Time before a request may leave at which it is chosen and built. Units: ms. Source: measured, a turn of the runner with 247 units costs 0.02, the
 * library's frame 0.1; the rest is for slower processors.
 */
const DECIDE_MS = 0.3;

/** A runner without polls still turns this often, which shows that it does not hang. Units: ms. */
const HUSHED_TURN_MS = 1_000;
/**
 * Time with polls between two pauses. Units: ms. Source: each unit receives a request every 10 s (`unit.ts`), and drivers switch to their failsafe
 * level after 60 s without one; a pause lasts 30 s at most.
 */
const REST_MS = 20_000;
/** After a pause, presence that has not been read yet is no fault. Units: ms. Source: as long as in normal polling, `BLIND_AFTER_MS`. */
const RESUME_MS = 5_000;

/** The line, its units and the callbacks of a `LineRunner`. */
export interface LineRunnerOptions extends TransactionsOptions {
  /** The poll period of each poll class. Units: ms. */
  readonly periodsMs: typeof POLL_PERIOD_MS;
  /** Receives every transaction of the line, including those of the console. */
  readonly onTransaction?: (report: TransactionReport) => void;
  /** Whether a level or a set-up value may be sent to the whole line as one broadcast. */
  readonly broadcast: boolean;
  /** As `LevelWritesOptions.onUrgentSent`. Units: ms. */
  readonly onUrgentSent?: (waitMs: number) => void;
  /** No unit answers any more: closes the port and opens it again. Never rejects. */
  readonly onDeadLine: () => Promise<void>;
  /**
   * The far end of a network connection does not answer: drops the connection with everything it has not executed, and connects again. Never rejects.
   */
  readonly onStalled: () => Promise<void>;
  /** Called when a unit answers again after `onDeadLine`. */
  readonly onRevived: () => void;
  /** Called before a set-up register is written. */
  readonly onSetUpWrite?: () => void;
  /** Called when the line is closed after a console job, also if it was lost during the job. */
  readonly onClosed: (cause: BusError) => void;
}

/** Work for an operator on a line; it gets the line and its transactions. The line sends nothing else until it has ended. */
export type ConsoleWork<T> = (line: ModbusLine, transactions: Transactions) => Promise<T>;

/** What the line does next. */
interface Turn {
  readonly lane: Lane;
  act(): Promise<void>;
}

/** Sends the requests of one line with units, one at a time; `nextLane` chooses which kind is next. It does not open the port. */
export class LineRunner {
  readonly #options: LineRunnerOptions;
  readonly #budget = createDeadBudget();
  readonly #silence = createSilenceWatch();
  readonly #transactions: Transactions;
  readonly #polls: Polls;
  readonly #writes: LevelWrites;
  readonly #broadcasts: SetUpBroadcasts;
  readonly #jobs: ConsoleJobs;
  readonly #masters: SecondMasterWatch;
  readonly #timer: WakeableTimer;
  /** The lane of the transaction in flight. */
  #turnLane: Lane = 'telemetry';
  #since = NONE_SINCE;
  #isWanted = false;
  #isTurning = false;
  /** No polls before this time: a person observes the line. */
  #hushedMono: MonoMs = Number.NEGATIVE_INFINITY;
  #turnedMono: MonoMs | null = null;
  #isAllSilent = false;
  /** The last probe of a silent unit was answered, so the others may have returned too. */
  #isFinding = false;
  /** Set-up transactions since the last poll. */
  #setUpTurns = 0;
  /** Polls since the last read of a nameplate. */
  #polledTurns = 0;

  constructor(options: LineRunnerOptions) {
    const { units, clock, line, onTransaction } = options;
    const held: HeldUntil = (request) => line.heldUntilMono(request);
    const groups = groupsOf(units, options.broadcast);
    this.#options = options;
    this.#transactions = new Transactions({
      ...options,
      budget: this.#budget,
      isConsole: () => this.#turnLane === 'console',
      isHurried: () => this.#isLevelWaiting(),
      onStalled: () => this.#renewPort(options.onStalled),
    });
    this.#polls = new Polls({ ...options, transactions: this.#transactions });
    this.#writes = new LevelWrites({ clock, transactions: this.#transactions, held, groups, onUrgentSent: options.onUrgentSent });
    this.#broadcasts = createSetUpBroadcasts({
      ...options,
      transactions: this.#transactions,
      monoMs: () => clock.monoMs(),
      // On a DALI bus address 0 is a gear, and a set-up register needs several frames.
      isAllowed: options.broadcast && line.lastUnit === undefined,
    });
    this.#masters = createSecondMasterWatch(options);
    this.#jobs = createConsoleJobs(() => clock.monoMs());
    this.#timer = createWakeableTimer(clock);
    line.onEnd = (request, end) => onTransaction?.({ request, end, lane: this.#turnLane, atMono: clock.monoMs() });
    line.onLateReply = (late) => {
      const unit = this.#transactions.noteLate(late);
      if (unit !== undefined) this.#polls.noteLate(unit, late);
    };
    line.onForeignFrame = () => this.#masters.note();
    line.onExtraReply = (unit) => this.#transactions.noteExtra(unit);
    // A waiting level is sent before the confirmation of a reading, except when that reading may be a person: it causes the next level.
    line.mayAskAgain = (isChange) => (isChange && this.#turnLane === 'presence') || !this.#writes.has('urgent', clock.monoMs());
  }

  /** Whether the line counts as dead: no unit answered any more, so the port was to be reopened. True until a unit answers again. */
  get isDead(): boolean {
    return this.#silence.isDead;
  }

  /** The number of polls that left more than one period after they were due, without most first polls and those after a lost one. */
  get overruns(): number {
    return this.#polls.overruns;
  }

  /** When the runner last chose what to do next; null while it is stopped and before the first time. */
  get turnedMono(): MonoMs | null {
    return this.#isWanted ? this.#turnedMono : null;
  }

  /** Returns the number of reads in one whole poll round of a unit, without isolated registers. */
  requestsOf(unit: Unit): number {
    return this.#polls.requestsOf(unit);
  }

  /** Updates the events about presence inputs that are not read, units that answer twice, and a second sender on a DALI bus. */
  reportTroubled(): void {
    this.#masters.check();
    const nowMono = this.#options.clock.monoMs();
    this.#transactions.reportTroubled(nowMono, nowMono < this.#hushedMono + RESUME_MS);
  }

  /** Starts sending; without effect if it is running. */
  start(): void {
    this.#isWanted = true;
    if (!this.#isTurning) void this.#run();
  }

  /** Fails the waiting writes and console jobs, and ends the runner after its current turn. */
  stop(): void {
    this.#isWanted = false;
    this.#fail(msg`the agent is stopping`);
    this.#timer.wake();
  }

  /** Call it when the port has been opened: requests can be sent. */
  up(): void {
    const { clock, units } = this.#options;
    const nowMono = clock.monoMs();
    for (const unit of units) if (unit.isAway) unit.startingMono = nowMono + unit.driver.profile.quirks.startupSilenceMs;
    this.#timer.wake();
  }

  /** Call it when the port went down. Fails the waiting writes and console jobs, and publishes the points of the units as missing. */
  lost(): void {
    this.#fail(msg`the line went down`);
    for (const unit of this.#options.units) this.#transactions.forget(unit);
  }

  /**
   * Queues a write of a quantity of a unit; resolves when the write has ended. Resolves as `failed` immediately when the line is down or
   * stopped. `words`: the texts of its reasons if it fails; default: those of a lamp.
   */
  write(write: LevelWrite, unit: Unit, quantity: string, words?: WriteWords): Promise<WriteResult> {
    const { line, lineId } = this.#options;
    if (!this.#isWanted || !line.isOpen) return Promise.resolve({ state: 'failed', reason: msg`line ${lineId} is down`, sentMono: null });
    const result = this.#writes.add(write, unit, quantity, words);
    this.#transactions.hurry(write.lane === 'urgent');
    this.#timer.wake();
    return result;
  }

  /**
   * Queues one transaction for an operator, which runs when the console lane has its turn; resolves with its result. `work` receives the
   * line itself.
   *
   * Errors: rejects with what `work` rejects with; BusError `port-closed`, for example when the line is down.
   */
  ask<T>(work: ConsoleWork<T>): Promise<T> {
    return this.#enqueue(work, false);
  }

  /** As `ask`, for work that needs the line exclusively. The work may take 300 ms at most and must leave the line in its previous state. */
  exclusive<T>(work: ConsoleWork<T>): Promise<T> {
    return this.#enqueue(work, true);
  }

  /**
   * Stops polls, probes and set-up for this time, which must be 30 s at most: longer, drivers may fall back to their failsafe level. Levels
   * and the console still have their turns. The returned function ends it early. Units: ms. Errors: throws Refusal if the last pause has
   * not ended, or ended shortly before.
   */
  hush(forMs: number): () => void {
    const { clock, lineId } = this.#options;
    const nowMono = clock.monoMs();
    const restMs = this.#hushedMono + REST_MS - nowMono;
    if (restMs > 0)
      throw new Refusal(
        msg`the polls of line ${lineId} were stopped a moment ago: try again in ${Math.ceil(restMs / 1_000)} s, so that no lamp falls back to its failsafe level`,
      );
    const untilMono = nowMono + forMs;
    this.#hushedMono = untilMono;
    return () => {
      if (this.#hushedMono === untilMono) this.#hushedMono = Math.min(untilMono, clock.monoMs());
      this.#timer.wake();
    };
  }

  #enqueue<T>(work: ConsoleWork<T>, isLong: boolean): Promise<T> {
    const { line } = this.#options;
    if (!this.#isWanted || !line.isOpen) return Promise.reject(this.#closed());
    const result = this.#jobs.add(() => work(line, this.#transactions), isLong);
    this.#timer.wake();
    return result;
  }

  #closed(): BusError {
    return new BusError('port-closed', msg`line ${this.#options.lineId} is down`);
  }

  #fail(reason: Message): void {
    this.#writes.failAll(reason);
    this.#jobs.failAll(this.#closed());
  }

  async #run(): Promise<void> {
    const { clock, line, units } = this.#options;
    this.#isTurning = true;
    while (this.#isWanted) {
      await this.#quiet();
      const nowMono = clock.monoMs();
      this.#turnedMono = nowMono;
      const agenda = this.#unlessHushed(agendaOf(units, nowMono, this.#isAllSilent ? nowMono : this.#budget.readyMono(nowMono)), nowMono);
      this.#isAllSilent = units.length > 0 && agenda.silentUnits === units.length;
      if (agenda.silentUnits > 0) this.#transactions.reportAway(nowMono);
      const turn = line.isOpen ? this.#decide(agenda, nowMono) : undefined;
      if (turn === 'again') continue;
      if (turn === undefined) await this.#idle(agenda, nowMono);
      else {
        this.#since = afterTurn(this.#since, turn.lane);
        this.#turnLane = turn.lane;
        await this.#act(turn, nowMono);
      }
      await this.#checkSilence();
    }
    this.#isTurning = false;
  }

  #unlessHushed(agenda: Agenda, nowMono: MonoMs): Agenda {
    if (nowMono >= this.#hushedMono) return agenda;
    const none = { presence: undefined, telemetry: undefined, setUp: undefined, nameplate: undefined, probe: undefined };
    return { ...none, silentUnits: agenda.silentUnits, nextMono: Math.min(this.#hushedMono, nowMono + HUSHED_TURN_MS) };
  }

  /** A long read of a DALI line makes room when a read-back becomes due, as it does for a level. */
  async #act(turn: Turn, nowMono: MonoMs): Promise<void> {
    const { line, clock } = this.#options;
    const dueMono = line.lastUnit === undefined || turn.lane !== 'telemetry' ? undefined : this.#writes.nextMono();
    if (dueMono === undefined) return turn.act();
    const timer = clock.after(dueMono - nowMono, () => this.#transactions.hurry());
    try {
      await turn.act();
    } finally {
      timer.cancel();
    }
  }

  #isLevelWaiting(): boolean {
    const nowMono = this.#options.clock.monoMs();
    return this.#writes.has('urgent', nowMono) || this.#writes.has('command', nowMono);
  }

  /** Resolves just before the silence between two frames ends: a request that becomes urgent during it is still sent first. */
  #quiet(): Promise<void> | undefined {
    const { clock, line } = this.#options;
    const decideMono = line.freeMono - DECIDE_MS;
    if (!line.isOpen || decideMono <= clock.monoMs()) return undefined;
    return new Promise((resolve) => void clock.precisely(decideMono, resolve));
  }

  /** `again`: the chosen unit must not be requested yet; the reason is now recorded in the unit. */
  #decide(agenda: Agenda, nowMono: MonoMs): Turn | 'again' | undefined {
    const waiting = new Set<Lane>();
    for (const lane of ['urgent', 'command'] as const) if (this.#writes.has(lane, nowMono)) waiting.add(lane);
    const jobMono = this.#jobs.waitingMono(nowMono);
    if (agenda.presence !== undefined) waiting.add('presence');
    if (jobMono !== undefined) waiting.add('console');
    if (agenda.telemetry !== undefined || agenda.setUp !== undefined) waiting.add('telemetry');
    if (agenda.probe !== undefined) waiting.add('probe');
    const isLightWaiting = agenda.setUp !== undefined && this.#writes.isHeldForSetUp();
    const lane = nextLane(waiting, this.#since, { isFinding: this.#isFinding && agenda.silentUnits > 0, isLightWaiting });
    if (lane === undefined || (lane === 'telemetry' && this.#isNameplateNext(agenda))) return this.#nameplate(agenda.nameplate, nowMono);
    if (lane === 'urgent' || lane === 'command') return { lane, act: () => this.#writes.next(lane, nowMono) };
    if (lane === 'console') return { lane, act: this.#job };
    if (lane === 'probe') return this.#probe(agenda.probe as Unit, nowMono) ?? 'again';
    if (lane === 'telemetry' && agenda.setUp !== undefined && this.#isSetUpNext(agenda.telemetry))
      return this.#setUp(agenda.setUp, nowMono) ?? 'again';
    const unit = agenda[lane] as Unit;
    const poll = this.#polls.next(unit, lane === 'telemetry' && unit.telemetryMono > nowMono ? 'presence' : lane, nowMono);
    return poll === undefined ? 'again' : this.#pollTurn(lane, poll);
  }

  #pollTurn(lane: 'presence' | 'telemetry' | 'probe', poll: Poll): Turn {
    if (lane === 'telemetry') this.#setUpTurns = 0;
    this.#polledTurns++;
    return { lane, act: () => this.#polls.send(poll) };
  }

  #isSetUpNext(polled: Unit | undefined): boolean {
    return polled === undefined || this.#setUpTurns < (polled.seenMs === null ? 1 : SET_UP_TURNS);
  }

  /** If no step is left, the failed ones start again. */
  #setUp(unit: Unit, nowMono: MonoMs): Turn | undefined {
    if (!isSetUpOpen(unit)) restartSteps(unit, [...unit.failedSteps.keys()]);
    const broadcast = this.#broadcasts.next(unit);
    const read = broadcast === undefined ? setUpReadOf(unit) : undefined;
    if (read !== undefined && this.#isHeld(unit, read, nowMono)) return undefined;
    this.#setUpTurns++;
    if (broadcast !== undefined) return { lane: 'telemetry', act: () => this.#broadcasts.send(broadcast) };
    return { lane: 'telemetry', act: () => setUpOne(unit, { ...this.#options, transactions: this.#transactions }) };
  }

  /** On a full line it has one turn in `POLLS_PER_NAMEPLATE`. */
  #isNameplateNext({ nameplate, telemetry }: Agenda): boolean {
    return nameplate !== undefined && telemetry?.seenMs !== null && this.#polledTurns >= POLLS_PER_NAMEPLATE;
  }

  #nameplate(unit: Unit | undefined, nowMono: MonoMs): Turn | 'again' | undefined {
    const read = unit && nameplateRead(unit);
    if (unit === undefined || read === undefined) return undefined;
    unit.nameplate.dueMono = this.#options.line.heldUntilMono(read);
    if (unit.nameplate.dueMono > nowMono) return 'again';
    this.#polledTurns = 0;
    return { lane: 'telemetry', act: () => readNameplateOnce(unit, this.#transactions) };
  }

  /** Probes a silent unit, or requests an isolated register of a unit that answers. */
  #probe(unit: Unit, nowMono: MonoMs): Turn | undefined {
    if (unit.health.state !== 'silent') {
      const retry = this.#polls.next(unit, 'retry', nowMono);
      return retry === undefined ? undefined : this.#pollTurn('probe', retry);
    }
    const request = probeOf(unit);
    if (request === undefined) unit.heldMono = Number.POSITIVE_INFINITY;
    if (request === undefined || this.#isHeld(unit, request, nowMono)) return undefined;
    const act = async (): Promise<void> => {
      this.#silence.probed();
      await this.#transactions.probe(unit, request);
      this.#isFinding = unit.health.state !== 'silent';
    };
    return { lane: 'probe', act };
  }

  readonly #job = async (): Promise<void> => {
    await this.#jobs.next();
    if (this.#isWanted && !this.#options.line.isOpen) this.#options.onClosed(this.#closed());
  };

  #isHeld(unit: Unit, request: ReadRequest, nowMono: MonoMs): boolean {
    const heldMono = this.#options.line.heldUntilMono(request);
    if (heldMono <= nowMono) return false;
    unit.heldMono = heldMono;
    return true;
  }

  async #checkSilence(): Promise<void> {
    const { units, clock, line, onRevived, onDeadLine } = this.#options;
    const wereMet = units.some(({ seenMs }) => seenMs !== null);
    const verdict = this.#silence.look({ nowMono: clock.monoMs(), isAllSilent: this.#isAllSilent && wereMet, units: units.length });
    if (verdict === 'revived') onRevived();
    if (verdict !== 'reopen' || !this.#isWanted || !line.isOpen) return;
    await this.#renewPort(onDeadLine);
  }

  async #renewPort(reopen: () => Promise<void>): Promise<void> {
    await reopen();
    if (this.#isWanted && !this.#options.line.isOpen) this.#fail(msg`the line went down`);
  }

  /** Sleeps until the next request is due, or until a request arrives. */
  #idle({ nextMono }: Agenda, nowMono: MonoMs): Promise<void> {
    const dues = this.#options.line.isOpen ? [nextMono, this.#writes.nextMono(), this.#jobs.nextMono()] : [];
    return this.#timer.sleep(dues.filter((mono) => mono !== undefined).map((mono) => mono - nowMono));
  }
}

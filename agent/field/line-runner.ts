/**
 * One Modbus line at work: decides between any two transactions what goes next, and does it.
 *
 * Owns the line: nothing else ever asks it anything. Never decides about light. Called by `field.ts`.
 */
import type { MonoMs } from '../core/clock.ts';
import type { ModbusLine, ReadRequest } from '../core/driver.ts';
import { BusError } from '../core/errors.ts';
import type { Lane, LevelWrite, WriteResult } from '../core/ports.ts';
import { createConsoleJobs } from './console-jobs.ts';
import { createDeadBudget, createSilenceWatch } from './dead-units.ts';
import { groupsOf } from './group-choice.ts';
import { afterTurn, NONE_SINCE, nextLane } from './lanes.ts';
import { createLevelWrites } from './level-writes.ts';
import { createNap } from './nap.ts';
import type { POLL_PERIOD_MS } from './poll-plan.ts';
import { createPolls, type Poll } from './polls.ts';
import { setUpOne } from './set-up.ts';
import { createTransactions, type Transactions, type TransactionsOptions } from './transactions.ts';
import type { Unit } from './unit.ts';
import { probeOf, setUpReadOf } from './unit-requests.ts';
import { type Agenda, agendaOf } from './units-due.ts';
import { createWatchedLine } from './watched-line.ts';
import type { WriteWords } from './write-reasons.ts';

/** A request is chosen and built this long before it may leave. Units: ms. Source: measured, a turn of the runner with 247 units costs 0.02, the library's frame 0.1; the rest is for slower processors. */
const DECIDE_MS = 0.3;

export interface LineRunnerOptions extends TransactionsOptions {
  readonly periodsMs: typeof POLL_PERIOD_MS;
  /** Levels of the whole line may go as one broadcast. */
  readonly broadcast: boolean;
  /** From the wish to the first byte of each urgent level. Units: ms. */
  readonly onUrgentSent?: (waitMs: number) => void;
  /** No unit answers any more: close the port and open it again. Never rejects. */
  readonly onDeadLine: () => Promise<void>;
  /** One answers again after that. */
  readonly onRevived: () => void;
  /** A set-up register is about to be written. */
  readonly onSetUpWrite?: () => void;
  /** A job of the console has left the line closed. */
  readonly onClosed: (cause: BusError) => void;
}

export type ConsoleWork<T> = (line: ModbusLine, transactions: Transactions) => Promise<T>;

export interface LineRunner {
  /** No unit answers any more, and the port has been opened anew for it. */
  readonly isDead: boolean;
  /** Polls that came later than one period after they were due. */
  readonly overruns: number;
  /** When it last chose what to do next; null while it is not at work. */
  readonly turnedMono: MonoMs | null;
  /** Requests of one whole round of a unit. */
  requestsOf(unit: Unit): number;
  start(): void;
  stop(): void;
  write(write: LevelWrite, unit: Unit, quantity: string, words?: WriteWords): Promise<WriteResult>;
  /**
   * One transaction for a person at the cabinet, when the console lane has its turn. `line` is the line's own, watched by `onTransaction`.
   * Errors: rejects with what `work` rejects with; BusError `port-closed` when the line is or goes down.
   */
  ask<T>(work: ConsoleWork<T>): Promise<T>;
  /** As `ask`, for work that keeps the line to itself: at most 300 ms, the line as it was before when it ends. Others have the line for as long after each. */
  exclusive<T>(work: ConsoleWork<T>): Promise<T>;
  /** The port is open: there may be work. */
  up(): void;
  /** The port went away: everything in flight and waiting fails now. */
  lost(): void;
}

/** What the line does next. `waitMs` is how long it was wanted. */
interface Turn {
  readonly lane: Lane;
  readonly waitMs: number | null;
  act(): Promise<void>;
}

export function createLineRunner(options: LineRunnerOptions): LineRunner {
  const { units, clock, lineId } = options;
  const line = createWatchedLine({
    ...options,
    deviceOf: (address) => units.find(({ device }) => device.unit === address)?.device.id ?? null,
    onTransaction: options.onTransaction ?? (() => {}),
  });
  const held = (request: ReadRequest): MonoMs => line.heldUntilMono(request);
  const budget = createDeadBudget();
  const silence = createSilenceWatch();
  const transactions = createTransactions({ ...options, line, budget });
  const polls = createPolls({ ...options, line, transactions });
  options.line.onLateReply = (late) => {
    const unit = transactions.noteLate(late);
    if (unit !== undefined) polls.noteLate(unit, late);
  };
  const groups = groupsOf(units, options.broadcast);
  const writes = createLevelWrites({ clock, transactions, held, groups, onUrgentSent: options.onUrgentSent });
  // A level that waits goes before the confirmation of a reading.
  line.mayAskAgain = () => !writes.has('urgent', clock.monoMs());
  const jobs = createConsoleJobs(() => clock.monoMs());
  const nap = createNap(clock);
  let isWanted = false;
  let isTurning = false;
  let turnedMono: MonoMs | null = null;
  let since = NONE_SINCE;
  let isAllSilent = false;
  /** The last probe of a silent unit was answered: the others may be back too. */
  let isFinding = false;
  /** Set-up and polls take turns, so that neither keeps a unit from being met or from being made ready. */
  let wasSetUp = false;

  return {
    get isDead() {
      return silence.isDead;
    },
    get overruns() {
      return polls.overruns;
    },
    get turnedMono() {
      return isWanted ? turnedMono : null;
    },
    requestsOf: (unit) => polls.requestsOf(unit),
    start() {
      isWanted = true;
      if (!isTurning) void run();
    },
    stop() {
      isWanted = false;
      fail('the agent is stopping');
      nap.wake();
    },
    up() {
      const nowMono = clock.monoMs();
      for (const unit of units) if (unit.isAway) unit.startingMono = nowMono + unit.driver.profile.quirks.startupSilenceMs;
      nap.wake();
    },
    lost() {
      fail('the line went down');
      for (const unit of units) transactions.forget(unit);
    },
    write(write, unit, quantity, words) {
      if (!isWanted || !line.isOpen) return Promise.resolve({ state: 'failed', reason: `line ${lineId} is down`, sentMono: null });
      const result = writes.add(write, unit, quantity, words);
      nap.wake();
      return result;
    },
    ask: (work) => queue(work, false),
    exclusive: (work) => queue(work, true),
  };

  function queue<T>(work: ConsoleWork<T>, isLong: boolean): Promise<T> {
    if (!isWanted || !line.isOpen) return Promise.reject(closed());
    const result = jobs.add(() => work(line, transactions), isLong);
    nap.wake();
    return result;
  }

  function closed(): BusError {
    return new BusError('port-closed', `line ${lineId} is down`);
  }

  function fail(reason: string): void {
    writes.failAll(reason);
    jobs.failAll(closed());
  }

  async function run(): Promise<void> {
    isTurning = true;
    while (isWanted) {
      await quiet();
      const nowMono = clock.monoMs();
      turnedMono = nowMono;
      const agenda = agendaOf(units, nowMono, isAllSilent ? nowMono : budget.readyMono(nowMono));
      isAllSilent = units.length > 0 && agenda.silentUnits === units.length;
      if (agenda.silentUnits > 0) transactions.reportAway(nowMono);
      const turn = line.isOpen ? decide(agenda, nowMono) : undefined;
      if (turn === 'again') continue;
      if (turn === undefined) await idle(agenda, nowMono);
      else {
        since = afterTurn(since, turn.lane);
        line.turn = { lane: turn.lane, waitMs: turn.waitMs };
        await turn.act();
      }
      await lookForSilence();
    }
    isTurning = false;
  }

  /** The silence between two frames is over, or nearly: whatever has become urgent in it still goes first. */
  function quiet(): Promise<void> | undefined {
    const decideMono = line.freeMono - DECIDE_MS;
    if (!line.isOpen || decideMono <= clock.monoMs()) return undefined;
    return new Promise((resolve) => void clock.precisely(decideMono, resolve));
  }

  /** `again`: the unit whose turn it was may not be asked yet, which is now known. */
  function decide(agenda: Agenda, nowMono: MonoMs): Turn | 'again' | undefined {
    const waiting = new Set<Lane>();
    for (const lane of ['urgent', 'command'] as const) if (writes.has(lane, nowMono)) waiting.add(lane);
    const jobMono = jobs.waitingMono(nowMono);
    if (agenda.presence !== undefined) waiting.add('presence');
    if (jobMono !== undefined) waiting.add('console');
    if (agenda.telemetry !== undefined || agenda.setUp !== undefined) waiting.add('telemetry');
    if (agenda.probe !== undefined) waiting.add('probe');
    const isLightWaiting = agenda.setUp !== undefined && writes.isHeldForSetUp();
    const lane = nextLane(waiting, since, { isFinding: isFinding && agenda.silentUnits > 0, isLightWaiting });
    if (lane === undefined) return undefined;
    if (lane === 'urgent' || lane === 'command') return { lane, waitMs: null, act: () => writes.next(lane, nowMono) };
    if (lane === 'console') return { lane, waitMs: nowMono - (jobMono ?? nowMono), act: job };
    if (lane === 'probe') return probe(agenda.probe as Unit, nowMono) ?? 'again';
    if (lane === 'telemetry' && agenda.setUp !== undefined && (agenda.telemetry === undefined || !wasSetUp))
      return setUp(agenda.setUp, nowMono) ?? 'again';
    const poll = polls.next(agenda[lane] as Unit, lane, nowMono);
    return poll === undefined ? 'again' : pollTurn(lane, poll, nowMono);
  }

  function pollTurn(lane: 'presence' | 'telemetry' | 'probe', poll: Poll, nowMono: MonoMs): Turn {
    if (lane === 'telemetry') wasSetUp = false;
    return { lane, waitMs: Math.max(0, nowMono - poll.dueMono), act: () => polls.ask(poll) };
  }

  function setUp(unit: Unit, nowMono: MonoMs): Turn | undefined {
    const read = setUpReadOf(unit);
    if (read !== undefined && isHeld(unit, read, nowMono)) return undefined;
    wasSetUp = true;
    return { lane: 'telemetry', waitMs: null, act: () => setUpOne(unit, { ...options, transactions }) };
  }

  /** One that is silent is looked for; of one that answers, a register that it does not give. */
  function probe(unit: Unit, nowMono: MonoMs): Turn | undefined {
    if (unit.health.state !== 'silent') {
      const retry = polls.next(unit, 'retry', nowMono);
      return retry === undefined ? undefined : pollTurn('probe', retry, nowMono);
    }
    const request = probeOf(unit);
    if (request === undefined) unit.heldMono = Number.POSITIVE_INFINITY;
    if (request === undefined || isHeld(unit, request, nowMono)) return undefined;
    const act = async (): Promise<void> => {
      silence.probed();
      await transactions.read(unit, request);
      isFinding = unit.health.state !== 'silent';
    };
    return { lane: 'probe', waitMs: nowMono - unit.health.dueMono, act };
  }

  function isHeld(unit: Unit, request: ReadRequest, nowMono: MonoMs): boolean {
    const heldMono = held(request);
    if (heldMono <= nowMono) return false;
    unit.heldMono = heldMono;
    return true;
  }

  async function job(): Promise<void> {
    await jobs.next();
    if (isWanted && !line.isOpen) options.onClosed(closed());
  }

  async function lookForSilence(): Promise<void> {
    const wereMet = units.some(({ seenMs }) => seenMs !== null);
    const verdict = silence.look({ nowMono: clock.monoMs(), isAllSilent: isAllSilent && wereMet, units: units.length });
    if (verdict === 'revived') options.onRevived();
    if (verdict !== 'reopen' || !isWanted || !line.isOpen) return;
    await options.onDeadLine();
    if (isWanted && !line.isOpen) fail('the line went down');
  }

  /** Until the next thing is due or somebody wants something. */
  function idle({ nextMono }: Agenda, nowMono: MonoMs): Promise<void> {
    const dues = line.isOpen ? [nextMono, writes.nextMono(), jobs.nextMono()] : [];
    return nap.sleep(dues.filter((mono) => mono !== undefined).map((mono) => mono - nowMono));
  }
}

/**
 * Level writes of one line, from `add` to their one result.
 *
 *   waiting --sent--> read back --right--> verified
 *      ^                 |
 *      |                 +--wrong value--> failed; a member of a group write is sent again by itself
 *      |                 +--no proof-----> read back again, then failed
 *      +----------------- write not acknowledged and not proven: sent again, then failed
 *
 * A dimmer keeps the level of a channel that is off. Where a coil switches the channel, it is read back too, after the level, and
 * switched on once if it is off.
 *
 * A write that is not acknowledged may have arrived: it is read back before it is repeated.
 * Order within the command lane: levels, then repeated broadcasts, then read-backs. The read-back of an urgent level takes turns with
 * the levels, because lost ones may take most of the line's time. A level of the other lane is sent along when its whole group is
 * written, so that a street that changes together changes at once.
 */

import type { Clock, MonoMs } from '../../core/clock.ts';
import type { ReadRequest, Reply } from '../../core/driver.ts';
import { BusError } from '../../core/errors.ts';
import { type Message, msg } from '../../core/message.ts';
import type { LevelWrite, WriteResult } from '../../core/ports.ts';
import { Refusal } from '../../core/refusal.ts';
import type { PointId } from '../../core/words.ts';
import type { Transactions } from '../line/transactions.ts';
import type { HeldUntil } from '../line/units-due.ts';
import { isLevelHeldBack } from '../units/set-up-steps.ts';
import { restedMono, type Unit } from '../units/unit.ts';
import { chooseGroup, createGroupRepeats, type GroupChoice, type GroupRepeats, type LineGroup } from './group-writes.ts';
import {
  channelOf,
  createReadBacks,
  isChannelProof,
  judgeReadBack,
  nextProof,
  pointOf,
  type ReadBack,
  type ReadBacks,
} from './read-backs.ts';
import { createWriteQueue, SUPERSEDED, type WaitingWrite } from './write-queue.ts';
import { channelOffReason, isAbsent, isUnitRefusal, LAMP_WORDS, type WriteWords } from './write-reasons.ts';

/**
 * Wait after a lost read-back, so that a unit that is busy with the write does not count as failed. Units: ms. Source: assumed; the pause of a unit
 * after a lost poll. Confirmed by: read-back times of the shipped drivers on the bench.
 */
const PROOF_REST_MS = 100;
/** A silent unit still receives writes, this often at most. Units: ms. Source: wb-mqtt-serial allows a write to a lost device each 5 s. */
const SILENT_WRITE_MS = 5_000;
/**
 * Shortest and longest pause after a level was broadcast on a Modbus line, while the units execute it. Units: ms. Source: practice leaves
 * two frame gaps (4 ms at 19200 baud) to 20 ms; the read-back finds a lamp that needs longer.
 */
export const BROADCAST_PAUSE_MS = { least: 5, most: 20 };
/** Shortest time before a broadcast is repeated, so that other requests are sent in between. Units: ms. */
const REPEAT_MS = 1;

/** The parts of a `LevelWrites`: transactions and groups of one line, and `held`, which returns when a read may be sent. */
export interface LevelWritesOptions {
  readonly clock: Clock;
  readonly transactions: Transactions;
  readonly held: HeldUntil;
  readonly groups: readonly LineGroup[];
  /**
   * Called at most once for each urgent write, when `LevelWrite.onSent` would be. `waitMs`: about the time from `add` to its first known
   * sending. Units: ms.
   */
  readonly onUrgentSent?: ((waitMs: number) => void) | undefined;
}

/**
 * Sends the writes of one line (levels, output values and texts) and reads them back where that is possible. The promises of `add` do not
 * reject.
 */
export class LevelWrites {
  readonly #options: LevelWritesOptions;
  readonly #queue = createWriteQueue();
  readonly #readBacks: ReadBacks;
  readonly #repeats: GroupRepeats;
  /** The newest write of each point, whether it has ended or not. */
  readonly #newest = new Map<PointId, LevelWrite>();
  /** The last turn of the command lane was a level. */
  #wasLevel = false;

  constructor(options: LevelWritesOptions) {
    this.#options = options;
    this.#readBacks = createReadBacks((readBack) =>
      Math.max(restedMono(readBack.sent.unit), readBack.channel === 'switch-on' ? 0 : options.held(nextProof(readBack))),
    );
    this.#repeats = createGroupRepeats((pointId) => this.#newest.get(pointId)?.levelPct);
  }

  /**
   * Queues a write and resolves with its result. If `words` refuse it, it fails immediately; otherwise it replaces an older write of the
   * point, which fails.
   */
  add(write: LevelWrite, unit: Unit, quantity: string, words: WriteWords = LAMP_WORDS): Promise<WriteResult> {
    const refusal = words.refusal(write, unit, quantity);
    if (String(refusal) !== '') return Promise.resolve({ state: 'failed', reason: refusal, sentMono: null });
    this.#newest.set(write.pointId, write);
    this.#readBacks.drop(write.pointId);
    const addedMono = this.#options.clock.monoMs();
    const mayGroup = words === LAMP_WORDS;
    return new Promise((settle) =>
      this.#queue.add({ write, unit, quantity, addedMono, attempts: 0, sentMono: null, mayGroup, words, settle }),
    );
  }

  /** Whether a write, a read-back or a repeated broadcast of this lane may be sent now. */
  has(lane: LevelWrite['lane'], nowMono: MonoMs): boolean {
    if (this.#queue.has(lane, nowMono) || this.#readBacks.isDue(lane, nowMono)) return true;
    return lane === 'command' && this.#repeats.isDue(nowMono);
  }

  /** Sends the next request of this lane, if any may be sent now. */
  async next(lane: LevelWrite['lane'], nowMono: MonoMs): Promise<void> {
    const urgentProof = lane === 'command' && this.#wasLevel ? this.#readBacks.takeUrgent(nowMono) : undefined;
    if (lane === 'command') this.#wasLevel = urgentProof === undefined;
    if (urgentProof !== undefined) return this.#verify(urgentProof);
    const waiting = this.#queue.take(lane, nowMono);
    if (waiting !== undefined) {
      const choice = chooseGroup(this.#options.groups, waiting, (pointId) => this.#queue.at(pointId, nowMono));
      return choice === undefined ? this.#sendOne(waiting) : this.#sendGroup(choice);
    }
    const repeat = lane === 'urgent' ? undefined : this.#repeats.take(nowMono);
    if (repeat !== undefined) return this.#sendAgain(repeat);
    const readBack = this.#readBacks.take(lane, nowMono);
    if (readBack !== undefined) await this.#verify(readBack);
  }

  /** Whether a level waits for the set-up of its lamp. */
  isHeldForSetUp(): boolean {
    return this.#queue.isHeldForSetUp();
  }

  /** When the next request may be sent, or a write that waits for a set-up expires; undefined when none waits. */
  nextMono(): MonoMs | undefined {
    const times = [this.#queue.nextMono(), this.#repeats.nextMono(), this.#readBacks.nextMono()].filter((mono) => mono !== undefined);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /** Fails the writes that wait to be sent or read back. */
  failAll(reason: Message): void {
    this.#queue.failAll(reason);
    this.#readBacks.failAll(reason);
    this.#repeats.clear();
  }

  async #sendOne(waiting: WaitingWrite): Promise<void> {
    const { clock, transactions } = this.#options;
    const { unit } = waiting;
    const request = encodedWrite(waiting);
    if (request instanceof Refusal) return waiting.settle({ state: 'failed', reason: request.said, sentMono: waiting.sentMono });
    const leftMono = clock.monoMs();
    const result = await transactions.write(unit, { unit: unit.device.unit, ...request });
    if (result instanceof BusError) this.#notWritten(waiting, result, { leftMono, byGroup: false });
    else this.#awaitProof(waiting, result, false);
  }

  async #sendGroup(choice: GroupChoice): Promise<void> {
    const { clock } = this.#options;
    for (const { write } of choice.writes) this.#queue.remove(write.pointId);
    const leftMono = clock.monoMs();
    const result = await this.#transmit(choice);
    for (const waiting of choice.writes) {
      if (result instanceof BusError) this.#failGroup(waiting, result, leftMono);
      else this.#awaitProof(waiting, result, true);
    }
    if (!(result instanceof BusError) && choice.group.reach === 'bus') this.#repeats.add(choice, clock.monoMs() + REPEAT_MS);
  }

  /** Broadcasts are not acknowledged, so each is sent twice; the read-backs show what has arrived. */
  async #sendAgain(choice: GroupChoice): Promise<void> {
    await this.#transmit(choice);
  }

  async #transmit({ group, request, writes }: GroupChoice): Promise<Reply | BusError> {
    const { transactions } = this.#options;
    const [first] = writes;
    if (group.reach === 'bus' || first === undefined) return transactions.broadcast(request, pauseMs(writes));
    return transactions.write(first.unit, request);
  }

  #awaitProof(waiting: WaitingWrite, { askedMono }: Reply, byGroup: boolean): void {
    this.#reportSent(waiting, askedMono);
    const sent = { ...waiting, sentMono: waiting.sentMono ?? askedMono };
    if (this.#isSuperseded(sent)) return;
    if (!isReadBack(sent)) sent.settle({ state: 'verified', sentMono: sent.sentMono, isUnread: true });
    else this.#readBacks.add({ sent, leftMono: askedMono, lost: null, dueMono: this.#settledMono(sent), tries: 0, byGroup });
  }

  #reportSent({ write, addedMono, sentMono }: WaitingWrite, leftMono: MonoMs): void {
    if (sentMono !== null) return;
    write.onSent?.(leftMono);
    if (write.lane === 'urgent') this.#options.onUrgentSent?.(leftMono - addedMono);
  }

  #settledMono({ unit, quantity }: WaitingWrite): MonoMs {
    const write = pointOf(unit, quantity).write;
    return this.#options.clock.monoMs() + (write?.settleMs ?? 0) + (write?.fades === true ? unit.fadeMs : 0);
  }

  /** Some devices refuse a group: their lamps are then written one by one. A lost group write is read back first. */
  #failGroup(waiting: WaitingWrite, error: BusError, leftMono: MonoMs): void {
    if (!isUnitRefusal(error)) this.#notWritten(waiting, error, { leftMono, byGroup: true });
    else if (!this.#isSuperseded(waiting)) this.#queue.add({ ...waiting, mayGroup: false });
  }

  /** The unit refused the write, or did not acknowledge it. A silent unit would not answer a read-back either. */
  #notWritten(waiting: WaitingWrite, error: BusError, { leftMono, byGroup }: Pick<ReadBack, 'leftMono' | 'byGroup'>): void {
    const isSilent = waiting.unit.health.state === 'silent';
    if (isUnitRefusal(error) || !error.policy.unitUsable || isSilent || !isReadBack(waiting)) this.#retryOrFail(waiting, error);
    else if (!this.#isSuperseded(waiting))
      this.#readBacks.add({ sent: waiting, leftMono, lost: error, dueMono: this.#settledMono(waiting), tries: 0, byGroup });
  }

  #retryOrFail(waiting: WaitingWrite, error: BusError, reason = (waiting.words ?? LAMP_WORDS).failure(error)): void {
    const { unit, settle, sentMono } = waiting;
    const attempts = waiting.attempts + 1;
    unit.nextWriteMono = this.#options.clock.monoMs() + SILENT_WRITE_MS;
    if (this.#isSuperseded(waiting)) return;
    if (error.policy.retry && error.policy.unitUsable && attempts <= retriesOf(unit)) this.#queue.add({ ...waiting, attempts });
    // A driver with factory settings may accept a level only after its set-up, which is under way.
    else if (error.policy.answered && isLevelHeldBack(unit) && !waiting.isAfterSetUp) {
      unit.isLevelWaiting = true;
      this.#queue.add({ ...waiting, isAfterSetUp: true });
    } else settle({ state: 'failed', reason, sentMono });
  }

  async #verify(readBack: ReadBack): Promise<void> {
    const { clock, transactions } = this.#options;
    const { sent, lost, leftMono, channel } = readBack;
    const { unit } = sent;
    if (channel === 'switch-on') return this.#switchOn(readBack);
    const request = nextProof(readBack);
    const result = await transactions.read(unit, request);
    this.#readBacks.done(clock.monoMs());
    if (!(result instanceof BusError)) transactions.deliver(unit, request, result);
    if (this.#isSuperseded(sent)) return;
    if (channel !== undefined && (!(result instanceof BusError) || isAbsent(result))) return this.#judgeChannel(readBack, request, result);
    if (result instanceof BusError) return this.#unproven(readBack, result);
    const { isRight, found } = judgeReadBack(sent, unit.driver.decode(request.table, request.address, result.words));
    if (!isRight) return this.#disproved(readBack, found);
    if (lost !== null) this.#reportSent(sent, leftMono);
    const sentMono = sent.sentMono ?? leftMono;
    if (!isChannelProof(sent)) sent.settle({ state: 'verified', sentMono });
    else this.#readBacks.add({ ...readBack, sent: { ...sent, sentMono }, lost: null, byGroup: false, tries: 0, channel: 'look' });
  }

  /** Evaluates the coil of the channel. For a unit that does not have it, the level alone is the state. */
  #judgeChannel(readBack: ReadBack, request: ReadRequest, result: Reply | BusError): void {
    const { sent, channel, leftMono } = readBack;
    const { sentMono, settle, unit, quantity } = sent;
    const coil = channelOf(unit, quantity)?.address ?? 0;
    if (result instanceof BusError) unit.switchedOff.delete(quantity);
    if (result instanceof BusError || result.words[coil - request.address] === 1)
      settle({ state: 'verified', sentMono: sentMono ?? leftMono });
    else if (channel === 'look') this.#readBacks.add({ ...readBack, channel: 'switch-on' });
    else settle({ state: 'failed', reason: channelOffReason(coil), sentMono });
  }

  /** Switches the channel on. The result is read back, as after any write. */
  async #switchOn(readBack: ReadBack): Promise<void> {
    const { clock, transactions } = this.#options;
    const { sent } = readBack;
    const { unit, quantity } = sent;
    const coil = channelOf(unit, quantity);
    if (coil !== undefined) await transactions.write(unit, { unit: unit.device.unit, table: 'coil', address: coil.address, values: [1] });
    this.#readBacks.done(clock.monoMs());
    if (!this.#isSuperseded(sent)) this.#readBacks.add({ ...readBack, channel: 'prove', dueMono: this.#settledMono(sent) });
  }

  /** The read-back was lost or refused. */
  #unproven(readBack: ReadBack, error: BusError): void {
    const nowMono = this.#options.clock.monoMs();
    const { sent, lost } = readBack;
    // A confirmation that was dropped for an urgent level is no evidence about the unit.
    const gaveWay = error.code === 'interrupted' || (error.code === 'doubtful' && this.#queue.has('urgent', nowMono));
    const tries = readBack.tries + (gaveWay ? 0 : 1);
    const isWorthIt = error.policy.retry && error.policy.unitUsable && tries <= retriesOf(sent.unit);
    const isGone = lost !== null && sent.unit.health.state === 'silent';
    if (isWorthIt && !isGone)
      this.#readBacks.add({ ...readBack, tries, dueMono: lost === null ? readBack.dueMono : nowMono + PROOF_REST_MS });
    else if (lost !== null) this.#repeat(readBack, lost);
    else {
      const { words = LAMP_WORDS, sentMono, settle } = sent;
      settle({ state: 'failed', reason: msg`sent, but not read back: ${words.failure(error)}`, sentMono });
    }
  }

  /** The unit has another value. */
  #disproved(readBack: ReadBack, found: number | null): void {
    const { sent, lost, byGroup } = readBack;
    const reason = (sent.words ?? LAMP_WORDS).mismatch(found, sent.write.levelPct);
    if (lost !== null) this.#repeat(readBack, lost, reason);
    else if (byGroup) this.#queue.add({ ...sent, attempts: 0, mayGroup: false });
    else sent.settle({ state: 'failed', reason, sentMono: sent.sentMono });
  }

  /** Sends a lost write again, with all writes that were in the same request. */
  #repeat(readBack: ReadBack, lost: BusError, reason?: Message): void {
    const others = readBack.byGroup ? this.#readBacks.takeLostGroup(readBack.sent.unit) : [];
    this.#retryOrFail(readBack.sent, lost, reason);
    for (const { sent } of others) this.#retryOrFail(sent, lost);
  }

  /** Settles a write that a newer one for the same point has replaced while it was on the wire. */
  #isSuperseded({ write, sentMono, settle }: WaitingWrite): boolean {
    if (this.#newest.get(write.pointId) === write) return false;
    settle({ state: 'failed', reason: SUPERSEDED, sentMono });
    return true;
  }
}

function encodedWrite({ write, unit: { driver }, quantity }: WaitingWrite): ReturnType<Unit['driver']['encode']> {
  if (write.text === undefined) return driver.encode(quantity, write.levelPct);
  const encoded = driver.encodeText(quantity, write.text);
  return encoded instanceof Refusal ? encoded : encoded.request;
}

/** Whether the device returns what was written to this point. */
function isReadBack({ unit, quantity }: WaitingWrite): boolean {
  return pointOf(unit, quantity).write?.readBack !== false;
}

function retriesOf({ driver }: Unit): number {
  return driver.profile.quirks.retries;
}

/** The pause that the slowest of these units needs after a broadcast. Units: ms. */
function pauseMs(writes: readonly WaitingWrite[]): number {
  const { least, most } = BROADCAST_PAUSE_MS;
  const turnarounds = writes.map(({ unit: { health } }) =>
    health.turnaroundMs === null ? most : health.turnaroundMs.mean + 2 * health.turnaroundMs.deviation,
  );
  return Math.min(Math.max(least, ...turnarounds), most);
}

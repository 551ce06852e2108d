/**
 * Levels on their way to the lamps of one line: waiting, sent, read back, ended.
 *
 * Owns every write from `add` to its one result. Never decides about light.
 *
 * A write that is not acknowledged may have arrived: it is read back before it is repeated.
 * Order within the command lane: levels, then repetitions of broadcasts, then proofs. The proof of an urgent level takes turns with the
 * levels, because lost ones may hold the line for most of its time. A level of the other lane travels along when its whole group goes,
 * so that a street that changes together changes at once.
 */
import type { Clock, MonoMs } from '../core/clock.ts';
import type { Reply } from '../core/driver.ts';
import { BusError } from '../core/errors.ts';
import type { LevelWrite, WriteResult } from '../core/ports.ts';
import type { PointId } from '../core/words.ts';
import { chooseGroup, type GroupChoice, type LineGroup } from './group-choice.ts';
import { createGroupRepeats } from './group-repeats.ts';
import { createReadBacks, judge, pointOf, proofRequest, type ReadBack } from './read-backs.ts';
import type { Transactions } from './transactions.ts';
import { restedMono, type Unit } from './unit.ts';
import type { HeldUntil } from './units-due.ts';
import { createWriteQueue, SUPERSEDED, type WaitingWrite } from './write-queue.ts';
import { isRefusal, LAMP_WORDS, type WriteWords } from './write-reasons.ts';

/** Tries of one write before it has failed. Source: assumed; two losses in a row happen on a noisy line, three mean trouble. */
const WRITE_TRIES = 3;
/** After a lost proof, so that a unit that is busy with the write is not given up for it. Units: ms. Source: assumed; the rest of a unit after a lost poll. */
const PROOF_REST_MS = 100;
/** A silent unit still gets its light, this often at most. Units: ms. Source: wb-mqtt-serial allows a write to a lost device each 5 s. */
const SILENT_WRITE_MS = 5_000;
/**
 * Silence after a broadcast, in which the units obey: as long as the slowest of them takes to reply to a write of its own, within these
 * bounds. Units: ms. Source: practice leaves two frame gaps (4 ms at 19200 baud) to 20 ms; a lamp that needs longer is found by its proof.
 */
export const BROADCAST_PAUSE_MS = { least: 5, most: 20 };
/** A broadcast is said again not sooner than this, so that others come in between. Units: ms. */
const REPEAT_MS = 1;

export interface LevelWritesOptions {
  readonly clock: Clock;
  readonly transactions: Transactions;
  readonly held: HeldUntil;
  readonly groups: readonly LineGroup[];
  /** From `add` to the first byte of each urgent level. Units: ms. */
  readonly onUrgentSent?: ((waitMs: number) => void) | undefined;
}

export interface LevelWrites {
  /** Settles once, never rejects. What is not for a lamp brings its own words, and goes alone. */
  add(write: LevelWrite, unit: Unit, quantity: string, words?: WriteWords): Promise<WriteResult>;
  /** Whether this lane has something that may go now. */
  has(lane: LevelWrite['lane'], nowMono: MonoMs): boolean;
  /** Do the next thing of this lane: send a level, or read one back. */
  next(lane: LevelWrite['lane'], nowMono: MonoMs): Promise<void>;
  /** Whether a level waits for the set-up of its lamp. */
  isHeldForSetUp(): boolean;
  /** When there is next something to do; undefined when nothing waits. */
  nextMono(): MonoMs | undefined;
  failAll(reason: string): void;
}

export function createLevelWrites({ clock, transactions, held, groups, onUrgentSent = () => {} }: LevelWritesOptions): LevelWrites {
  const queue = createWriteQueue();
  const readBacks = createReadBacks(({ sent: { unit, quantity } }) => Math.max(restedMono(unit), held(proofRequest(unit, quantity))));
  /** The last word for each point, whatever became of it. */
  const newest = new Map<PointId, LevelWrite>();
  /** The last turn of the command lane was a level. */
  let wasLevel = false;
  const repeats = createGroupRepeats((pointId) => newest.get(pointId)?.levelPct);

  return {
    add(write, unit, quantity, words = LAMP_WORDS) {
      const refusal = words.refusal(write, unit, quantity);
      if (refusal !== '') return Promise.resolve({ state: 'failed', reason: refusal, sentMono: null });
      newest.set(write.pointId, write);
      readBacks.drop(write.pointId);
      const addedMono = clock.monoMs();
      const mayGroup = words === LAMP_WORDS;
      return new Promise((settle) => queue.add({ write, unit, quantity, addedMono, attempts: 0, sentMono: null, mayGroup, words, settle }));
    },
    has: (lane, nowMono) => queue.has(lane, nowMono) || readBacks.isDue(lane, nowMono) || (lane === 'command' && repeats.isDue(nowMono)),
    async next(lane, nowMono) {
      const urgentProof = lane === 'command' && wasLevel ? readBacks.takeUrgent(nowMono) : undefined;
      if (lane === 'command') wasLevel = urgentProof === undefined;
      if (urgentProof !== undefined) return verify(urgentProof);
      const waiting = queue.take(lane, nowMono);
      if (waiting !== undefined) {
        const choice = chooseGroup(groups, waiting, (pointId) => queue.at(pointId, nowMono));
        return choice === undefined ? sendOne(waiting) : sendGroup(choice);
      }
      const repeat = lane === 'urgent' ? undefined : repeats.take(nowMono);
      if (repeat !== undefined) return sendAgain(repeat);
      const readBack = readBacks.take(lane, nowMono);
      if (readBack !== undefined) await verify(readBack);
    },
    isHeldForSetUp: () => queue.isHeldForSetUp(),
    nextMono() {
      const times = [queue.nextMono(), repeats.nextMono(), readBacks.nextMono()].filter((mono) => mono !== undefined);
      return times.length === 0 ? undefined : Math.min(...times);
    },
    failAll(reason) {
      queue.failAll(reason);
      readBacks.failAll(reason);
      repeats.clear();
    },
  };

  async function sendOne(waiting: WaitingWrite): Promise<void> {
    const { write, unit, quantity } = waiting;
    const leftMono = clock.monoMs();
    const result = await transactions.write(unit, { unit: unit.device.unit, ...unit.driver.encode(quantity, write.levelPct) });
    if (result instanceof BusError) notWritten(waiting, result, { leftMono, byGroup: false });
    else awaitProof(waiting, result, false);
  }

  async function sendGroup(choice: GroupChoice): Promise<void> {
    for (const { write } of choice.writes) queue.remove(write.pointId);
    const leftMono = clock.monoMs();
    const result = await transmit(choice);
    for (const waiting of choice.writes) {
      if (result instanceof BusError) failGroup(waiting, result, leftMono);
      else awaitProof(waiting, result, true);
    }
    if (!(result instanceof BusError) && choice.group.reach === 'bus') repeats.add(choice, clock.monoMs() + REPEAT_MS);
  }

  /** Nobody confirms a broadcast, so it is said twice; what comes of it is the read-backs' to find out. */
  async function sendAgain(choice: GroupChoice): Promise<void> {
    await transmit(choice);
  }

  async function transmit({ group, request, writes }: GroupChoice): Promise<Reply | BusError> {
    const [first] = writes;
    if (group.reach === 'bus' || first === undefined) return transactions.broadcast(request, pauseMs(writes));
    return transactions.write(first.unit, request);
  }

  function awaitProof(waiting: WaitingWrite, { askedMono }: Reply, byGroup: boolean): void {
    tellSent(waiting, askedMono);
    const sent = { ...waiting, sentMono: waiting.sentMono ?? askedMono };
    if (!isSuperseded(sent)) readBacks.add({ sent, leftMono: askedMono, lost: null, dueMono: settledMono(sent), tries: 0, byGroup });
  }

  function tellSent({ write, addedMono, sentMono }: WaitingWrite, leftMono: MonoMs): void {
    if (sentMono !== null) return;
    write.onSent?.(leftMono);
    if (write.lane === 'urgent') onUrgentSent(leftMono - addedMono);
  }

  function settledMono({ unit, quantity }: WaitingWrite): MonoMs {
    return clock.monoMs() + (pointOf(unit, quantity).write?.settleMs ?? 0);
  }

  /** A group that is refused may not exist in this device: its lamps are told one by one. One that is lost is looked for first. */
  function failGroup(waiting: WaitingWrite, error: BusError, leftMono: MonoMs): void {
    if (!isRefusal(error)) notWritten(waiting, error, { leftMono, byGroup: true });
    else if (!isSuperseded(waiting)) queue.add({ ...waiting, mayGroup: false });
  }

  /** The unit refused the write, or did not acknowledge it. One that is silent would not answer for it either. */
  function notWritten(waiting: WaitingWrite, error: BusError, { leftMono, byGroup }: Pick<ReadBack, 'leftMono' | 'byGroup'>): void {
    if (isRefusal(error) || !error.policy.unitUsable || waiting.unit.health.state === 'silent') retryOrFail(waiting, error);
    else if (!isSuperseded(waiting))
      readBacks.add({ sent: waiting, leftMono, lost: error, dueMono: settledMono(waiting), tries: 0, byGroup });
  }

  function retryOrFail(waiting: WaitingWrite, error: BusError, reason = (waiting.words ?? LAMP_WORDS).failure(error)): void {
    const { unit, settle, sentMono } = waiting;
    const attempts = waiting.attempts + 1;
    unit.nextWriteMono = clock.monoMs() + SILENT_WRITE_MS;
    if (isSuperseded(waiting)) return;
    if (error.policy.retry && error.policy.unitUsable && attempts < WRITE_TRIES) queue.add({ ...waiting, attempts });
    // A driver as it left the factory may take a level only once it is set up, which is under way.
    else if (error.policy.answered && unit.pendingSteps.length > 0 && !waiting.isAfterSetUp) queue.add({ ...waiting, isAfterSetUp: true });
    else settle({ state: 'failed', reason, sentMono });
  }

  async function verify(readBack: ReadBack): Promise<void> {
    const { sent, lost, leftMono } = readBack;
    const { unit, quantity, settle } = sent;
    const request = proofRequest(unit, quantity);
    const result = await transactions.read(unit, request);
    readBacks.done(clock.monoMs());
    if (!(result instanceof BusError)) transactions.deliver(unit, request, result);
    if (isSuperseded(sent)) return;
    if (result instanceof BusError) return unproven(readBack, result);
    const { isRight, found } = judge(sent, unit.driver.decode(request.table, request.address, result.words));
    if (!isRight) return disproved(readBack, found);
    if (lost !== null) tellSent(sent, leftMono);
    settle({ state: 'verified', sentMono: sent.sentMono ?? leftMono });
  }

  /** The proof is lost or refused. */
  function unproven(readBack: ReadBack, error: BusError): void {
    const { sent, lost } = readBack;
    // A confirmation that gave way to an urgent level says nothing about the unit.
    const gaveWay = error.code === 'doubtful' && queue.has('urgent', clock.monoMs());
    const tries = readBack.tries + (gaveWay ? 0 : 1);
    const isWorthIt = error.policy.retry && error.policy.unitUsable && tries < WRITE_TRIES;
    const isGone = lost !== null && sent.unit.health.state === 'silent';
    if (isWorthIt && !isGone)
      readBacks.add({ ...readBack, tries, dueMono: lost === null ? readBack.dueMono : clock.monoMs() + PROOF_REST_MS });
    else if (lost !== null) repeat(readBack, lost);
    else {
      const { words = LAMP_WORDS, sentMono, settle } = sent;
      settle({ state: 'failed', reason: `sent, but not read back: ${words.failure(error)}`, sentMono });
    }
  }

  /** The unit holds another value. */
  function disproved(readBack: ReadBack, found: number | null): void {
    const { sent, lost, byGroup } = readBack;
    const reason = (sent.words ?? LAMP_WORDS).mismatch(found, sent.write.levelPct);
    if (lost !== null) repeat(readBack, lost, reason);
    else if (byGroup) queue.add({ ...sent, attempts: 0, mayGroup: false });
    else sent.settle({ state: 'failed', reason, sentMono: sent.sentMono });
  }

  /** A lost write is sent again, with all that went with it. */
  function repeat(readBack: ReadBack, lost: BusError, reason?: string): void {
    const others = readBack.byGroup ? readBacks.takeLostGroup(readBack.sent.unit) : [];
    retryOrFail(readBack.sent, lost, reason);
    for (const { sent } of others) retryOrFail(sent, lost);
  }

  /** A newer level came while this one was on the wire: nobody waits for its proof. */
  function isSuperseded({ write, sentMono, settle }: WaitingWrite): boolean {
    if (newest.get(write.pointId) === write) return false;
    settle({ state: 'failed', reason: SUPERSEDED, sentMono });
    return true;
  }
}

function pauseMs(writes: readonly WaitingWrite[]): number {
  const { least, most } = BROADCAST_PAUSE_MS;
  const turnarounds = writes.map(({ unit: { health } }) =>
    health.turnaroundMs === null ? most : health.turnaroundMs.mean + 2 * health.turnaroundMs.deviation,
  );
  return Math.min(Math.max(least, ...turnarounds), most);
}

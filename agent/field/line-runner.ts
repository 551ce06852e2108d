/**
 * One Modbus line at work: decides between any two transactions what goes next, and does it.
 *
 * Owns the line: nothing else ever asks it anything. Never decides about light. Called by `field.ts`.
 */
import type { Clock, MonoMs, Timer } from '../core/clock.ts';
import type { ModbusLine, ReadRequest, Reply } from '../core/driver.ts';
import { BusError } from '../core/errors.ts';
import type { EventBook } from '../core/event-book.ts';
import type { Lane, LevelWrite, Log, WriteResult } from '../core/ports.ts';
import type { Reading } from '../core/words.ts';
import { absentReadings, quantitiesOf, readingsOf } from './decode.ts';
import { nextLane } from './lanes.ts';
import { firstDue, nextDueMono, type POLL_PERIOD_MS, requestOf } from './poll-plan.ts';
import { createReadBacks, type ReadBack } from './read-backs.ts';
import { isRested, probeOf, type Slot, timeoutOf, type Unit } from './unit.ts';
import { afterTransaction } from './unit-health.ts';
import { createWriteQueue, type WaitingWrite } from './write-queue.ts';

/** Tries of one write before it has failed. Source: assumed; two losses in a row happen on a noisy line, three mean trouble. */
const WRITE_TRIES = 3;
/** A silent unit still gets its light, this often at most. Units: ms. Source: wb-mqtt-serial allows a write to a lost device each 5 s. */
const SILENT_WRITE_MS = 5_000;

export interface LineRunnerOptions {
  readonly lineId: string;
  readonly line: ModbusLine;
  readonly units: readonly Unit[];
  readonly clock: Clock;
  readonly log: Log;
  readonly events: EventBook;
  readonly periodsMs: typeof POLL_PERIOD_MS;
  /** 0..1. */
  readonly random: () => number;
  readonly onReadings: (readings: readonly Reading[]) => void;
  readonly onAlive: (deviceId: string, alive: boolean) => void;
}

export interface LineRunner {
  start(): void;
  stop(): void;
  write(write: LevelWrite, unit: Unit, quantity: string): Promise<WriteResult>;
  /** The port is open: there may be work. */
  up(): void;
  /** The port went away: everything in flight and waiting fails now. */
  lost(): void;
}

export function createLineRunner(options: LineRunnerOptions): LineRunner {
  const { line, units, clock, log, events, periodsMs, random, onReadings, onAlive, lineId } = options;
  const writes = createWriteQueue();
  const targets = new Map<string, { unit: Unit; quantity: string }>();
  const readBacks = createReadBacks();
  let running = false;
  let sinceTelemetry = 0;
  let wake: () => void = () => {};

  return {
    start() {
      if (running) return;
      running = true;
      void run();
    },
    stop() {
      running = false;
      writes.failAll('the agent is stopping');
      readBacks.failAll('the agent is stopping');
      wake();
    },
    up: () => wake(),
    lost() {
      writes.failAll('the line went down');
      readBacks.failAll('the line went down');
      for (const unit of units) if (unit.seenMs !== null) onReadings(absent(unit, 'missing'));
    },
    write(write, unit, quantity) {
      if (!line.isOpen) return Promise.resolve({ state: 'failed', reason: `line ${lineId} is down`, sentMono: null });
      targets.set(write.pointId, { unit, quantity });
      return new Promise((settle) => {
        const notBeforeMono = unit.health.state === 'silent' ? unit.nextWriteMono : 0;
        writes.add({ write, attempts: 0, notBeforeMono, settle });
        wake();
      });
    },
  };

  async function run(): Promise<void> {
    while (running) {
      const nowMono = clock.monoMs();
      const lane = line.isOpen ? nextLane(waitingLanes(nowMono), sinceTelemetry) : undefined;
      if (lane === undefined) {
        await idle(nowMono);
        continue;
      }
      sinceTelemetry = lane === 'telemetry' ? 0 : sinceTelemetry + 1;
      await turn(lane, nowMono);
    }
  }

  function waitingLanes(nowMono: MonoMs): Set<Lane> {
    const waiting = new Set<Lane>();
    if (writes.has('urgent', nowMono)) waiting.add('urgent');
    if (writes.has('command', nowMono) || readBacks.isDue(nowMono) || unitToSetUp(nowMono) !== undefined) waiting.add('command');
    if (slotDue('presence', nowMono) !== undefined) waiting.add('presence');
    if (slotDue('telemetry', nowMono) !== undefined) waiting.add('telemetry');
    if (unitToProbe(nowMono) !== undefined) waiting.add('probe');
    return waiting;
  }

  async function turn(lane: Lane, nowMono: MonoMs): Promise<void> {
    if (lane === 'urgent' || lane === 'command') {
      const waiting = writes.take(lane, nowMono);
      if (waiting !== undefined) return send(waiting);
      const readBack = readBacks.take(nowMono);
      if (readBack !== undefined) return verify(readBack);
      const unit = unitToSetUp(nowMono);
      if (unit !== undefined) return setUp(unit);
      return;
    }
    if (lane === 'probe') {
      const unit = unitToProbe(nowMono);
      return unit === undefined ? undefined : probe(unit);
    }
    const due = slotDue(lane === 'presence' ? 'presence' : 'telemetry', nowMono);
    return due === undefined ? undefined : poll(due.owner, due.slot);
  }

  /** Until the next thing is due or somebody wants something. */
  function idle(nowMono: MonoMs): Promise<void> {
    return new Promise((resolve) => {
      const dues = units.flatMap((unit) => (unit.health.state === 'silent' ? [unit.health.dueMono] : slotTimes(unit)));
      const next = [...dues, writes.nextMono(), readBacks.nextMono()].filter((mono): mono is number => mono !== undefined);
      const waitMs = line.isOpen ? Math.min(1_000, ...next.map((mono) => mono - nowMono)) : 1_000;
      let timer: Timer | undefined;
      wake = () => {
        timer?.cancel();
        wake = () => {};
        resolve();
      };
      timer = clock.after(Math.max(waitMs, 0.1), () => wake());
    });
  }

  function slotTimes(unit: Unit): MonoMs[] {
    const rested = unit.lastMono + unit.driver.profile.quirks.minGapMs;
    const setUpMono = unit.pendingSteps.length > 0 ? [rested] : [];
    const slots = unit.slots.filter(({ refused }) => !refused);
    return [...setUpMono, ...slots.map((slot) => Math.max(slot.dueMono, unit.health.dueMono, rested, line.heldUntilMono(requestOf(slot))))];
  }

  function slotDue(kind: 'presence' | 'telemetry', nowMono: MonoMs): { owner: Unit; slot: Slot } | undefined {
    let best: { owner: Unit; slot: Slot } | undefined;
    for (const owner of units) {
      if (owner.health.state === 'silent' || owner.health.dueMono > nowMono || !isRested(owner, nowMono)) continue;
      const askable = owner.slots.filter(
        (s) => !s.refused && (s.block.poll === 'fast') === (kind === 'presence') && line.heldUntilMono(requestOf(s)) <= nowMono,
      );
      const slot = firstDue(askable, nowMono);
      if (slot !== undefined && (best === undefined || slot.dueMono < best.slot.dueMono)) best = { owner, slot };
    }
    return best;
  }

  function unitToProbe(nowMono: MonoMs): Unit | undefined {
    return units.find(({ health }) => health.state === 'silent' && health.dueMono <= nowMono);
  }

  function unitToSetUp(nowMono: MonoMs): Unit | undefined {
    return units.find((unit) => unit.pendingSteps.length > 0 && unit.health.state === 'ok' && isRested(unit, nowMono));
  }

  async function poll(unit: Unit, slot: Slot): Promise<void> {
    const periodMs = periodsMs[slot.block.poll];
    const reply = await ask(unit, requestOf(slot), () => {
      slot.refused = true;
      onReadings(absentReadings(unit.device.id, slot.block.quantities, 'bad', stamp()));
    });
    slot.dueMono = nextDueMono(slot, periodMs, clock.monoMs());
    if (reply !== undefined) deliver(unit, slot.block.table, slot.block.address, reply);
  }

  async function probe(unit: Unit): Promise<void> {
    const request = probeOf(unit);
    if (request === undefined) unit.health = { ...unit.health, dueMono: Number.POSITIVE_INFINITY };
    else await ask(unit, request, () => {});
  }

  /** One set-up step: looked at first, written only when it differs, because these registers live in flash. */
  async function setUp(unit: Unit): Promise<void> {
    const step = unit.pendingSteps[0];
    if (step === undefined) return;
    const { table, address, value } = step;
    const reply = await ask(unit, { unit: unit.device.unit, table, address, count: 1 }, () => unit.pendingSteps.shift());
    if (reply === undefined) return;
    if (reply.words[0] !== value) {
      const written = await exchange(unit, () => line.write({ unit: unit.device.unit, table, address, values: [value] }, timeoutOf(unit)));
      if (written instanceof BusError && written.policy.retry) return;
      log.event('unit-set-up', { device: unit.device.id, address, was: reply.words[0], value, why: step.why });
    }
    unit.pendingSteps.shift();
  }

  async function send(waiting: WaitingWrite): Promise<void> {
    const { write, settle } = waiting;
    const target = targets.get(write.pointId);
    if (target === undefined) throw new TypeError(`no target for ${write.pointId}`);
    const { unit, quantity } = target;
    const request = { unit: unit.device.unit, ...unit.driver.encode(quantity, write.levelPct) };
    const result = await exchange(unit, () => line.write(request, timeoutOf(unit)));
    if (result instanceof BusError) {
      retryOrFail(waiting, unit, result);
      return;
    }
    readBacks.add({
      unit,
      quantity,
      write,
      sentMono: result.askedMono,
      dueMono: clock.monoMs() + settleMsOf(unit, quantity),
      tries: 0,
      settle,
    });
  }

  function retryOrFail(waiting: WaitingWrite, unit: Unit, error: BusError): void {
    const attempts = waiting.attempts + 1;
    unit.nextWriteMono = clock.monoMs() + SILENT_WRITE_MS;
    const again = error.policy.retry && error.policy.unitUsable && attempts < WRITE_TRIES && !writes.holds(waiting.write.pointId);
    if (!again) waiting.settle({ state: 'failed', reason: error.message, sentMono: null });
    else writes.add({ ...waiting, attempts, notBeforeMono: unit.health.state === 'silent' ? unit.nextWriteMono : 0 });
  }

  async function verify(readBack: ReadBack): Promise<void> {
    const { unit, quantity, write, sentMono, settle, tries } = readBack;
    const point = unit.driver.profile.points.find(({ id }) => id === quantity);
    if (point === undefined) throw new TypeError(`no point ${quantity}`);
    const result = await exchange(unit, () =>
      line.read({ unit: unit.device.unit, table: point.table, address: point.address, count: 1 }, timeoutOf(unit)),
    );
    if (result instanceof BusError) {
      if (result.policy.retry && result.policy.unitUsable && tries + 1 < WRITE_TRIES) readBacks.add({ ...readBack, tries: tries + 1 });
      else settle({ state: 'failed', reason: `sent, but not read back: ${result.message}`, sentMono });
      return;
    }
    deliver(unit, point.table, point.address, result);
    const [value] = unit.driver.decode(point.table, point.address, result.words);
    const isRight = value?.value != null && Math.abs(value.value - write.levelPct) <= (point.write?.tolerance ?? 0);
    if (isRight) settle({ state: 'verified', sentMono });
    else settle({ state: 'failed', reason: `reads back ${value?.value ?? 'no value'}, wrote ${write.levelPct}`, sentMono });
  }

  function settleMsOf(unit: Unit, quantity: string): number {
    return unit.driver.profile.points.find(({ id }) => id === quantity)?.write?.settleMs ?? 0;
  }

  /** A read whose refusal says that the unit does not have these registers. */
  async function ask(unit: Unit, request: ReadRequest, onRefused: () => void): Promise<Reply | undefined> {
    const result = await exchange(unit, () => line.read(request, timeoutOf(unit)));
    if (!(result instanceof BusError)) return result;
    if (result.policy.excludePoint) {
      log.event('registers-refused', { device: unit.device.id, table: request.table, address: request.address, count: request.count });
      onRefused();
    }
    return undefined;
  }

  /** The one place where a transaction ends: its failure is a value, and the unit's health knows. */
  async function exchange(unit: Unit, transact: () => Promise<Reply>): Promise<Reply | BusError> {
    try {
      const reply = await transact();
      heard(unit, reply.turnaroundMs);
      return reply;
    } catch (error) {
      if (!(error instanceof BusError)) throw error;
      const answered = error.policy.excludePoint || error.code === 'illegal-value' || error.code.startsWith('device-');
      if (answered) heard(unit, unit.health.turnaroundMs?.mean ?? 0);
      else if (error.policy.unitUsable) missed(unit, error);
      return error;
    } finally {
      unit.lastMono = clock.monoMs();
    }
  }

  function heard(unit: Unit, turnaroundMs: number): void {
    const { state } = unit.health;
    const isNew = unit.seenMs === null || state === 'silent';
    unit.health = afterTransaction(unit.health, { kind: 'reply', atMono: clock.monoMs(), turnaroundMs });
    unit.seenMs = clock.wallMs();
    if (!isNew) return;
    unit.pendingSteps = [...unit.steps];
    for (const slot of unit.slots) Object.assign(slot, { refused: false, dueMono: Math.min(slot.dueMono, clock.monoMs()) });
    log.event('unit-met', { line: lineId, device: unit.device.id });
    events.clear('unit-silent', unit.device.id);
    onAlive(unit.device.id, true);
  }

  function missed(unit: Unit, error: BusError): void {
    const before = unit.health.state;
    unit.health = afterTransaction(unit.health, { kind: 'timeout', atMono: clock.monoMs(), jitter: random() });
    if (before === 'silent' || unit.health.state !== 'silent') return;
    onReadings(absent(unit, 'missing'));
    events.raise('unit-silent', unit.device.id, 'warning', `${unit.device.id} on line ${lineId} is silent: ${error.message}`);
    onAlive(unit.device.id, false);
  }

  function deliver(unit: Unit, table: Slot['block']['table'], address: number, reply: Reply): void {
    // What a reply says was true when the question left, not when the answer came.
    const at = { atMono: reply.askedMono, atMs: clock.wallMs() - Math.round(clock.monoMs() - reply.askedMono) };
    onReadings(readingsOf(unit.device.id, unit.driver.decode(table, address, reply.words), at));
  }

  function absent(unit: Unit, quality: 'missing' | 'bad'): Reading[] {
    return absentReadings(unit.device.id, quantitiesOf(unit.driver.profile), quality, stamp());
  }

  function stamp(): { atMono: MonoMs; atMs: number } {
    return { atMono: clock.monoMs(), atMs: clock.wallMs() };
  }
}

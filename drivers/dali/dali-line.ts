/**
 * A DALI bus behind a serial converter, as a line of requests: registers in, frames out, one request at a time.
 *
 * `dali-registers.ts` says what the registers are. The line never retries. Gear acknowledges no command, so a written level is proven by
 * its read-back alone.
 */
import type { SerialSettings } from '../../agent/core/cabinet.ts';
import type { Clock, MonoMs } from '../../agent/core/clock.ts';
import type { BytePort, LateReply, LineCounters, ModbusLine, ReadRequest, Reply, WriteRequest } from '../../agent/core/driver.ts';
import { BusError } from '../../agent/core/errors.ts';
import { msg } from '../../agent/core/message.ts';
import { freshCounters } from '../modbus/modbus-link.ts';
import { DALI_COMMAND, DALI_LIMITS, type DaliFrame, queryFrame } from './dali-commands.ts';
import { DaliConverter } from './dali-converter.ts';
import { DaliMemory, gearSilence, interrupted } from './dali-memory.ts';
import { levelTarget, registerRead, registerWrite } from './dali-registers.ts';

/** Time of one frame on the bus with the idle time before it: alone, and with an answer. Units: ms. Source: Beckhoff TwinCAT DALI library, transmission lengths. */
const FRAME_MS = { alone: 31, answered: 47 } as const;
/** Queries that all gear answers, so that silence means an absent gear. Source: IEC 62386-102. */
const ALWAYS_ANSWERED: readonly number[] = [0, DALI_COMMAND.queryStatus, DALI_COMMAND.queryActualLevel];

/** Units: ms for `busyMs`. */
type DaliCounters = { -readonly [K in keyof LineCounters]: number };

/** The port of the converter, and the clock of a DALI line. */
export interface DaliLineOptions {
  readonly port: BytePort;
  readonly clock: Clock;
  /** Name of the port for messages. */
  readonly name: string;
}

/**
 * Creates the line of a DALI converter; it is closed until `open`. The speed of the line cannot be changed. One request at a time. A write
 * may resolve although no gear executed it. Errors: requests reject with BusError, for example `timeout`.
 */
export function createDaliLine(options: DaliLineOptions): ModbusLine {
  return new DaliLine(options);
}

/** What the frames of one request have done so far. */
interface Transaction {
  readonly startMono: MonoMs;
  firstMs: number | null;
  readonly request: ReadRequest | WriteRequest;
}

class DaliLine implements ModbusLine {
  readonly lastUnit = DALI_LIMITS.lastShortAddress;
  readonly freeMono = Number.NEGATIVE_INFINITY;
  mayAskAgain: (isChange: boolean) => boolean = () => true;
  onLost: (cause: Error) => void = () => {};
  onEnd?: (request: ReadRequest | WriteRequest, end: Reply | BusError) => void;
  onLateReply?: (late: LateReply) => void;
  onExtraReply?: (unit: number) => void;
  onForeignFrame?: () => void;
  readonly #clock: Clock;
  readonly #converter: DaliConverter;
  readonly #memory: DaliMemory;
  readonly #counts: DaliCounters = { ...freshCounters(), transactions: 0, exceptions: 0 };
  #transaction: Transaction | null = null;
  #isHurried = false;

  constructor({ port, clock, name }: DaliLineOptions) {
    this.#clock = clock;
    this.#converter = new DaliConverter({
      port,
      clock,
      name,
      onForeign: () => {
        this.#counts.foreignFrames++;
        this.onForeignFrame?.();
      },
      onLost: (cause) => this.onLost(cause),
    });
    this.#memory = new DaliMemory({
      clock,
      send: (frame) => this.#answer(frame),
      isHurried: () => this.#isHurried,
      foreignFrames: () => this.#counts.foreignFrames,
    });
  }

  get isOpen(): boolean {
    return this.#converter.isOpen;
  }

  get counters(): LineCounters {
    const { noiseBytes, badFrames } = this.#converter;
    return { ...this.#counts, noiseBytes, truncated: badFrames };
  }

  async open(): Promise<void> {
    this.#memory.reset();
    await this.#converter.open();
  }

  close(): Promise<void> {
    return this.#converter.close();
  }

  /** The converter has its own time limits, so the caller's is not used. */
  read(request: ReadRequest): Promise<Reply> {
    return this.#transact(request, () => this.#words(request), {});
  }

  /** As `read`. A write that the gear does not answer is not acknowledged. */
  write(request: WriteRequest): Promise<Reply> {
    return this.#transact(request, () => this.#send(request), { isAcknowledged: false });
  }

  /**
   * A read ends at once, or after the frame in flight if only a poll would be lost. A write is completed: half of it would be another
   * command.
   */
  cutShort(_timeoutMs: number, isUrgent = false): void {
    const request = this.#transaction?.request;
    if (request === undefined || !('count' in request)) return;
    this.#isHurried = true;
    if (isUrgent || request.table === 'input') this.#converter.abandon(interrupted(request.unit));
  }

  /** Longer reads cost levels nothing because they make room, so the number of registers does not count. */
  wireMs(request: ReadRequest | WriteRequest): number {
    return 'count' in request ? FRAME_MS.answered : FRAME_MS.alone;
  }

  clearest(request: ReadRequest): ReadRequest {
    return request;
  }

  heldUntilMono(): MonoMs {
    return Number.NEGATIVE_INFINITY;
  }

  restUntilMono(): MonoMs {
    return Number.NEGATIVE_INFINITY;
  }

  async retune(serial: SerialSettings | null): Promise<void> {
    if (serial !== null) throw new BusError('port-refused', msg`a DALI bus has one speed: scan it without other speeds`);
  }

  async #transact(
    request: ReadRequest | WriteRequest,
    work: () => Promise<readonly number[]>,
    mark: Pick<Reply, 'isAcknowledged'>,
  ): Promise<Reply> {
    if (this.#transaction !== null) throw new TypeError('a second request while the first is in flight');
    const startMono = this.#clock.monoMs();
    const transaction: Transaction = { startMono, firstMs: null, request };
    this.#transaction = transaction;
    this.#isHurried = false;
    this.#counts.transactions++;
    try {
      const words = await work();
      const atMono = this.#clock.monoMs();
      const firstByteMs = transaction.firstMs ?? atMono - startMono;
      const turnaroundMs = Math.max(0, firstByteMs - FRAME_MS.answered);
      return this.#ended(request, { words, turnaroundMs, firstByteMs, askedMono: startMono, atMono, ...mark });
    } catch (error) {
      if (!(error instanceof BusError)) throw error;
      this.#count(error);
      this.#ended(request, error);
      throw error;
    } finally {
      this.#transaction = null;
    }
  }

  #ended<T extends Reply | BusError>(request: ReadRequest | WriteRequest, end: T): T {
    this.#counts.busyMs += this.#clock.monoMs() - (this.#transaction?.startMono ?? this.#clock.monoMs());
    this.onEnd?.(request, end);
    return end;
  }

  #count({ code }: BusError): void {
    if (code === 'timeout') this.#counts.timeouts++;
    else if (code === 'crc') this.#counts.crcErrors++;
    else if (code === 'doubtful') this.#counts.doubtful++;
    else if (code === 'illegal-address' || code === 'illegal-value') this.#counts.exceptions++;
  }

  async #words({ unit, table, address, count }: ReadRequest): Promise<readonly number[]> {
    if (table === 'input') return this.#memory.read(unit, address, count);
    const words: number[] = [];
    for (let i = 0; i < count; i++) {
      if (this.#isHurried) throw interrupted(unit);
      words.push(await this.#word(unit, { table, address: address + i }));
    }
    return words;
  }

  async #word(unit: number, { table, address }: Pick<ReadRequest, 'table' | 'address'>): Promise<number> {
    const plan = registerRead(unit, table, address);
    if (plan === undefined) throw new BusError('illegal-address', msg`gear ${unit} has no ${table} ${address}`);
    let answer: number | null = null;
    for (const frame of plan.frames) answer = await this.#answer(frame);
    if (answer !== null) return plan.valueOf(answer);
    const isAbsent = ALWAYS_ANSWERED.includes(address) || (await this.#answer(queryFrame(unit, DALI_COMMAND.queryPresent))) === null;
    throw isAbsent ? gearSilence(unit) : new BusError('illegal-address', msg`gear ${unit} does not answer the query ${address}`);
  }

  async #send({ unit, table, address, values }: WriteRequest): Promise<readonly number[]> {
    const [value, ...more] = values;
    const plan = table === 'holding' && value !== undefined && more.length === 0 ? registerWrite(unit, address, value) : undefined;
    if (plan === undefined) {
      const isThere = levelTarget(unit, address) !== undefined || registerRead(unit, table, address) !== undefined;
      throw new BusError(isThere ? 'illegal-value' : 'illegal-address', msg`${table} ${address} of gear ${unit} cannot be written`);
    }
    if (plan.kind === 'frames') return this.#sendAll(plan.frames);
    const now = await this.#answer(plan.before);
    if (now === null) throw gearSilence(unit);
    return this.#sendAll(plan.framesFor(now));
  }

  async #sendAll(frames: readonly DaliFrame[]): Promise<readonly number[]> {
    for (const frame of frames) await this.#answer(frame);
    return [];
  }

  /** Null for no answer. Errors: rejects with BusError `crc` if several gears answered at once, or as the converter does. */
  async #answer(frame: DaliFrame): Promise<number | null> {
    const startMono = this.#clock.monoMs();
    const { answer, atMono } = await this.#converter.send(frame);
    const transaction = this.#transaction as Transaction | null;
    if (transaction !== null) transaction.firstMs ??= atMono - startMono;
    if (answer === 'damaged') throw new BusError('crc', msg`damaged answer on the DALI bus; two gears may have one short address`);
    return answer;
  }
}

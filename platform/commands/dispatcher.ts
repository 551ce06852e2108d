/**
 * Sends what the database holds for the cabinets: commands, paced requests for births, and requests for rows that were lost on the way.
 *
 * One process is active; others wait for its lock. All of it is in the database, so a restart forgets nothing.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { BrokerAddress } from '../broker/broker-files.ts';
import { type HostConnection, openConnection } from '../broker/mqtt-connection.ts';
import { commandMetrics, dueMs } from '../core/command.ts';
import { PlatformFailure } from '../core/errors.ts';
import { type WatchedHoles, watchHoles } from '../core/holes.ts';
import { type BucketSize, FLEET_REBIRTHS, fullBucket, type RebirthBucket, takeTokens } from '../core/pacing.ts';
import { commandTopic } from '../core/topic.ts';
import { type WrittenMetric, writePayload } from '../core/wire.ts';
import { cleanUp } from '../database/housekeeping.ts';
import { type AddressedCommand, expireCommands, markPublished, openCommands, refuseCommand } from '../database/open-commands.ts';
import type { Database } from '../database/postgres.ts';
import { noteProcess } from '../database/processes.ts';
import { holesOfNodes, markAsked, wantedRebirths } from '../database/requests.ts';
import type { HostLog } from '../service/host-log.ts';
import type { HostMetrics } from '../service/metrics.ts';

/** Options of a `Dispatcher`. It does not check the tables of `database`, and sets only `sent` of `metrics`. */
export interface DispatcherOptions {
  /** Its key in the table of running processes. */
  readonly id: string;
  readonly broker: BrokerAddress;
  readonly database: Database;
  readonly metrics: HostMetrics;
  readonly log: HostLog;
  /** How fast births are requested, over the whole fleet: one token for each node. Default: `FLEET_REBIRTHS`. */
  readonly rebirths?: BucketSize;
}

type Addressee = Pick<AddressedCommand, 'group' | 'node' | 'device'>;

/** Between two looks at the table; a notification ends the pause. Units: ms. Source: assumed; commands are sent again after seconds. Confirmed by: times of commands in the field. */
const LOOK_MS = 1_000;
/** Commands that one statement records. Source: assumed; a citywide command takes some statements, and few commands are sent twice after a kill. Confirmed by: `npm run city`. */
const COMMANDS_AT_ONCE = 200;
/** Units: ms. Source: assumed; a hole is a minute old before it counts. Confirmed by: as `HOLE_AGE_MS`. */
const HOLES_MS = 10_000;
/** Units: ms. Source: assumed; what is cleaned up only takes space. Confirmed by: the size of the tables. */
const CLEAN_MS = 60_000;

/**
 * Sends commands and requests to the cabinets from `run` until `stop`, while it holds the lock that only one process can hold.
 */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #startedMs = Date.now();
  #bucket: RebirthBucket;
  #holes = new Map<string, WatchedHoles>();
  #connection: HostConnection | null = null;
  #wake: AbortController = new AbortController();
  readonly #stopping = new AbortController();
  #lastMono = { holes: Number.NEGATIVE_INFINITY, clean: Number.NEGATIVE_INFINITY };

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#bucket = fullBucket(this.#size, performance.now());
  }

  get #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }

  get #size(): BucketSize {
    return this.#options.rebirths ?? FLEET_REBIRTHS;
  }

  /**
   * Waits for the lock and works while it has it; begins again if the lock or the database is lost, until `stop`.
   *
   * Errors: rejects if a retry would not help.
   */
  async run(): Promise<void> {
    const { database, log } = this.#options;
    while (!this.#isStopping) {
      try {
        await database.exclusively('luciole commands', this.#stopping.signal, (lost) => this.#work(lost));
      } catch (error) {
        if (!(error instanceof PlatformFailure) || error.policy.kind !== 'retry') throw error;
        log('database-away', { reason: error.message });
        await pause(LOOK_MS, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
      }
    }
  }

  /** Ends `run`, also while it waits for the lock. Returns at once; `run` resolves when the present pass is done. */
  stop(): void {
    this.#stopping.abort();
    this.#wake.abort();
  }

  async #work(lost: Promise<void>): Promise<void> {
    const { broker, database, log } = this.#options;
    let isLost = false;
    void lost.then(() => {
      isLost = true;
      this.#wake.abort();
    });
    const stopListening = await database.listen(
      ['luciole_command'],
      () => this.#wake.abort(),
      () => this.#wake.abort(),
    );
    this.#connection = openConnection({
      broker,
      topics: [],
      onReady: () => this.#wake.abort(),
      onError: (error) => log('broker-error', { reason: error.message }),
    });
    log('active');
    try {
      while (!this.#isStopping && !isLost) {
        this.#wake = new AbortController();
        if (this.#connection.isReady) await this.#pass();
        await pause(LOOK_MS, undefined, { signal: this.#wake.signal }).catch(() => undefined);
      }
    } finally {
      await stopListening();
      await this.#connection.close();
      this.#connection = null;
    }
  }

  async #pass(): Promise<void> {
    const { database, id } = this.#options;
    await noteProcess(database.query, { id, kind: 'commands', startedMs: this.#startedMs, isReady: true });
    await this.#sendCommands();
    await this.#requestBirths();
    const mono = performance.now();
    if (mono - this.#lastMono.holes >= HOLES_MS) {
      this.#lastMono.holes = mono;
      await this.#requestRows(mono);
    }
    if (mono - this.#lastMono.clean >= CLEAN_MS) {
      this.#lastMono.clean = mono;
      await cleanUp(database);
    }
  }

  async #sendCommands(): Promise<void> {
    const { query } = this.#options.database;
    await expireCommands(query);
    const { commands, nowMs } = await openCommands(query);
    const due = commands.filter((command) => (dueMs(command, nowMs) ?? Number.POSITIVE_INFINITY) <= nowMs);
    for (let i = 0; i < due.length; i += COMMANDS_AT_ONCE) await this.#sendSome(due.slice(i, i + COMMANDS_AT_ONCE));
  }

  async #sendSome(commands: readonly AddressedCommand[]): Promise<void> {
    const { query } = this.#options.database;
    const written: { readonly command: AddressedCommand; readonly payload: Buffer }[] = [];
    for (const command of commands) {
      try {
        const metrics = commandMetrics(command, (metric) => command.types[metric]);
        written.push({ command, payload: writePayload(Date.now(), metrics) });
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        await refuseCommand(query, command.id, error.message);
      }
    }
    // Recorded first: if the process ends in between, the commands are sent again with the same ids.
    await markPublished(
      query,
      written.map(({ command }) => command),
    );
    for (const { command, payload } of written) await this.#publish(command, payload, 'command');
  }

  async #requestBirths(): Promise<void> {
    const { query } = this.#options.database;
    const wanted = await wantedRebirths(query, this.#size.burst);
    const { taken, bucket } = takeTokens(this.#bucket, this.#size, wanted.length, performance.now());
    this.#bucket = bucket;
    for (const node of wanted.slice(0, taken)) {
      await markAsked(query, node);
      await this.#send({ ...node, device: '' }, [{ name: 'Node Control/Rebirth', datatype: 11, value: true }], 'rebirth');
      this.#options.log('rebirth-requested', { group: node.group, node: node.node });
    }
  }

  async #requestRows(mono: number): Promise<void> {
    const seen = new Map<string, WatchedHoles>();
    for (const { group, node, epoch, holes } of await holesOfNodes(this.#options.database.query)) {
      const key = `${group}/${node} ${epoch}`;
      const { watched, due } = watchHoles(this.#holes.get(key) ?? [], holes, mono);
      seen.set(key, watched);
      for (const { from, to } of due) {
        const value = JSON.stringify({ id: `rows-${from}-${to}-${Date.now()}`, fromSeq: from, toSeq: to });
        await this.#send({ group, node, device: '' }, [{ name: 'Sync/Resend', datatype: 12, value }], 'resend');
        this.#options.log('rows-requested', { group, node, from, to });
      }
    }
    this.#holes = seen;
  }

  async #send(to: Addressee, metrics: readonly WrittenMetric[], kind: string): Promise<void> {
    await this.#publish(to, writePayload(Date.now(), metrics), kind);
  }

  async #publish(to: Addressee, payload: Buffer, kind: string): Promise<void> {
    const isSent = await this.#connection?.publish(commandTopic(to), payload);
    if (isSent === true) this.#options.metrics.sent.inc({ kind });
  }
}

/**
 * Many cabinets on one connection: births, rows with eight values each, and rows sent again when they are not acknowledged.
 *
 * Only the wire of a cabinet is simulated, so that one process can produce what a city does.
 */
import { type HostConnection, openConnection } from '../broker/mqtt-connection.ts';
import { readPayload, writeNodePayload } from '../core/wire.ts';

/** What is produced. `url`: address of the broker. `nodes`: number of simulated cabinets. `lamps`: lamps of each node. */
export interface BenchLoad {
  readonly url: string;
  readonly nodes: number;
  readonly lamps: number;
  /** New values a second, over all nodes, unless `start` gets another rate. */
  readonly rate: number;
}

/** One message with its row. Units: `sentMs` ms. */
interface SentRow {
  readonly row: number;
  readonly lamp: number;
  readonly atMs: number;
  sentMs: number;
}

interface SimulatedNode {
  readonly name: string;
  readonly epoch: string;
  row: number;
  seq: number;
  unacked: SentRow[];
  resentMs: number;
}

/** Source: a lamp of the city has eight values a minute. */
const QUANTITIES = ['level', 'power', 'voltage', 'current', 'energy', 'temperature', 'hours', 'dimming'];
/** Metrics of a device, with `Sync/Rows`. */
const ALIASES_OF_LAMP = QUANTITIES.length + 1;
const GROUP = 'bench';
const TICK_MS = 20;
/** A real cabinet waits 30 s, then sends in small batches; a bench waits less. Units: ms. */
const RESEND = { afterMs: 10_000, rows: 20 };
/** Messages that the socket has not taken; beyond it the generator waits. Source: the MQTT library warns about a leak from 1,000 listeners on; each waiting message is one. */
const MOST_PENDING = 900;

/**
 * The simulated cabinets of a bench. `open` waits without a limit for the broker, then sends the births of all; `start` sends rows.
 * `sentValues`: each value counts once, however often its row is sent. `resentRows`: each time that a row is sent again counts.
 * `rebirths`: requests for births that arrived.
 */
export class LoadGenerator {
  sentValues = 0;
  resentRows = 0;
  rebirths = 0;
  readonly #load: BenchLoad;
  readonly #nodes: SimulatedNode[];
  #connection: HostConnection | null = null;
  #timer: NodeJS.Timeout | null = null;
  #startedMs = 0;
  #messages = 0;
  #pending = 0;
  #rate = 0;

  constructor(load: BenchLoad) {
    this.#load = load;
    this.#nodes = Array.from({ length: load.nodes }, (_, i) => ({
      name: `n${i}`,
      epoch: `e${String(i).padStart(7, '0')}`,
      row: 0,
      seq: 0,
      unacked: [],
      resentMs: 0,
    }));
  }

  /** Rows that are not acknowledged. */
  get unacked(): number {
    return this.#nodes.reduce((sum, { unacked }) => sum + unacked.length, 0);
  }

  async open(): Promise<void> {
    const broker = {
      url: this.#load.url,
      username: undefined,
      passwordFile: undefined,
      caFile: undefined,
      certFile: undefined,
      keyFile: undefined,
    };
    await new Promise<void>((resolve) => {
      this.#connection = openConnection({
        broker,
        topics: [`spBv1.0/${GROUP}/NCMD/+`],
        onReady: resolve,
        onMessage: (topic, payload, onRoom) => {
          this.#take(topic, payload);
          onRoom();
        },
      });
    });
    for (const node of this.#nodes) await this.#born(node);
  }

  /**
   * Sends new rows until `stop` or the next call, at the rate or as fast as the connection takes them. Rows without an acknowledgement are
   * sent again until `close`. Units: values a second.
   */
  start(rate = this.#load.rate): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#rate = rate;
    this.#startedMs = performance.now();
    this.#messages = 0;
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = setInterval(() => this.#resend(performance.now()), TICK_MS);
  }

  async close(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.#connection?.close();
  }

  #tick(): void {
    const nowMs = performance.now();
    const due = Math.floor(((nowMs - this.#startedMs) / 1_000) * (this.#rate / QUANTITIES.length));
    for (; this.#messages < due && this.#pending < MOST_PENDING; this.#messages += 1) this.#sendNext(this.#messages, nowMs);
    this.#resend(nowMs);
  }

  #sendNext(message: number, nowMs: number): void {
    const node = this.#nodes[message % this.#nodes.length] as SimulatedNode;
    node.row += 1;
    const row: SentRow = {
      row: node.row,
      lamp: Math.floor(message / this.#nodes.length) % this.#load.lamps,
      atMs: Date.now(),
      sentMs: nowMs,
    };
    node.unacked.push(row);
    this.sentValues += QUANTITIES.length;
    this.#sendRow(node, row);
  }

  #resend(nowMs: number): void {
    for (const node of this.#nodes) {
      if (nowMs - node.resentMs < RESEND.afterMs) continue;
      for (const row of node.unacked.slice(0, RESEND.rows)) {
        if (nowMs - row.sentMs < RESEND.afterMs || this.#pending >= MOST_PENDING) break;
        node.resentMs = nowMs;
        row.sentMs = nowMs;
        this.resentRows += 1;
        this.#sendRow(node, row);
      }
    }
  }

  #sendRow(node: SimulatedNode, { row, lamp, atMs }: SentRow): void {
    const first = lamp * ALIASES_OF_LAMP + 100;
    const values = QUANTITIES.map((_, i) => ({ alias: first + i, timestamp: atMs, doubleValue: (row % 1_000) + i / 8 }));
    const mark = { alias: first + QUANTITIES.length, timestamp: atMs, isTransient: true, stringValue: `${node.epoch}:${row}-${row}:1/1` };
    void this.#publish(node, 'DDATA', `/L${lamp}`, [...values, mark]);
  }

  async #born(node: SimulatedNode): Promise<void> {
    node.seq = 0;
    await this.#publish(node, 'NBIRTH', '', [
      { name: 'bdSeq', datatype: 4, timestamp: Date.now(), longValue: 0 },
      { name: 'Sync/Epoch', alias: 1, datatype: 12, timestamp: Date.now(), stringValue: node.epoch },
      { name: 'Sync/Cursor', alias: 2, datatype: 4, timestamp: Date.now(), longValue: 0 },
    ]);
    for (let lamp = 0; lamp < this.#load.lamps; lamp += 1) {
      const first = lamp * ALIASES_OF_LAMP + 100;
      const metrics = QUANTITIES.map((name, i) => ({ name, alias: first + i, datatype: 10, timestamp: Date.now(), isNull: true }));
      const rows = { name: 'Sync/Rows', alias: first + QUANTITIES.length, datatype: 12, timestamp: Date.now(), stringValue: '' };
      await this.#publish(node, 'DBIRTH', `/L${lamp}`, [...metrics, rows]);
    }
  }

  async #publish(node: SimulatedNode, verb: string, device: string, metrics: readonly Record<string, unknown>[]): Promise<void> {
    const payload = writeNodePayload({ timestamp: Date.now(), seq: node.seq, metrics });
    node.seq = (node.seq + 1) % 256;
    this.#pending += 1;
    await this.#connection?.publish(`spBv1.0/${GROUP}/${verb}/${node.name}${device}`, payload);
    this.#pending -= 1;
  }

  #take(topic: string, bytes: Buffer): void {
    const node = this.#nodes.find(({ name }) => topic.endsWith(`/${name}`));
    for (const { name, value } of readPayload(bytes)?.metrics ?? []) {
      if (node === undefined) continue;
      if (name === 'Node Control/Rebirth') {
        this.rebirths += 1;
        void this.#born(node);
      }
      if (name !== 'Sync/Ack' || typeof value !== 'string') continue;
      const head = Number(value.split(':')[1]);
      node.unacked = node.unacked.filter(({ row }) => row > head);
    }
  }
}

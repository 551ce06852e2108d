/** Acknowledges to the nodes what is committed: rows, gaps, and entries of the audit log. */
import { AckOutbox, type AckPoint, type LogPoint } from '../core/acks.ts';
import type { CachedNode, NodeRegistry } from '../database/node-registry.ts';
import type { HostMetrics } from '../service/metrics.ts';
import type { WriteToNode } from './node-writer.ts';

/** Source: docs/platform.md: acknowledge about once a second, and the audit log at most once in 5 s. Units: ms. */
const PERIOD_MS = { rows: 1_000, log: 5_000 };

interface Ack {
  readonly node: CachedNode;
  readonly text: string;
}

/**
 * Acknowledgements by node: of rows, sent at most once in 1 s, and of the audit log, at most once in 5 s. Only committed positions may be
 * added.
 */
export class AckSender {
  readonly #registry: NodeRegistry;
  readonly #write: WriteToNode;
  readonly #metrics: HostMetrics;
  readonly #rows = new AckOutbox<Ack>(PERIOD_MS.rows);
  readonly #log = new AckOutbox<Ack>(PERIOD_MS.log);

  constructor(registry: NodeRegistry, write: WriteToNode, metrics: HostMetrics) {
    this.#registry = registry;
    this.#write = write;
    this.#metrics = metrics;
  }

  /** Adds the position of a node in its present epoch. One of another epoch, or of a node that is not in the registry, is left out. */
  addRows({ node: id, epoch, head, gapHead }: AckPoint): void {
    const node = this.#registry.byId(id);
    if (node !== undefined && epoch === node.epoch) this.#rows.add(id, { node, text: `${epoch}:${head}:${gapHead}` });
  }

  /** Adds the position of a node in its audit log. That of a node that is not in the registry is left out. */
  addLog({ node: id, n, hash }: LogPoint): void {
    const node = this.#registry.byId(id);
    if (node !== undefined) this.#log.add(id, { node, text: `${n}:${hash}` });
  }

  /**
   * The next `send` that is due for the node requests all entries of the audit log that it has, unless `addLog` replaces this. Source:
   * docs/platform.md, "The audit log".
   */
  requestWholeLog(node: CachedNode): void {
    this.#log.add(node.id, { node, text: '0' });
  }

  /**
   * Sends what is due. What the connection does not take is due again after its period, unless a newer one replaces it. Units: `monoMs` ms;
   * infinity for everything, in the last call.
   */
  async send(monoMs: number): Promise<void> {
    for (const [id, ack] of this.#rows.due(monoMs)) {
      if (await this.#write(ack.node, 'Sync/Ack', ack.text)) this.#metrics.acks.inc();
      else this.#rows.restore(id, ack);
    }
    for (const [id, ack] of this.#log.due(monoMs)) if (!(await this.#write(ack.node, 'Sync/Log', ack.text))) this.#log.restore(id, ack);
  }
}

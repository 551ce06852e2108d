/** What the JSON reports of nodes add to a batch: events, gaps, audit logs, outcomes of commands, detections. Pure. */
import type { NodeMessage } from './message.ts';
import {
  type CommandOutcome,
  type LogEntry,
  type NodeEvent,
  type NodeGap,
  type NodeReport,
  type RelayedPerson,
  readReport,
} from './node-reports.ts';

/** A report with the number of its node and its time. Units: `atReportMs` ms UTC, the `stateTime` of the report. */
export type Reported<T> = T & { readonly node: number; readonly atReportMs: number };

/**
 * The newest entry that an audit log had when it was reported. `isHead`: the cabinet reported it as its newest; false if it only reported
 * the entry. Units: `atMs` ms UTC, the `stateTime` of the report.
 */
export interface LogHead {
  readonly n: number;
  readonly hash: string;
  readonly atMs: number;
  readonly isHead: boolean;
}

/** The detection of a person for a neighbour cabinet, with the message that contained it. */
export interface BatchRelay {
  readonly message: NodeMessage;
  readonly relay: RelayedPerson;
}

/** The reports of one batch. It keeps only the newest report of each event, and the newest list of open events of each node. */
export class BatchReports {
  /** By node and id of the event. */
  readonly events = new Map<string, Reported<NodeEvent>>();
  /** By node. `atMs`: time of the report. Units: ms UTC. */
  readonly openEvents = new Map<number, { readonly ids: readonly string[]; readonly atMs: number }>();
  readonly gaps: Reported<NodeGap>[] = [];
  readonly log: Reported<LogEntry>[] = [];
  /** By node: the newest entry of its audit log, from the newest head and the entries reported after it. */
  readonly logHeads = new Map<number, LogHead>();
  readonly outcomes: Reported<CommandOutcome>[] = [];
  readonly relays: BatchRelay[] = [];

  /**
   * Adds the text of the metric `name`. Returns false, and adds nothing, for a text that is not valid for the metric, or for a detection
   * that this message may not contain. `node`: its number in the database. `atMs`: the `stateTime` of the report. Units: ms UTC.
   */
  add(
    message: NodeMessage,
    node: number,
    { name, text, atMs }: { readonly name: string; readonly text: string; readonly atMs: number },
  ): boolean {
    const report = readReport(name, text);
    if (report.kind === 'relay') return this.#addRelay(message, report.relay);
    this.#addReport(report, node, atMs);
    return report.kind !== 'invalid';
  }

  /** A detection is never in a birth, and only the node itself reports it. Source: docs/platform.md, "Between neighbour cabinets". */
  #addRelay(message: NodeMessage, relay: RelayedPerson): boolean {
    const { verb, node } = message.origin;
    if (verb !== 'NDATA' || relay.from !== node || relay.to === node) return false;
    this.relays.push({ message, relay });
    return true;
  }

  #addReport(report: NodeReport, node: number, atMs: number): void {
    const by = { node, atReportMs: atMs };
    if (report.kind === 'event') {
      const key = `${node}/${report.event.id}`;
      if ((this.events.get(key)?.atReportMs ?? Number.NEGATIVE_INFINITY) <= atMs) this.events.set(key, { ...report.event, ...by });
    } else if (report.kind === 'open-events') {
      if ((this.openEvents.get(node)?.atMs ?? Number.NEGATIVE_INFINITY) <= atMs) this.openEvents.set(node, { ids: report.ids, atMs });
    } else if (report.kind === 'gap') this.gaps.push({ ...report.gap, ...by });
    else if (report.kind === 'log') {
      this.log.push({ ...report.entry, ...by });
      this.#addLogHead(node, { n: report.entry.n, hash: report.entry.hash, atMs, isHead: false });
    } else if (report.kind === 'log-head') this.#addLogHead(node, { n: report.n, hash: report.hash, atMs, isHead: true });
    else if (report.kind === 'outcome') this.outcomes.push({ ...report.outcome, ...by });
  }

  /** A head replaces an older one, also a higher one: the log may have been replaced. An entry only raises it. */
  #addLogHead(node: number, head: LogHead): void {
    const known = this.logHeads.get(node);
    if (known !== undefined && (known.atMs > head.atMs || (!head.isHead && known.n >= head.n))) return;
    this.logHeads.set(node, { ...head, isHead: head.isHead || known?.isHead === true });
  }
}

import { quantile } from '../../agent/core/quantile.ts';
import type { StatusView } from '../../agent/core/views.ts';
import { isSquare, type SquareFigures, squareFigures } from './demo-square.ts';
import type { Demo } from './demo-state.ts';

/** The demo's figures; `errors` is empty on success. */
export interface DemoSummary {
  readonly readingsStored: number;
  readonly readingsPublished: number;
  readonly readingsAcked: number;
  readonly readingsReceived: number;
  readonly readingsLost: number;
  readonly detections: number;
  readonly lampsRaised: number;
  readonly detectionToFrameMs: { readonly p50: number | null; readonly p99: number | null; readonly passages: number };
  /** Busy share of the last minute, by Modbus line. Units: %. */
  readonly busUtilisation: Readonly<Record<string, number>>;
  readonly transactions: number;
  readonly timeouts: number;
  readonly crcErrors: number;
  /** Null in a street without panel, sound and meter. */
  readonly square: SquareFigures | null;
  readonly rssMb: number;
  readonly startMs: number | null;
  readonly errors: readonly string[];
}

/** Requests the agent's status and compares it with the records of street and platform. Errors: rejects if the agent does not answer. */
export async function summaryOf({ agent, host, passages, street }: Demo): Promise<DemoSummary> {
  const status = await agent.status();
  const { lines, store, uplink } = status;
  const sum = (pick: (line: (typeof lines)[number]) => number): number => lines.reduce((total, line) => total + pick(line), 0);
  const gapViolations = [...street.lines.values()].reduce((total, { stats }) => total + stats.gapViolations, 0);
  const latencyMs = (share: number): number | null =>
    passages.latenciesMs.length === 0 ? null : Math.round(10 * quantile(passages.latenciesMs, share)) / 10;
  const { strays, duplicates } = host;
  const errors = demoErrors({ store, strays, duplicates, bdSeq: uplink.bdSeq, gapViolations });
  return {
    readingsStored: store.readingsStored + store.readingsWaiting,
    readingsPublished: uplink.readingsPublished,
    readingsAcked: uplink.readingsAcked,
    readingsReceived: [...host.values.values()].filter(({ metric }) => !metric.includes('/')).length,
    readingsLost: store.readingsLost,
    detections: status.detections,
    lampsRaised: status.lampsRaised,
    detectionToFrameMs: {
      p50: latencyMs(0.5),
      p99: latencyMs(0.99),
      passages: passages.latenciesMs.length,
    },
    busUtilisation: Object.fromEntries(lines.filter(({ kind }) => kind === 'modbus').map(({ id, busyPct }) => [id, busyPct])),
    transactions: sum((line) => line.transactions),
    timeouts: sum((line) => line.timeouts),
    crcErrors: sum((line) => line.crcErrors),
    square: isSquare(street.devices) ? squareFigures(street.devices) : null,
    rssMb: status.rssMb,
    startMs: status.startMs,
    errors,
  };
}

interface Seen {
  readonly store: Pick<StatusView['store'], 'readingsLost' | 'state' | 'reason'>;
  readonly strays: number;
  readonly duplicates: number;
  /** Number of the agent's session with the broker, from 0. */
  readonly bdSeq: number;
  readonly gapViolations: number;
}

/**
 * One sentence for each failed check; empty on success.
 *
 * Duplicates count only in the first session (`bdSeq` 0): after a reconnect the agent sends unacknowledged rows again.
 */
export function demoErrors({ store, strays, duplicates, bdSeq, gapViolations }: Seen): string[] {
  return [
    ...(store.readingsLost > 0 ? [`${store.readingsLost} readings lost`] : []),
    ...(store.state === 'ok' ? [] : [`store: ${store.reason}`]),
    ...(strays > 0 ? [`${strays} values without a birth`] : []),
    ...(duplicates > 0 && bdSeq === 0 ? [`${duplicates} values twice in one session`] : []),
    ...(gapViolations > 0 ? [`${gapViolations} frames without silence before them`] : []),
  ];
}

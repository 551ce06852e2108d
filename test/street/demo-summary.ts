import { quantile } from '../../agent/core/quantile.ts';
import type { Demo } from './demo-state.ts';

/** The demo's figures; `errors` is empty when all went as it should. */
export interface DemoSummary {
  readonly readingsStored: number;
  readonly readingsPublished: number;
  readonly readingsAcked: number;
  readonly readingsReceived: number;
  readonly readingsLost: number;
  readonly detections: number;
  readonly lampsRaised: number;
  readonly detectionToFrameMs: { readonly p50: number | null; readonly p99: number | null; readonly passages: number };
  /** Share of the last minute, by line. Units: %. */
  readonly busUtilisation: Readonly<Record<string, number>>;
  readonly transactions: number;
  readonly timeouts: number;
  readonly crcErrors: number;
  readonly rssMb: number;
  readonly startMs: number | null;
  readonly errors: readonly string[];
}

/** Ask the agent one last time and put its word beside what street and platform saw. */
export async function summaryOf({ agent, host, passages, street }: Demo): Promise<DemoSummary> {
  const status = await agent.status();
  const { lines, store, uplink } = status;
  const sum = (pick: (line: (typeof lines)[number]) => number): number => lines.reduce((total, line) => total + pick(line), 0);
  const gapViolations = [...street.lines.values()].reduce((total, { stats }) => total + stats.gapViolations, 0);
  const latencyMs = (share: number): number | null =>
    passages.latenciesMs.length === 0 ? null : Math.round(10 * quantile(passages.latenciesMs, share)) / 10;
  const errors = [
    ...(store.readingsLost > 0 ? [`${store.readingsLost} readings lost`] : []),
    ...(store.state === 'ok' ? [] : [`store: ${store.reason}`]),
    ...(host.strays > 0 ? [`${host.strays} values without a birth`] : []),
    ...(host.duplicates > 0 ? [`${host.duplicates} values twice`] : []),
    ...(gapViolations > 0 ? [`${gapViolations} frames without silence before them`] : []),
  ];
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
    rssMb: status.rssMb,
    startMs: status.startMs,
    errors,
  };
}

/**
 * The metrics for the state of a command: on its device, or on the node while that device is silent.
 */
import type { UplinkValue } from '../../core/ports.ts';
import type { Outcome } from '../../core/words.ts';
import { messageFields } from '../message-fields.ts';
import type { CurrentValues } from '../sparkplug/current-values.ts';
import type { MetricEntry, MetricTable } from '../sparkplug/metric-table.ts';
import { COMMAND_METRIC, OVERRIDE_METRIC } from './command-metrics.ts';
import type { CommandRecord } from './command-record.ts';

/**
 * The kind of an order. `refused`: the command was refused before its order was passed on, or its record was discarded while its end waited
 * to be sent. Null for any other command that is not remembered, as for one from the console.
 */
export type OutcomeKind = CommandRecord['kind'] | null;

/** Kinds that are not reported under `Override/`. */
const NOT_OVERRIDES: readonly OutcomeKind[] = ['programme', 'blink', 'point', 'sound'];

/**
 * Returns the metrics that report the outcome of a command, with their values: those of the target's device. For the cabinet, and if the
 * device is silent or has no such metric, returns that of the node. Also puts the values into `values`, for the next birth.
 */
export function outcomeMetrics(
  {
    table,
    values,
    isSilent,
    maxTextBytes,
  }: {
    readonly table: Pick<MetricTable, 'node' | 'devices'>;
    readonly values: Pick<CurrentValues, 'put'>;
    /** A silent device is dead for the platform, which ignores its metrics. */
    readonly isSilent: (deviceId: string) => boolean;
    /** Longest text that the broker accepts; a longer outcome is shortened. Units: bytes. */
    readonly maxTextBytes: number;
  },
  outcome: Outcome,
  kind: OutcomeKind,
): readonly (readonly [entry: MetricEntry, value: UplinkValue])[] {
  const { commandId: id, state, reason, levelPct: level, lamps, target, atMs, isSaved } = outcome;
  const deviceId = target.kind === 'cabinet' ? '' : target.id;
  const device = isSilent(deviceId) ? undefined : table.devices.get(deviceId);
  const own = NOT_OVERRIDES.includes(kind) ? undefined : device?.byName.get(OVERRIDE_METRIC.outcome);
  const general = device?.byName.get(COMMAND_METRIC.outcome) ?? table.node.find(({ name }) => name === COMMAND_METRIC.outcome);
  const text = fitted(
    {
      id,
      target: deviceId,
      state,
      ...messageFields('reason', reason),
      level,
      lamps,
      ...(isSaved === false ? { saved: false as const } : {}),
    },
    maxTextBytes,
  );
  const value = { value: text, quality: 'good' as const, atMs };
  return [own, general].flatMap((entry) => (entry === undefined ? [] : [[entry, values.put(entry, value)] as const]));
}

/** Shape: as in `docs/platform.md`. */
interface OutcomeText extends Pick<Outcome, 'state' | 'lamps'> {
  readonly reason: string;
  readonly reasonTemplate?: object;
  readonly id: string;
  readonly target: string;
  readonly level: Outcome['levelPct'];
  readonly saved?: false;
}

/** Shortens the text to the limit: first without the template of its reason, then without its lamps, last with a shortened reason. */
function fitted(outcome: OutcomeText, maxBytes: number): string {
  const { reasonTemplate: _, ...plain } = outcome;
  for (const text of [JSON.stringify(outcome), JSON.stringify(plain)]) if (Buffer.byteLength(text) <= maxBytes) return text;
  const short = { ...plain, lamps: {} };
  const tooMany = Math.max(0, Buffer.byteLength(JSON.stringify(short)) - maxBytes);
  const reason = Buffer.from(outcome.reason);
  const kept = reason.subarray(0, Math.max(0, reason.length - tooMany));
  // Decoded as a stream, so that a character cut in two is left out.
  return JSON.stringify({ ...short, reason: new TextDecoder().decode(kept, { stream: true }) });
}

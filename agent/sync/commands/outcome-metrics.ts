/**
 * How a command stands, as metrics: on the device it was for, or on the node where that device cannot speak.
 *
 * Owns the text of an outcome.
 */
import type { UplinkValue } from '../../core/ports.ts';
import type { Outcome } from '../../core/words.ts';
import type { CurrentValues } from '../sparkplug/current-values.ts';
import { type MetricEntry, type MetricTable, OVERRIDE_METRIC } from '../sparkplug/metric-table.ts';
import { COMMAND_METRIC } from './command-metrics.ts';
import type { CommandRecord } from './command-registry.ts';

/** The kind of command an outcome is of; null for one that did not come from the platform. */
export type OutcomeKind = CommandRecord['kind'] | null;

/** Kinds that are not told under `Override/`. */
const OWN_WORDS: readonly OutcomeKind[] = ['programme', 'blink', 'point'];

/** What to send, in one message; nothing where nobody could say it. */
export function outcomeMetrics(
  {
    table,
    values,
    isSilent,
    maxTextBytes,
  }: {
    readonly table: Pick<MetricTable, 'node' | 'devices'>;
    readonly values: Pick<CurrentValues, 'put'>;
    /** A device that does not answer is dead for the platform: nothing said on it would arrive. */
    readonly isSilent: (deviceId: string) => boolean;
    /** Longest text that the broker takes. Units: bytes. */
    readonly maxTextBytes: number;
  },
  outcome: Outcome,
  kind: OutcomeKind,
): readonly (readonly [entry: MetricEntry, value: UplinkValue])[] {
  const { commandId: id, state, reason, levelPct: level, lamps, target, atMs } = outcome;
  const deviceId = target.kind === 'cabinet' ? '' : target.id;
  const device = isSilent(deviceId) ? undefined : table.devices.get(deviceId);
  const own = OWN_WORDS.includes(kind) ? undefined : device?.byName.get(OVERRIDE_METRIC.outcome);
  const general = device?.byName.get(COMMAND_METRIC.outcome) ?? table.node.find(({ name }) => name === COMMAND_METRIC.outcome);
  const text = fitted({ id, target: deviceId, state, reason, level, lamps }, maxTextBytes);
  const value = { value: text, quality: 'good' as const, atMs };
  return [own, general].flatMap((entry) => (entry === undefined ? [] : [[entry, values.put(entry, value)] as const]));
}

/** What is said of a command, as `docs/platform.md` shows it. */
interface Said extends Pick<Outcome, 'state' | 'reason' | 'lamps'> {
  readonly id: string;
  readonly target: string;
  readonly level: Outcome['levelPct'];
}

/** Its end arrives whatever the broker takes: without its lamps where they do not fit, and with as much of the reason as does. */
function fitted(said: Said, maxBytes: number): string {
  const whole = JSON.stringify(said);
  if (Buffer.byteLength(whole) <= maxBytes) return whole;
  const short = { ...said, lamps: {} };
  const tooMany = Math.max(0, Buffer.byteLength(JSON.stringify(short)) - maxBytes);
  const reason = Buffer.from(said.reason);
  const kept = reason.subarray(0, Math.max(0, reason.length - tooMany));
  // As a stream, so that a letter that was cut in two is left out.
  return JSON.stringify({ ...short, reason: new TextDecoder().decode(kept, { stream: true }) });
}

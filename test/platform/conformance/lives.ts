/**
 * Relates values to their births, and computes which devices should have been born. Pure.
 */
import type { WireMetric } from '../wire-reader.ts';
import { type Evidence, type Life, metricsOf, type SparkplugMessage } from './evidence.ts';
import { each, type RowFinding } from './row.ts';

/** One metric of one message, with the message, its life, and its birth (undefined when it was never born). */
export interface ReportedValues {
  readonly life: Life;
  readonly message: SparkplugMessage;
  readonly metric: WireMetric;
  readonly born: WireMetric | undefined;
}

/** Every metric of messages with these verbs, with its birth at that time. */
export function reportedIn(lives: readonly Life[], ...verbs: readonly string[]): ReportedValues[] {
  return lives.flatMap((life) => {
    const births = new Map<string, readonly WireMetric[]>();
    return life.messages.flatMap((message) => {
      if (message.verb === 'NBIRTH' || message.verb === 'DBIRTH') births.set(message.device, metricsOf(message));
      if (!verbs.includes(message.verb)) return [];
      const born = births.get(message.device) ?? [];
      return metricsOf(message).map((metric) => ({ life, message, metric, born: born.find((birth) => isSame(birth, metric)) }));
    });
  });
}

/** Returns a row's check: it applies `faultOf` to every metric of messages with these verbs. `faultOf` returns the fault as text, or false. */
export const eachReported =
  (verbs: readonly string[], faultOf: (reported: ReportedValues) => string | false) =>
  ({ lives }: Evidence): RowFinding =>
    each(reportedIn(lives, ...verbs), (reported) => {
      const fault = faultOf(reported);
      return fault && `${labelOf(reported)} ${fault}`;
    });

function isSame(birth: WireMetric, { name, alias }: WireMetric): boolean {
  return name === undefined ? alias !== undefined && birth.alias === alias : birth.name === name;
}

/** The text that names a metric in a fault: verb, device, its name or alias, and the index of its message. */
export function labelOf({ metric, born, message }: Pick<ReportedValues, 'metric' | 'born' | 'message'>): string {
  return `${message.verb} ${message.device} ${born?.name ?? metric.name ?? `alias ${metric.alias}`} (#${message.at})`;
}

/** Devices that were available at position `at` of the log, according to the test's marks. */
export function answering({ setting, marks }: Evidence, at: number): ReadonlySet<string> {
  const devices = new Set(setting.devices.map(({ id }) => id));
  for (const mark of marks) {
    if (mark.at > at) break;
    if (mark.name === 'device-lost') devices.delete(mark.detail);
    if (mark.name === 'device-back') devices.add(mark.detail);
  }
  return devices;
}

/** Devices that were available at this NBIRTH, and that had no DBIRTH in this life before position `at` of the log. */
export function unborn(evidence: Evidence, { nbirth, messages }: Life, at: number): string[] {
  const born = new Set(messages.filter((m) => m.verb === 'DBIRTH' && m.at < at).map(({ device }) => device));
  return [...answering(evidence, nbirth.at)].filter((id) => !born.has(id));
}

/**
 * The numbers of the value fields in which a metric of this type may be sent (see `WireMetric`); empty for undefined.
 *
 * UInt32 may be in two (sp#102). Source: Sparkplug 3.0.0 §6.4.16 and its table of value fields.
 */
export function fieldsOf(datatype: number | undefined): readonly number[] {
  if (datatype === undefined) return [];
  if (datatype === 7) return [10, 11];
  if ([1, 2, 3, 5, 6].includes(datatype)) return [10];
  if ([4, 8, 13].includes(datatype)) return [11];
  if ([12, 14, 15].includes(datatype)) return [15];
  if (datatype === 16) return [17];
  if (datatype === 19) return [18];
  if (datatype === 9 || datatype === 10 || datatype === 11) return [datatype + 3];
  return [16];
}

/** What is wrong with the value of a metric of this type: null with a value, neither of them, or the wrong field. False: nothing. */
export function valueFault({ isNull, value, valueField }: WireMetric, datatype: number | undefined): string | false {
  if (isNull) return value !== undefined && 'is null and has a value';
  if (valueField === undefined) return 'has neither value nor null';
  return !fieldsOf(datatype).includes(valueField) && `type ${datatype} in field ${valueField}`;
}

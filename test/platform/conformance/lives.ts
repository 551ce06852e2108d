/**
 * What a row must know of a life: which metric a value belongs to, which devices should have been born.
 *
 * Owns the replay of births and of what the test did to devices. Pure. Used by the rows.
 */
import type { WireMetric } from '../wire-reader.ts';
import { type Evidence, type Life, metricsOf, type SparkplugMessage } from './evidence.ts';

/** One metric of one message, with the message, its life, and the birth it belongs to (undefined where it was never born). */
export interface ReportedValues {
  readonly life: Life;
  readonly message: SparkplugMessage;
  readonly metric: WireMetric;
  readonly born: WireMetric | undefined;
}

/** Every metric of the DATA of these verbs, beside its birth at that moment. */
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

function isSame(birth: WireMetric, { name, alias }: WireMetric): boolean {
  return name === undefined ? alias !== undefined && birth.alias === alias : birth.name === name;
}

/** A metric as a fault names it. */
export function nameOf({ metric, born, message }: Pick<ReportedValues, 'metric' | 'born' | 'message'>): string {
  return `${message.verb} ${message.device} ${born?.name ?? metric.name ?? `alias ${metric.alias}`} (#${message.at})`;
}

/** Devices that answered at place `at` of the log, as the test told the node. */
export function answering({ setting, marks }: Evidence, at: number): ReadonlySet<string> {
  const devices = new Set(setting.devices.map(({ id }) => id));
  for (const mark of marks) {
    if (mark.at > at) break;
    if (mark.name === 'device-lost') devices.delete(mark.detail);
    if (mark.name === 'device-back') devices.add(mark.detail);
  }
  return devices;
}

/** Devices that should have been born with this NBIRTH and were not, before place `at`. */
export function unborn(evidence: Evidence, { nbirth, messages }: Life, at: number): string[] {
  const born = new Set(messages.filter((m) => m.verb === 'DBIRTH' && m.at < at).map(({ device }) => device));
  return [...answering(evidence, nbirth.at)].filter((id) => !born.has(id));
}

/** Source: Sparkplug 3.0.0 §6.4.16 and its table of value fields; UInt32 may stand in either (sp#102). */
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

/** Says what is wrong with value and null of a metric of this type, or false. */
export function valueFault({ isNull, value, valueField }: WireMetric, datatype: number | undefined): string | false {
  if (isNull) return value !== undefined && 'is null and has a value';
  if (valueField === undefined) return 'has neither value nor null';
  return !fieldsOf(datatype).includes(valueField) && `type ${datatype} in field ${valueField}`;
}

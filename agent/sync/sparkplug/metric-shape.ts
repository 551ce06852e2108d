/**
 * The wire form of one value: in a birth, live, or as history. Maps types, units and quality. Pure.
 */
import type { UplinkMetric, UplinkValue } from '../../core/ports.ts';
import type { Quality } from '../../core/words.ts';
import { type Metric, type MetricValue, type Property, toLong } from './codec.ts';
import type { MetricEntry } from './metric-table.ts';
import { DATATYPE } from './sparkplug-proto.ts';

/** Source: `payloads-propertyset-quality-value-value`: 0 bad, 192 good, 500 stale; good is omitted. */
const QUALITY_CODE: Readonly<Record<Quality, number>> = { good: 192, stale: 500, bad: 0, missing: 0 };

/**
 * Returns a metric as a birth contains it: as in DATA, and with name, datatype and properties such as the unit. Source:
 * `topics-nbirth-metrics`, `topics-dbirth-metrics`.
 */
export function toBirthMetric(entry: MetricEntry, value: UplinkValue): Metric {
  const range = (entry.range ?? []).map((bound, i): Property => ({ key: i === 0 ? 'engLow' : 'engHigh', ...double(bound) }));
  return {
    ...toDataMetric(entry, value, false),
    name: entry.name,
    datatype: DATATYPE[entry.type],
    ...asProperties([...text('engUnit', entry.unit), ...range, ...text('talq', entry.talq ?? ''), ...qualityOf(value, entry.type)]),
  };
}

function text(key: string, value: string): readonly Property[] {
  return value === '' ? [] : [{ key, type: DATATYPE.String, value: { kind: 'string', value } }];
}

function double(value: number): Omit<Property, 'key'> {
  return { type: DATATYPE.Double, value: { kind: 'double', value } };
}

/**
 * Returns a metric as DATA contains it. A value of another type, or a number that is not finite, becomes null with quality bad. Source:
 * `payloads-alias-data-cmd-requirement`, `payloads-metric-datatype-not-req`.
 */
export function toDataMetric(entry: MetricEntry, value: UplinkValue, historical: boolean): Metric {
  const wire = toWire(entry.type, value.value);
  return {
    ...(entry.alias === null ? { name: entry.name } : { alias: entry.alias }),
    ...(entry.isTypedInData ? { datatype: DATATYPE[entry.type] } : {}),
    timestampMs: value.atMs,
    ...(historical ? { isHistorical: true } : {}),
    ...(entry.isTransient ? { isTransient: true } : {}),
    ...asProperties(qualityOf(value, entry.type)),
    ...(wire === undefined ? { isNull: true } : { value: wire }),
  };
}

function asProperties(properties: readonly Property[]): Pick<Metric, 'properties'> {
  return properties.length === 0 ? {} : { properties };
}

function qualityOf({ value, quality }: UplinkValue, type: UplinkMetric['type']): readonly Property[] {
  const effective = value !== null && toWire(type, value) === undefined ? 'bad' : quality;
  return effective === 'good' ? [] : [{ key: 'Quality', type: DATATYPE.Int32, value: { kind: 'int', value: QUALITY_CODE[effective] } }];
}

/** Undefined for null, or for a value that does not fit the type. Points have numbers only; a flag is 0 or 1. */
function toWire(type: UplinkMetric['type'], value: UplinkValue['value']): MetricValue | undefined {
  if (typeof value === 'number' && !Number.isFinite(value)) return undefined;
  switch (type) {
    case 'Double':
      return typeof value === 'number' ? { kind: 'double', value } : undefined;
    case 'Int64':
    case 'DateTime':
      return typeof value === 'number' ? toLong(value) : undefined;
    case 'Boolean':
      return typeof value === 'number' || typeof value === 'boolean' ? { kind: 'boolean', value: Boolean(value) } : undefined;
    case 'Bytes':
      return undefined;
    case 'String':
      return typeof value === 'string' ? { kind: 'string', value } : undefined;
  }
}

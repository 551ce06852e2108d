/**
 * Metrics for monitoring, and their two text formats. Pure.
 *
 * Source: OpenMetrics 1.0, and the Prometheus text format 0.0.4, which is all that node_exporter's textfile collector reads.
 */

/** One family. Shape: the name ends with the unit, where it has one, and never with `_total` or `_info`. */
export interface MetricFamily {
  readonly name: string;
  /** `info` is a fact in its labels; its value is 1. */
  readonly type: 'gauge' | 'counter' | 'info';
  /** Of the base units; empty for plain counts. */
  readonly unit: '' | 'bytes' | 'seconds' | 'ratio';
  readonly help: string;
  readonly samples: readonly MetricSample[];
}

export interface MetricSample {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

export const METRIC_FORMATS = ['openmetrics', 'prometheus'] as const;
export type MetricFormat = (typeof METRIC_FORMATS)[number];

/** The whole exposition. Families without a sample are left out: what is not known is not zero. */
export function metricsText(families: readonly MetricFamily[], format: MetricFormat): string {
  const text = families.filter(({ samples }) => samples.length > 0).map((family) => familyText(family, format));
  return [...text, ...(format === 'openmetrics' ? ['# EOF\n'] : [])].join('');
}

function familyText({ name, type, unit, help, samples }: MetricFamily, format: MetricFormat): string {
  const sampleName = `${name}${type === 'counter' ? '_total' : type === 'info' ? '_info' : ''}`;
  // The older format has no such suffixes and no such type: there the whole name is the family's.
  const [familyName, familyType] = format === 'openmetrics' ? [name, type] : [sampleName, type === 'info' ? 'gauge' : type];
  return [
    `# TYPE ${familyName} ${familyType}\n`,
    ...(unit === '' || format === 'prometheus' ? [] : [`# UNIT ${familyName} ${unit}\n`]),
    `# HELP ${familyName} ${escaped(help)}\n`,
    ...samples.map(({ labels = {}, value }) => `${sampleName}${labelsText(labels)} ${value}\n`),
  ].join('');
}

function labelsText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

/** Source: OpenMetrics 1.0, "escaped-string"; in the older format quotes of a help may be escaped as well. */
function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');
}

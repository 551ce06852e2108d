/**
 * Metrics for monitoring, and their two text formats. Pure.
 *
 * Source: OpenMetrics 1.0, and the Prometheus text format 0.0.4, which is all that node_exporter's textfile collector reads.
 */

/**
 * One metric with its samples; no two may have the same labels. The name ends with the unit, if there is one. It has no `_total` or
 * `_info`, which `metricsText` adds.
 */
export interface MetricFamily {
  readonly name: string;
  /** `info`: a fact in the labels; its value is 1. */
  readonly type: 'gauge' | 'counter' | 'info';
  /** A base unit; empty for a number without one. */
  readonly unit: '' | 'bytes' | 'seconds' | 'ratio';
  readonly help: string;
  readonly samples: readonly MetricSample[];
}

/** One value of a metric, with the labels that distinguish it from the other samples. Units: those of its family. */
export interface MetricSample {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

/** The text formats that `metricsText` can produce: OpenMetrics 1.0, and the Prometheus text format 0.0.4. */
export const METRIC_FORMATS = ['openmetrics', 'prometheus'] as const;
/** One of the two text formats: `openmetrics` or `prometheus`. */
export type MetricFormat = (typeof METRIC_FORMATS)[number];

/** Returns the metrics as text in one of the two formats. Families without a sample are left out. */
export function metricsText(families: readonly MetricFamily[], format: MetricFormat): string {
  const text = families.filter(({ samples }) => samples.length > 0).map((family) => familyText(family, format));
  return [...text, ...(format === 'openmetrics' ? ['# EOF\n'] : [])].join('');
}

function familyText({ name, type, unit, help, samples }: MetricFamily, format: MetricFormat): string {
  const sampleName = `${name}${type === 'counter' ? '_total' : type === 'info' ? '_info' : ''}`;
  // The older format has neither these suffixes nor this type: the whole name is the name of the family.
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

/** Source: OpenMetrics 1.0, "escaped-string". The older format also allows escaped quotes in a help text. */
function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');
}

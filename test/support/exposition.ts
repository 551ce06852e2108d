/**
 * A strict reader of metrics, written from the formats and not from our writer, so that each proves the other.
 *
 * Source: OpenMetrics 1.0 (ABNF and "Overall Structure"), Prometheus text format 0.0.4.
 */

/** One metric family, its samples in their order. `unit` is empty without a UNIT line. */
export interface ReadFamily {
  readonly type: string;
  readonly unit: string;
  readonly samples: readonly { readonly name: string; readonly labels: ReadonlyMap<string, string>; readonly value: number }[];
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const LABEL = '[a-zA-Z_][a-zA-Z0-9_]*';
const TEXT = '(?:[^"\\\\\\n]|\\\\["n\\\\])*';
const NUMBER = '[+-]?(?:\\d+(?:\\.\\d*)?|\\.\\d+)(?:[eE][+-]?\\d+)?';
const META = new RegExp(`^# (TYPE|UNIT|HELP) (${NAME}) (.*)$`);
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(${LABEL}="${TEXT}"(?:,${LABEL}="${TEXT}")*)\\})? (${NUMBER})$`);
const PAIR = new RegExp(`(${LABEL})="(${TEXT})"`, 'g');
/** What may follow the name of a family, by its type. */
const SUFFIX: Readonly<Record<'openmetrics' | 'prometheus', Readonly<Record<string, string>>>> = {
  openmetrics: { gauge: '', counter: '_total', info: '_info' },
  prometheus: { gauge: '', counter: '' },
};

/** The families of a text, by name. Errors: throws with the first line that breaks a rule of the format. */
export function readExposition(text: string, format: 'openmetrics' | 'prometheus'): ReadonlyMap<string, ReadFamily> {
  const families = new Map<string, ReadFamily & { samples: { name: string; labels: Map<string, string>; value: number }[] }>();
  const series = new Set<string>();
  const fail = (why: string, line: string): never => {
    throw new Error(`${why}: ${line}`);
  };
  if (!text.endsWith('\n')) fail('no line end at the end', text.slice(-40));
  const lines = text.slice(0, -1).split('\n');
  if (format === 'openmetrics' && lines.pop() !== '# EOF') fail('no # EOF at the end', text.slice(-40));
  let current = '';
  for (const line of lines) {
    const [, word, family = '', rest = ''] = META.exec(line) ?? [];
    if (word === 'TYPE') {
      if (families.has(family)) fail('a family twice, or not in one piece', line);
      if (SUFFIX[format][rest] === undefined) fail('no such type', line);
      families.set(family, { type: rest, unit: '', samples: [] });
      current = family;
    } else if (word !== undefined) {
      const known = families.get(family);
      if (family !== current || known === undefined || known.samples.length > 0) return fail('out of place', line);
      if (word === 'UNIT' && !family.endsWith(`_${rest}`)) fail('the unit is not the end of the name', line);
      if (word === 'UNIT') families.set(family, { ...known, unit: rest });
      if (word === 'HELP' && !new RegExp(`^${TEXT}$`).test(rest)) fail('bad help', line);
    } else {
      const [, name = '', pairs = '', number = ''] = SAMPLE.exec(line) ?? fail('neither metadata nor a sample', line);
      const known = families.get(current) ?? fail('a sample without a family', line);
      if (name !== `${current}${SUFFIX[format][known.type]}`) fail('not of its family', line);
      if (series.has(`${name}{${pairs}}`)) fail('a sample twice', line);
      series.add(`${name}{${pairs}}`);
      if (known.type === 'counter' && Number(number) < 0) fail('a counter below zero', line);
      if (known.type === 'info' && Number(number) !== 1) fail('an info that is not 1', line);
      const labels = new Map([...pairs.matchAll(PAIR)].map(([, label = '', value = '']) => [label, plain(value)] as const));
      known.samples.push({ name, labels, value: Number(number) });
    }
  }
  return families;
}

function plain(escaped: string): string {
  return escaped.replace(/\\(.)/g, (_, char: string) => (char === 'n' ? '\n' : char));
}

/** Reads figures of Prometheus from a socket, and quantiles from their histograms. */
import { request } from 'node:http';

/** The metrics of one process, as in the text format of Prometheus: name with labels to value. */
export type Samples = ReadonlyMap<string, number>;

/**
 * Reads `/metrics` from a Unix socket; undefined if the connection fails or ends before an answer begins. It waits without a limit for an
 * answer, and for the rest of one that has begun, even if the connection ends.
 */
export function readSamples(socketPath: string): Promise<Samples | undefined> {
  return new Promise((resolve) => {
    const asked = request({ socketPath, path: '/metrics' }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.on('end', () => resolve(parseSamples(text)));
    });
    asked.on('error', () => resolve(undefined));
    asked.end();
  });
}

/** Parses the text format of Prometheus; comments are left out. */
function parseSamples(text: string): Samples {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(' ');
      return [line.slice(0, at), Number(line.slice(at + 1))];
    }),
  );
}

/** The sum of a figure over processes and labels; 0 if no process has it. `name` with all its labels: only over processes. */
export function totalOf(all: readonly Samples[], name: string): number {
  return all.reduce((sum, samples) => {
    let own = 0;
    for (const [key, value] of samples) if (key === name || key.startsWith(`${name}{`)) own += value;
    return sum + own;
  }, 0);
}

/**
 * The quantile `q`, 0 to 1, of a histogram between two readings, linear within its class; the last class, without an upper end, gives its
 * lower end. 0 without values. Shape: `name` is without `_bucket`. The histogram has no labels, and no process was replaced between the
 * readings.
 */
export function quantileOf(name: string, q: number, before: readonly Samples[], after: readonly Samples[]): number {
  const ends = [
    ...new Set(after.flatMap((samples) => [...samples.keys()].flatMap((key) => (key.startsWith(`${name}_bucket`) ? [key] : [])))),
  ];
  const classes = ends
    .map((key) => ({
      end: Number(/le="([^"]+)"/.exec(key)?.[1]?.replace('+Inf', 'Infinity')),
      count: exact(after, key) - exact(before, key),
    }))
    .sort((a, b) => a.end - b.end);
  const total = classes.at(-1)?.count ?? 0;
  let [lower, below] = [0, 0];
  for (const { end, count } of classes) {
    if (count > 0 && count >= q * total)
      return end === Number.POSITIVE_INFINITY ? lower : lower + ((end - lower) * (q * total - below)) / (count - below || 1);
    [lower, below] = [end, count];
  }
  return 0;
}

function exact(all: readonly Samples[], key: string): number {
  return all.reduce((sum, samples) => sum + (samples.get(key) ?? 0), 0);
}

/** The log of the host: one JSON object a line, on standard error. */

/** Writes one entry. `event`: its short name, such as `broker-lost`. `fields`: what else the entry has, as JSON. */
export type HostLog = (event: string, fields?: Readonly<Record<string, unknown>>) => void;

/**
 * Creates a log that writes each entry as one line of JSON to standard error, with the time in UTC. `by`: kind of the process, such as
 * `worker`, in each line.
 */
export function createHostLog(by: string): HostLog {
  return (event, fields = {}) => {
    process.stderr.write(`${JSON.stringify({ time: new Date().toISOString(), by, event, ...fields })}\n`);
  };
}

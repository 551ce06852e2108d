/** The log of the host: one JSON object a line, on standard error. */

/** Writes one event with its fields. */
export type HostLog = (event: string, fields?: Readonly<Record<string, unknown>>) => void;

/** Creates a log that writes to standard error. `by`: name of the process, in each line. */
export function createHostLog(by: string): HostLog {
  return (event, fields = {}) => {
    process.stderr.write(`${JSON.stringify({ time: new Date().toISOString(), by, event, ...fields })}\n`);
  };
}

/** The log of the host: one JSON object a line, on standard error. */

/** Writes one event with its fields. */
export type HostLog = (event: string, fields?: Readonly<Record<string, unknown>>) => void;

/** A log whose lines have the name of the process. */
export function createHostLog(by: string): HostLog {
  return (event, fields = {}) => {
    process.stderr.write(`${JSON.stringify({ time: new Date().toISOString(), by, event, ...fields })}\n`);
  };
}

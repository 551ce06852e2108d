/**
 * Are the ports of the cabinet there?
 *
 * Owns that check, for `luciole check` alone: a running agent reports the line down and tries again. Touches no disk itself.
 */
import type { Problem } from '../core/errors.ts';
import { formatPath, listNames } from './finding.ts';
import type { LoadedCabinet } from './load.ts';

/** The machine's device files, as the caller sees them. */
export interface PortsAtHand {
  readonly exists: (path: string) => boolean;
  readonly listPorts: () => readonly string[];
}

/** Ports that do not exist. */
export function checkPorts({ file, cabinet, place }: LoadedCabinet, { exists, listPorts }: PortsAtHand): Problem[] {
  const missing = cabinet.lines.flatMap((line, i) => (exists(line.port) ? [] : [{ port: line.port, path: ['lines', i, 'port'] }]));
  if (missing.length === 0) return [];
  const ports = listNames(listPorts());
  return missing.map(({ port, path }) => ({
    file,
    ...place(path),
    path: formatPath(path),
    message: `no such device file "${port}"; what exists: ${ports}. Is the adapter plugged in?`,
  }));
}

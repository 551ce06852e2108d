/**
 * Checks that the ports of the cabinet exist on this machine. Only for `luciole check`: a running agent reports the line down and tries
 * again. Touches no disk itself.
 */
import type { Problem } from '../../core/errors.ts';
import { parseLinePort } from '../../core/line-port.ts';
import type { LoadedCabinet } from '../load/load.ts';
import { formatPath, listNames } from './finding.ts';

/** The device files of the machine. */
export interface PortsAtHand {
  readonly exists: (path: string) => boolean;
  readonly listPorts: () => readonly string[];
}

/** Reports device files that do not exist. A check opens no connection: whether a network port answers shows when the agent runs. */
export function checkPorts({ file, cabinet, place }: LoadedCabinet, { exists, listPorts }: PortsAtHand): Problem[] {
  const missing = cabinet.lines.flatMap(({ port }, i) =>
    parseLinePort(port).kind !== 'serial' || exists(port) ? [] : [{ port, path: ['lines', i, 'port'] }],
  );
  if (missing.length === 0) return [];
  const ports = listNames(listPorts());
  return missing.map(({ port, path }) => ({
    file,
    ...place(path),
    path: formatPath(path),
    message: `no such device file "${port}"; what exists: ${ports}. Is the adapter plugged in?`,
  }));
}

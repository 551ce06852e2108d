/** Pseudo-terminals to the lines of a simulated street. */
import { join } from 'node:path';
import { createPtyCable, type PtyCable } from './pty.ts';
import type { Street } from './street.ts';

export interface StreetCables {
  readonly byLine: ReadonlyMap<string, PtyCable>;
  /** Path of each line's port, by line. */
  readonly ports: ReadonlyMap<string, string>;
  close(): void;
}

/**
 * Connects the lines, by default all, to pseudo-terminals. Each port is a link `tty-<line>` in `folder`, which must exist.
 *
 * Errors: throws for a line that the street does not have.
 */
export function connectStreet(street: Street, folder: string, lineIds: readonly string[] = [...street.lines.keys()]): StreetCables {
  const cables = lineIds.map((id): readonly [string, PtyCable] => {
    const line = street.lines.get(id);
    if (line === undefined) throw new Error(`the street has no line ${id}`);
    const cable = createPtyCable((bytes) => line.receive(bytes), join(folder, `tty-${id}`));
    line.end = cable.end;
    return [id, cable];
  });
  return {
    byLine: new Map(cables),
    ports: new Map(cables.map(([id, { path }]) => [id, path])),
    close() {
      for (const [, cable] of cables) cable.close();
    },
  };
}

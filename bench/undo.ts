/**
 * Releases the resources of a run, however it ends: mounts, processes, folders; newest first.
 *
 * Synchronous, because at the exit of a process nothing asynchronous runs any more.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';

/** Releases the resource now; a second call does nothing. */
export type Undo = () => void;

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const pending = new Set<Undo>();

/**
 * Registers the release of a resource. `takeBack` runs once: when the returned function is called, or when this process ends, also by
 * SIGINT, SIGTERM or SIGHUP. It must be synchronous.
 */
export function undoAtEnd(takeBack: () => void): Undo {
  if (process.listenerCount('exit', undoAll) === 0) {
    process.on('exit', undoAll);
    for (const signal of SIGNALS) process.on(signal, () => process.exit(128 + constants.signals[signal]));
  }
  const undo: Undo = () => {
    if (pending.delete(undo)) takeBack();
  };
  pending.add(undo);
  return undo;
}

/**
 * Creates an empty folder `luciole-<name>-…` in `parent`. It is removed with its content by `remove`, or at the latest when the process
 * ends.
 */
export function scratchFolder(name: string, parent = tmpdir()): { readonly dir: string; readonly remove: Undo } {
  const dir = mkdtempSync(join(parent, `luciole-${name}-`));
  return { dir, remove: undoAtEnd(() => rmSync(dir, { recursive: true, force: true })) };
}

function undoAll(): void {
  for (const undo of [...pending].reverse()) {
    try {
      undo();
    } catch (error) {
      // The other steps must still be undone.
      process.stderr.write(`could not be taken back: ${error instanceof Error ? error.message : String(error)}\n`);
    }
  }
}

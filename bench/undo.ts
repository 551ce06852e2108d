/**
 * Releases the resources of a run, however it ends: mounts, processes, folders; newest first.
 *
 * Synchronous, because at the exit of a process nothing asynchronous runs any more.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';

/** Takes it back now; safe to call twice. */
export type Undo = () => void;

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const pending = new Set<Undo>();

/** `takeBack` runs once: when the answer is called, or at the latest when this process ends, by a signal too. */
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

/** An empty folder that is removed after the run. */
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

/**
 * The packaged program, and one start of a program on the street of the footprint.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ARCHS, type Arch } from '../../systemd/package/arch.ts';
import { writeBundle } from '../../systemd/package/bundle.ts';
import { withoutDebugging } from '../../systemd/package/elf.ts';
import { programTree } from '../../systemd/package/tree.ts';
import { writeTree } from '../../systemd/package/write-tree.ts';
import { type Child, sharedMonoMs } from '../child.ts';
import { undoAtEnd } from '../undo.ts';
import type { FootprintStreetAnswer, FootprintStreetQuestion } from './street-process.ts';

/** Longest wait for a first poll. Units: ms. */
const LIMIT_MS = 60_000;

/** The process that simulates the street of the footprint. */
export type StreetChild = Child<FootprintStreetQuestion, FootprintStreetAnswer>;

/** How a program is started on the street. */
export interface Start {
  readonly program: string;
  readonly words: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/**
 * A started program that has polled. `firstPollMs`: from its start to the first bytes on any line. `end` stops it with SIGTERM and waits
 * for its exit.
 */
export interface Begun {
  readonly pid: number;
  readonly firstPollMs: number;
  end(): Promise<void>;
}

/**
 * Builds the program for this machine and writes it to `dir/luciole` as the package does. Resolves with that folder. Errors: rejects if it
 * cannot be built.
 */
export async function installed(dir: string): Promise<string> {
  const [home, bundleDir] = [join(dir, 'luciole'), join(dir, 'bundle')];
  mkdirSync(bundleDir);
  await writeBundle({ arch: archHere(), version: 'bench', commit: 'bench', dir: bundleDir });
  writeTree(programTree({ bundleDir, node: withoutDebugging(readFileSync(process.execPath)), licences: '', bom: '' }), home);
  for (const file of ['bin/node', 'lib/better-sqlite3.node', 'lib/serialport.node']) forget(join(home, file));
  return home;
}

/**
 * The file is read from the disk again, as after a start of the machine. One just written lies in the page cache in large pieces, of which
 * 26 MB more count as resident for nothing. Source: measured; coreutils, dd, `nocache`.
 */
function forget(file: string): void {
  execFileSync('dd', [`of=${file}`, 'oflag=nocache', 'conv=notrunc,fdatasync', 'count=0', 'status=none']);
}

/**
 * Starts a program and waits for the first bytes on any line of the street.
 *
 * Errors: rejects if it cannot be started, ends, or does not poll within `limitMs`; it is then killed only at the end of the run.
 */
export async function begin(street: StreetChild, { program, words, env }: Start, limitMs = LIMIT_MS): Promise<Begun> {
  await street.ask({ ask: 'forget' });
  const startMono = sharedMonoMs();
  const child = spawn(program, words, { env: { ...env }, stdio: ['ignore', 'ignore', 'ignore'] });
  const ended = once(child, 'exit');
  const undo = undoAtEnd(() => void child.kill('SIGKILL'));
  const { pid } = child;
  if (pid === undefined) throw new Error(`${program} cannot be started`);
  for (;;) {
    const { firstMono } = await street.ask({ ask: 'report' });
    if (firstMono !== null) return { pid, firstPollMs: firstMono - startMono, end };
    if (child.exitCode !== null || sharedMonoMs() - startMono > limitMs)
      throw new Error(`${program} does not poll (exit ${child.exitCode})`);
    await sleepMs(20);
  }

  async function end(): Promise<void> {
    child.kill('SIGTERM');
    await ended;
    undo();
  }
}

/** Returns the architecture of this machine, as packages are built for it. Errors: throws if none is built for it. */
export function archHere(): Arch {
  const arch = ARCHS.find(({ node }) => node === process.arch);
  if (arch === undefined) throw new Error(`nothing is packaged for ${process.arch}`);
  return arch;
}

export function sleepMs(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

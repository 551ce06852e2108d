import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const RUN = join(import.meta.dirname, '../../bench/torture/run.ts');

/** Runs bench/torture/run.ts as a process. Resolves at its end with `code`, `progress` (its stderr) and `summaries` (its JSON lines). */
export function torture(...words: string[]) {
  return tortureIn(tmpdir(), ...words);
}

/** As `torture`, with its temporary files in `folder`. */
export async function tortureIn(folder: string, ...words: string[]) {
  const child = spawn(process.execPath, [RUN, ...words], { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, TMPDIR: folder } });
  const out: Buffer[] = [];
  const progress: Buffer[] = [];
  child.stdout.on('data', (bytes) => out.push(bytes));
  child.stderr.on('data', (bytes) => progress.push(bytes));
  const [code] = await once(child, 'close');
  const lines = Buffer.concat(out)
    .toString()
    .split('\n')
    .filter((line) => line !== '');
  return {
    code,
    progress: Buffer.concat(progress).toString(),
    summaries: lines.map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}

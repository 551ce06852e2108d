import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const RUN = join(import.meta.dirname, '../../bench/torture/run.ts');

/** As a person starts it; resolves with its exit code and the summaries that it printed. */
export function torture(...words: string[]) {
  return tortureIn(tmpdir(), ...words);
}

/** The same with its temporary files in a folder of the caller. */
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

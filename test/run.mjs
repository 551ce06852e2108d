// Runs tap on the pinned runtime and closes with the plain line "N passed, N failed"; the exit code is tap's own.
import { spawn, spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { installPlatform } from '../platform/install.mjs';

// Without its packages the tests of the host that need a database are skipped, and say so.
installPlatform();

const TAP = 'node_modules/tap/dist/esm/run.mjs';
// tap must be built once with the plugins of .taprc before its first run, or that run fails every TypeScript file.
const built = spawnSync(process.execPath, [TAP, 'build'], { stdio: 'ignore' });
if (built.status !== 0) {
  console.log('tap could not be built: run `npm ci` again\n0 passed, 1 failed');
  process.exit(1);
}
// A file waits for half of its time: for the disk, for a program it has started, for the clock.
const jobs = `--jobs=${2 * availableParallelism()}`;
// Without a terminal the repainted progress would be pages of the same two lines, and an error of the painter would end the run without a word.
const reporter = process.env.TAP_REPORTER ?? (process.stdout.isTTY ? 'terse' : 'tap');
const tap = spawn(process.execPath, [TAP, jobs, ...process.argv.slice(2)], {
  stdio: ['ignore', 'pipe', 'inherit'],
  env: {
    ...process.env,
    TAP_REPORTER: reporter,
    // Each file is a process of its own: what one has compiled the others need not compile again.
    NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? resolve('node_modules/.cache/compiled'),
  },
});
const isPlain = process.env.TAP_REPORTER === undefined && !process.argv.some((word) => /^(-R|--reporter|-h$|--help|list$)/.test(word));
const isShown = failures();
let tail = '';
let rest = '';
tap.stdout.on('data', (bytes) => {
  tail = (tail + bytes).slice(-4_000);
  if (process.stdout.isTTY || !isPlain) {
    process.stdout.write(bytes);
    return;
  }
  const lines = (rest + bytes).split('\n');
  rest = lines.pop() ?? '';
  for (const line of lines) if (isShown(line)) console.log(line);
});
tap.on('close', (code, signal) => {
  const counts = [...tail.matchAll(/^# \{ total: \d+(?<rest>[^}]*)\}/gm)].pop()?.groups?.rest;
  const count = (word) => Number(new RegExp(`\\b${word}: (\\d+)`).exec(counts ?? '')?.[1] ?? 0);
  const skipped = count('skip') + count('todo');
  if (counts === undefined) console.log(`tap ended without its counts: ${signal ?? `exit code ${code}`}\n0 passed, 1 failed`);
  else console.log(`${count('pass')} passed, ${count('fail')} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
  process.exit(counts === undefined ? code || 1 : (code ?? 1));
});

/** Returns a filter for the lines of a TAP stream: each `not ok` with its details. */
function failures() {
  let indent = null;
  return (line) => {
    const failed = /^( *)not ok /.exec(line);
    if (failed !== null) indent = failed[1].length;
    else if (indent !== null && !line.startsWith(' '.repeat(indent + 2))) indent = null;
    return indent !== null;
  };
}

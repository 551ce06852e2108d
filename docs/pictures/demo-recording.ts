/**
 * Runs the real demo on a real pseudo-terminal, and takes one of its screens.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawn } from '@lydell/node-pty';
import { Screen, type ScreenCell } from '../../test/support/screen.ts';
import { demoLabelsOf, STREET_ROW } from './demo-labels.ts';

const ROOT = join(import.meta.dirname, '../..');
/** The size of the demo's terminal. Units: characters. Source: the size of a VT100, and of most terminals when they open. */
export const DEMO_TERMINAL = { cols: 80, rows: 24 } as const;
/** The demo ends by itself after this time. Source: assumed; twice the time until the first movers have crossed the street. Confirmed by: a run on the slowest machine that draws pictures. */
const DEMO_RUN = '60s';
/** The demo starts each screen with it. */
const HOME = '\x1b[H';

/**
 * Runs the demo. Resolves with its first screen that has these labels, movers of each kind, and lamps that are raised for them.
 *
 * Errors: rejects if the demo, which ends after 60 s, has shown none.
 */
export async function recordDemo(labels: readonly string[]): Promise<readonly (readonly ScreenCell[])[]> {
  // The socket of this demo is in a folder of its own, so another demo on this machine keeps its socket.
  const folder = mkdtempSync(join(tmpdir(), 'luciole-demo-'));
  const screen = new Screen({ ...DEMO_TERMINAL, answer: () => {} });
  const child = spawn(process.execPath, ['test/street/demo.ts', '--for', DEMO_RUN], {
    ...DEMO_TERMINAL,
    cwd: ROOT,
    env: { PATH: process.env['PATH'], TERM: 'xterm-256color', TMPDIR: folder },
  });
  let found: readonly (readonly ScreenCell[])[] | null = null;
  let rest = '';
  child.onData((text) => {
    const screens = (rest + text).split(HOME);
    rest = screens.pop() ?? '';
    for (const bytes of screens) {
      screen.write(bytes);
      if (found === null && isWorthSeeing(screen.rows(), labels)) {
        found = screen.cells();
        child.write('q');
      }
      screen.write(HOME);
    }
  });
  await new Promise((resolve) => child.onExit(resolve));
  rmSync(folder, { recursive: true, force: true });
  if (found === null) throw new Error(`the demo showed no screen for a picture; its last rows:\n${screen.rows().join('\n')}`);
  return found;
}

/** A walker, a cyclist and a car are on the street, and part of the lamps is raised for them. */
function isWorthSeeing(rows: readonly string[], labels: readonly string[]): boolean {
  if (demoLabelsOf(rows).join('\n') !== labels.join('\n')) return false;
  const street = rows.find((row) => STREET_ROW.test(row)) ?? '';
  const raised = rows.filter((row) => row.endsWith('100 %  presence')).length;
  const low = rows.filter((row) => row.endsWith('30 %  programme')).length;
  return ['w', 'b', 'C'].every((mover) => street.includes(mover)) && raised >= 6 && low >= 3;
}

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
/** The width of the demo's terminal. Units: characters. Source: that of a VT100, and of most terminals when they open. */
export const DEMO_COLS = 80;

/** A scene of the demo as a picture shows it. */
export interface RecordedScene {
  /** Options of the demo, without its time. */
  readonly words: readonly string[];
  /** Height of the terminal. Units: characters. */
  readonly rows: number;
  /** Whether a screen with the right labels shows what the demo is about. */
  readonly isWorthSeeing: (rows: readonly string[]) => boolean;
}

/** The scenes of the two pictures. Source: a VT100 has 24 rows; the square has six rows more. */
export const SCENES = {
  street: { words: [], rows: 24, isWorthSeeing: isStreetWorthSeeing },
  square: { words: ['--scene', 'square'], rows: 30, isWorthSeeing: isSquareWorthSeeing },
} as const satisfies Readonly<Record<string, RecordedScene>>;
/** The demo ends by itself after this time. Source: assumed; twice the time until the first movers have crossed the street. Confirmed by: a run on the slowest machine that draws pictures. */
const DEMO_RUN = '60s';
/** The demo starts each screen with it. */
const HOME = '\x1b[H';

/**
 * Runs a scene of the demo. Resolves with its first screen that has these labels and is worth seeing.
 *
 * Errors: rejects if the demo, which ends after 60 s, has shown none.
 */
export async function recordDemo(
  { words, rows, isWorthSeeing }: RecordedScene,
  labels: readonly string[],
): Promise<readonly (readonly ScreenCell[])[]> {
  // The socket of this demo is in a folder of its own, so another demo on this machine keeps its socket.
  const folder = mkdtempSync(join(tmpdir(), 'luciole-demo-'));
  const size = { cols: DEMO_COLS, rows };
  const screen = new Screen({ ...size, answer: () => {} });
  const child = spawn(process.execPath, ['test/street/demo.ts', ...words, '--for', DEMO_RUN], {
    ...size,
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
      if (found === null && demoLabelsOf(screen.rows()).join('\n') === labels.join('\n') && isWorthSeeing(screen.rows())) {
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
function isStreetWorthSeeing(rows: readonly string[]): boolean {
  const raised = rows.filter((row) => row.endsWith('100 %  presence')).length;
  const low = rows.filter((row) => row.endsWith('30 %  programme')).length;
  return moverKinds(rows) === 3 && raised >= 6 && low >= 3;
}

/** Movers of two kinds, raised and lower lamps that all follow, a count on the panel, and music. */
function isSquareWorthSeeing(rows: readonly string[]): boolean {
  const raised = rows.filter((row) => row.endsWith('100 %  presence')).length;
  const low = rows.filter((row) => row.endsWith('50 %  programme')).length;
  const shows = (pattern: RegExp): boolean => rows.some((row) => pattern.test(row));
  return (
    moverKinds(rows) >= 2 &&
    raised >= 3 &&
    low >= 1 &&
    shows(/^panel {2}Bicycles today: [1-9]/) &&
    shows(/^sound {2}\w+ at \d+ %, amplifier on/)
  );
}

function moverKinds(rows: readonly string[]): number {
  const street = rows.find((row) => STREET_ROW.test(row)) ?? '';
  return ['w', 'b', 'C'].filter((mover) => street.includes(mover)).length;
}

/**
 * The demo's street behind pseudo-terminals without any configuration, and the program as a child process.
 *
 * Folder, cables and street end with the test.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Test } from 'tap';
import { loadCabinet } from '../../agent/config/load/load.ts';
import { createSystemClock } from '../../agent/core/system-clock.ts';
import { createStreet } from '../street/street.ts';
import { connectStreet } from '../street/street-cables.ts';

export const LAUNCHER = join(import.meta.dirname, '../../agent/luciole.js');
const DEMO = join(import.meta.dirname, '../../config/demo.yaml');

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/**
 * Connects the two Modbus lines of the demo's street; no agent runs, and no cabinet file exists. Ends with the test.
 *
 * `ports`: `--port` options for both lines. `file`: a free path for a cabinet file. `change` edits the text of the demo's site.
 */
export function unknownStreet(t: Pick<Test, 'teardown'>, change: (text: string) => string = (text) => text) {
  const clock = createSystemClock({ quality: () => 'synced' });
  const folder = mkdtempSync(join(tmpdir(), 'luciole-setup-'));
  mkdirSync(join(folder, 'data'));
  const { cabinet } = loadCabinet('street.yaml', () => change(readFileSync(DEMO, 'utf8')));
  const street = createStreet({ cabinet, clock, seed: 5 });
  const cables = connectStreet(street, folder, ['north', 'south']);
  t.teardown(() => {
    street.stop();
    cables.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const ports = [...cables.ports.values()].flatMap((path) => ['--port', path]);
  return { clock, folder, street, ports, file: join(folder, 'cabinet.yaml') };
}

/** Runs `luciole` with these words. Resolves at its end with its output and exit code; null if a signal ended it. Its socket is in `folder`. */
export async function runInFolder(words: readonly string[], folder: string): Promise<Ended> {
  const env = { ...process.env, LUCIOLE_SOCKET: join(folder, 'agent.sock') };
  const child = spawn(process.execPath, [LAUNCHER, ...words], { stdio: ['ignore', 'pipe', 'pipe'], env });
  let [out, err] = ['', ''];
  child.stdout.on('data', (bytes) => {
    out += bytes;
  });
  child.stderr.on('data', (bytes) => {
    err += bytes;
  });
  const [code] = await once(child, 'close');
  return { code, out, err };
}

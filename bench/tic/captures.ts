/** Whether real captures decode completely. They are text without the characters around the groups, which are added here. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { withParity } from '../../test/street/units/tic-frame.ts';
import { against, type BenchOptions } from '../result.ts';
import { ticDriver } from './tic-driver.ts';

/** So often a capture is read, because energy counts once frames agree. */
const READS = 4;
/** Units: ms. */
const FRAME_MS = 2_000;

export async function capturesBench({ dataDir, emit, progress }: BenchOptions): Promise<void> {
  const folder = dataDir === null ? null : join(dataDir, 'tic');
  if (folder === null) return progress('tic: no captures; give --data DIR');
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.txt'))) {
    const frames = readFileSync(join(folder, name), 'utf8')
      .split(/\n\s*\n/)
      .map(groupsOf);
    // The first line of a capture may begin in the middle of a group.
    const whole = frames.flat().filter((line) => /^[A-Z]/.test(line)).length;
    const driver = ticDriver();
    const points = new Set<string>();
    for (let i = 0; i < READS; i++) {
      for (const groups of frames) {
        const bytes = withParity(`\x02${groups.map((group) => `\n${group}\r`).join('')}\x03`);
        for (const { quantity, value } of driver.feed(bytes, i * FRAME_MS)) if (value !== null) points.add(quantity);
      }
    }
    const missing = whole - driver.counters.frames / READS;
    const note = `${name}: ${driver.counters.frames / READS} of ${whole} groups, ${points.size} points: ${[...points].join(' ')}`;
    emit({ ...against({ bench: 'tic', metric: 'groups-not-decoded', value: missing, unit: 'groups' }, '<=', 0), note });
  }
}

function groupsOf(frame: string): string[] {
  return frame.split('\n').filter((line) => line !== '');
}

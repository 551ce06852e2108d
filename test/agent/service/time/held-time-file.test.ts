import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import type { HeldTime } from '../../../../agent/core/held-time.ts';
import { createHeldTimeFile } from '../../../../agent/service/time/held-time-file.ts';

const HELD: HeldTime = {
  zeroMs: 1_765_000_000_000,
  quality: 'synced',
  seenMono: 0,
  batteryZeroMs: null,
  batteryGainMs: 0,
  isDisputed: true,
  isWitness: false,
  hasSteppedOnce: false,
};

/** Writes go off the main thread. */
async function written(path: string): Promise<string> {
  for (let tries = 0; tries < 500; tries++) {
    try {
      const text = readFileSync(path, 'utf8');
      if (text !== '') return text;
    } catch {
      // Not there yet.
    }
    await sleep(10);
  }
  throw new Error(`no ${path}`);
}

t.test('a run takes up the held time of the one before on the same start of the machine, by its own monotonic zero', async (t) => {
  const runtimeDir = t.testdir();
  createHeldTimeFile({ runtimeDir, machine: { bootId: 'a', startMono: 60_000 } })?.save(HELD);
  await written(join(runtimeDir, 'held-time.json'));
  const at = (bootId: string, startMono: number) => createHeldTimeFile({ runtimeDir, machine: { bootId, startMono } })?.load();
  t.strictSame(at('a', 90_000), { zeroMs: HELD.zeroMs + 30_000, quality: 'synced', hasSteppedOnce: false });
  t.equal(at('b', 90_000), null, 'another start of the machine');
});

t.test('an invalid file, and a missing folder, count as absent', async (t) => {
  const runtimeDir = t.testdir();
  const machine = { bootId: 'a', startMono: 0 };
  const file = createHeldTimeFile({ runtimeDir, machine });
  for (const text of [
    '',
    '{',
    'null',
    '7',
    '{"bootId":"a"}',
    '{"bootId":"a","machineZeroMs":"x","quality":"synced"}',
    '{"bootId":"a","machineZeroMs":1,"quality":"none"}',
  ]) {
    writeFileSync(join(runtimeDir, 'held-time.json'), text);
    t.equal(file?.load(), null, text);
  }
  const lost = createHeldTimeFile({ runtimeDir: join(runtimeDir, 'none'), machine });
  lost?.save(HELD);
  await sleep(50);
  t.equal(lost?.load(), null);
  t.equal(createHeldTimeFile({ runtimeDir: null, machine }), null);
  t.equal(createHeldTimeFile({ runtimeDir, machine: null }), null);
});

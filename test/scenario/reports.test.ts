/** Signed evidence of the whole agent on its street: reports and the ledger of savings, over its socket. */
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { runCommandLine } from '../../agent/console/cli.ts';
import { createLocalActions } from '../../agent/console/local-actions.ts';
import type { Terminal } from '../../agent/console/terminal/terminal.ts';
import { HOUR_MS, MINUTE_MS } from '../../agent/core/durations.ts';
import { uplinkConfig } from '../agent/sync/small-node.ts';
import { openTestAuthorities } from '../platform/certificates.ts';
import { findProgram } from '../platform/mosquitto.ts';
import { createRig, type Rig } from '../support/rig.ts';

const openssl = findProgram('openssl');
const skip = openssl === undefined ? 'openssl is needed' : false;
const authorities = openssl === undefined ? null : openTestAuthorities(openssl);
t.teardown(() => authorities?.close());
const city = authorities?.create('city');

/** An agent with a certified key whose socket is at `socketPath`. */
async function signingCabinet(t: Test) {
  const folder = mkdtempSync(join(tmpdir(), 'luciole-test-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const [certFile, keyFile] = [join(folder, 'c.pem'), join(folder, 'c.key')];
  const pair = city?.issue('node-7');
  copyFileSync(pair?.cert ?? '', certFile);
  copyFileSync(pair?.key ?? '', keyFile);
  // No broker answers there: a signature needs none.
  const uplink = { ...uplinkConfig('mqtts://127.0.0.1:1', { certFile, keyFile, caFile: city?.cert ?? '' }), node: 'node-7' };
  const socketPath = join(folder, 'agent.sock');
  const rig = await createRig(t, {
    startAt: '2026-12-02T08:00:00+01:00',
    periodsMs: { fast: 10_000, normal: 60_000, slow: 60_000 },
    socketPath,
    change: (cabinet) => ({ ...cabinet, uplink }),
  });
  return { rig, socketPath, folder };
}

async function run(rig: Rig, socketPath: string, ...words: readonly string[]) {
  const text = { out: '', err: '' };
  const add = (stream: 'out' | 'err') => (more: string) => {
    text[stream] += more;
  };
  const screen: Terminal = {
    ...{ out: add('out'), err: add('err'), widthCols: 80, colour: false, user: 'ada', version: 'luciole 0', socketPath, status: null },
    localFiles: () => Promise.reject(new Error('not needed here')),
  };
  const { signal } = new AbortController();
  const parts = { screen, isTerminal: false, write: async (more: string) => screen.out(more), readInput: null, signal: () => signal };
  const actions = createLocalActions({ ...parts, commit: undefined, own: {} as never });
  return { code: await rig.settled(runCommandLine(words, screen, actions)), ...text };
}

t.test('the ledger and a report of a running agent are signed with its key, and both verify', { skip }, async (t) => {
  const { rig, socketPath, folder } = await signingCabinet(t);
  await rig.clock.advance(5 * MINUTE_MS);
  const authority = ['--authority', city?.cert ?? ''];
  t.match(await run(rig, socketPath, 'report', 'savings'), { code: 1, err: /no baseline is frozen: `luciole savings freeze METER`/ });
  t.match(await run(rig, socketPath, 'savings', 'verify'), { code: 1, err: /no baseline is frozen/ });
  t.match(await run(rig, socketPath, 'savings', 'freeze', 'M01', '--note', 'contract'), { code: 0 });
  t.match(await run(rig, socketPath, 'savings', 'verify'), { code: 1, err: /no night of this time was counted/ });
  await rig.clock.advance(4.5 * HOUR_MS);
  t.match(await run(rig, socketPath, 'savings', 'verify', ...authority), { code: 0, out: /VALID[\s\S]*by node node-7/ });
  t.match(await run(rig, socketPath, 'savings', 'verify'), { code: 9, out: /NOT DECIDED/ });
  const file = join(folder, 'night.html');
  const made = await run(rig, socketPath, 'report', 'night', '--out', file);
  t.match(made, { code: 0, out: /report\s+night of demo, 2026-12-01 to 2026-12-01[\s\S]*signed by node\s+node-7/ });
  t.match(await run(rig, socketPath, 'report', 'verify', file, ...authority), { code: 0, out: /VALID[\s\S]*night, 2026-12-01/ });
  t.match(readFileSync(file, 'utf8'), /signed with the key of node node-7/);
});

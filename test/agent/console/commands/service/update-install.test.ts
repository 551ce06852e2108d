import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { installUpdate } from '../../../../../agent/console/commands/service/update-run.ts';
import { createConsoleServer } from '../../../../../agent/console/protocol/socket-server.ts';
import { createManualClock } from '../../../../../agent/core/manual-clock.ts';
import { msg, NO_TEXT } from '../../../../../agent/core/message.ts';
import type { UpdateManager } from '../../../../../agent/core/updates.ts';
import { AT_MS, TIMEZONE } from '../../fake-clock.ts';
import { createFakeView } from '../../fake-view.ts';

const CONTENT = Buffer.alloc(70_000, 'update');

/** An agent that takes updates or not, and a file for it in the folder of received ones. */
async function cabinet(t: Test, isTaken: boolean) {
  const dir = mkdtempSync(join(tmpdir(), 'luciole-test-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const receivedDir = join(dir, 'received');
  mkdirSync(join(receivedDir, 'sub'), { recursive: true });
  const [file, elsewhere] = [join(receivedDir, 'next.update'), join(receivedDir, 'sub/next.update')];
  for (const each of [file, elsewhere]) writeFileSync(each, CONTENT);
  const parts: Buffer[] = [];
  const updates: Pick<UpdateManager, 'put' | 'install'> = {
    put: async ({ data }) => {
      parts.push(data);
      return { isDone: true, text: NO_TEXT };
    },
    install: async () => ({ isDone: isTaken, text: isTaken ? msg`release 0.2.0 runs on trial` : msg`not signed by a key of this cabinet` }),
  };
  const socketPath = join(dir, 'agent.sock');
  const view = { ...createFakeView(), updates: updates as UpdateManager };
  const server = createConsoleServer({ view, socketPath, log: { event: () => {} }, clock: createManualClock(AT_MS), timezone: TIMEZONE });
  await server.start();
  t.teardown(() => server.stop());
  let shown = '';
  const terminal = {
    out: (text: string) => {
      shown += text;
    },
    err: () => {},
    ...{ widthCols: 80, colour: false, user: 'ada', version: 'luciole 0.1.0', socketPath, status: null },
    localFiles: () => Promise.reject(new Error('not asked')),
  };
  const install = async (path: string, args = {}) => {
    shown = '';
    return { code: await installUpdate({ file: path, ...args }, terminal, receivedDir), shown };
  };
  return { install, file, elsewhere, sent: () => Buffer.concat(parts) };
}

t.test('a received file is removed once installed, and the answer reports that', async (t) => {
  const { install, file, sent } = await cabinet(t, true);
  const { code, shown } = await install(file);
  t.equal(code, 0);
  t.ok(sent().equals(CONTENT), 'it was brought whole');
  t.equal(shown.replace(/\n(?!$)/g, ' '), `release 0.2.0 runs on trial ${file} is removed\n`);
  t.notOk(existsSync(file));
});

t.test('for scripts the answer is only the raw one', async (t) => {
  const { install, file } = await cabinet(t, true);
  t.strictSame(JSON.parse((await install(file, { json: true })).shown), {
    isDone: true,
    text: 'release 0.2.0 runs on trial',
    textTemplate: { id: 'release 0.2.0 runs on trial', args: [] },
  });
  t.notOk(existsSync(file));
});

t.test('a file that was not accepted stays, and so does a file of any other folder', async (t) => {
  const refused = await cabinet(t, false);
  t.match(await refused.install(refused.file), { code: 1, shown: 'not signed by a key of this cabinet\n' });
  t.ok(existsSync(refused.file));
  const taken = await cabinet(t, true);
  t.match(await taken.install(taken.elsewhere), { code: 0, shown: 'release 0.2.0 runs on trial\n' });
  t.ok(existsSync(taken.elsewhere));
});

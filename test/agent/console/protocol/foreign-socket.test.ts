import { spawn } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import t, { type Test } from 'tap';
import { callAgent, firstSocket } from '../../../../agent/console/protocol/socket-client.ts';
import { foreignPart } from '../../../../agent/console/protocol/socket-path.ts';
import { LAUNCHER } from '../../../support/unknown-street.ts';

const isRoot = process.getuid?.() === 0;
const OTHER_UID = 65_534;

/** A folder as `/tmp`. */
function sharedFolder(t: Pick<Test, 'teardown'>, mode = 0o1777): string {
  const folder = mkdtempSync(join(tmpdir(), 'luciole-test-'));
  chmodSync(folder, mode);
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A program that answers like an agent and keeps what it is sent. */
async function fakeAgent(t: Pick<Test, 'teardown'>, socketPath: string): Promise<string[]> {
  const caught: string[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      caught.push(bytes.toString('utf8'));
      socket.write(`${JSON.stringify({ id: 1, ok: true, atMs: 0, timezone: 'UTC', result: { state: 'wrong', waitMs: 0 } })}\n`);
    });
  });
  await new Promise<void>((resolve) => server.listen(socketPath, () => resolve()));
  t.teardown(() => server.close());
  return caught;
}

const login = { request: { id: 1, command: 'login', args: { user: 'ada', password: 'canary one 1234' }, user: 'root' }, timeoutMs: 5_000 };

t.test('a socket in a place where anybody could have put it gets no request', async (t) => {
  const folder = join(sharedFolder(t, 0o777), 'luciole-0');
  mkdirSync(folder, { mode: 0o700 });
  const socketPath = join(folder, 'agent.sock');
  const caught = await fakeAgent(t, socketPath);
  t.equal(foreignPart(socketPath), folder);
  t.equal(await firstSocket([socketPath]), null);
  await t.rejects(callAgent({ socketPaths: [socketPath], ...login }), {
    code: 'unreachable',
    message: /another user may have made it/,
  });
  t.strictSame(caught, []);
});

t.test('a path that leads through a file, or to nothing, belongs to no other user', async (t) => {
  const folder = sharedFolder(t, 0o700);
  writeFileSync(join(folder, 'file'), '');
  t.equal(foreignPart(join(folder, 'file', 'agent.sock')), null);
  t.equal(foreignPart(join(folder, 'none', 'agent.sock')), null);
  t.equal(await firstSocket([join(folder, 'file', 'agent.sock')]), null);
});

t.test('the agent of an own folder in a shared one is used, unless other users may write to the folder', async (t) => {
  const folder = join(sharedFolder(t), 'luciole-0');
  mkdirSync(folder, { mode: 0o700 });
  const socketPath = join(folder, 'agent.sock');
  const caught = await fakeAgent(t, socketPath);
  t.equal(foreignPart(socketPath), null);
  t.equal(await firstSocket([socketPath]), socketPath);
  for (const mode of [0o770, 0o707, 0o777]) {
    chmodSync(folder, mode);
    t.equal(foreignPart(socketPath), socketPath, mode.toString(8));
  }
  const before = caught.length;
  await t.rejects(callAgent({ socketPaths: [socketPath], ...login }), { code: 'unreachable' });
  t.equal(caught.length, before);
});

t.test(
  'an agent of another user in a shared folder is not used, and neither is a link to it',
  { skip: !isRoot && 'needs root' },
  async (t) => {
    const shared = sharedFolder(t);
    const folder = join(shared, 'luciole-0');
    mkdirSync(folder, { mode: 0o755 });
    const socketPath = join(folder, 'agent.sock');
    const caught = await fakeAgent(t, socketPath);
    chownSync(socketPath, OTHER_UID, OTHER_UID);
    chownSync(folder, OTHER_UID, OTHER_UID);
    t.equal(foreignPart(socketPath), folder);
    const link = join(sharedFolder(t, 0o755), 'link');
    symlinkSync(folder, link);
    t.equal(foreignPart(join(link, 'agent.sock')), folder, 'where the link leads counts');
    await t.rejects(callAgent({ socketPaths: [socketPath], ...login }), { code: 'unreachable' });
    t.strictSame(caught, []);
  },
);

t.test('the program sends nothing to a planted agent, and setup is not blocked by one', { timeout: 60_000 }, async (t) => {
  // Without root, the planter is anybody who may write the temporary folder.
  const shared = sharedFolder(t, isRoot ? 0o1777 : 0o777);
  const folder = join(shared, `luciole-${process.getuid?.() ?? 0}`);
  mkdirSync(folder, { mode: 0o755 });
  const caught = await fakeAgent(t, join(folder, 'agent.sock'));
  const loginCaught = await fakeAgent(t, join(folder, 'agent-login.sock'));
  if (isRoot) chownSync(folder, OTHER_UID, OTHER_UID);
  const site = sharedFolder(t, 0o700);
  const program = async (...words: readonly string[]): Promise<string> => {
    const env = { ...process.env, TMPDIR: shared, LUCIOLE_CONFIG: join(site, 'cabinet.yaml') };
    const child = spawn(process.execPath, [LAUNCHER, ...words], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
    return out + err;
  };
  t.match((await program('events')).replace(/\s+/g, ' '), /another user may have made it/);
  const setup = (await program('setup', join(site, 'cabinet.yaml'), '--yes', '--port', join(site, 'ttyNone'))).replace(/\s+/g, ' ');
  t.notMatch(setup, /an agent is running and has the lines/);
  t.match(setup, /--position/, 'it continues and requests the missing values');
  t.strictSame([...caught, ...loginCaught], []);
});

t.test('a command that was stopped while it connected sends no request', async (t) => {
  const socketPath = join(sharedFolder(t, 0o700), 'agent.sock');
  const caught = await fakeAgent(t, socketPath);
  await t.rejects(callAgent({ socketPaths: [socketPath], ...login, signal: AbortSignal.abort() }), { code: 'failed' });
  await callAgent({ socketPaths: [socketPath], ...login });
  t.equal(caught.join('').split('\n').length, 2, 'only that of the second');
});

import { spawn as spawnProgram, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawn } from '@lydell/node-pty';
import t, { type Test } from 'tap';
import { together } from './base64-lines.ts';
import { openSession } from './shell-session.ts';

const ROOT = join(import.meta.dirname, '../../../..');
const HAS_LRZSZ = ['sz', 'rz'].every((name) => spawnSync(name, ['--version']).error === undefined);
const PROMPT = /\(no agent\)> $/;
/** How a transfer begins: ZPAD, ZPAD, ZDLE, a header in hexadecimal. Source: the ZMODEM protocol. */
const ZRQINIT = /\*\*.B00/s;
/** How a receiver begins. Source: the ZMODEM protocol, ZRINIT in hexadecimal. */
const ZRINIT = /\*\*.B01/s;
/** Gives up a transfer. Source: the ZMODEM protocol, five CAN. */
const GIVE_UP = '\x18'.repeat(8);

function folder(t: Pick<Test, 'teardown'>): string {
  const dir = mkdtempSync(join(tmpdir(), 'luciole-test-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

/** What a terminal receives, to wait for and to hand on to the far end of a transfer. */
class Received {
  /** Gets each part as it arrives. */
  onData: ((data: Buffer) => void) | null = null;
  #bytes = Buffer.alloc(0);
  readonly #waiters = new Set<() => void>();

  add(data: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, data]);
    this.onData?.(data);
    for (const wake of [...this.#waiters]) wake();
  }

  length(): number {
    return this.#bytes.length;
  }

  until(shown: RegExp, from = 0): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!shown.test(this.#bytes.subarray(from).toString('latin1'))) return;
        this.#waiters.delete(look);
        resolve();
      };
      this.#waiters.add(look);
      look();
    });
  }
}

interface ConsoleOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** No agent answers there. */
  readonly socket?: string;
}

/** The real console on a real pseudo-terminal, with its files in a folder, and a far end that may send and receive. */
function console(t: Pick<Test, 'teardown'>, dir: string, { env = { STATE_DIRECTORY: dir }, socket = 'none.sock' }: ConsoleOptions = {}) {
  const child = spawn(process.execPath, [join(ROOT, 'agent/main.ts'), 'console', '--no-probe', '--socket', join(dir, socket)], {
    ...{ cols: 80, rows: 24, encoding: null, cwd: dir },
    env: { PATH: process.env['PATH'], ...env },
  });
  t.teardown(() => child.kill('SIGKILL'));
  const received = new Received();
  child.onData((raw) => received.add(raw as unknown as Buffer));
  const type = (bytes: string | Buffer): void => child.write(bytes as string);
  return {
    type,
    until: (shown: RegExp, from?: number) => received.until(shown, from),
    length: () => received.length(),
    send: (file: string, stopAfter?: number) => sendFile(file, { type, received }, stopAfter),
    receive: (into: string, stopAfter?: number) => receiveFile(into, { type, received }, stopAfter),
  };
}

interface FarEnd {
  readonly type: (bytes: Buffer) => void;
  readonly received: Received;
}

/** Sends a file; resolves with the exit code and how many bytes it took. After `stopAfter` bytes it is killed. */
function sendFile(
  file: string,
  { type, received }: FarEnd,
  stopAfter = Number.POSITIVE_INFINITY,
): Promise<{ code: number | null; bytes: number }> {
  const sz = spawnProgram('sz', ['--zmodem', '--binary', '--resume', '--quiet', file], { stdio: ['pipe', 'pipe', 'ignore'] });
  let bytes = 0;
  sz.stdout.on('data', (data: Buffer) => {
    bytes += data.length;
    if (bytes > stopAfter) sz.kill('SIGKILL');
    else type(data);
  });
  sz.stdin.on('error', () => {});
  received.onData = (data) => void sz.stdin.write(data);
  return new Promise((resolve) =>
    sz.once('exit', (code) => {
      received.onData = null;
      resolve({ code, bytes });
    }),
  );
}

/** Receives into a folder; resolves with the exit code. After `stopAfter` bytes have arrived it is killed. */
function receiveFile(into: string, { type, received }: FarEnd, stopAfter = Number.POSITIVE_INFINITY): Promise<number | null> {
  const rz = spawnProgram('rz', ['--binary', '--resume', '--quiet'], { cwd: into, stdio: ['pipe', 'pipe', 'ignore'] });
  let bytes = 0;
  rz.stdout.on('data', type);
  rz.stdin.on('error', () => {});
  received.onData = (data) => {
    bytes += data.length;
    // On a busy machine the program may have taken less than it was given.
    if (bytes > stopAfter && readdirSync(into).some((name) => statSync(join(into, name)).size > 0)) rz.kill('SIGKILL');
    else rz.stdin.write(data);
  };
  return new Promise((resolve) =>
    rz.once('exit', (code) => {
      received.onData = null;
      resolve(code);
    }),
  );
}

t.test(
  'a file goes by ZMODEM to a real rz, is cut in the middle, and goes on from there',
  { skip: HAS_LRZSZ ? false : 'no sz and rz (Debian package lrzsz)' },
  async (t) => {
    const [dir, laptop] = [folder(t), folder(t)];
    // Every byte, those of the protocol itself too.
    const content = Buffer.concat([Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)), randomBytes(400_000)]);
    writeFileSync(join(dir, 'bundle.gz'), content);
    const session = console(t, dir);
    await session.until(PROMPT);
    session.type('copy bundle.gz serial\r');
    await session.until(ZRQINIT);
    await session.receive(laptop, 150_000);
    const kept = statSync(join(laptop, 'bundle.gz')).size;
    t.ok(kept > 0 && kept < content.length, `${kept} bytes had come`);
    let from = session.length();
    session.type(GIVE_UP);
    await session.until(/did not arrive whole/, from);
    await session.until(PROMPT, from);
    from = session.length();
    session.type('copy bundle.gz serial\r');
    await session.until(ZRQINIT, from);
    t.equal(await session.receive(laptop), 0);
    await session.until(/bundle\.gz: sent in/, from);
    t.ok(readFileSync(join(laptop, 'bundle.gz')).equals(content), 'whole, byte by byte');
    t.ok(session.length() - from < content.length * 1.3 - kept * 0.5, 'what had come was not sent again');
    from = session.length();
    await session.until(PROMPT, 0);
    session.type('terminal\r');
    await session.until(/Size +80 columns/, from);
  },
);

t.test(
  'a file comes by ZMODEM from a real sz, is cut in the middle, goes on from there, and comes anew',
  { skip: HAS_LRZSZ ? false : 'no sz and rz (Debian package lrzsz)' },
  async (t) => {
    const [dir, laptop] = [folder(t), folder(t)];
    const content = Buffer.concat([Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)), randomBytes(400_000)]);
    writeFileSync(join(laptop, 'next.update'), content);
    const session = console(t, dir);
    await session.until(PROMPT);
    session.type('receive next.update\r');
    await session.until(ZRINIT);
    await session.send(join(laptop, 'next.update'), 150_000);
    let from = session.length();
    session.type(GIVE_UP);
    await session.until(/did not come whole/, from);
    await session.until(PROMPT, from);
    const kept = statSync(join(dir, 'received/next.update')).size;
    t.ok(kept > 0 && kept < content.length, `${kept} bytes had come`);
    from = session.length();
    session.type('receive next.update\r');
    await session.until(ZRINIT, from);
    const { code, bytes } = await session.send(join(laptop, 'next.update'));
    t.equal(code, 0);
    t.ok(bytes < content.length * 1.3 - kept * 0.5, 'what had come was not sent again');
    await session.until(/next\.update: [\s\S]*received in/, from);
    t.ok(readFileSync(join(dir, 'received/next.update')).equals(content), 'whole, byte by byte');

    from = session.length();
    session.type('receive next.update\r');
    await session.until(/next\.update\s+came\s+whole\s+before,\s+400\s+kB:/, from);
    t.ok(readFileSync(join(dir, 'received/next.update')).equals(content), 'nobody sends it twice by mistake, and nothing is put behind it');

    const other = randomBytes(20_000);
    writeFileSync(join(laptop, 'next.update'), other);
    from = session.length();
    session.type('receive next.update --anew\r');
    await session.until(ZRINIT, from);
    t.equal((await session.send(join(laptop, 'next.update'))).code, 0);
    await session.until(/received in/, from);
    t.ok(readFileSync(join(dir, 'received/next.update')).equals(other), 'the former one is gone');
    t.strictSame(readdirSync(join(dir, 'received')), ['next.update'], 'and nothing else is left');
    from = session.length();
    session.type('receive next.update --remove\r');
    await session.until(/next\.update\s+is\s+removed/, from);
    t.strictSame(readdirSync(join(dir, 'received')), []);
    await session.until(PROMPT);
    from = session.length();
    session.type('terminal\r');
    await session.until(/Size +80 columns/, from);
  },
);

t.test('without ZMODEM it goes as lines with a check each, and goes on from any of them', async (t) => {
  const dir = folder(t);
  const content = randomBytes(5_000);
  writeFileSync(join(dir, 'b.gz'), content);
  const session = await openSession(t, { filesDir: dir });
  const all = await session.say('copy b.gz serial --base64');
  t.match(all, /begin-base64-lines 5000 112 b\.gz\n1 [A-Za-z0-9+/]{60} [0-9a-f]{8}\n/);
  t.match(all, /end-base64-lines\nsha256 [0-9a-f]{64}\n112 lines sent/);
  t.strictSame(together(all).bad, []);
  t.ok(together(all).content.equals(content));
  t.ok(all.split('\n').every((line) => line.length <= 80));
  const rest = await session.say('copy b.gz serial --from 101');
  t.ok(together(rest).content.equals(content.subarray(100 * 45)));
  t.strictSame(
    together(all.replace(/^7 ./m, '7 #').replace(/^9 (.)/m, (_, letter) => `9 ${letter === 'A' ? 'B' : 'A'}`)).bad,
    [9],
    'a damaged line is seen',
  );
});

t.test('the estimate comes first, and Ctrl-C ends it with the way to go on', async (t) => {
  const dir = folder(t);
  writeFileSync(join(dir, 'b.gz'), randomBytes(20_000));
  const session = await openSession(t, { filesDir: dir, speedBaud: 9_600 });
  session.type('copy b.gz serial --base64\r');
  await session.until('some lines', () => /\n20 [A-Za-z0-9+/]{60} /.test(session.bytes()));
  t.match(session.bytes(), /20 kB, about 36 s at 9600 baud\n[\s\S]*begin-base64-lines/);
  session.type('\x03');
  await session.until('the prompt', () => /% stopped; --from LINE goes on[\s\S]*> $/.test(session.bytes()));
});

t.test('only files of the console itself for who logged in; a name that is none is told', async (t) => {
  const dir = folder(t);
  mkdirSync(join(dir, 'sub'));
  mkdirSync(join(dir, 'for-technician'));
  writeFileSync(join(dir, 'for-technician', 'own.txt'), 'mine');
  const session = await openSession(t, { filesDir: dir, hasLogin: true });
  await session.say('marie');
  await session.say('right');
  for (const name of ['/etc/passwd', '../own.txt', 'sub/x', '.hidden'])
    t.match(await session.say(`copy ${name} serial`), /% name a file of this console/, name);
  for (const name of ['/etc/motd', '../own.txt', '.hidden', 'sub/x'])
    t.match(await session.say(`receive ${name}`), /% name a file of this console/, name);
  t.match(
    await session.say('receive next.update'),
    /% no program rz here: install the Debian package lrzsz/,
    'this line lends itself to nobody',
  );
  t.strictSame(readdirSync(join(dir, 'received')), [], 'nothing is left of what never came');
  t.match(await session.say('receive next.update --remove'), /% no \S*received\/next\.update\s+is\s+there/);
  t.match(await session.say('copy nothing.gz serial'), /% no file nothing\.gz/);
  t.match(await session.say('copy sub serial'), /% no file sub/);
  t.match(await session.say('copy own.txt serial'), /1 line sent/);
  t.match(await session.say('copy own.txt disk'), /%/);
  t.match(await session.say('copy own.txt serial --from 0'), /% bad line "0"/);
  t.match(await session.say('copy own.txt serial --from 9'), /% own\.txt has 1 lines/);
});

t.test('outside of the unit of the service too, a bundle lies where copy looks', async (t) => {
  const dir = folder(t);
  const state = join(dir, 'state');
  const session = console(t, dir, { env: { XDG_STATE_HOME: state } });
  await session.until(PROMPT);
  session.type('tech-support\r');
  await session.until(/text\s+unpacked/);
  const made = readdirSync(join(state, 'luciole')).filter((name) => name.startsWith('luciole-support-'));
  t.equal(made.length, 1);
  t.strictSame(
    readdirSync(dir).filter((name) => name.startsWith('luciole-support-')),
    [],
    'nothing in the working folder',
  );
  const from = session.length();
  session.type(`copy ${made[0]} serial --base64\r`);
  await session.until(/lines\s+sent/, from);
});

t.test(
  'at the serial port without an agent, files of users who logged in stay closed, and a bundle is taken away all the same',
  async (t) => {
    const dir = folder(t);
    mkdirSync(join(dir, 'for-admin'));
    writeFileSync(join(dir, 'for-admin', 'secret.gz'), 'canary');
    const session = console(t, dir, { socket: 'agent-login.sock' });
    await session.until(PROMPT);
    for (const [name, why] of [
      ['secret.gz', /needs\s+a\s+login\s+as\s+admin/],
      ['for-admin/secret.gz', /name\s+a\s+file\s+of\s+this\s+console/],
      [join(dir, 'for-admin', 'secret.gz'), /name\s+a\s+file\s+of\s+this\s+console/],
    ] as const) {
      const from = session.length();
      session.type(`copy ${name} serial --base64\r`);
      await session.until(why, from);
    }
    session.type('tech-support\r');
    await session.until(/text\s+unpacked/);
    const from = session.length();
    session.type(`copy ${readdirSync(join(dir, 'for-anyone'))[0]} serial --base64\r`);
    await session.until(/lines\s+sent/, from);
  },
);

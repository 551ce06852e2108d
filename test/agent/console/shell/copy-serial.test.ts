import { spawn as spawnProgram, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
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
    send: (file: string, stopAfter?: number) => sendFile([file], { type, received }, { stopAfter }),
    sendAs: (words: readonly string[], cwd: string, signal?: AbortSignal) => sendFile(words, { type, received }, { cwd, signal }),
    receive: (into: string, stopAfter?: number) => receiveFile(into, { type, received }, stopAfter),
  };
}

interface FarEnd {
  readonly type: (bytes: Buffer) => void;
  readonly received: Received;
}

/** Sends files; resolves with the exit code and how many bytes it took. After `stopAfter` bytes, or by the signal, it is killed. */
function sendFile(
  words: readonly string[],
  { type, received }: FarEnd,
  {
    stopAfter = Number.POSITIVE_INFINITY,
    cwd = '.',
    signal,
  }: { stopAfter?: number | undefined; cwd?: string; signal?: AbortSignal | undefined },
): Promise<{ code: number | null; bytes: number }> {
  const sz = spawnProgram('sz', ['--zmodem', '--binary', '--resume', '--quiet', ...words], { cwd, stdio: ['pipe', 'pipe', 'ignore'] });
  signal?.addEventListener('abort', () => sz.kill('SIGKILL'));
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
  'a file is sent by ZMODEM to a real rz, is interrupted in the middle, and continues from there',
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
  'a file is received by ZMODEM from a real sz, is interrupted in the middle, continues from there, and is received again',
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
    await session.until(/did not arrive whole/, from);
    await session.until(PROMPT, from);
    const kept = statSync(join(dir, 'received/.part/next.update/next.update')).size;
    t.ok(kept > 0 && kept < content.length, `${kept} bytes had come`);
    t.notOk(existsSync(join(dir, 'received/next.update')), 'a part of a file is no file');
    from = session.length();
    session.type('receive next.update\r');
    await session.until(ZRINIT, from);
    const { code, bytes } = await session.send(join(laptop, 'next.update'));
    t.equal(code, 0);
    t.ok(bytes < content.length * 1.3 - kept * 0.5, 'what had come was not sent again');
    await session.until(/next\.update: [\s\S]*received in/, from);
    await session.until(new RegExp(`sha256 ${createHash('sha256').update(content).digest('hex')}[^]*compare\\s+the\\s+sha256`), from);
    t.ok(readFileSync(join(dir, 'received/next.update')).equals(content), 'whole, byte by byte');

    from = session.length();
    session.type('receive next.update\r');
    await session.until(/next\.update\s+was\s+received\s+before,\s+400\s+kB:/, from);
    t.ok(readFileSync(join(dir, 'received/next.update')).equals(content), 'it is not received twice by mistake, and nothing is appended');

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

/** All that lies in the folder of received files, with its size. */
function allReceived(dir: string): string[] {
  return readdirSync(join(dir, 'received'), { recursive: true })
    .map(String)
    .map((name) => [name, statSync(join(dir, 'received', name))] as const)
    .map(([name, { size }]) => `${name} ${size}`);
}

t.test(
  'one file is received, under the requested name: no folder, no second file of a batch, nothing outside the folder, no empty file',
  { skip: HAS_LRZSZ ? false : 'no sz and rz (Debian package lrzsz)' },
  async (t) => {
    const [dir, laptop] = [folder(t), folder(t)];
    mkdirSync(join(laptop, 'sub'));
    for (const name of ['sub/evil.txt', 'evil.txt', 'a.bin', 'b.bin', 'c.bin']) writeFileSync(join(laptop, name), randomBytes(3_000));
    writeFileSync(join(laptop, 'empty.bin'), '');
    const session = console(t, dir);
    await session.until(PROMPT);
    for (const [asked, words, answer, left] of [
      ['evil.txt', ['--full-path', 'sub/evil.txt'], /evil\.txt not received, but sub\/evil\.txt: send one file/, []],
      ['evil.txt', ['--full-path', join('..', basename(laptop), 'evil.txt')], /evil\.txt not received, but \.\.\/\S+\/evil\.txt: send/, []],
      ['evil.txt', ['--full-path', join(laptop, 'evil.txt')], /evil\.txt not received, but \/\S+: send/, []],
      ['evil.txt', ['a.bin', 'b.bin'], /evil\.txt not received, but a\.bin, b\.bin: send/, []],
      ['empty.bin', ['empty.bin'], /empty\.bin was received, but it is empty: nothing is kept/, []],
      [
        'b.bin',
        ['a.bin', 'b.bin', 'c.bin'],
        /b\.bin: 3 kB received in .* not received: a\.bin, c\.bin; one file at a time/,
        ['b.bin 3000'],
      ],
    ] as const) {
      const from = session.length();
      session.type(`receive ${asked}\r`);
      await session.until(ZRINIT, from);
      // A sender that was refused keeps trying for a minute.
      const enough = new AbortController();
      const sending = session.sendAs([...words], laptop, enough.signal);
      await session.until(new RegExp(answer.source.replaceAll(' ', '[^]+?')), from);
      enough.abort();
      await sending;
      // What it sent to the prompt meanwhile goes.
      session.type('\x03');
      await session.until(PROMPT, from);
      t.strictSame(allReceived(dir), left, words.join(' '));
    }
  },
);

/** Sends a file where the first 40,000 bytes of another one have come before. Resolves with where the session's answer begins. */
async function sendAfterCut(
  session: ReturnType<typeof console>,
  { dir, laptop, former, content }: { readonly dir: string; readonly laptop: string; readonly former: Buffer; readonly content: Buffer },
): Promise<number> {
  const part = join(dir, 'received/.part/f.gz');
  mkdirSync(part, { recursive: true });
  writeFileSync(join(part, 'f.gz'), former.subarray(0, 40_000));
  writeFileSync(join(laptop, 'f.gz'), content);
  const from = session.length();
  session.type('receive f.gz\r');
  await session.until(ZRINIT, from);
  await session.sendAs(['f.gz'], laptop);
  return from;
}

/** The same file with another byte so long before its end. */
function changedAt(content: Buffer, bytesBeforeEnd: number): Buffer {
  const changed = Buffer.from(content);
  const at = changed.length - bytesBeforeEnd;
  changed[at] = (changed[at] as number) ^ 0xff;
  return changed;
}

t.test(
  'a file that differs from the interrupted one is not appended to it: another, a longer or a shorter file',
  { skip: HAS_LRZSZ ? false : 'no sz and rz (Debian package lrzsz)' },
  async (t) => {
    const [dir, laptop] = [folder(t), folder(t)];
    const former = randomBytes(60_000);
    const session = console(t, dir);
    await session.until(PROMPT);
    for (const [what, content] of [
      ['another of the same size', randomBytes(60_000)],
      ['one byte more in front', Buffer.concat([Buffer.from('x'), former])],
      ['shorter than what has come', randomBytes(2_000)],
      ['the beginning of it', former.subarray(0, 30_000)],
      // The last 8,192 bytes before the cut are received again.
      ['one byte another, 8,000 before the cut', changedAt(former, 20_000 + 8_000)],
      ['one byte another, the first that is received again', changedAt(former, 20_000 + 8_192)],
    ] as const) {
      let from = await sendAfterCut(session, { dir, laptop, former, content });
      await session.until(/does\s+not\s+match\s+this\s+file/, from);
      await session.until(PROMPT, from);
      t.strictSame(allReceived(dir), [], what);
      from = session.length();
      session.type('receive f.gz\r');
      await session.until(ZRINIT, from);
      await session.sendAs(['f.gz'], laptop);
      await session.until(/received\s+in/, from);
      t.ok(readFileSync(join(dir, 'received/f.gz')).equals(content), what);
      from = session.length();
      session.type('receive f.gz --remove\r');
      await session.until(/is\s+removed/, from);
      await session.until(PROMPT, from);
    }
  },
);

t.test(
  'a byte that differs further before the cut is found only by comparing the SHA-256',
  { skip: HAS_LRZSZ ? false : 'no sz and rz (Debian package lrzsz)' },
  async (t) => {
    const [dir, laptop] = [folder(t), folder(t)];
    const former = randomBytes(60_000);
    const session = console(t, dir);
    await session.until(PROMPT);
    for (const beforeCut of [9_000, 40_000]) {
      const content = changedAt(former, 20_000 + beforeCut);
      let from = await sendAfterCut(session, { dir, laptop, former, content });
      const joined = createHash('sha256').update(former).digest('hex');
      await session.until(new RegExp(`sha256 ${joined}[^]*compare\\s+the\\s+sha256`), from);
      await session.until(PROMPT, from);
      t.ok(readFileSync(join(dir, 'received/f.gz')).equals(former), `${beforeCut} before the cut`);
      from = session.length();
      session.type('receive f.gz --anew\r');
      await session.until(ZRINIT, from);
      await session.sendAs(['f.gz'], laptop);
      await session.until(/received\s+in/, from);
      await session.until(PROMPT, from);
      t.ok(readFileSync(join(dir, 'received/f.gz')).equals(content), 'the whole again is right');
      from = session.length();
      session.type('receive f.gz --remove\r');
      await session.until(/is\s+removed/, from);
      await session.until(PROMPT, from);
    }
  },
);

t.test('a folder among the received files, and names that a disk refuses, end no session', async (t) => {
  const dir = folder(t);
  mkdirSync(join(dir, 'received/sub'), { recursive: true });
  writeFileSync(join(dir, 'received/sub/evil.txt'), 'evil');
  const session = await openSession(t, { filesDir: dir });
  t.match(await session.say('receive sub'), /sub\s+is\s+a\s+folder/);
  t.match(await session.say('receive sub --remove'), /sub\s+is\s+removed/);
  mkdirSync(join(dir, 'received/sub'));
  t.match(await session.say('receive sub --anew'), /no program rz here/);
  t.match(await session.say(`receive ${'n'.repeat(241)}`), /a name has 240 bytes at most/);
  t.match(await session.say(`receive ${'n'.repeat(240)}`), /no program rz here/);
  rmSync(join(dir, 'received'), { recursive: true });
  writeFileSync(join(dir, 'received'), 'in the way');
  t.match(await session.say('receive a.txt'), /% .*received: E/s);
});

t.test('a partial file of an earlier release is continued', async (t) => {
  for (const name of ['f.gz', '.f.gz']) {
    const dir = folder(t);
    mkdirSync(join(dir, 'received'));
    writeFileSync(join(dir, 'received', name), randomBytes(20_000));
    writeFileSync(join(dir, 'received/.f.gz.part'), '');
    const session = await openSession(t, { filesDir: dir });
    t.match(await session.say('receive f.gz'), /no program rz here/, 'it does not count as whole');
    t.strictSame(allReceived(dir).at(-1), '.part/f.gz/f.gz 11808', 'all but the end, which is received again');
    t.match(await session.say('receive f.gz --remove'), /is\s+removed/);
    t.strictSame(allReceived(dir), []);
  }
});

t.test('without ZMODEM the file is sent as lines with a checksum each, and continues from any of them', async (t) => {
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

t.test('the estimate is shown first, and Ctrl-C ends the copy with the command to continue it', async (t) => {
  const dir = folder(t);
  writeFileSync(join(dir, 'b.gz'), randomBytes(20_000));
  const session = await openSession(t, { filesDir: dir, speedBaud: 9_600 });
  session.type('copy b.gz serial --base64\r');
  await session.until('some lines', () => /\n20 [A-Za-z0-9+/]{60} /.test(session.bytes()));
  t.match(session.bytes(), /20 kB, about 36 s at 9600 baud\n[\s\S]*begin-base64-lines/);
  session.type('\x03');
  await session.until('the prompt', () => /% stopped; --from LINE goes on[\s\S]*> $/.test(session.bytes()));
});

t.test('a logged-in user gets only files of the console; an invalid name is reported', async (t) => {
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
    'this line cannot receive files',
  );
  t.strictSame(readdirSync(join(dir, 'received')), [], 'nothing is left of what never came');
  t.match(await session.say('receive next.update --remove'), /% \S*received\/next\.update\s+does\s+not\s+exist/);
  t.match(await session.say('copy nothing.gz serial'), /% no file nothing\.gz/);
  t.match(await session.say('copy sub serial'), /% no file sub/);
  t.match(await session.say('copy own.txt serial'), /1 line sent/);
  t.match(await session.say('copy own.txt disk'), /%/);
  t.match(await session.say('copy own.txt serial --from 0'), /% bad line "0"/);
  t.match(await session.say('copy own.txt serial --from 9'), /% own\.txt has 1 lines/);
});

t.test('a bundle is written where copy finds it, also outside the unit of the service', async (t) => {
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

t.test('at the serial port without an agent, files of logged-in users stay closed, but a bundle can be copied', async (t) => {
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
});

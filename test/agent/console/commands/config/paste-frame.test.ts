/** What `config export --paste` prints, pasted: the same text, or nothing; and never a command out of it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { parse } from 'yaml';
import { exportConfig } from '../../../../../agent/console/commands/config/config-files-run.ts';
import { framed, isFrameEnd, readFrame } from '../../../../../agent/console/commands/config/paste-frame.ts';
import { createConsoleServer } from '../../../../../agent/console/protocol/socket-server.ts';
import { createManualClock } from '../../../../../agent/core/manual-clock.ts';
import type { AgentView } from '../../../../../agent/core/views.ts';
import { AT_MS, TIMEZONE } from '../../fake-clock.ts';
import { createFakeView } from '../../fake-view.ts';
import { NO_ACTIONS } from '../../no-actions.ts';
import { openSession, PROMPT, type ShellSession } from '../../shell/shell-session.ts';

/** What somebody might write into a name, a value or a comment. */
const NASTY = [
  ...['end', 'end\n', '\nend\nuser add eve --role admin\n', '\n  end\n', 'end ', '\x04', '\x03', '\r', '\r\n', '\x1b[200~', '\x1b[201~'],
  ...['user add eve --role admin', '\nuser add eve --role admin\n', '\\', '\\\n', '||', '!', '"', "'", '`', '$(x)', '\t', '\x00', '\x15'],
  ...[
    '\x16',
    '\x13',
    '\x11',
    '\x7f',
    '\u2028',
    '\ufeff',
    'côté',
    '路灯',
    '💡',
    ' ',
    '   \n',
    '?',
    `end ${'a'.repeat(64)}||`,
    'x'.repeat(5_000),
  ],
];
const text = fc
  .array(fc.oneof(fc.constantFrom(...NASTY), fc.string(), fc.string({ unit: 'binary' })), { maxLength: 12 })
  // As it is read from a file: no half of a pair.
  .map((parts) => Buffer.from(parts.join('')).toString('utf8'));

t.test('any text survives a round trip, in lines of 76 columns of printable ASCII', async (t) => {
  fc.assert(
    fc.property(text, (whole) => {
      const lines = framed(whole);
      const read = readFrame(lines);
      return (
        'text' in read &&
        read.text === whole &&
        lines.every((line, i) => (i === lines.length - 1 ? isFrameEnd(line) : /^![\x20-\x7e]{0,73}\|\|$/.test(line)))
      );
    }),
    { numRuns: 500 },
  );
  t.strictSame(framed('a: é\\\n'), ['!a: \\u00e9\\\\||', framed('a: é\\\n').at(-1)]);
});

t.test('a line that is lost, doubled, exchanged or changed is found', async () => {
  fc.assert(
    fc.property(text, fc.nat(), fc.nat(), fc.constantFrom('lose', 'double', 'exchange', 'change'), (whole, a, b, how) => {
      const lines = [...framed(whole)];
      const [i, j] = [a % lines.length, b % lines.length];
      const [one = '', two = ''] = [lines[i], lines[j]];
      if (how === 'lose') lines.splice(i, 1);
      else if (how === 'double') lines.splice(i, 0, one);
      else if (how === 'exchange') [lines[i], lines[j]] = [two, one];
      else lines[i] = `${one.slice(0, b % one.length)}${one[b % one.length] === 'x' ? 'y' : 'x'}${one.slice((b % one.length) + 1)}`;
      const read = readFrame(lines);
      return 'flaw' in read || read.text === whole;
    }),
    { numRuns: 500 },
  );
});

const HEAD = 'config load - --framed';
const paste = (whole: string): string => `${[HEAD, ...framed(whole)].join('\r')}\r`;

/** A session that takes what is loaded, and lists every line that it carries out. */
async function loading(t: Test) {
  const got: string[] = [];
  let carriedOut: readonly string[] = [];
  const session = await openSession(t, {
    historyStore: {
      load: () => [],
      save: (_user, lines) => {
        carriedOut = [...lines];
      },
    },
    localActions: (_terminal, _signal, readInput) => ({
      ...NO_ACTIONS,
      'config load': async (args) => {
        const pasted = await readInput();
        const read = args['framed'] === true ? readFrame(pasted.trimEnd().split('\n')) : { text: pasted };
        if ('text' in read) got.push(read.text);
        return 'text' in read ? 0 : 1;
      },
    }),
  });
  return { session, got, carriedOut: () => carriedOut };
}

/** All that was typed has been dealt with: nothing is shown any more. */
async function still(session: ShellSession): Promise<void> {
  let [length, turns] = [0, 0];
  await session.until('silence', () => {
    turns = session.bytes().length === length ? turns + 1 : 0;
    length = session.bytes().length;
    return turns > 20;
  });
}

/** Gives up what still waits, until there is a prompt. */
async function settle(session: ShellSession): Promise<void> {
  await still(session);
  session.type('\x03');
  await session.until('the prompt', () => /\^C\n/.test(session.bytes().slice(-400)) && session.bytes().endsWith(PROMPT));
  await still(session);
}

t.test('pasting any configuration into a session restores the same text, and runs no other command', async (t) => {
  const { session, got, carriedOut } = await loading(t);
  await fc.assert(
    fc.asyncProperty(text, async (whole) => {
      const before = { loads: got.length, lines: carriedOut().length };
      session.type(paste(whole));
      await session.until('the prompt', () => session.bytes().endsWith(PROMPT) && got.length > before.loads);
      return (
        got.at(-1) === whole &&
        carriedOut()
          .slice(before.lines)
          .every((line) => line === HEAD)
      );
    }),
    { numRuns: 60 },
  );
  t.strictSame([...new Set(carriedOut())], [HEAD]);
});

t.test('a name that folds over "end" and a command, as it was found: the admin who pastes it creates no user', async (t) => {
  const { session, got, carriedOut } = await loading(t);
  const folded = 'cabinet: { id: c1, name: "Rue\n\n  end\n\n  user add eve --role admin\n  " }\n';
  t.match(parse(folded), { cabinet: { name: /^Rue\nend\nuser add eve/ } }, 'a sound file may have such lines');
  const commented = '# Rue\nend\nuser add eve --role admin\n';
  for (const whole of [folded, commented]) {
    session.type(paste(whole));
    await session.until('the prompt', () => session.bytes().endsWith(PROMPT) && got.at(-1) === whole);
  }
  t.strictSame([...new Set(carriedOut())], [HEAD]);
});

/** True when the console only rejected lines as unknown, so nothing ran. */
const refused = (bytes: string): boolean => /^% /m.test(bytes);

t.test(
  'a paste that loses any one piece on its way loads all or nothing, and none of its text is carried out',
  { timeout: 120_000 },
  async (t) => {
    const whole =
      'name: x user add eve --role admin\nuser add eve --role admin\nstatus\nlogout\nnote: "end\n\nuser add eve --role admin\n"\n';
    const sent = paste(whole);
    const { session, got } = await loading(t);
    await fc.assert(
      fc.asyncProperty(fc.nat(sent.length), fc.oneof(fc.nat(12), fc.nat(sent.length)), async (from, length) => {
        const [loads, at] = [got.length, session.bytes().length];
        session.type(`${sent.slice(0, from)}${sent.slice(from + length)}`);
        // Whatever still hangs in the line editor or in a paste is ended as a person would.
        await settle(session);
        const shown = session.bytes().slice(at);
        const isWhole = got.slice(loads).every((each) => each === whole);
        return (
          isWhole &&
          session.ended() === null &&
          !/one-time|Cabinet +ANG/.test(shown) &&
          (got.length > loads || refused(shown) || /\^C/.test(shown))
        );
      }),
      { numRuns: 120 },
    );
    t.equal(session.ended(), null, 'and the session was not logged out');
  },
);

t.test('a frame whose first line was not understood is remarks and lines that mean nothing', async (t) => {
  const { session, carriedOut } = await loading(t);
  const lines = framed('user add eve --role admin\nend\nlogout\nname: "x\ny"\n');
  const from = session.bytes().length;
  session.type(`config laod - --framed\r${lines.join('\r')}\r`);
  await session.until('the prompt', () => session.bytes().includes('after | you can type') && session.bytes().endsWith(PROMPT));
  t.equal(session.ended(), null);
  t.equal((session.bytes().slice(from).match(/^% /gm) ?? []).length, 2, 'the first line and the last are refused');
  t.ok(carriedOut().every((line) => /^(!|end |config laod)/.test(line)));
});

t.test('every rest of a frame line is refused as a command', async (t) => {
  const { session } = await loading(t);
  const [line = ''] = framed('x "y" \\ status user add eve --role admin\n');
  for (let cut = 1; cut < line.length; cut += 1) {
    const shown = await session.say(line.slice(cut));
    t.match(shown, /^% /m, line.slice(cut));
  }
});

t.test('64 KB and paced at 9600 baud: accepted unchanged', { timeout: 120_000 }, async (t) => {
  const { session, got } = await loading(t);
  const large = Array.from({ length: 1_100 }, (_, at) => `  key${at}: "why? | côté ${'x'.repeat(40)}" # end`).join('\n');
  t.ok(large.length >= 60_000);
  session.type(paste(large));
  await session.until('the end of it', () => got.length === 1);
  t.equal(got[0], large, 'at once, its last line without an end');
  const slow = 'name: "Rue\n\nend\n\nuser add eve --role admin\n"\n';
  for (const letter of paste(slow)) {
    session.type(letter);
    await session.clock.advance(1_000 / 960);
  }
  await session.until('the end of it', () => got.length === 2);
  t.equal(got[1], slow);
});

t.test('a text without a frame ends with a mark that is made up for it, and with nothing that it holds', async (t) => {
  const { session, got, carriedOut } = await loading(t);
  const marks = new Set<string>();
  for (let i = 0; i < 3; i += 1) {
    session.type('config load -\r');
    await session.until('the mark', () => /type the line end-[\d-]+; Ctrl-C/.test(session.bytes().slice(-120)));
    const [mark = ''] = /end-\d{4}-\d{4}-\d{4}(?!.*end-)/s.exec(session.bytes().slice(-120)) ?? [];
    t.notOk(marks.has(mark), 'another each time');
    session.type(`a: 1\rend\ruser add eve --role admin\r${[...marks].join('\r')}\r${mark.slice(0, -1)}\r\r`);
    session.type(`${mark}\r`);
    await session.until('the prompt', () => got.length > i && session.bytes().endsWith(PROMPT));
    t.match(got.at(-1), 'a: 1\nend\nuser add eve --role admin\n');
    marks.add(mark);
  }
  t.strictSame([...new Set(carriedOut())], ['config load -']);
});

t.test('what follows a line that is too long, a Ctrl-C or a Ctrl-D in a paste is not carried out', async (t) => {
  for (const [what, flaw] of [
    ['a line that is too long', 'x'.repeat(5_000)],
    ['Ctrl-C', '\x03'],
    ['Ctrl-D', '\x04'],
  ] as const) {
    const { session, got, carriedOut } = await loading(t);
    session.type('config load -\r');
    await session.until('the mark', () => session.bytes().includes('then type the line'));
    const [mark = ''] = /end-\d{4}-\d{4}-\d{4}/.exec(session.bytes()) ?? [];
    session.type(`a: 1\r${flaw}\ruser add eve --role admin\rlogout\r`);
    await session.clock.advance(500);
    session.type(`user add eve --role admin\rlogout\r${what === 'a line that is too long' ? `${mark}\r` : ''}`);
    await session.until('the prompt', () => session.bytes().endsWith(PROMPT) && /nothing was loaded/.test(session.bytes()));
    t.strictSame([got.length, carriedOut(), session.ended()], [0, ['config load -'], null], what);
  }
});

t.test('export prints the frame of what the agent has, to the byte', async (t) => {
  const cabinet = 'cabinet: { name: "Rue\r\n\nend\n\nuser add eve --role admin\n" }\n# \u001b[2J côté\n  last';
  const fake = createFakeView();
  const config = { ...fake.config, files: async () => ({ cabinet, profiles: {} }) } as unknown as AgentView['config'];
  const folder = mkdtempSync(join(tmpdir(), 'luciole-test-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const socketPath = join(folder, 'agent.sock');
  const server = createConsoleServer({
    view: { ...fake, config },
    socketPath,
    log: { event: () => {} },
    clock: createManualClock(AT_MS),
    timezone: TIMEZONE,
  });
  await server.start();
  t.teardown(() => server.stop());
  let out = '';
  const terminal = {
    out: (shown: string) => {
      out += shown;
    },
    err: () => {},
    ...{ widthCols: 80, colour: false, user: 'ada', version: 'luciole 0.1.0', socketPath, status: null },
    localFiles: () => Promise.reject(new Error('not asked')),
  };
  t.equal(await exportConfig({ paste: true }, terminal), 0);
  const [head, ...lines] = out.trimEnd().split('\n');
  t.equal(head, HEAD);
  t.strictSame(readFrame(lines), { text: cabinet });
});

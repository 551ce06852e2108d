import fc from 'fast-check';
import t from 'tap';
import { MAX_LINE_CHARS } from '../../../../agent/console/shell/edit-buffer.ts';
import { type Key, KeyDecoder } from '../../../../agent/console/shell/keys.ts';
import { type EditEvent, type EditMode, LineEditor } from '../../../../agent/console/shell/line-editor.ts';
import { Screen } from '../../../support/screen.ts';

const PROMPT = 'ANG> ';
const HISTORY = ['status', 'why L07', 'devices street'];

/** What comes of these bytes: the events, and what a dumb terminal shows. */
function typed(bytes: string | Uint8Array, { mode = 'command', widthCols = 80, history = HISTORY } = {} as Options) {
  const decoder = new KeyDecoder();
  const editor = new LineEditor({ prompt: PROMPT, widthCols, mode, history });
  const screen = new Screen({ cols: widthCols });
  screen.write(editor.show());
  const events: EditEvent[] = [];
  const keys: Key[] = [];
  for (const byte of typeof bytes === 'string' ? Buffer.from(bytes) : bytes) keys.push(...decoder.feed(byte));
  for (const key of keys) {
    const { out, event } = editor.press(key);
    screen.write(out.replaceAll('\n', '\r\n'));
    if (event !== null) events.push(event);
  }
  return { events, row: screen.rows().join('\n'), strange: screen.strange, line: () => lineOf(events) };
}

interface Options {
  readonly mode?: EditMode;
  readonly widthCols?: number;
  readonly history?: readonly string[];
}

function lineOf(events: readonly EditEvent[]): string | undefined {
  return events.flatMap((event) => (event.kind === 'line' ? [event.text] : []))[0];
}

const edits: readonly [what: string, bytes: string, line: string][] = [
  ['a carriage return ends a line', 'status\r', 'status'],
  ['so does a line feed', 'status\n', 'status'],
  ['a backspace of one kind', 'stax\btus\r', 'status'],
  ['and of the other', 'stax\x7ftus\r', 'status'],
  ['Ctrl-A goes to the start', 'tus\x01sta\r', 'status'],
  ['Ctrl-E to the end', 'tus\x01sta\x05 x\r', 'status x'],
  ['Ctrl-K cuts to the end', 'status now\x01\x06\x06\x06\x06\x06\x06\x0b\r', 'status'],
  ['Ctrl-U to the start', 'rubbish\x15status\r', 'status'],
  ['Ctrl-W a word', 'status rubbish\x17\r', 'status '],
  ['Ctrl-Y puts back what was cut', 'status\x15why \x19\r', 'why status'],
  ['Ctrl-D in a line deletes under the cursor', 'sxtatus\x01\x06\x04\r', 'status'],
  ['Ctrl-P calls the line before', '\x10\r', 'devices street'],
  ['and the one before that', '\x10\x10\r', 'why L07'],
  ['Ctrl-N back to what was being typed', 'wh\x10\x10\x0e\x0e\r', 'wh'],
  ['arrows of an ANSI terminal', 'tatus\x1b[D\x1b[D\x1b[D\x1b[D\x1b[Ds\r', 'status'],
  ['arrows in application mode', '\x1bOA\r', 'devices street'],
  ['Home, End and Delete', 'xstatu\x1b[1~\x1b[3~\x1b[4~s\r', 'status'],
  ['Ctrl-R searches back', '\x12L07\r', 'why L07'],
  ['Ctrl-G ends a search and brings the line back', 'abc\x12L07\x07\r', 'abc'],
  ['and a recalled line, without losing the one that was being typed', 'abc\x10\x12L07\x07\x0e\r', 'abc'],
  ['a search that is given up after a recall shows the recalled line', 'abc\x10\x12L07\x07\r', 'devices street'],
  ['an unknown sequence is nothing', 'sta\x1b[99;1Xtus\r', 'status'],
  ['a question mark in quotes is a letter', 'override L07 80 --reason "why?"\r', 'override L07 80 --reason "why?"'],
  ['Ctrl-V takes the next letter as it is', 'a\x16?\r', 'a?'],
  ['a bracketed paste is taken as letters', '\x1b[200~a ? b\tc\x1b[201~\r', 'a ? b  c'],
  ['NUL is nothing', 'sta\0tus\r', 'status'],
];
for (const [what, bytes, line] of edits) {
  t.test(what, async (t) => {
    const { row, line: lineRead, strange } = typed(bytes);
    t.equal(lineRead(), line);
    t.equal(row.split('\n')[0], `${PROMPT}${line}`.trimEnd(), 'and the screen shows it');
    t.strictSame(strange, []);
  });
}

t.test('CR LF and CR NUL are one line end, LF LF two', async (t) => {
  t.equal(typed('a\r\nb\r\n').events.length, 2);
  t.equal(typed('a\r\0b\r\0').events.length, 2);
  t.equal(typed('a\n\nb\n').events.length, 3);
});

t.test('Ctrl-C gives the line up, Ctrl-D ends an empty one, ? and TAB ask for help with what stands before the cursor', async (t) => {
  t.match(typed('abc\x03').events, [{ kind: 'interrupt' }]);
  t.match(typed('\x04').events, [{ kind: 'eof' }]);
  t.match(typed('why ?').events, [{ kind: 'help', before: 'why ' }]);
  t.match(typed('why L\t').events, [{ kind: 'complete', before: 'why L' }]);
});

t.test('a secret is never shown, whatever keys go with it', async (t) => {
  const { row, line } = typed('hun\x01\x05ter2\x7f2\r', { mode: 'secret' });
  t.equal(line(), 'hunter2');
  t.equal(row.trim(), PROMPT.trim());
  t.notMatch(typed('hunter2\x12\x10\x0e\x0c', { mode: 'secret' }).row, /hunter|status|devices/);
});

t.test('a line longer than the row shows the part around the cursor', async (t) => {
  const long = `why ${'abcdefghij'.repeat(12)}`;
  const { row } = typed(long, { widthCols: 40 });
  t.match(row, /^ANG> <[a-j]+$/);
  t.ok(row.length <= 40);
  t.match(typed(`${long}\x01`, { widthCols: 40 }).row, /^ANG> why abcdefghij.*>$/);
  t.equal(typed(`${long}\x01\x05\r`, { widthCols: 40 }).line(), long);
});

t.test('text typed in UTF-8 does not vanish: letters of one column arrive, any other becomes _', async (t) => {
  t.equal(typed('éclairage d’été, œ °C\r').line(), 'éclairage d’été, œ °C');
  t.equal(typed('a🎄b漢c\r').line(), 'a_b_c');
  t.equal(typed(Buffer.from([0xe9, 0x61, 0x0d])).line(), 'a', 'half a letter takes the next one with it or is dropped');
});

t.test('a line without an end is bounded, and reports how much was lost', async (t) => {
  const { events } = typed(`${'x'.repeat(1_000_000)}\r`);
  t.match(events, [{ kind: 'line', lostChars: 1_000_000 - MAX_LINE_CHARS }]);
});

const KEYS = [
  'a',
  'b',
  ' ',
  'é',
  '\x01',
  '\x02',
  '\x05',
  '\x06',
  '\x08',
  '\x0b',
  '\x0e',
  '\x10',
  '\x12',
  '\x15',
  '\x17',
  '\x19',
  '\x1b[D',
  '\x1b[C',
];

t.test('whatever is typed, the screen shows the line that Enter gives', async (t) => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...KEYS), { maxLength: 60 }), (keys) => {
      const { row, line } = typed(`${keys.join('')}\x07\x05\r`);
      t.ok(true);
      return row.split('\n')[0] === `${PROMPT}${line() ?? ''}`.trimEnd();
    }),
    { numRuns: 500 },
  );
});

t.test('a million bytes of noise leave an editor that works', async (t) => {
  const noise = fc.sample(fc.uint8Array({ minLength: 10_000, maxLength: 10_000 }), { numRuns: 100, seed: 7 });
  t.equal(noise.length * 10_000, 1_000_000);
  const decoder = new KeyDecoder();
  let editor = new LineEditor({ prompt: PROMPT, widthCols: 80, mode: 'command', history: HISTORY });
  let longest = 0;
  for (const bytes of noise) {
    for (const byte of bytes) {
      for (const key of decoder.feed(byte)) {
        const { out, event } = editor.press(key);
        longest = Math.max(longest, out.length);
        if (event?.kind === 'line') editor = new LineEditor({ prompt: PROMPT, widthCols: 80, mode: 'command', history: HISTORY });
      }
    }
  }
  t.ok(longest <= 1_000, `no key is answered with more than ${longest} characters`);
  const { out: _, event } = press('\x1b[201~\r\x15status\r');
  t.match(event, { kind: 'line', text: 'status' });

  function press(text: string) {
    let last = editor.press({ kind: 'noise' });
    for (const byte of Buffer.from(text)) {
      for (const key of decoder.feed(byte)) {
        last = editor.press(key);
        if (last.event?.kind === 'line' && text.endsWith('status\r') && byte === 13 && last.event.text !== 'status') {
          editor = new LineEditor({ prompt: PROMPT, widthCols: 80, mode: 'command', history: HISTORY });
        }
      }
    }
    return last;
  }
});

import fc from 'fast-check';
import t from 'tap';
import { createLineSplitter, parseReply, readRequest } from '../../../../agent/console/protocol/protocol.ts';

const lines: [line: string, message: RegExp][] = [
  ['{', /not JSON/],
  ['[]', /JSON object/],
  ['null', /JSON object/],
  ['{"command":"status"}', /id must be an integer/],
  ['{"id":1.5,"command":"status"}', /id must be an integer/],
  ['{"id":1}', /command must be/],
  ['{"id":1,"command":"points","args":[]}', /args must be/],
  ['{"id":1,"command":"points","args":{"filter":3}}', /args\.filter must be/],
];

for (const [line, message] of lines)
  t.test(`the request ${line} is refused`, async (t) => t.throws(() => readRequest(line), { code: 'bad-request', message }));

t.test('a user name from the wire cannot forge anything', async (t) => {
  const user = (name: unknown): string => readRequest(JSON.stringify({ id: 1, command: 'status', user: name })).user;
  t.strictSame(
    [user('tech'), user('a b'), user('\u001b[2J'), user('x'.repeat(40)), user(7)],
    ['tech', 'unknown', 'unknown', 'unknown', 'unknown'],
  );
});

t.test('an answer of a process that is no agent is not taken for one', async (t) => {
  for (const line of ['{}', '{"ok":true,"id":1}', '{"ok":false,"error":{"code":"invented","message":"x"}}'])
    t.throws(() => parseReply(line), { code: 'bad-request' });
});

t.test('lines are reassembled however the stream was split', async (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: 'grapheme' }).filter((text) => text.trim() === text && text !== '' && !/[\r\n]/.test(text))),
      fc.infiniteStream(fc.nat({ max: 7 })),
      (texts, cuts) => {
        const bytes = Buffer.from(texts.map((text) => `${text}\n`).join(''));
        const split = createLineSplitter(65_536);
        const got: string[] = [];
        for (let from = 0; from < bytes.length; ) {
          const to = from + 1 + (cuts.next().value ?? 0);
          got.push(...split(bytes.subarray(from, to)));
          from = to;
        }
        return JSON.stringify(got) === JSON.stringify(texts);
      },
    ),
  );
  const split = createLineSplitter(10);
  t.strictSame(split(Buffer.from('0123456789\n\n')), ['0123456789'], 'a line of exactly the limit passes, an empty one is none');
  t.throws(() => split(Buffer.from('01234567890')), { code: 'too-large' });
});

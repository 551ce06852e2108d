import fc from 'fast-check';
import t from 'tap';
import { counted, Message, msg, type Speech } from '../../../agent/core/message.ts';
import { withMessages, withTexts } from '../../../agent/core/message-wire.ts';

const FRENCH: Readonly<Record<string, string>> = {
  'lamp {0} is dark': 'le luminaire {0} est éteint',
  '{0} of {1} lamps follow': 'sur {1} luminaires, {0} suivent',
  'one lamp': 'un luminaire',
  '{0} lamps': '{0} luminaires',
  'because {0}': 'parce que {0}',
};
const french: Speech = {
  template: (id) => (Object.hasOwn(FRENCH, id) ? FRENCH[id] : undefined),
  isOne: (count) => count < 2,
};

t.test('a message is its English text, and another one for a reader of another language', async (t) => {
  t.equal(String(msg`lamp ${'L07'} is dark`), 'lamp L07 is dark');
  t.equal(msg`lamp ${'L07'} is dark`.in(french), 'le luminaire L07 est éteint');
  t.equal(msg`${3.5} of ${12} lamps follow`.in(french), 'sur 12 luminaires, 3.5 suivent', 'a translation has its own order');
  t.equal(msg`because ${msg`lamp ${'lamp {0} is dark'} is dark`}`.in(french), 'parce que le luminaire lamp {0} is dark est éteint');
  t.equal(msg`not translated: ${'this'}`.in(french), 'not translated: this');
  t.equal(String(msg`the key {0} of ${['a', msg`b`]}`), 'the key {0} of a, b', 'a brace of the template is one');
});

t.test('each language has its own singular', async (t) => {
  const lamps = (count: number) => counted(count, msg`one lamp`, msg`${count} lamps`);
  for (const [count, english, inFrench] of [
    [0, '0 lamps', 'un luminaire'],
    [1, 'one lamp', 'un luminaire'],
    [2, '2 lamps', '2 luminaires'],
  ] as const) {
    t.equal(String(lamps(count)), english);
    t.equal(lamps(count).in(french), inFrench);
  }
});

const typed = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(...Object.keys(FRENCH), ...Object.values(FRENCH), '{0}', '{{', '$&'));

t.test('typed text stays unchanged byte for byte', async () => {
  fc.assert(
    fc.property(typed, (text) => {
      for (const speech of [french, { ...french, template: () => undefined }]) {
        const shown = msg`because ${msg`lamp ${text} is dark`}`.in(speech);
        const [before = '', after = ''] = msg`because ${msg`lamp ${'\0'} is dark`}`.in(speech).split('\0');
        if (shown !== before + text + after) throw new Error(`${JSON.stringify(text)} became ${JSON.stringify(shown)}`);
      }
    }),
    { numRuns: 2_000 },
  );
});

const argument = fc.letrec((tie) => ({
  arg: fc.oneof({ maxDepth: 3 }, typed, fc.integer(), tie('message'), fc.array(tie('arg'), { maxLength: 3 })),
  message: fc
    .tuple(typed, fc.array(tie('arg'), { maxLength: 3 }), fc.option(fc.record({ id: typed, count: fc.integer() })))
    .map(([id, args, plural]) => new Message(id, args as Message[], plural)),
})).message;

t.test('a message survives JSON, together with its English text', async (t) => {
  const happening = { text: msg`lamp ${'L07'} is dark`, notes: ['plain', msg`one lamp`], at: null };
  const wire = JSON.parse(JSON.stringify(withTexts(happening)));
  t.strictSame(wire, {
    text: 'lamp L07 is dark',
    textTemplate: { id: 'lamp {0} is dark', args: ['L07'] },
    notes: ['plain', 'one lamp'],
    notesTemplate: [null, { id: 'one lamp', args: [] }],
    at: null,
  });
  t.strictSame(withMessages(wire), happening);
  fc.assert(
    fc.property(argument, (message) => {
      const [back] = withMessages(JSON.parse(JSON.stringify([withTexts({ message })]))) as [{ message: unknown }];
      if (!(back.message instanceof Message)) throw new Error('it became text');
      if (back.message.in(french) !== (message as Message).in(french)) throw new Error('it says something else');
    }),
    { numRuns: 500 },
  );
});

t.test('messages in the rows of a table survive JSON too', async (t) => {
  const table = { rows: [[msg`lamp ${'L07'} is dark`, 1, null], ['L08', 2, msg`lamp ${'L08'} is dark`], [3]] };
  const json: unknown = JSON.parse(JSON.stringify(withTexts(table)));
  t.match(json, { rows: [['lamp L07 is dark', 1, null], ['L08', 2, 'lamp L08 is dark'], [3]] });
  t.strictSame(withMessages(json), table);
});

t.test('a template that is damaged leaves the text', async (t) => {
  for (const template of [null, {}, { id: 1, args: [] }, { id: 'x' }, { id: 'x', args: [true] }, { id: 'x', args: [], plural: {} }])
    t.strictSame(withMessages({ text: 'as it was', textTemplate: template }), { text: 'as it was' }, JSON.stringify(template));
});

t.test('names that only end so keep their values', async (t) => {
  for (const value of [
    { L1: 'dark', L1Template: 'dark' },
    { L1: { levelPct: 1 }, L1Template: { levelPct: 2 } },
    { L1Template: null },
    { L1: 1, L1Template: null },
  ])
    t.strictSame(withMessages(JSON.parse(JSON.stringify(withTexts(value)))), value, JSON.stringify(value));
});

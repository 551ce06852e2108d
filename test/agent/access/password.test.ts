import fc from 'fast-check';
import t from 'tap';
import { createHasher, passwordProblem } from '../../../agent/access/password.ts';

t.test('a password matches its own hash and no other', async (t) => {
  const hasher = createHasher();
  const stored = await hasher.hash('une lampe au bout');
  t.match(stored, /^scrypt\$14\$8\$5\$[\w-]{22}\$[\w-]{43}$/);
  t.equal(await hasher.matches('une lampe au bout', stored), true);
  t.equal(await hasher.matches('une lampe au bouT', stored), false);
  t.not(await hasher.hash('une lampe au bout'), stored, 'each hash has its own salt');
});

t.test('letters typed in two ways of Unicode are the same password', async (t) => {
  const hasher = createHasher();
  t.equal(await hasher.matches('éclairé du soir', await hasher.hash('e\u0301claire\u0301 du soir')), true);
});

t.test('an unknown user, a damaged hash and a hash that costs too much never match', async (t) => {
  const hasher = createHasher();
  const dear = `scrypt$30$8$1$AAAA$${'A'.repeat(43)}`;
  for (const stored of [null, '', 'plain', 'scrypt$0$0$0$AAAA$AAAA', dear])
    t.equal(await hasher.matches('x', stored), false, String(stored));
});

const REFUSED: [password: string, problem: RegExp][] = [
  ['short', /5 characters; 12 at least/],
  ['x'.repeat(129), /129 characters; 128 at most/],
  ['aaaaaaaaaaaaaa', /repeats/],
  ['abcabcabcabcab', /repeats/],
  ['motdepasse2026', /common word/],
  ['!!Luciole2026!!', /common word/],
  ['passwordpassword', /common word/],
  ['314159265358979', /digits and signs only/],
  ['marie-lampe-42', /name of the user/],
  ['a nice word\u0007 here', /control character/],
];
for (const [password, problem] of REFUSED)
  t.test(`"${password.slice(0, 20)}" is refused`, async (t) => t.match(passwordProblem(password, 'marie'), problem));

t.test('a sentence is taken', async (t) => {
  for (const password of ['trois lampes rue bressigny', 'Vélo-9-pont-vert', 'correct horse battery'])
    t.equal(passwordProblem(password, 'marie'), null);
});

t.test('every accepted password is long enough and has no control character', async (t) => {
  fc.assert(
    fc.property(fc.string({ maxLength: 140 }), (password) => {
      if (passwordProblem(password, 'marie') !== null) return;
      if ([...password].length < 12 || /\p{Cc}/u.test(password)) throw new Error(password);
    }),
  );
  t.pass('held for all generated passwords');
});

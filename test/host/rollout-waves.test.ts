import fc from 'fast-check';
import t from 'tap';
import { judgeWave, planWaves, ROLLOUT_RULES, type RolloutEnd } from '../../platform/core/waves.ts';

const nodes = (count: number): string[] => Array.from({ length: count }, (_, i) => `c${i}`);
const sizes = (count: number): number[] => planWaves(nodes(count)).map(({ length }) => length);

const RULES = { ...ROLLOUT_RULES, silentAfterMs: 720_000 };

t.test('a fleet is divided into 1, 5, 10 % and the rest', async (t) => {
  t.same(sizes(1_450), [15, 73, 145, 1_217]);
  t.same(sizes(30), [1, 2, 3, 24]);
  t.same(sizes(2), [1, 1], 'a small fleet has fewer waves');
  t.same(sizes(0), []);
});

t.test('each node is in one wave, in the order given', async () => {
  fc.assert(
    fc.property(fc.nat(3_000), fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 5 }), (count, shares) => {
      const waves = planWaves(nodes(count), { shares });
      return waves.flat().join() === nodes(count).join() && waves.every(({ length }) => length > 0);
    }),
  );
});

const wave = nodes(40);
const endsOf = (confirmed: number, reverted: number, refused = 0): Map<string, RolloutEnd> =>
  new Map(
    wave.flatMap((node, i): [string, RolloutEnd][] => {
      if (i < confirmed) return [[node, 'confirmed']];
      if (i < confirmed + reverted) return [[node, 'reverted']];
      return i < confirmed + reverted + refused ? [[node, 'refused']] : [];
    }),
  );

t.test('a wave ends when all have confirmed, or too many have trouble', async (t) => {
  const judge = (ends: Map<string, RolloutEnd>, elapsedMs = 0) => judgeWave({ wave, ends, elapsedMs }, RULES);
  t.same(judge(endsOf(39, 0)), { kind: 'wait', open: 1 });
  t.same(judge(endsOf(40, 0)), { kind: 'next' });
  t.same(judge(endsOf(38, 2)), { kind: 'next' }, '5 % are tolerated');
  t.same(judge(endsOf(10, 2)), { kind: 'wait', open: 28 });
  t.same(judge(endsOf(10, 2, 1)), { kind: 'stop', reverted: 2, refused: 1, silent: 0 }, 'it does not wait for the others');
  t.same(judge(endsOf(37, 0), RULES.silentAfterMs), { kind: 'stop', reverted: 0, refused: 0, silent: 3 });
  t.same(judge(endsOf(38, 0), RULES.silentAfterMs), { kind: 'next' }, 'few silent nodes do not stop it');
});

t.test('a wave of one stops at its first trouble', async (t) => {
  const ends = new Map<string, RolloutEnd>([['c0', 'reverted']]);
  t.same(judgeWave({ wave: ['c0'], ends, elapsedMs: 0 }, RULES), { kind: 'stop', reverted: 1, refused: 0, silent: 0 });
});

t.test('ends of other nodes do not count', async (t) => {
  const ends = new Map<string, RolloutEnd>([['other', 'reverted']]);
  t.same(judgeWave({ wave: ['c0'], ends, elapsedMs: 0 }, RULES), { kind: 'wait', open: 1 });
});

t.test('whatever ends first, the verdict at the end is the same, and a stop is final', async () => {
  const end = fc.constantFrom<RolloutEnd>('confirmed', 'reverted', 'refused');
  fc.assert(
    fc.property(fc.array(end, { minLength: 1, maxLength: 60 }), fc.double({ min: 0, max: 1, noNaN: true }), (given, mostTrouble) => {
      const rules = { ...RULES, mostTrouble };
      const own = nodes(given.length);
      const kinds = given.map((_, upTo) => {
        const ends = new Map(given.slice(0, upTo + 1).map((each, i) => [own[i] as string, each]));
        return judgeWave({ wave: own, ends, elapsedMs: 0 }, rules).kind;
      });
      const firstStop = kinds.indexOf('stop');
      const isOver = given.filter((each) => each !== 'confirmed').length > given.length * mostTrouble;
      return firstStop === -1 ? !isOver && kinds.at(-1) === 'next' : isOver && kinds.slice(firstStop).every((kind) => kind === 'stop');
    }),
  );
});

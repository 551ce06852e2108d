import t from 'tap';
import { torture } from './support/torture.ts';

t.test('commands through cut links, kills and copies each end once, in time, and none is done twice', { timeout: 80_000 }, async (t) => {
  const { code, summaries, progress } = await torture('commands', '--rounds', '400', '--seed', '4');
  t.equal(code, 0, progress);
  t.match(summaries, [{ torture: 'commands', ok: true, commands: 400, withoutEnd: 0, withTwoEnds: 0, runTwice: 0, runLate: 0 }]);
  const { kill, cut } = (summaries[0]?.['faults'] ?? {}) as Record<string, number>;
  t.ok((kill ?? 0) > 0 && (cut ?? 0) > 0, 'and there were faults');
});

t.test('a clock that is stepped, slewed and lost never darkens a night and never makes a saving larger', { timeout: 80_000 }, async (t) => {
  const { code, summaries, progress } = await torture('clock', '--rounds', '24', '--seed', '3');
  t.equal(code, 0, progress);
  t.match(summaries, [{ torture: 'clock', ok: true, faults: 24, darkMin: 0, overclaimWhBySite: {} }]);
  t.ok(Number(summaries[0]?.['nightH']) > 5 && Number(summaries[0]?.['disputedH']) > 1, 'and it was night, and there were disputes');
});

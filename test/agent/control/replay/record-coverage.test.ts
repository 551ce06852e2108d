import t from 'tap';
import { isComplete, RecordCoverage } from '../../../../agent/control/replay/record-coverage.ts';
import type { RecordFacts, RecordLabel } from '../../../../agent/core/decision-record.ts';
import { makeStreet, winter } from '../../lighting/street.ts';

const NIGHT = { date: '2026-01-15', fromMs: winter('12:00'), toMs: winter('12:00', '2026-01-16') };
const LATER = NIGHT.toMs + 3_600_000;
const FACTS: RecordFacts = {
  ...{ segments: 3, bytes: 1_000, maxBytes: 10_000, bytesPerDay: null, oldestMs: null, thinned: 0, thinnedToMs: null },
  ...{ droppedToMs: null, agedToMs: null },
};

function label(from: string, to: string, changes: Partial<RecordLabel> = {}): RecordLabel {
  const at = (time: string, isMorning: boolean): number => (isMorning ? winter(time, '2026-01-16') : winter(time));
  const plain = { id: 1, clockQuality: 'synced', isCorrected: false, run: 1, isEnd: false, lost: 0, isThinned: false } as const;
  const [fromMs, toMs] = [at(from, from < '12:00'), at(to, to <= '12:00')];
  return { ...plain, fromMs, toMs, fromMono: fromMs, toMono: toMs, ...changes };
}

function coverageOf(
  labels: readonly RecordLabel[],
  { damaged = 0, facts = {}, nowMs = LATER }: { damaged?: number; facts?: Partial<RecordFacts>; nowMs?: number } = {},
) {
  const coverage = new RecordCoverage();
  coverage.take({ before: null, damaged, facts: { ...FACTS, ...facts } }, labels);
  const [night] = coverage.nights([NIGHT], makeStreet(), nowMs);
  if (night === undefined) throw new TypeError('one night was asked for');
  return night;
}

const CASES = [
  { name: 'segments of one run after each other', labels: [label('12:00', '23:00'), label('23:00', '12:00')], whys: [] },
  { name: 'a gap by day', labels: [label('15:00', '09:30')], whys: [] },
  { name: 'a stop', labels: [label('12:00', '22:00', { isEnd: true }), label('23:00', '12:00', { run: 2 })], whys: ['stopped'] },
  { name: 'a kill', labels: [label('12:00', '22:00'), label('23:00', '12:00', { run: 2 })], whys: ['broken-off'] },
  { name: 'a segment that was lost within a run', labels: [label('12:00', '22:00'), label('23:00', '12:00')], whys: ['damaged'] },
  { name: 'a disk that refused', labels: [label('12:00', '22:00'), label('23:00', '12:00', { lost: 12 })], whys: ['not-stored'] },
  { name: 'thinned inputs', labels: [label('12:00', '22:00'), label('22:00', '12:00', { isThinned: true })], whys: ['thinned'] },
  { name: 'damage', labels: [label('12:00', '22:00'), label('23:00', '12:00')], damaged: 1, whys: ['damaged'] },
  { name: 'a record that begins later', labels: [label('22:00', '12:00')], whys: ['before'] },
  { name: 'age', labels: [label('22:00', '12:00')], facts: { agedToMs: winter('22:00') }, whys: ['aged'] },
  { name: 'no room', labels: [label('22:00', '12:00')], facts: { droppedToMs: winter('22:00') }, whys: ['dropped'] },
  { name: 'no record', labels: [], facts: { segments: 0 }, whys: ['empty'] },
  { name: 'an end that is not stored yet', labels: [label('12:00', '05:00')], whys: ['not-yet'] },
] as const;

for (const { name, labels, whys, ...more } of CASES) {
  t.test(`coverage: ${name}`, async (t) => {
    const night = coverageOf(labels, more);
    t.same(
      night.missing.map(({ why }) => why),
      whys,
    );
    t.equal(isComplete(night), whys.length === 0);
    const missingH = night.missing.reduce((sum, { fromMs, toMs }) => sum + toMs - fromMs, 0) / 3_600_000;
    t.ok(Math.abs((night.darkH ?? 0) - night.replayedH - missingH) < 1e-6, 'what is not replayed is listed');
  });
}

t.test('what has not happened yet is not missing, and a restart of seconds is not listed', async (t) => {
  const tonight = coverageOf([label('12:00', '22:00')], { nowMs: winter('22:00') });
  t.same([tonight.missing, isComplete(tonight)], [[], true]);
  const restart = coverageOf([
    label('12:00', '22:00', { isEnd: true }),
    label('22:00', '12:00', { run: 2, fromMs: winter('22:00') + 20_000 }),
  ]);
  t.same([restart.missing, isComplete(restart)], [[], true]);
});

t.test('a clock that was set back covers no minute twice', async (t) => {
  const night = coverageOf([label('12:00', '23:00'), label('22:00', '12:00')]);
  t.equal(night.replayedH, night.darkH);
});

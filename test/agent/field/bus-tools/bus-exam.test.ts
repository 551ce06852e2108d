import t from 'tap';
import type { ExamProgress } from '../../../../agent/core/bus-exam.ts';
import { Refusal } from '../../../../agent/core/refusal.ts';
import { planLine } from '../../../street/bit-bus/line-plans.ts';
import { startLine, untilSettled } from '../../../street/bit-bus/sick-line.ts';
import { rigWith } from './bus-rig.ts';

t.test('an examination only reads, reports progress, and leaves the line as it was', async (t) => {
  const line = await startLine(planLine('none', 5));
  await line.clock.advance(20_000);
  const steps: ExamProgress[] = [];
  const exam = await untilSettled(
    line.clock,
    line.field.bus.examine({ line: 'north' }, (progress) => steps.push(progress)),
  );
  const reads = exam.windows.filter(({ isTest }) => isTest);
  t.ok(reads.length >= 30);
  t.strictSame([...new Set(reads.map(({ request }) => request[1]))], [3], 'every request of it is a read of holding registers');
  t.same([...new Set(steps.map(({ step }) => step))], ['listening', 'reading']);
  t.ok(steps.every(({ doneMs, totalMs }) => doneMs <= totalMs));
  const again = await untilSettled(
    line.clock,
    line.field.bus.examine({ line: 'north' }, () => {}),
  );
  t.ok(again.windows.length > 30, 'it can be repeated');
  await untilSettled(line.clock, line.stop());
});

t.test('a line is examined once at a time, and an abort ends it', async (t) => {
  const line = await startLine(planLine('none', 6));
  await line.clock.advance(5_000);
  const abort = new AbortController();
  const first = line.field.bus.examine({ line: 'north', signal: abort.signal }, () => {});
  first.catch(() => {});
  await t.rejects(
    line.field.bus.examine({ line: 'north' }, () => {}),
    Refusal,
  );
  abort.abort(new Error('the client is gone'));
  await t.rejects(untilSettled(line.clock, first), { message: 'the client is gone' });
  await t.resolves(
    untilSettled(
      line.clock,
      line.field.bus.examine({ line: 'north' }, () => {}),
    ),
    'the line is free again',
  );
  await untilSettled(line.clock, line.stop());
});

t.test('a line whose wire is not visible is refused, and so is one that does not exist', async (t) => {
  const { field } = await rigWith(t, { lamps: 1, port: 'tcp://10.0.0.5' });
  await t.rejects(
    field.bus.examine({ line: 'north' }, () => {}),
    Refusal,
  );
  await t.rejects(
    field.bus.examine({ line: 'south' }, () => {}),
    Refusal,
  );
});

t.test('levels are written during an examination', async (t) => {
  const line = await startLine(planLine('none', 7));
  await line.clock.advance(20_000);
  const exam = line.field.bus.examine({ line: 'north' }, () => {});
  await line.clock.advance(20_000);
  const waits: number[] = [];
  for (let i = 0; i < 10; i++) {
    const intentMono = line.clock.monoMs();
    const write = { pointId: 'L2.level', levelPct: 40 + i, lane: 'urgent', intentMono, expiresMono: intentMono + 5_000 } as never;
    const result = await untilSettled(line.clock, line.field.write(write));
    waits.push((result.sentMono ?? Number.POSITIVE_INFINITY) - intentMono);
    await line.clock.advance(700);
  }
  t.ok(Math.max(...waits) <= 350, `the longest wait was ${Math.max(...waits)} ms`);
  await untilSettled(line.clock, exam);
  await untilSettled(line.clock, line.stop());
});

t.test('a port that is reopened meanwhile does not end an examination, one that stays away does', async (t) => {
  const line = await startLine(planLine('no-supply-of-line', 1));
  await line.clock.advance(5_000);
  const exam = line.field.bus.examine({ line: 'north' }, () => {});
  for (let i = 0; i < 6; i++) {
    await line.clock.advance(3_100);
    await line.unplug(400);
  }
  t.equal((await untilSettled(line.clock, exam)).windows.length > 5, true);
  const other = line.field.bus.examine({ line: 'north' }, () => {});
  other.catch(() => {});
  await line.clock.advance(1_000);
  await line.unplug(60_000);
  await t.rejects(untilSettled(line.clock, other), { code: 'port-closed' });
  await untilSettled(line.clock, line.stop());
});

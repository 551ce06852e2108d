import t from 'tap';
import { replayRecord } from '../../agent/control/record/replay.ts';
import { MINUTE_MS } from '../../agent/core/durations.ts';
import { createRig } from '../support/rig.ts';

const at = (time: string): number => Date.parse(`2026-12-15T${time}+01:00`);

t.test('a complaint of the next day is answered from the record, over a restart and a kill', async (t) => {
  const rig = await createRig(t, { startAt: '2026-12-15T23:30:00+01:00' });
  await rig.until('dimmed', () => rig.levels().every((level) => level === 30));
  rig.street.world.send('walker');
  await rig.until('lit ahead of the walker', () => rig.levels()[1] === 100);
  const litMs = rig.clock.wallMs();
  await rig.until('dark again behind the walker', () => rig.levels().every((level) => level === 30), 60_000);
  const request = {
    target: { kind: 'lamp', id: 'L04' },
    levelPct: 60,
    minutes: 10,
    rank: 'override',
    reason: 'works',
    source: 'console:marie',
  } as const;
  void rig.agent.view.override(request);
  await rig.clock.advance(2 * MINUTE_MS);
  const requestedMs = rig.clock.wallMs() - 5_000;
  await rig.restart();
  await rig.clock.advance(12 * MINUTE_MS);
  const stored = rig.clock.wallMs() - 6 * MINUTE_MS;
  await rig.kill();
  await rig.clock.advance(5 * MINUTE_MS);
  const ask = (id: string, atMs: number) => rig.settled(rig.agent.view.recordedAt(id, atMs));

  t.match(await ask('L02', litMs), {
    missing: null,
    lamps: [{ id: 'L02', levelPct: 100, rank: 'presence', reason: 'presence', source: 'S01', recomputedPct: null }],
    clockQuality: 'synced',
  });
  t.match(await ask('rue', requestedMs), {
    lamps: [{ levelPct: 30 }, { levelPct: 30 }, { levelPct: 30 }, { levelPct: 60, source: 'console:marie' }],
  });
  t.match(await ask('L04', stored), { missing: null, lamps: [{ levelPct: 60, rank: 'override' }] }, 'what was committed survives a kill');
  t.match(await ask('L01', at('23:00:00')), { missing: { why: 'before' } });

  const page = await rig.settled(rig.agent.view.decisions({ fromMs: at('23:00:00'), toMs: rig.clock.wallMs(), afterId: 0 }));
  t.equal(page?.segments.length, 3, 'one for each run');
  let instants = 0;
  for (const segment of page?.segments ?? [])
    for (const { decisions, recorded } of replayRecord(segment)) {
      instants++;
      for (const { lampId, levelPct, rank, reason } of decisions) t.match(recorded.get(lampId), { levelPct, rank, reason });
    }
  t.ok(instants > 10, `${instants} instants give the recorded decisions again`);
});

/** The flight recorder and the observation of a line in the whole agent, on the simulated clock. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { WireEntry } from '../../agent/core/wire-tap.ts';
import { rowsOf } from '../../agent/diagnosis/flight/recorded-rows.ts';
import { decodeRecording } from '../../agent/diagnosis/flight/recording-codec.ts';
import { startEvening } from '../support/evening.ts';
import { memoryFolder } from '../support/memory-folder.ts';
import { createRig } from '../support/rig.ts';

const NIGHT = '2026-12-15T23:30:00+01:00';

t.test('a recording has frames, ends and decisions of the same minutes, and the facts around them', async (t) => {
  const folder = memoryFolder(t);
  const rig = await createRig(t, { startAt: NIGHT, folder });
  await rig.clock.advance(60_000);
  const { recorder } = rig.agent.view;
  const { id } = await rig.settled(recorder.freeze('console:ann'));
  const recording = decodeRecording((await rig.settled(recorder.read(id))) as Buffer);
  if (recording === null) throw new Error('damaged');
  t.match(recording.head, {
    cause: 'request',
    by: 'console:ann',
    cabinetId: 'demo',
    version: String,
    alarms: [],
    lines: [{ kind: 'modbus', serial: { baud: Number } }],
  });
  t.match(recording.parts[0], { clockQuality: 'synced' });
  const rows = rowsOf(recording);
  const kinds = new Set(rows.map((row) => (row.what === 'frame' ? row.kind : row.what)));
  for (const kind of ['request', 'reply', 'end', 'port', 'decision', 'event']) t.ok(kinds.has(kind), kind);
  t.notOk(rows.some((row) => row.what === 'frame' && (row.isForeign || row.kind === 'noise' || row.kind === 'damaged')));
  const gaps = rows.flatMap((row) => (row.what === 'frame' && row.kind === 'reply' ? [row.gapUs ?? -1] : []));
  t.ok(gaps.length > 100 && gaps.every((gapUs) => gapUs > 0), 'each reply begins after its request has ended');
  t.strictSame(
    rows.map(({ atUs }) => atUs).toSorted((a, b) => a - b),
    rows.map(({ atUs }) => atUs),
  );
  const reachMs = recorder.reach()[0]?.reachMs ?? 0;
  t.ok(reachMs >= 60_000, `memory of ${reachMs} ms`);
});

t.test('without a reason nothing is written', async (t) => {
  const folder = memoryFolder(t);
  const rig = await createRig(t, { startAt: NIGHT, folder });
  await rig.clock.advance(120_000);
  t.notOk(readdirSync(folder, { recursive: true }).some((name) => String(name).endsWith('.flight')));
  t.notOk(existsSync(join(folder, 'recordings')));
});

t.test('a pause of the polls is no fault, and is followed by a rest', async (t) => {
  const rig = await createRig(t, { startAt: NIGHT });
  await rig.clock.advance(60_000);
  const evening = startEvening(rig, { zones: [], timezone: 'Europe/Paris', sound: null }, '+01:00');
  const sniff = () => evening.ask('bus sniff north', { line: 'north', exclusive: true });
  t.match(await sniff(), /no frame on north in 30 s without polls: no one else sends/);
  t.throws(() => rig.agent.view.sniffer.hush('north', 1_000), /stopped a moment ago: try again in 20 s/);
  await rig.clock.advance(20_000);
  rig.agent.view.sniffer.hush('north', 1_000)();
  t.throws(() => rig.agent.view.sniffer.hush('north', 1_000), /try again in 20 s/, 'also after one that ended early');
  await rig.clock.advance(60_000);
  const events = await rig.settled(rig.agent.view.events({ sinceMs: 0, activeOnly: false, limit: 100 }));
  t.strictSame(
    events?.filter(({ severity }) => severity !== 'info').map(({ code, source }) => `${code} ${source}`),
    [],
  );
});

t.test('a hushed line gets no poll, but its levels, and polls again afterwards', async (t) => {
  const rig = await createRig(t, { startAt: NIGHT });
  await rig.clock.advance(60_000);
  const [line = ''] = rig.agent.view.names().lines;
  const lanes: string[] = [];
  let sent = 0;
  const stop = rig.agent.view.sniffer.observe(line, (entry: WireEntry) => {
    if (entry.kind === 'sent') sent++;
    if (entry.kind === 'ended') lanes.push(entry.lane);
  });
  rig.agent.view.sniffer.hush(line, 20_000);
  await rig.clock.advance(1_000);
  sent = lanes.length = 0;
  await rig.clock.advance(10_000);
  t.equal(sent, 0, 'silence');
  const target = { kind: 'cabinet', id: 'demo' } as const;
  void rig.agent.view.override({ target, levelPct: 77, rank: 'override', minutes: 5, reason: 'test', source: 'console:ann' });
  await rig.clock.advance(5_000);
  t.strictSame(
    rig.levels(),
    rig.levels().map(() => 77),
    'light comes first',
  );
  t.strictSame(
    [...new Set(lanes)].filter((lane) => lane !== 'urgent' && lane !== 'command'),
    [],
  );
  await rig.clock.advance(30_000);
  t.ok(lanes.includes('telemetry') && lanes.includes('presence'), 'polls are back');
  const end = rig.agent.view.sniffer.hush(line, 20_000);
  end();
  lanes.length = 0;
  await rig.clock.advance(3_000);
  t.ok(lanes.includes('presence'), 'the observer may end it sooner');
  stop();
  lanes.length = 0;
  await rig.clock.advance(3_000);
  t.strictSame(lanes, []);
});

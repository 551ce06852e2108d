import t from 'tap';
import { MINUTE_MS } from '../../../../agent/core/durations.ts';
import { hangsOf } from '../../../../agent/service/run/progress.ts';
import { createRig, STUCK_PORT } from '../../../support/rig.ts';

const NIGHT = '2026-12-15T23:30:00+01:00';

t.test('all parts of a working agent give signs of life: a healthy line, a silent one and an unplugged one', async (t) => {
  const rig = await createRig(t, { startAt: NIGHT });
  const parts = (): readonly string[] => hangsOf(rig.agent.pulse(), rig.clock.monoMs()).map(({ part }) => part);
  const watchFor = async (minutes: number): Promise<readonly string[]> => {
    const seen = new Set<string>();
    for (let seconds = 0; seconds < minutes * 60; seconds += 10) {
      await rig.clock.advance(10_000);
      for (const part of parts()) seen.add(part);
    }
    return [...seen];
  };
  t.strictSame(await watchFor(2), []);
  t.match(rig.agent.pulse(), { lines: [{ id: 'north', openingMono: null }], store: { unansweredMono: null, isStuck: false } });
  for (const id of ['L01', 'L02', 'L03', 'L04', 'S01', 'M01']) {
    const { line, unit } = rig.street.unitOf(id);
    line.silence(unit);
  }
  t.strictSame(await watchFor(5), [], 'no unit answers, and the line continues to poll');
  rig.street.unitOf('L01').line.unplug();
  t.strictSame(await watchFor(15), [], 'a port that is missing is tried again and again');
});

t.test('a port that neither opens nor fails counts as hanging after ten minutes, and not before', async (t) => {
  const rig = await createRig(t, {
    startAt: NIGHT,
    change: (cabinet) => ({ ...cabinet, lines: cabinet.lines.map((line) => ({ ...line, port: STUCK_PORT })) }),
  });
  const parts = (): readonly string[] => hangsOf(rig.agent.pulse(), rig.clock.monoMs()).map(({ part }) => part);
  await rig.clock.advance(9 * MINUTE_MS);
  t.strictSame(parts(), []);
  await rig.clock.advance(2 * MINUTE_MS);
  t.strictSame(parts(), ['line north']);
});

t.test('a line that waits for ever for its adapter hangs after half a minute, the lighting and the others do not', async (t) => {
  const rig = await createRig(t, { startAt: NIGHT });
  const parts = (): readonly string[] => hangsOf(rig.agent.pulse(), rig.clock.monoMs()).map(({ part }) => part);
  await rig.clock.advance(MINUTE_MS);
  const [port] = [...rig.wires.values()].map((wire) => wire.port);
  if (port === undefined) throw new Error('no wire');
  const { close } = port;
  const closing = Promise.withResolvers<void>();
  port.close = () => closing.promise;
  for (const id of ['L01', 'L02', 'L03', 'L04', 'S01', 'M01']) {
    const { line, unit } = rig.street.unitOf(id);
    line.silence(unit);
  }
  await rig.until('its port is being closed for a reopening, and the close does not end', () => parts().length > 0, 10 * MINUTE_MS);
  t.strictSame(parts(), ['line north']);
  t.equal((await rig.status()).zones[0]?.lamps.length, 4, 'the rest goes on');
  port.close = close;
  closing.resolve();
  await rig.clock.advance(MINUTE_MS);
  t.strictSame(parts(), [], 'and it is well as soon as the adapter lets go');
});

import t from 'tap';
import { createEventTracker } from '../../../../agent/core/event-tracker.ts';
import { createManualClock } from '../../../../agent/core/manual-clock.ts';
import { PortSupervisor } from '../../../../agent/field/line/port-supervisor.ts';

t.test('a stop while the port is being closed for a reopening leaves it closed', async (t) => {
  const clock = createManualClock(0);
  const calls: string[] = [];
  let closed = (): void => {};
  const port = {
    open: async () => void calls.push('open'),
    close: () =>
      new Promise<void>((resolve) => {
        calls.push('close');
        closed = resolve;
      }),
  };
  const supervisor = new PortSupervisor({
    ...{ lineId: 'north', port, clock, log: { event: () => {} }, onUp: () => {} },
    events: createEventTracker(clock, () => {}),
  });
  await supervisor.start();
  const reopened = supervisor.reopen();
  const first = closed;
  const stopped = supervisor.stop();
  first();
  await reopened;
  closed();
  await stopped;
  t.same(calls, ['open', 'close', 'close']);
});

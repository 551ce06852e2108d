import t from 'tap';
import { createManualClock } from '../../../../agent/core/manual-clock.ts';
import { msg } from '../../../../agent/core/message.ts';
import { withTexts } from '../../../../agent/core/message-wire.ts';
import type { AgentEvent } from '../../../../agent/core/words.ts';
import { Watch, type WatchParts } from '../../../../agent/diagnosis/watch/watch.ts';

const OPEN: AgentEvent = {
  id: 'lamp-out:L01:0',
  code: 'lamp-out',
  source: 'L01',
  startMs: 0,
  endMs: null,
  severity: 'alarm',
  text: msg`L01: gives no light`,
};

for (const isStopped of [false, true])
  t.test(
    `an open fault of an earlier run ${isStopped ? 'is left to the next watch if the disk answers after the stop' : 'ends without its lamp'}`,
    async (t) => {
      const events: AgentEvent[] = [];
      const saved: unknown[] = [];
      const { promise: stored, resolve: answer } = Promise.withResolvers<unknown>();
      const watch = new Watch({
        cabinet: { id: 'C1', watch: null, zones: [], lamps: [], outputs: [] } as unknown as WatchParts['cabinet'],
        points: new Map(),
        profiles: new Map(),
        clock: createManualClock(0),
        store: { load: () => stored, save: async (_, value) => saved.push(value) > 0 },
        light: { decisions: () => [], outputs: () => [] },
        onEvent: (event) => events.push(event),
        held: new Map(),
      });
      watch.start();
      if (isStopped) watch.stop();
      answer({ v: 1, open: withTexts([{ kind: 'lamp', fault: 'lamp-out', event: OPEN }]) });
      await new Promise(setImmediate);
      t.strictSame(
        events.map(({ id, endMs }) => [id, endMs === null]),
        isStopped ? [] : [[OPEN.id, false]],
      );
      t.strictSame(saved, [], 'nothing replaces it on the disk');
      watch.stop();
    },
  );

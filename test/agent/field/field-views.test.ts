import t from 'tap';
import type { LineCounters } from '../../../agent/core/driver.ts';
import { NO_TEXT } from '../../../agent/core/message.ts';
import { lineView } from '../../../agent/field/field-views.ts';
import type { LineRuntime } from '../../../agent/field/line-runtime.ts';

t.test('the list of lines counts incomplete replies as damaged ones, as `bus stats` does', async (t) => {
  const line = {
    source: { kind: 'modbus', config: { id: 'north', kind: 'modbus', port: '/dev/north' } },
    supervisor: { isDown: false, reason: NO_TEXT },
    load: { busyPct: () => 0 },
    runner: null,
  } as unknown as LineRuntime;
  t.equal(lineView(line, { crcErrors: 2, truncated: 3 } as LineCounters).crcErrors, 5);
});

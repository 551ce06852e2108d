import t from 'tap';
import { withOptions } from '../../../../agent/config/load/with-options.ts';
import type { Cabinet } from '../../../../agent/core/cabinet.ts';

t.test('a port is replaced for the named line alone, whatever the ids of the others', async (t) => {
  const lines = ['street', 'constructor'].map((id) => ({ id, port: `/dev/${id}` }));
  const cabinet = { lines, uplink: null } as unknown as Cabinet;
  const changed = withOptions(cabinet, { ports: { street: '/dev/ttyUSB7' }, broker: null, dataDir: null, noUplink: false } as never);
  t.strictSame(
    changed.lines.map(({ port }) => port),
    ['/dev/ttyUSB7', '/dev/constructor'],
  );
});

import t from 'tap';
import { mendedDocument } from '../../../../agent/config/load/mended-cabinet.ts';

t.test('a line and a device that are left out take no other device with them', async (t) => {
  const line = (id: string, devices: readonly object[]) => ({ id, port: `/dev/${id}`, serial: { baud: 9600 }, devices });
  const mended = mendedDocument({
    cabinet: { id: 'c', name: 'C', latitudeDeg: 47, longitudeDeg: 0, timezone: 'Europe/Paris' },
    lines: [
      { id: 'north', devices: [] },
      line('east', [{ unit: 1, profile: 'eastron-sdm630' }]),
      line('west', [{ id: 'M1', unit: 1, profile: 'eastron-sdm630' }]),
    ],
    ...{ poles: [], lamps: [], zones: [], programmes: [] },
  });
  t.strictSame(
    mended?.document.lines.map(({ id, devices }) => [id, devices.map((device) => device.id)]),
    [
      ['east', []],
      ['west', ['M1']],
    ],
  );
  t.strictSame(mended?.originalPath(['lines', 1, 'devices', 0]), ['lines', 2, 'devices', 0]);
});

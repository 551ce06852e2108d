import t from 'tap';
import type { Cabinet } from '../../../agent/core/cabinet.ts';
import { msg } from '../../../agent/core/message.ts';
import type { LampView } from '../../../agent/core/views.ts';
import type { AgentEvent, EventCode } from '../../../agent/core/words.ts';
import { withLampFaults, withLampTrouble } from '../../../agent/diagnosis/faults-in-views.ts';

const CABINET = {
  lines: [
    { id: 'north', devices: [{ id: 'D1' }] },
    { id: 'south', devices: [{ id: 'D2' }] },
  ],
  lamps: [{ id: 'L01', device: 'D1', point: 'level' }],
} as unknown as Cabinet;
const LAMP = { id: 'L01', faults: [] } as unknown as LampView;
const event = (code: EventCode, source: string): AgentEvent => ({
  ...{ id: `${code}:${source}:0`, code, source, severity: 'warning', text: msg`${code} of ${source}`, startMs: 0, endMs: null },
});

t.test('why a lamp is dark is explained by its silence, its line, then its faults', async (t) => {
  const events = [
    event('device-flag', 'D1.overcurrent'),
    event('line-down', 'north'),
    event('unit-silent', 'D1'),
    event('unit-silent', 'D2'),
  ];
  const faults = ['line-down of north', 'unit-silent of D1', 'device-flag of D1.overcurrent'];
  t.same(withLampTrouble(LAMP, CABINET, events).faults.map(String), faults);
  t.same(
    withLampFaults(LAMP, CABINET, events).faults.map(String),
    ['device-flag of D1.overcurrent'],
    'a list tells silence by the state alone',
  );
});

t.test('a lamp whose level is not read, or whose device gives no data, has that fault in lists too', async (t) => {
  const events = [event('level-not-read', 'D1.level'), event('unit-no-data', 'D1'), event('level-not-read', 'D2.level')];
  t.same(withLampFaults(LAMP, CABINET, events).faults.map(String), ['level-not-read of D1.level', 'unit-no-data of D1']);
});

t.test('other lines and a lamp that is not in the cabinet add nothing', async (t) => {
  t.same(withLampTrouble(LAMP, CABINET, [event('line-down', 'south')]).faults.map(String), []);
  t.same(withLampTrouble({ ...LAMP, id: 'L99' }, CABINET, [event('line-down', 'north')]).faults.map(String), []);
});

for (const [points, own, wanted] of [
  [['level', 'level_2', 'level_3'], 'level_2', ['G1.level_2', 'G1.power_2', 'G1.temperature']],
  [['level', 'level_2', 'level_3'], 'level', ['G1.level', 'G1.temperature']],
  [['ecg0_level', 'ecg1_level', 'ecg11_level'], 'ecg1_level', ['G1.ecg1_fault', 'G1.ecg1_level', 'G1.temperature']],
  [['level', 'level_2', 'level_12'], 'level_2', ['G1.level_2', 'G1.power_2', 'G1.temperature']],
] as const)
  t.test(`of ${points.join(', ')} the lamp on ${own} has only its own faults and those of the device`, async (t) => {
    const lamps = points.map((point) => ({ id: `lamp on ${point}`, device: 'G1', point }));
    const cabinet = { lines: [{ id: 'north', devices: [{ id: 'G1' }] }], lamps } as unknown as Cabinet;
    const sources = [...points, ...points.map((point) => point.replace('level', point.includes('ecg') ? 'fault' : 'power')), 'temperature'];
    const events = [...new Set(sources)].filter((point) => point !== 'power').map((point) => event('level-not-read', `G1.${point}`));
    const view = { id: `lamp on ${own}`, faults: [] } as unknown as LampView;
    const found = withLampFaults(view, cabinet, events).faults.map((text) => String(text).replace('level-not-read of ', ''));
    t.strictSame(found.sort(), wanted);
  });

/** What a revision may do with the lines on which light depends: how their units are reached, and how much is polled fast. */
import { readFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import { floorFlaws } from '../../../../agent/config/floor/floor-check.ts';
import { lineFlaws } from '../../../../agent/config/floor/floor-lines.ts';
import type { Sensing } from '../../../../agent/config/floor/floor-sensors.ts';
import type { CabinetAndProfiles } from '../../../../agent/config/revisions/touched-parts.ts';
import { setupValuesOf } from '../../../../agent/config/setup-values.ts';
import { circuitsOf } from '../../../../drivers/light-circuits.ts';
import { loadEdited, NOW_MS } from './floor-changes.ts';

type Edits = readonly (readonly [from: string, to: string])[];

/** Lines of a sensor, of a meter and of a photocell beside that of the lamps. */
const LINES: Edits = [
  [
    'poles:',
    `  - { id: sense, port: demo/sense, serial: { baud: 19200, stopBits: 2 }, devices: [{ id: S02, unit: 5, profile: wirenboard-wb-msw, pole: P03 }] }
  - { id: meter, port: demo/meter, serial: { baud: 9600 }, devices: [{ id: M1, unit: 1, profile: eastron-sdm630 }] }
  - { id: lux, port: demo/lux, serial: { baud: 9600 }, devices: [{ id: LUX, unit: 5, profile: wirenboard-wb-msw }] }
poles:`,
  ],
  ['ownHoldS: 5 }]', 'ownHoldS: 5 }, { device: S02, threshold: 50 }]'],
  ['    programme: residential', '    photocell: { device: LUX }\n    programme: residential'],
];
const north = (text: string): Edits => [['serial: { baud: 19200, stopBits: 2 }\n', `${text}\n`]];

function sensing({ cabinet, profiles }: CabinetAndProfiles): Sensing {
  return { cabinet, circuits: circuitsOf({ cabinet, profiles, setupOf: (id) => setupValuesOf(cabinet, id) }) };
}

function flawsOf(t: Test, edits: Edits, { base = LINES, profile = null }: { base?: Edits; profile?: string | null } = {}) {
  const site = sensing(loadEdited(t, base));
  return lineFlaws({ after: sensing(loadEdited(t, [...base, ...edits], profile)), running: site, site });
}

t.test('other settings of a line on which light depends are found, whichever they are', async (t) => {
  const attacks: readonly (readonly [name: string, edits: Edits, line: string])[] = [
    ['a tenth of the speed', north('serial: { baud: 1200, stopBits: 2 }'), 'north'],
    ['ten times the speed', north('serial: { baud: 230400, stopBits: 2 }'), 'north'],
    ['the next speed', north('serial: { baud: 9600, stopBits: 2 }'), 'north'],
    ['parity', north('serial: { baud: 19200, parity: even, stopBits: 2 }'), 'north'],
    ['stop bits', north('serial: { baud: 19200, stopBits: 1 }'), 'north'],
    ['none, so that the defaults count', north(''), 'north'],
    ['the mode of the line', north('serial: { baud: 19200, stopBits: 2 }\n    rs485: { rtsHighOnSend: false }'), 'north'],
    ['the line of a sensor', [['demo/sense, serial: { baud: 19200', 'demo/sense, serial: { baud: 9600']], 'sense'],
    ['the line of a photocell', [['demo/lux, serial: { baud: 9600', 'demo/lux, serial: { baud: 19200']], 'lux'],
    ['the line under another name', [...north('serial: { baud: 9600, stopBits: 2 }'), ['id: north', 'id: nord']], 'nord'],
  ];
  for (const [name, edits, line] of attacks) {
    const found = flawsOf(t, edits).filter(({ path }) => path === `lines[${line}].serial`);
    t.match(found, [{ message: /out of reach/, isAllowedAtCabinet: true }], name);
    t.equal(found.length, 1, name);
  }
});

t.test('nothing is sent to a device that only sends: its port gets no line of another kind without an admin or a signature', async (t) => {
  const base: Edits = [
    ...LINES,
    ['\npoles:', '\n  - { id: tic, kind: uart, port: demo/tic, devices: [{ id: TIC1, profile: enedis-linky-tic }] }\npoles:'],
  ];
  const modbus = '{ id: T1, port: demo/tic, devices: [{ id: T2, unit: 1, profile: eastron-sdm630 }] }';
  const dali = '{ id: tic, kind: dali, port: demo/tic, devices: [] }';
  const own = '{ id: tic, kind: uart, port: demo/tic, devices: [{ id: TIC1, profile: enedis-linky-tic }] }';
  for (const line of [modbus, '{ id: tic, port: demo/tic, devices: [] }', dali]) {
    const found = flawsOf(t, [[own, line]], { base });
    t.match(found, [{ path: /lines\[\w+\].kind/, message: /sends by itself/ }], line);
    t.notOk(found[0]?.isAllowedAtCabinet);
  }
  t.strictSame(
    flawsOf(t, [[own, own.replace('TIC1', 'LINKY').replace('id: tic', 'id: linky')]], { base }),
    [],
    'another name is no change',
  );
  const [site, without] = [sensing(loadEdited(t, base)), sensing(loadEdited(t, LINES))];
  const later = lineFlaws({ after: sensing(loadEdited(t, [...base, [own, modbus]])), running: without, site });
  t.match(later, [{ path: 'lines[T1].kind' }], 'nor in two steps, the first of which removes the meter');
});

t.test('the line of a meter may change its speed, and a line with lamps anything but its settings', async (t) => {
  t.strictSame(flawsOf(t, [['demo/meter, serial: { baud: 9600', 'demo/meter, serial: { baud: 19200']]), []);
  t.strictSame(flawsOf(t, [['id: north', 'id: nord']]), []);
  t.strictSame(flawsOf(t, north('serial: { stopBits: 2, baud: 19200, parity: none, dataBits: 8 }')), [], 'the same, written otherwise');
});

t.test('the settings of the running line count, even if the file of the site differs', async (t) => {
  const [site, running] = [loadEdited(t, LINES), loadEdited(t, [...LINES, ...north('serial: { baud: 9600, stopBits: 2 }')])];
  t.strictSame(floorFlaws({ after: running, running, site, nowMs: NOW_MS }), []);
  t.match(floorFlaws({ after: site, running, site, nowMs: NOW_MS }), [{ path: 'lines[north].serial' }], 'an older speed is no safer one');
  const withoutNorth = sensing(loadEdited(t, LINES));
  const gone = {
    ...withoutNorth,
    cabinet: { ...withoutNorth.cabinet, lines: withoutNorth.cabinet.lines.filter(({ id }) => id !== 'north') },
  };
  const after = sensing(loadEdited(t, [...LINES, ...north('serial: { baud: 4800, stopBits: 2 }')]));
  t.match(
    lineFlaws({ after, running: gone, site: sensing(site) }),
    [{ path: 'lines[north].serial' }],
    'of a line that does not run, the file knows',
  );
});

/** So many further units of a type on the line of the lamps. */
const added = (units: number, profile: string): Edits => [
  [
    '      - { id: S01',
    `${Array.from({ length: units }, (_, i) => `      - { id: X${i}, unit: ${100 + i}, profile: ${profile} }\n`).join('')}      - { id: S01`,
  ],
];

t.test('a line with sensors takes further fast-polled units only while each sensor keeps its period', async (t) => {
  const allowed = [0, 1, 2, 3].filter((units) => flawsOf(t, added(units, 'wirenboard-wb-msw'), { base: [] }).length === 0);
  t.strictSame(allowed, [0, 1, 2, 3], 'four sensors on a line of 19200 baud');
  for (const units of [4, 10, 40, 100]) {
    const found = flawsOf(t, added(units, 'wirenboard-wb-msw'), { base: [] });
    t.match(found, [
      { path: 'lines[north].devices', message: /read every \d+ ms; the floor of the site is 100 ms: let fewer/, isAllowedAtCabinet: true },
    ]);
  }
  t.strictSame(flawsOf(t, added(100, 'eastron-sdm630'), { base: [] }), [], 'what is polled slowly waits for its turn');
  t.strictSame(flawsOf(t, [['id: M1, unit: 1', 'id: M1, unit: 1, pole: P01']], {}), []);
});

t.test('a type that polls more of its points fast counts as much as a further unit', async (t) => {
  const led = readFileSync('drivers/profiles/wirenboard-wb-led.yaml', 'utf8');
  const found = flawsOf(t, [], { base: [], profile: led.replaceAll('poll: normal', 'poll: fast') });
  t.match(found, [{ path: 'lines[north].devices', message: /read every/ }]);
});

t.test('a line that has more sensors than fit already may keep them, and gets no slower', async (t) => {
  const base = added(9, 'wirenboard-wb-msw');
  t.strictSame(flawsOf(t, [['levelPct: 30 }', 'levelPct: 20 }']], { base }), []);
  t.strictSame(flawsOf(t, [['      - { id: X8, unit: 108, profile: wirenboard-wb-msw }\n', '']], { base }), []);
  t.ok(
    flawsOf(t, [['      - { id: X8', '      - { id: Y8, unit: 120, profile: wirenboard-wb-msw }\n      - { id: X8']], { base }).length > 0,
  );
});

t.test('a line without sensors may be filled', async (t) => {
  const presence = '    presence:\n      { holdS: 15, rampDownS: 5, reachM: 40, sensors: [{ device: S01, threshold: 50, ownHoldS: 5 }] }\n';
  t.strictSame(flawsOf(t, added(30, 'wirenboard-wb-msw'), { base: [[presence, '']] }), []);
});

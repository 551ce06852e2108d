/** Warnings of `luciole check` for cabinets that do run. */
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { checkConfig, loadSite } from '../../../../agent/config/load/load-site.ts';
import { formatProblem } from '../../../../agent/core/errors.ts';
import { changed } from '../small-street.ts';

const STREET = `cabinet: { id: c, name: C, latitudeDeg: 47.47, longitudeDeg: -0.55, timezone: Europe/Paris }
lines:
  - id: north
    port: /dev/null
    serial: { baud: 9600 }
    devices:
      - { id: L01, unit: 1, profile: wirenboard-wb-led, pole: P01 }
      - { id: S01, unit: 21, profile: wirenboard-wb-msw, pole: P01 }
      - { id: G1, unit: 31, profile: intesis-inmbsdal, instances: { ecg: [0] } }
poles: [{ id: P01, atM: 0 }, { id: P02, atM: 25 }]
lamps:
  - { id: L01, ratedPowerW: 60 }
zones:
  - id: rue
    lamps: [L01]
    programme: usual
    presence: { sensors: [{ device: S01 }], reachM: 40 }
programmes: [{ id: usual, steps: [{ at: dusk, levelPct: 100 }] }]
`;

async function warned(t: Test, ...changes: readonly (readonly [string, string])[]) {
  const dir = t.testdir({ 'cabinet.yaml': changed(STREET, changes) });
  const file = join(dir, 'cabinet.yaml');
  const { problems, warnings } = await checkConfig({ configFile: file });
  t.strictSame(
    problems.map((each) => formatProblem(each)),
    [],
    'it can be used',
  );
  return { site: loadSite(file), warnings: warnings.map((warning) => formatProblem(warning).replace(`${file}:`, '')) };
}

t.test('a street whose lamps fall back by themselves has nothing to warn of', async (t) => {
  t.strictSame((await warned(t)).warnings, []);
});

t.test('a photocell window of four hours loads, counts as two, and is named', async (t) => {
  for (const [windowMin, counts] of [
    [120, 120],
    [121, 120],
    [240, 120],
    [720, 120],
  ] as const) {
    const { site, warnings } = await warned(t, ['    presence:', `    photocell: { device: S01, windowMin: ${windowMin} }\n    presence:`]);
    t.equal(site.cabinet.zones[0]?.photocell?.windowMin, counts);
    const message = `windowMin ${windowMin} counts as 120: farther from dusk and dawn no sky is dark; write 120 or less`;
    t.strictSame(warnings, windowMin === 120 ? [] : [`17:42: zones[0].photocell.windowMin: ${message}`]);
    t.equal(site.warnings.length, warnings.length, 'the log of the agent names it as well');
  }
});

t.test('each lamp that keeps its last level without an agent is named', async (t) => {
  const { warnings } = await warned(
    t,
    [
      '  - { id: L01, ratedPowerW: 60 }',
      '  - { id: L01, ratedPowerW: 60 }\n  - { id: D0, device: G1, point: ecg0_level, pole: P02, ratedPowerW: 60 }',
    ],
    ['lamps: [L01]', 'lamps: [L01, D0]'],
  );
  const message = 'lamp "D0" has no failsafe: with profile "intesis-inmbsdal" it keeps its last level while no agent writes';
  t.strictSame(warnings, [`13:5: lamps[1]: ${message}`]);
});

t.test('a blanked sensor next to a wave is reported, a counter is not', async (t) => {
  const wave = [
    [
      '  - { id: L01, ratedPowerW: 60 }',
      '  - { id: L01, ratedPowerW: 60 }\n  - { id: D0, device: G1, point: ecg0_level, pole: P02, ratedPowerW: 60 }',
    ],
    ['lamps: [L01]', 'lamps: [L01, D0]'],
  ] as const;
  const named = async (presence: string): Promise<string[]> =>
    (await warned(t, ...wave, ['presence: { sensors: [{ device: S01 }], reachM: 40 }', presence])).warnings.filter((text) =>
      /blankS/.test(text),
    );
  const message =
    'blankS 5 with wave counts as 2 at most, because light rises ahead of people; leave it out, or shield the sensor from the lamp';
  t.strictSame(await named('presence: { sensors: [{ device: S01, blankS: 5 }], wave: {} }'), [
    `18:50: zones[0].presence.sensors[0].blankS: ${message}`,
  ]);
  t.match(await named('presence: { sensors: [{ device: S01, blankS: 5 }], wave: { lookAheadS: 8 } }'), [/counts as 4 at most/]);
  t.strictSame(await named('presence: { sensors: [{ device: S01, blankS: 5 }], reachM: 40 }'), []);
  t.strictSame(await named('presence: { sensors: [{ device: S01 }], wave: {} }'), []);
  t.strictSame(await named('presence: { sensors: [{ device: S01, kind: counter, blankS: 5 }], wave: {} }'), []);
});

t.test('a level for relayed detections without a wave is named', async (t) => {
  const named = async (presence: string): Promise<string[]> =>
    (await warned(t, ['presence: { sensors: [{ device: S01 }], reachM: 40 }', presence])).warnings.filter((text) =>
      /relayedPct/.test(text),
    );
  t.match(await named('presence: { sensors: [{ device: S01 }], reachM: 40, relayedPct: 60 }'), [
    /zones\[0\]\.presence\.relayedPct: relayedPct 60 has no effect without wave/,
  ]);
  t.strictSame(await named('presence: { sensors: [{ device: S01 }], relayedPct: 60, wave: { mode: section } }'), []);
});

t.test('constant light of lamps whose hours are not in the file is named', async (t) => {
  const constant = ['    programme: usual', '    programme: usual\n    constantLight: { newPct: 80, fullAtH: 50000 }'] as const;
  t.match((await warned(t, constant)).warnings, [/zones\[0\]\.constantLight: the burning hours of L01 are not in this file/]);
  const known = ['{ id: L01, ratedPowerW: 60 }', '{ id: L01, ratedPowerW: 60, burned: { hours: 12000, on: 2026-05-01 } }'] as const;
  const { site, warnings } = await warned(t, constant, known);
  t.strictSame(warnings, []);
  t.match(site.cabinet.lamps[0]?.burned, { hours: 12_000, on: '2026-05-01' });
});

/** As `warned`, with another programme or other dusk. */
async function nightWarnings(t: Test, ...changes: readonly (readonly [string, string])[]): Promise<string[]> {
  return (await warned(t, ...changes)).warnings;
}

t.test('a zone that is lit later than civil dusk, or switched off before civil dawn, is named with its worst night', async (t) => {
  const zone = (keys: string) => ['    programme: usual', `    programme: usual\n${keys}`] as const;
  const late = (n: number, day: string) => `this zone is lit up to ${n} min after civil dusk, as in the night of ${day}; `;
  const advice = 'below -6 degrees a street without lamps is dark; raise sunBelowDeg, or reduce the offset';
  t.strictSame(await nightWarnings(t, zone('    sunBelowDeg: -6')), [], 'civil dusk itself is none');
  t.strictSame(await nightWarnings(t, zone('    onOffsetMin: 10')), [], 'nor is a little after sunset');
  t.strictSame(await nightWarnings(t, zone('    onOffsetMin: -120\n    offOffsetMin: 120')), [], 'nor what lights earlier');
  const moved = await nightWarnings(t, zone('    onOffsetMin: 120\n    offOffsetMin: -120'));
  t.equal(moved.length, 2, moved.join('\n'));
  t.ok(moved[0]?.startsWith(`17:18: zones[0].onOffsetMin: ${late(96, '02-21')}${advice}`), moved.join('; '));
  t.match(moved[1], /zones\[0\]\.offOffsetMin: this zone is put out up to 9\d min before civil dawn, as in the night of/);
  const deep = await nightWarnings(t, zone('    sunBelowDeg: -18'));
  t.match(deep, [
    /zones\[0\]\.sunBelowDeg: this zone is lit up to \d{3} min after civil dusk, as in the night of 06-21/,
    /before civil dawn/,
  ]);
  const season = await nightWarnings(t, zone('    seasons: [{ from: 11-01, to: 02-28, onOffsetMin: 60 }]'));
  t.match(season, [/zones\[0\]\.seasons\[0\]: this zone is lit up to \d\d min after civil dusk, as in the night of (1[12]|0[12])-/]);
  t.equal(season.length, 1);
});

t.test('where the sun does not go below -6 degrees nothing is late, and where it stays below there is no edge', async (t) => {
  const north = [
    'latitudeDeg: 47.47, longitudeDeg: -0.55, timezone: Europe/Paris',
    'latitudeDeg: 69.65, longitudeDeg: 18.96, timezone: Europe/Oslo',
  ] as const;
  t.strictSame(await nightWarnings(t, north), []);
  const moved = await nightWarnings(t, north, ['    programme: usual', '    programme: usual\n    onOffsetMin: 120']);
  t.match(moved, [/lit up to \d+ min after civil dusk/]);
});

t.test('a step that short nights skip is reported, with the night and the step used instead', async (t) => {
  const steps = (list: string) => ['steps: [{ at: dusk, levelPct: 100 }]', `steps: [{ at: dusk, levelPct: 100 }, ${list}]`] as const;
  const dimmed = await nightWarnings(t, steps('{ at: sunset+180, levelPct: 70 }, { at: "23:00", levelPct: 30 }'));
  t.equal(dimmed.length, 1, dimmed.join('\n'));
  t.match(
    dimmed[0],
    /programmes\[0\]\.steps\[1\]\.at: in nights such as that of \d\d-\d\d "sunset\+180" comes after "23:00", so it is left out, and "23:00" begins only at \d\d:\d\d/,
  );
  t.strictSame(await nightWarnings(t, steps('{ at: sunset+30, levelPct: 70 }, { at: "23:30", levelPct: 30 }')), [], 'in order all year');
  t.strictSame(await nightWarnings(t, steps('{ at: "23:00", levelPct: 30 }, { at: dawn-60, levelPct: 70 }')), []);
  t.match(await nightWarnings(t, steps('{ at: "23:00", levelPct: 30 }, { at: "05:30", levelPct: 90 }, { at: dawn-60, levelPct: 70 }')), [
    /steps\[2\]\.at: in nights such as that of 0\d-\d\d "05:30" comes after "dawn-60"/,
  ]);
});

t.test('a relative folder of the store is a warning, except in a street of the demo', async (t) => {
  const store = (dir: string) => ['poles:', `store: { dir: ${dir} }\npoles:`] as const;
  for (const dir of ['data', './data', '../data'])
    t.match((await warned(t, store(dir))).warnings, [/store\.dir.* is relative: .*; write the whole path, as \/var\/lib\/luciole/], dir);
  t.strictSame((await warned(t, store('/srv/data'))).warnings, []);
  const file = join(t.testdir({ 'cabinet.yaml': changed(STREET, [store('data'), ['/dev/null', 'demo/north']]) }), 'cabinet.yaml');
  t.strictSame((await checkConfig({ configFile: file, hasPorts: false })).warnings, [], 'the demo');
});

import t from 'tap';
import { floorFlaws } from '../../../../agent/config/floor/floor-check.ts';
import type { CabinetAndProfiles } from '../../../../agent/config/revisions/touched-parts.ts';
import { changed } from '../small-street.ts';
import { DALI, FED, flaws, LED, loadEdited, NO_EXAMPLES, NOW_MS } from './floor-changes.ts';

const HONEST: readonly [name: string, change: Parameters<typeof flaws>[1]][] = [
  ['nothing', {}],
  ['dimmed to the minimum', { edits: [['levelPct: 30 }', 'levelPct: 10 }']] }],
  [
    'zone and programme renamed',
    {
      edits: [
        ['id: rue', 'id: strasse'],
        ['programme: residential', 'programme: nuit'],
        ['id: residential', 'id: nuit'],
      ],
    },
  ],
  [
    'lamp renamed',
    {
      edits: [
        ['- { id: L04, ratedPowerW', '- { id: X04, device: L04, ratedPowerW'],
        ['L04]', 'X04]'],
      ],
    },
  ],
  [
    'lamp added',
    {
      edits: [
        ['      - { id: S01', '      - { id: L05, unit: 5, profile: wirenboard-wb-led, pole: P04 }\n      - { id: S01'],
        ['zones:', '  - { id: L05, ratedPowerW: 60 }\nzones:'],
        ['L04]', 'L04, L05]'],
      ],
    },
  ],
  ['a lamp of another power', { edits: [['L04, ratedPowerW: 60', 'L04, ratedPowerW: 40']] }],
  [
    'zone cut in two',
    {
      edits: [
        ['lamps: [L01, L02, L03, L04]', 'lamps: [L01, L02]'],
        ['programmes:', '  - { id: end, lamps: [L03, L04], programme: residential, minPct: 10 }\nprogrammes:'],
      ],
    },
  ],
  [
    'device type with one more reading',
    {
      led: [['groups:', '  - { id: supply, semantic: voltage, table: input, address: 121, unit: V, scale: 0.001, poll: slow }\ngroups:']],
    },
  ],
  ['device type polled more slowly', { led: [['poll: normal', 'poll: slow']] }],
  ['slower ramps', { edits: [['rampDownS: 5', 'rampDownS: 20']] }],
  [
    'a rule that raises',
    { edits: [['programmes:', 'rules:\n  - { id: r, presenceIn: rue, raise: { zones: [rue], levelPct: 60 } }\nprogrammes:']] },
  ],
  [
    'another ballast of a DALI gateway',
    {
      base: DALI,
      edits: [
        ['instances: { ecg: [0] }', 'instances: { ecg: [0, 1] }'],
        ['zones:', '  - { id: E1, device: G1, point: ecg1_level, pole: P01, ratedPowerW: 40 }\nzones:'],
        ['L04, E0]', 'L04, E0, E1]'],
      ],
    },
  ],
  ['the same endpoint by its full name', { base: DALI, edits: [['tcp://10.0.0.5', 'tcp://10.0.0.5:502']] }],
  [
    'a photocell that is taken out',
    {
      base: [['    programme: residential', '    photocell: { device: S01 }\n    programme: residential']],
      edits: [['    photocell: { device: S01 }\n', '']],
    },
  ],
  ['an output that rests less', { base: FED, edits: [['zones: [rue] } }', 'zones: [rue] }, minOffS: 30 }']] }],
];

t.test('valid changes need no person at the cabinet', async (t) => {
  for (const [name, change] of HONEST) t.strictSame(flaws(t, change), [], name);
});

t.test('no scale wanders below the floor step by step: the reference is what the site file reads', async (t) => {
  const site = loadEdited(t, []);
  const scaled = (scale: number): CabinetAndProfiles =>
    loadEdited(t, [], changed(LED, [['    unit: "%"\n    invalid', `    unit: "%"\n    scale: ${scale}\n    invalid`], ...NO_EXAMPLES]));
  t.ok(floorFlaws({ after: scaled(2), running: site, site, nowMs: NOW_MS }).length > 0);
  const half = scaled(2);
  t.strictSame(floorFlaws({ after: half, running: half, site, nowMs: NOW_MS }), [], 'what runs already, by an admin, may stay');
  t.ok(floorFlaws({ after: scaled(4), running: half, site, nowMs: NOW_MS }).length > 0, 'and goes no further by itself');
});

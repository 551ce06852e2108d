import t from 'tap';
import { FED, flaws, NO_EXAMPLES } from './floor-changes.ts';

const ATTACKS: readonly (readonly [name: string, change: Parameters<typeof flaws>[1], flaw: RegExp])[] = [
  [
    'lamp taken out',
    {
      edits: [
        ['  - { id: L04, ratedPowerW: 60, minPct: 10 }\n', ''],
        ['L03, L04]', 'L03]'],
      ],
    },
    /lamps\[L04\]: nothing drives it any more at unit 4 of demo\/north/,
  ],
  ['lamp at a unit that is not there', { edits: [['id: L04, unit: 4', 'id: L04, unit: 44']] }, /lamps\[L04\]: nothing drives it/],
  [
    'two lamps that exchange their units',
    {
      edits: [
        ['lamps: [L01, L02, L03, L04]', 'lamps: [L01, L02, L03]'],
        ['  - { id: L04, ratedPowerW: 60, minPct: 10 }\n', ''],
        ['id: L04, unit: 4', 'id: X, unit: 4'],
      ],
    },
    /nothing drives it/,
  ],
  [
    'level to another register',
    {
      led: [
        ['    address: 2000\n    unit', '    address: 2001\n    unit'],
        ['holding, address: 2000, sets', 'holding, address: 2001, sets'],
        ...NO_EXAMPLES,
      ],
    },
    /nothing drives it/,
  ],
  [
    'written to another register than it is read from',
    { led: [['write: { min: 0', 'write: { address: 2001, min: 0'], ...NO_EXAMPLES] },
    /nothing drives it/,
  ],
  [
    'another scale',
    { led: [['    unit: "%"\n    invalid', '    unit: "%"\n    scale: 20\n    invalid'], ...NO_EXAMPLES] },
    /its profile writes to the device differently from the active one/,
  ],
  [
    'an offset',
    {
      led: [['    unit: "%"\n    invalid', '    unit: "%"\n    offset: 9\n    type: s16\n    invalid'], ...NO_EXAMPLES],
    },
    /its profile writes to the device differently from the active one/,
  ],
  [
    'failsafe at 0 %',
    { led: [['{ address: 656, value: failsafeLevelPct', '{ address: 656, value: 0']] },
    /its profile writes to the device differently from the active one/,
  ],
  [
    'failsafe below the floor',
    { led: [['{ address: 672, value: failsafeLevelPct', '{ address: 672, value: failsafeLevelPct, max: 9']] },
    /its profile writes to the device differently from the active one/,
  ],
  [
    'off when the agent is silent',
    { led: [['address: 648, value: 3', 'address: 648, value: 0']] },
    /its profile writes to the device differently from the active one/,
  ],
  [
    'never noticing that the agent is silent',
    { led: [['address: 8, value: failsafeTimeoutS', 'address: 8, value: 0']] },
    /its profile writes to the device differently from the active one/,
  ],
  [
    'a set-up step left out',
    { led: [['  - { address: 648, value: 3, why: "comms loss means on at level" }\n', '']] },
    /its profile writes to the device differently from the active one/,
  ],
  [
    'one more set-up step',
    { led: [['setup:\n', 'setup:\n  - { address: 2000, value: 0, why: "dark" }\n']] },
    /its profile writes to the device differently from the active one/,
  ],
  [
    'a register that the platform could write',
    {
      led: [['groups:', '  - { id: x, semantic: other, table: holding, address: 656, poll: slow, write: { min: 0, max: 100 } }\ngroups:']],
    },
    /its profile writes to the device differently from the active one/,
  ],
  [
    'the level register under another name',
    {
      led: [['groups:', '  - { id: x, semantic: other, table: holding, address: 2000, poll: slow, write: { min: 0, max: 100 } }\ngroups:']],
    },
    /overlaps level/,
  ],
  [
    'a broadcast to another register',
    { led: [['holding, address: 2000, sets: [level]', 'holding, address: 656, sets: [level]']] },
    /broadcast to holding 656 on demo\/north/,
  ],
  [
    'a circuit without an output that closes it',
    { base: FED, edits: [['outputs:\n  - { id: mains, device: IO1, point: relay_1, litWith: { zones: [rue] } }\n', '']] },
    /outputs\[mains\]/,
  ],
  [
    'a circuit that is closed for another zone',
    {
      base: [
        ...FED,
        ['lamps: [L01, L02, L03, L04]', 'lamps: [L01, L02]'],
        ['programmes:', '  - { id: end, lamps: [L03, L04], programme: residential, minPct: 10 }\nprogrammes:'],
        ['zones: [rue] }', 'zones: [rue, end] }'],
      ],
      edits: [['zones: [rue, end] }', 'zones: [end] }']],
    },
    /outputs\[mains\]/,
  ],
  [
    'a circuit that is opened to light',
    { base: FED, edits: [['zones: [rue] } }', 'zones: [rue], value: 0 }, idle: 1 }']] },
    /outputs\[mains\]/,
  ],
  ['a circuit that rests for a day', { base: FED, edits: [['zones: [rue] } }', 'zones: [rue] }, minOffS: 86400 }']] }, /outputs\[mains\]/],
  [
    'a relay that the site does not switch',
    { base: FED, edits: [['uplink:', '  - { id: evil, device: IO1, point: relay_2, litWith: { zones: [rue] } }\nuplink:']] },
    /outputs\[evil\]/,
  ],
  [
    'a line that sends one level a second',
    { edits: [['    devices:\n      - { id: L01', '    maxWritesPerS: 1\n    devices:\n      - { id: L01']] },
    /lines\[north\]\.maxWritesPerS/,
  ],
  [
    'a sensor that never reports presence where it may be dark',
    { base: [['minPct: 10\n    presence', 'dark: {}\n    presence']], edits: [['threshold: 50', 'threshold: 65000']] },
    /S01\.motion no longer gives light/,
  ],
  [
    'one that counts as stuck sooner where it may be dark, because its pauses are joined',
    {
      base: [['minPct: 10\n    presence', 'dark: {}\n    presence']],
      edits: [['S01, threshold: 50', 'S01, offDelayS: 60, threshold: 50']],
    },
    /S01\.motion no longer gives light/,
  ],
  [
    'one that is ignored sooner where it may be dark, because it counts too much',
    {
      base: [
        ['minPct: 10\n    presence', 'dark: {}\n    presence'],
        ['S01, threshold: 50', 'S01, kind: counter, threshold: 50'],
      ],
      edits: [['kind: counter, threshold', 'kind: counter, maxPerH: 10, threshold']],
    },
    /S01\.motion no longer gives light/,
  ],
  [
    'a shorter raise where it may be dark',
    { base: [['minPct: 10\n    presence', 'dark: {}\n    presence']], edits: [['reachM: 40', 'reachM: 40, maxBoostS: 3600']] },
    /presence would give light for a shorter time/,
  ],
  [
    'one more level point on a known device, with a lamp of its own that stays dark',
    {
      led: [
        [
          'groups:',
          '  - { id: level_b, semantic: level, table: coil, type: bit, address: 9, scale: 100, unit: "%", range: [0, 100], poll: slow, write: { min: 0, max: 100 } }\ngroups:',
        ],
      ],
      edits: [
        [
          'zones:',
          '  - { id: LB, device: L01, point: level_b, ratedPowerW: 1 }\nzones:\n  - { id: fake, lamps: [LB], programme: nil, minPct: 0, dark: {} }',
        ],
        ['programmes:', 'programmes:\n  - { id: nil, steps: [{ at: dusk, levelPct: 0 }] }'],
      ],
    },
    /its profile writes to the device differently from the active one/,
  ],
  ...(
    [
      [
        'levels above what the register takes',
        [['    unit: "%"\n    invalid', '    unit: "%"\n    scale: 0.5\n    invalid'], ...NO_EXAMPLES],
      ],
      ['a proof that takes any level', [['settleMs: 40, tolerance: 0', 'settleMs: 40, tolerance: 100']]],
      ['a proof by another point', [['settleMs: 40, tolerance: 0', 'settleMs: 40, tolerance: 0, verify: allowed_power']]],
      ['0 read as no value', [['invalid: [0xFFFF]', 'invalid: [0xFFFF, 0]'], ...NO_EXAMPLES]],
      [
        'levels that are not plausible',
        [['    range: [0, 100]\n    poll: normal\n    write', '    range: [50, 100]\n    poll: normal\n    write'], ...NO_EXAMPLES],
      ],
      [
        'a level that is never read',
        [['    range: [0, 100]\n    poll: normal\n    write', '    range: [0, 100]\n    poll: never\n    write']],
      ],
      ['a level that only a person writes', [['settleMs: 40, tolerance: 0', 'settleMs: 40, tolerance: 0, dangerous: true']]],
      ['writes that the device does not have', [['maxHole: 8,', 'maxHole: 8, writeFunction: multiple,']]],
      ['a long silence before each write', [['maxHole: 8,', 'maxHole: 8, minGapMs: 1000,']]],
      ['a restart that is not noticed', [['uptime: uptime\n', '']]],
    ] as const
  ).map(([name, led]) => [name, { led }, /its profile writes to the device differently from the active one/] as const),
  [
    'another speed where a contactor has no failsafe',
    { base: FED, edits: [['baud: 19200', 'baud: 1200']] },
    /other serial settings could leave a device without a failsafe unreached/,
  ],
  [
    'a contactor without zones that is opened',
    {
      base: [
        ['      - { id: S01', '      - { id: IO1, unit: 41, profile: waveshare-modbus-relay-d8 }\n      - { id: S01'],
        [
          'uplink:',
          'rules:\n  - { id: r, presenceIn: rue }\noutputs:\n  - { id: mains, device: IO1, point: relay_1, idle: 1, rules: [{ rule: r, value: 0 }] }\nuplink:',
        ],
      ],
      edits: [['idle: 1, rules: [{ rule: r, value: 0 }]', 'idle: 0, rules: [{ rule: r, value: 1 }]']],
    },
    /outputs\[mains\]/,
  ],
  [
    'a photocell that never says that it is dark',
    {
      base: [['    programme: residential', '    photocell: { device: S01 }\n    programme: residential']],
      edits: [['photocell: { device: S01 }', 'photocell: { device: S01, onBelowLux: 0.001, offAboveLux: 0.002 }']],
    },
    /zones\[rue\]\.photocell/,
  ],
  [
    'an emergency key that is gone',
    {
      base: [
        [
          '      - { id: S01',
          '      - { id: IO1, unit: 41, profile: waveshare-modbus-relay-d8, roles: { input_1: emergency } }\n      - { id: S01',
        ],
      ],
      edits: [[', roles: { input_1: emergency }', '']],
    },
    /roles: its emergency or lights-on contact would be gone/,
  ],
  [
    'an old lamp that is called new',
    {
      base: [['minPct: 10\n    presence', 'minPct: 10\n    constantLight: { newPct: 70, fullAtH: 50000 }\n    presence']],
      edits: [['L02, ratedPowerW: 60, minPct: 10', 'L02, ratedPowerW: 60, minPct: 10, burned: { hours: 0, on: "2026-11-27" }']],
    },
    /lamps\[L02\]\.burned/,
  ],
  [
    'no minimum',
    {
      edits: [
        ['minPct: 10\n    presence', 'minPct: 0\n    presence'],
        ...['L01', 'L02', 'L03', 'L04'].map((id) => [`${id}, ratedPowerW: 60, minPct: 10`, `${id}, ratedPowerW: 60`] as const),
      ],
    },
    /lamps\[L01\]: 0 % at 2026-11-27 1\d:\d\d:\d\d under an override to 0 %; the floor of the site is 10 %/,
  ],
  [
    'dark at new year',
    {
      edits: [
        ['minPct: 10\n    presence', 'dark: {}\n    calendar: c\n    presence'],
        [
          'programmes:',
          'calendars: [{ id: c, rules: [{ programme: off, from: 12-31, to: 12-31 }] }]\nprogrammes:\n  - { id: off, steps: [{ at: dusk, levelPct: 0 }] }',
        ],
      ],
    },
    /lamps\[L01\]: 0 % at 2026-12-31/,
  ],
];

t.test('everything that could darken a lamp outside the decision is found', async (t) => {
  for (const [name, change, flaw] of ATTACKS) {
    const found = flaws(t, change);
    t.ok(
      found.some((each) => flaw.test(each)),
      `${name}: ${found.join('\n')}`,
    );
  }
});

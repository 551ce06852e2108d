/**
 * Revisions that an attacker with the platform's rights would send to darken a street or to take over a cabinet, and honest ones.
 *
 * Owns the texts, by class of attack. The same random numbers make the same texts. Every attack starts from the file of the site.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SMALL_SITE } from '../../test/support/small-site.ts';

/**
 * Files of one revision, in the order in which they are sent. `success`: when the attack has succeeded, `applied` if the revision runs,
 * `kept` if the files are only accepted into the candidate.
 */
export interface RogueRevision {
  readonly files: readonly (readonly [file: string, text: string])[];
  readonly success: 'applied' | 'kept';
}

/** What an attack may aim at. */
export interface RogueTargets {
  /** A listener of the attacker. Shape: `127.0.0.1:1234`. */
  readonly listener: string;
  /** Files whose content must not leave. */
  readonly secretFiles: readonly string[];
}

type Random = () => number;
type Attack = (site: string, random: Random, targets: RogueTargets) => RogueRevision;
type Edit = readonly [from: string, to: string];

const LED = readFileSync(join(import.meta.dirname, '../../drivers/profiles/wirenboard-wb-led.yaml'), 'utf8');
const FEED = 'outputs:\n  - { id: mains, device: IO1, point: relay_1, litWith: { zones: [rue] } }\n';

/** Returns the cabinet file of a site with four lamps that are fed through a contactor, and with this broker. */
export function rogueSite(brokerUrl: string): string {
  return edited(SMALL_SITE, [
    ['mqtt://127.0.0.1:1883', brokerUrl],
    ['      - { id: S01', '      - { id: IO1, unit: 41, profile: waveshare-modbus-relay-d8 }\n      - { id: S01'],
    ['uplink:', `${FEED}uplink:`],
    ...['L01', 'L02', 'L03', 'L04'].map((id) => [`${id}, ratedPowerW: 60, minPct: 10`, `${id}, ratedPowerW: 60`] as const),
  ]);
}

const NO_MINIMUM: Edit = ['minPct: 10', 'minPct: 0\n    dark: {}'];

/** Attacks by their class. Each returns a hostile revision for a site, with random details. */
export const ROGUE_ATTACKS: Readonly<Record<string, Attack>> = {
  'another broker, a secret as its password': (site, random, { listener, secretFiles }) =>
    cabinet(site, [
      [/broker: .*/, `broker: mqtt://${listener}\n  username: ${word(random)}\n  passwordFile: ${pick(random, secretFiles)}`],
    ]),
  'one more broker': (site, _random, { listener }) =>
    cabinet(site, [['  group: Demo', `  otherBrokers: [mqtt://${listener}]\n  group: Demo`]]),
  'foreign ports': (site, random, { listener }) =>
    cabinet(site, [
      ['poles:', `  - { id: ${word(random)}, port: "${pick(random, ['rtu+tcp', 'tcp'])}://${listener}", devices: [] }\npoles:`],
    ]),
  'folders and doors': (site, random) =>
    cabinet(site, [
      pick(random, [
        ['uplink:', `console: { socketPath: /tmp/${word(random)}.sock }\nuplink:`],
        ['uplink:', `service: { metricsFile: /tmp/${word(random)}.prom }\nuplink:`],
        ['uplink:', `profileDirs: [/root]\nuplink:`],
      ] as const),
    ]),
  'moved sites': (site, random) =>
    cabinet(site, [
      pick(random, [
        [
          'latitudeDeg: 47.4736, longitudeDeg: -0.5541, timezone: Europe/Paris',
          'latitudeDeg: -36.85, longitudeDeg: 174.76, timezone: Pacific/Auckland',
        ],
        ['latitudeDeg: 47.4736', `latitudeDeg: ${(35 + 10 * random()).toFixed(2)}`],
        ['timezone: Europe/Paris', 'timezone: Europe/Athens'],
        ['timezone: Europe/Paris', 'timezone: Europe/Paris, clockTrust: system'],
      ] as const),
    ]),
  'dark tonight': (site, random) => {
    const minute = Math.floor(60 * random());
    return cabinet(site, [NO_MINIMUM, ['"23:00", levelPct: 30', `"23:${String(minute).padStart(2, '0')}", levelPct: 0`]]);
  },
  'dark tomorrow': (site, random) => cabinet(site, [NO_MINIMUM, ...calendarOn(pick(random, ['12-16', '12-17', '2026-12-16']))]),
  'dark at new year': (site, random) =>
    cabinet(site, [NO_MINIMUM, ...calendarOn(pick(random, ['12-31', '01-01', '2027-01-01', '2031-12-31', '02-29']))]),
  'an event night without light': (site, random) =>
    cabinet(site, [
      NO_MINIMUM,
      ['uplink:', `eventNights: [{ id: e, date: 12-${16 + Math.floor(15 * random())}, until: "05:00", levelPct: 0 }]\nuplink:`],
    ]),
  'lit later or put out earlier': (site, random) =>
    cabinet(site, [
      pick(random, [
        ['    programme: res', `    sunBelowDeg: -${6 + Math.floor(12 * random())}\n    programme: res`],
        ['    programme: res', `    onOffsetMin: ${5 + Math.floor(115 * random())}\n    programme: res`],
        ['    programme: res', `    offOffsetMin: -${5 + Math.floor(115 * random())}\n    programme: res`],
        ['    programme: res', '    photocell: { device: S01, onBelowLux: 0.1, offAboveLux: 1 }\n    programme: res'],
      ] as const),
    ]),
  'no minimum for overrides': (site, random) => cabinet(site, [['minPct: 10', `minPct: ${Math.floor(10 * random())}`]]),
  'limits of lamps': (site, random) =>
    cabinet(site, [
      pick(random, [
        ['L02, ratedPowerW: 60', `L02, ratedPowerW: 60, maxPct: ${1 + Math.floor(8 * random())}`],
        ['    programme: res', `    constantLight: { newPct: ${50 + Math.floor(40 * random())}, fullAtH: 100000 }\n    programme: res`],
      ] as const),
    ]),
  'lamps and zones taken out': (site, random) =>
    cabinet(
      site,
      random() < 0.5
        ? [
            [/ {2}- \{ id: L04, ratedPowerW.*\n/, ''],
            ['L03, L04]', 'L03]'],
          ]
        : [
            [/ {6}- \{ id: L04, unit.*\n/, ''],
            [/ {2}- \{ id: L04, ratedPowerW.*\n/, ''],
            ['L03, L04]', 'L03]'],
          ],
    ),
  'lamps at other units': (site, random) => cabinet(site, [['L03, unit: 3', `L03, unit: ${50 + Math.floor(150 * random())}`]]),
  'other registers and scales': (site, random) => {
    const scale = 2 + Math.floor(48 * random());
    return typed(
      site,
      pick(random, [
        [['    unit: "%"\n    invalid', `    unit: "%"\n    scale: ${scale}\n    invalid`]],
        [['write: { min: 0', `write: { address: ${2001 + Math.floor(3 * random())}, min: 0`]],
        [
          ['    address: 2000\n    unit', '    address: 2003\n    unit'],
          ['holding, address: 2000, sets', 'holding, address: 2003, sets'],
        ],
      ] as const),
    );
  },
  'failsafe and power-up values': (site, random) =>
    typed(site, [
      pick(random, [
        ['{ address: 656, value: failsafeLevelPct', `{ address: 656, value: ${Math.floor(10 * random())}`],
        ['{ address: 672, value: failsafeLevelPct', `{ address: 672, value: ${Math.floor(10 * random())}`],
        ['address: 648, value: 3', 'address: 648, value: 0'],
        ['address: 8, value: failsafeTimeoutS', 'address: 8, value: 0'],
        ['setup:\n', `setup:\n  - { address: ${2010 + Math.floor(20 * random())}, value: 0, why: "x" }\n`],
      ] as const),
    ]),
  'registers for everybody': (site, random) =>
    typed(site, [
      pick(random, [
        ['groups:', '  - { id: x, semantic: other, table: holding, address: 656, poll: slow, write: { min: 0, max: 100 } }\ngroups:'],
        ['holding, address: 2000, sets: [level]', 'holding, address: 656, sets: [level]'],
      ] as const),
    ]),
  'circuits of lamps': (site, random) =>
    cabinet(site, [
      pick(random, [
        [FEED, ''],
        ['zones: [rue] } }', `zones: [rue] }, minOffS: ${3_600 + Math.floor(80_000 * random())} }`],
        ['zones: [rue] } }', 'zones: [rue], value: 0 }, idle: 1 }'],
        [
          'uplink:',
          `  - { id: ${word(random)}, device: IO1, point: relay_${2 + Math.floor(7 * random())}, litWith: { zones: [rue] } }\nuplink:`,
        ],
      ] as const),
    ]),
  'nested bombs': (site, random) => ({
    files: [
      [
        'cabinet.yaml',
        pick(random, ['['.repeat(100_000 + Math.floor(50_000 * random())), `${site}x: ${'{a: '.repeat(60_000)}\n`, '- '.repeat(150_000)]),
      ],
    ],
    success: 'kept',
  }),
  'control characters': (site, random) => ({
    files: [
      [
        'cabinet.yaml',
        site.replace(
          'Rue des Lucioles',
          `Rue${pick(random, ['\u001b]0;x\u0007', '\u001b[2J', '\u009b31m', '\u0008\u0008\u0008', '\u007f'])}`,
        ),
      ],
    ],
    success: 'kept',
  }),
};

function calendarOn(date: string): Edit[] {
  const rules = `[{ programme: off, from: ${date}, to: ${date} }]`;
  return [
    ['    programme: res', '    calendar: c\n    programme: res'],
    ['programmes:', `calendars: [{ id: c, rules: ${rules} }]\nprogrammes:\n  - { id: off, steps: [{ at: dusk, levelPct: 0 }] }`],
  ];
}

/**
 * Returns a revision with one permitted change to the running cabinet file. `n` selects one of four kinds and is part of new names, so
 * each number is used once.
 */
export function honestRevision(running: string, random: Random, n: number): RogueRevision {
  const kind = n % 4;
  if (kind === 0) return cabinet(running, [[/("23:00", levelPct: )\d+/, `$1${10 + Math.floor(90 * random())}`]]);
  if (kind === 1)
    return cabinet(running, [
      [/id: rue\w*/, `id: rue${n}`],
      [/zones: \[rue\w*\]/, `zones: [rue${n}]`],
      [/name: Rue[^,]*/, `name: Rue ${n}`],
    ]);
  if (kind === 2) {
    const unit = 50 + n;
    return cabinet(running, [
      ['      - { id: IO1', `      - { id: N${n}, unit: ${unit}, profile: wirenboard-wb-led, pole: P04 }\n      - { id: IO1`],
      ['\nzones:', `\n  - { id: N${n}, ratedPowerW: 60 }\nzones:`],
      [/(lamps: \[[^\]]*)\]/, `$1, N${n}]`],
    ]);
  }
  const reading = `  - { id: supply${n}, semantic: voltage, table: input, address: ${121 + n}, unit: V, scale: 0.001, poll: slow }`;
  return typed(running, [['groups:', `${reading}\ngroups:`]]);
}

function cabinet(text: string, edits: readonly (readonly [from: string | RegExp, to: string])[]): RogueRevision {
  return { files: [['cabinet.yaml', edited(text, edits)]], success: 'applied' };
}

/** A device type of its own; its examples must not give it away. */
function typed(text: string, edits: readonly Edit[]): RogueRevision {
  const led = edited(LED, [['expect: { level: 40 }', 'expect: {}'], ...edits]);
  return {
    files: [
      ['cabinet.yaml', text],
      ['profiles/wirenboard-wb-led.yaml', led],
    ],
    success: 'applied',
  };
}

/** Errors: throws RangeError if a text is missing from the site file, which is a mistake in this file. */
function edited(text: string, edits: readonly (readonly [from: string | RegExp, to: string])[]): string {
  return edits.reduce((all, [from, to]) => {
    // A random value may equal the present one.
    if (typeof from === 'string' ? !all.includes(from) : !from.test(all)) throw new RangeError(`the site has no ${String(from)}`);
    return typeof from === 'string' ? all.replace(from, () => to) : all.replace(from, to);
  }, text);
}

function pick<T>(random: Random, choices: readonly T[]): T {
  return choices[Math.floor(random() * choices.length)] as T;
}

function word(random: Random): string {
  return `x${Math.floor(1e9 * random()).toString(36)}`;
}

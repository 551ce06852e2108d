/** Writes the text of a first `cabinet.yaml`, with comments on what a person may want to change. Pure. */
import type { DraftDevice, DraftLine, SiteDraft, UnnamedUnit } from './propose.ts';
import { degreesOf, type TypedAnswers } from './questions.ts';

export interface CabinetFacts {
  readonly answers: TypedAnswers;
  readonly draft: SiteDraft;
  /** Names of the files of the uplink; null for those that are not used. */
  readonly keyFiles: { readonly certFile: string; readonly keyFile: string } | null;
  readonly passwordFile: string | null;
  /** Folder of the databases; null for the usual one. */
  readonly dataDir: string | null;
}

const HEAD = [
  '# First written by `luciole setup` from what answered on the lines. It is yours now: change it as you like, then `luciole check`.',
  '# Every key and its default: docs/cabinet.md; a whole example: config/example-street.yaml. Keys carry their unit.',
];

/** The whole file. Shape: every answer in `said` has been accepted. */
export function cabinetText(facts: CabinetFacts): string {
  const { draft } = facts;
  const parts = [
    HEAD,
    site(facts.answers),
    lines(draft),
    poles(draft),
    lamps(facts),
    zones(facts),
    programmes(facts),
    uplink(facts),
    store(facts),
  ].filter((part) => part.length > 0);
  return `${parts.map((part) => part.join('\n')).join('\n\n')}\n`;
}

function site(answers: TypedAnswers): string[] {
  const { latitudeDeg, longitudeDeg } = degreesOf(answers['position'] ?? '');
  return [
    'cabinet:',
    `  id: ${word(answers['id'])}`,
    `  name: ${word(answers['name'])}`,
    `  latitudeDeg: ${latitudeDeg} # the sun is computed from these two`,
    `  longitudeDeg: ${longitudeDeg}`,
    `  timezone: ${word(answers['timezone'])}`,
  ];
}

function lines({ lines: all }: SiteDraft): string[] {
  return ['# One entry is one RS-485 line; all its devices share its serial settings.', 'lines:', ...all.flatMap(lineOf)];
}

function lineOf({ id, kind, port, serial, devices, unnamedUnits, damaged }: DraftLine): string[] {
  const settings = serial === null ? [] : [`    serial: { baud: ${serial.baud}, parity: ${serial.parity}, stopBits: ${serial.stopBits} }`];
  const list =
    devices.length === 0 ? ['    devices: [] # nobody answered that is known; `luciole bus scan` looks again'] : ['    devices:'];
  return [
    `  - id: ${id}`,
    ...(kind === 'uart' ? ['    kind: uart # one device that talks by itself'] : []),
    `    port: ${word(port)}`,
    ...settings,
    ...list,
    ...devices.map(deviceOf),
    ...unnamedUnits.map(unnamedUnit),
    ...(damaged.length === 0
      ? []
      : [`      # Damaged answers at ${damaged.join(', ')}: two units with one address, or a bad line. Disconnect one and scan again.`]),
  ];
}

function deviceOf({ id, unit, profile, pole }: DraftDevice): string {
  const doubts = profile.experimental === null ? '' : ', experimental: compare its values before you rely on them';
  const place = pole === null ? '' : `, pole: ${pole}`;
  const address = unit === null ? '' : `, unit: ${unit}`;
  return `      - { id: ${id}${address}, profile: ${profile.id}${place} } # ${oneLine(`${profile.vendor} ${profile.model}`)}${doubts}`;
}

function unnamedUnit({ unit, candidates }: UnnamedUnit): string {
  if (candidates.length === 0)
    return `      # Unit ${unit} answers and no profile is proven: \`luciole profile list\`, then - { id: X${unit}, unit: ${unit}, profile: ... }`;
  const others = candidates.slice(1).join(', ') || 'another, it is only likely';
  return `      #- { id: X${unit}, unit: ${unit}, profile: ${candidates[0]} } # or ${others}; look at the unit, then take off the #`;
}

function poles({ poles: all }: SiteDraft): string[] {
  if (all.length === 0) return ['poles: []'];
  return [
    '# Metres from the start of the street. In the order of the addresses: put in what is painted on the poles.',
    'poles:',
    ...all.map(({ id, atM }) => `  - { id: ${id}, atM: ${atM} }`),
  ];
}

function lamps({ answers, draft }: CabinetFacts): string[] {
  if (draft.lamps.length === 0) return ['lamps: []'];
  const rows = draft.lamps.map(({ id, device, point, pole }) => {
    const driven = id === device ? '' : `, device: ${device}, pole: ${pole}`;
    return `  - { id: ${id}${driven}${point === 'level' ? '' : `, point: ${point}`}, ratedPowerW: ${answers['power']} }`;
  });
  return ['# ratedPowerW: at 100 %; energy and faults are judged by it.', 'lamps:', ...rows];
}

function zones({ answers, draft }: CabinetFacts): string[] {
  if (draft.lamps.length === 0) return ['zones: []'];
  const ids = draft.lamps.map(({ id }) => id);
  return [
    '# Lamps that act together. docs/lighting.md: presence, traffic, photocells, calendars.',
    'zones:',
    `  - id: ${word(answers['zone'])}`,
    '    lamps:',
    ...inRows(ids).map((row) => `      ${row}`),
    `    kind: ${answers['kind']} # path, street, road or leisure`,
    '    programme: night',
    '    minPct: 10 # never darker at night, whoever asks',
    ...presence(draft),
    ...daylight(draft),
  ];
}

function presence({ presence: sensors }: SiteDraft): string[] {
  if (sensors.length === 0) return [];
  const rows = sensors.map(({ device, point, isContact }) => {
    const where = point === 'motion' ? '' : `, point: ${point}`;
    return `        - { device: ${device}${where}${isContact ? ', threshold: 1' : ''} }`;
  });
  return [
    '    # While someone is there the whole zone goes to boostPct. Give the sensors their pole, then reachM or wave light only around them.',
    '    presence:',
    '      boostPct: 100',
    '      holdS: 30 # how long after the last movement',
    '      sensors:',
    ...rows,
  ];
}

/** Only said: a photocell that sees its own lamps would put them out, and only a person at the pole knows. */
function daylight({ daylight: cells }: SiteDraft): string[] {
  const [cell] = cells;
  if (cell === undefined) return [];
  const where = cell.point === 'illuminance' ? '' : `, point: ${cell.point}`;
  return [
    `    #photocell: { device: ${cell.device}${where}, seesOwnLight: true } # measures daylight; seesOwnLight: it hangs below a lamp of the zone`,
  ];
}

function programmes({ answers, draft }: CabinetFacts): string[] {
  if (draft.lamps.length === 0) return ['programmes: []'];
  const dimmed =
    answers['dim'] === '100' ? [] : [`      - { at: "23:00", levelPct: ${answers['dim']} }`, '      - { at: "06:00", levelPct: 100 }'];
  return [
    '# From dusk to dawn; times are local.',
    'programmes:',
    '  - id: night',
    '    steps:',
    '      - { at: dusk, levelPct: 100 }',
    ...dimmed,
  ];
}

function uplink({ answers, keyFiles, passwordFile }: CabinetFacts): string[] {
  if (answers['broker'] === '')
    return ["# The city's platform: add `uplink:` as in config/example-street.yaml. Without it the cabinet works alone."];
  const tls =
    keyFiles === null
      ? []
      : [
          `  certFile: ${word(keyFiles.certFile)} # what the authority of the platform makes of the request beside it`,
          `  keyFile: ${word(keyFiles.keyFile)}`,
        ];
  const user = answers['username'] === '' ? [] : [`  username: ${word(answers['username'])}`];
  return [
    '# The light does not depend on it. `luciole uplink test` tells what is missing.',
    'uplink:',
    `  broker: ${word(answers['broker'])}`,
    `  group: ${word(answers['group'])}`,
    ...user,
    ...(passwordFile === null ? [] : [`  passwordFile: ${word(passwordFile)} # chmod 0400`]),
    ...tls,
  ];
}

function store({ dataDir }: CabinetFacts): string[] {
  return dataDir === null ? [] : ['store:', `  dir: ${word(dataDir)}`];
}

/** Long lists broken as a person would. */
function inRows(ids: readonly string[]): string[] {
  const perRow = 12;
  const rows: string[] = [];
  for (let i = 0; i < ids.length; i += perRow) rows.push(ids.slice(i, i + perRow).join(', '));
  return rows.length === 1 ? [`[${rows[0]}]`] : ['[', ...rows.map((row) => `  ${row},`), ']'];
}

/** A text as YAML takes it for a text: plain where it cannot be taken for anything else. */
function word(text = ''): string {
  const isPlain =
    /^[A-Za-z/][A-Za-z0-9 _./:@-]*$/.test(text) && !/^(true|false|null|yes|no|on|off|y|n)$/i.test(text) && !/: |:$| $/.test(text);
  return isPlain ? text : JSON.stringify(text);
}

/** Nothing in a comment may begin a line of its own. */
function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}

/** Writes the text of a first `cabinet.yaml`, with comments on values that a person may want to change. Pure. */
import { type Message, msg, type Said } from '../core/message.ts';
import type { DraftDevice, DraftLine, SiteDraft, UnnamedUnit } from './propose.ts';
import { degreesOf, type TypedAnswers } from './questions.ts';

/** What a first cabinet file is written from: the answers, the devices found, and the names of its files. */
export interface CabinetFacts {
  /** Accepted answers to all questions that apply; `username` is empty for none, and `broker` for no uplink. */
  readonly answers: TypedAnswers;
  readonly draft: SiteDraft;
  /** Paths of the uplink's certificate and key, written as they are; null if they are not used. */
  readonly keyFiles: { readonly certFile: string; readonly keyFile: string } | null;
  /** Path of the file with the broker's password; null for none. */
  readonly passwordFile: string | null;
  /** Folder of the databases; null for the default. */
  readonly dataDir: string | null;
  /** Translates a comment into the language of the person. Default: English. */
  readonly say?: (said: Said) => string;
}

type Say = (said: Said) => string;

const HEAD: readonly Message[] = [
  msg`First written by \`luciole setup\` from what answered on the lines. Change it as you like, then run \`luciole check\`.`,
  msg`Every key and its default: docs/cabinet.md; a complete example: config/example-street.yaml. Keys have their unit in their name.`,
];

/** Returns the YAML text of a first cabinet file, with comments. Shape: every answer has been accepted before. */
export function cabinetText(facts: CabinetFacts): string {
  const { draft, say = String } = facts;
  const parts = [
    HEAD.map((line) => comment(line, say)),
    site(facts.answers, say),
    lines(draft, say),
    poles(draft, say),
    lamps(facts),
    zones(facts),
    programmes(facts),
    uplink(facts),
    store(facts),
  ].filter((part) => part.length > 0);
  return `${parts.map((part) => part.join('\n')).join('\n\n')}\n`;
}

/** Returns a YAML comment in the language of the person. */
function comment(said: Message, say: Say): string {
  return `# ${oneLine(say(said))}`;
}

function site(answers: TypedAnswers, say: Say): string[] {
  const { latitudeDeg, longitudeDeg } = degreesOf(answers['position'] ?? '');
  return [
    'cabinet:',
    `  id: ${word(answers['id'])}`,
    `  name: ${word(answers['name'])}`,
    `  latitudeDeg: ${latitudeDeg} ${comment(msg`sunrise and sunset are computed from these two`, say)}`,
    `  longitudeDeg: ${longitudeDeg}`,
    `  timezone: ${word(answers['timezone'])}`,
  ];
}

function lines({ lines: all }: SiteDraft, say: Say): string[] {
  const what = msg`One entry is one RS-485 line; all its devices share its serial settings.`;
  return [comment(what, say), 'lines:', ...all.flatMap((line) => lineOf(line, say))];
}

function lineOf({ id, kind, port, serial, devices, unnamedUnits, damaged }: DraftLine, say: Say): string[] {
  const settings = serial === null ? [] : [`    serial: { baud: ${serial.baud}, parity: ${serial.parity}, stopBits: ${serial.stopBits} }`];
  const none = msg`no known device answered; \`luciole bus scan\` scans again`;
  const list = devices.length === 0 ? [`    devices: [] ${comment(none, say)}`] : ['    devices:'];
  return [
    `  - id: ${id}`,
    ...(kind === 'uart' ? [`    kind: uart ${comment(msg`one device that sends by itself`, say)}`] : []),
    `    port: ${word(port)}`,
    ...settings,
    ...list,
    ...devices.map((device) => deviceOf(device, say)),
    ...unnamedUnits.map((unit) => unnamedUnit(unit, say)),
    ...(damaged.length === 0
      ? []
      : [
          `      ${comment(msg`Damaged answers at ${damaged}: two units with one address, or a bad line. Disconnect one and scan again.`, say)}`,
        ]),
  ];
}

function deviceOf({ id, unit, profile, pole }: DraftDevice, say: Say): string {
  const model = `${profile.vendor} ${profile.model}`;
  const about = profile.experimental === null ? msg`${model}` : msg`${model}, experimental: compare its values before you rely on them`;
  const place = pole === null ? '' : `, pole: ${pole}`;
  const address = unit === null ? '' : `, unit: ${unit}`;
  return `      - { id: ${id}${address}, profile: ${profile.id}${place} } ${comment(about, say)}`;
}

function unnamedUnit({ unit, candidates: [first, ...others] }: UnnamedUnit, say: Say): string {
  const line = (profile: string): string => `- { id: X${unit}, unit: ${unit}, profile: ${profile} }`;
  if (first === undefined)
    return `      ${comment(msg`Unit ${unit} answers and no profile is certain: \`luciole profile list\`, then ${line('...')}`, say)}`;
  const choice =
    others.length > 0
      ? msg`or ${others}; look at the unit, then remove the first #`
      : msg`only likely; look at the unit, then remove the first #`;
  return `      #${line(first)} ${comment(choice, say)}`;
}

function poles({ poles: all }: SiteDraft, say: Say): string[] {
  if (all.length === 0) return ['poles: []'];
  return [
    comment(msg`Metres from the start of the street, in the order of the addresses: correct the ids to those painted on the poles.`, say),
    'poles:',
    ...all.map(({ id, atM }) => `  - { id: ${id}, atM: ${atM} }`),
  ];
}

function lamps({ answers, draft, say = String }: CabinetFacts): string[] {
  if (draft.lamps.length === 0) return ['lamps: []'];
  const rows = draft.lamps.map(({ id, device, point, pole }) => {
    const driven = id === device ? '' : `, device: ${device}, pole: ${pole}`;
    return `  - { id: ${id}${driven}${point === 'level' ? '' : `, point: ${point}`}, ratedPowerW: ${answers['power']} }`;
  });
  return [comment(msg`ratedPowerW: at 100 %; energy and faults are computed from it.`, say), 'lamps:', ...rows];
}

function zones({ answers, draft, say = String }: CabinetFacts): string[] {
  if (draft.lamps.length === 0) return ['zones: []'];
  const ids = draft.lamps.map(({ id }) => id);
  return [
    comment(msg`Lamps that act together. docs/lighting.md: presence, traffic, photocells, calendars.`, say),
    'zones:',
    `  - id: ${word(answers['zone'])}`,
    '    lamps:',
    ...inRows(ids).map((row) => `      ${row}`),
    `    kind: ${answers['kind']} # path, street, road, leisure`,
    '    programme: night',
    `    minPct: 10 ${comment(msg`at night it is never darker, whatever the command`, say)}`,
    ...presence(draft, say),
    ...daylight(draft, say),
  ];
}

function presence({ presence: sensors }: SiteDraft, say: Say): string[] {
  if (sensors.length === 0) return [];
  const rows = sensors.map(({ device, point, isContact }) => {
    const where = point === 'motion' ? '' : `, point: ${point}`;
    return `        - { device: ${device}${where}${isContact ? ', threshold: 1' : ''} }`;
  });
  return [
    `    ${comment(msg`While someone is there the whole zone goes to boostPct. Give the sensors their pole, then reachM or wave light only around them.`, say)}`,
    '    presence:',
    '      boostPct: 100',
    `      holdS: 30 ${comment(msg`how long after the last movement`, say)}`,
    '      sensors:',
    ...rows,
  ];
}

/** Writes the daylight section as a comment only: a photocell that sees its own lamps would switch them off. A person at the pole must check that. */
function daylight({ daylight: cells }: SiteDraft, say: Say): string[] {
  const [cell] = cells;
  if (cell === undefined) return [];
  const where = cell.point === 'illuminance' ? '' : `, point: ${cell.point}`;
  return [
    `    #photocell: { device: ${cell.device}${where}, seesOwnLight: true } ${comment(msg`measures daylight; seesOwnLight: it hangs below a lamp of the zone`, say)}`,
  ];
}

function programmes({ answers, draft, say = String }: CabinetFacts): string[] {
  if (draft.lamps.length === 0) return ['programmes: []'];
  const dimmed =
    answers['dim'] === '100' ? [] : [`      - { at: "23:00", levelPct: ${answers['dim']} }`, '      - { at: "06:00", levelPct: 100 }'];
  return [
    comment(msg`From dusk to dawn; times are local.`, say),
    'programmes:',
    '  - id: night',
    '    steps:',
    '      - { at: dusk, levelPct: 100 }',
    ...dimmed,
  ];
}

function uplink({ answers, keyFiles, passwordFile, say = String }: CabinetFacts): string[] {
  if (answers['broker'] === '')
    return [comment(msg`Platform of the city: add \`uplink:\` as in config/example-street.yaml. Without it the cabinet works alone.`, say)];
  const tls =
    keyFiles === null
      ? []
      : [
          `  certFile: ${word(keyFiles.certFile)} ${comment(msg`the certificate that the authority of the platform makes from the request`, say)}`,
          `  keyFile: ${word(keyFiles.keyFile)}`,
        ];
  const user = answers['username'] === '' ? [] : [`  username: ${word(answers['username'])}`];
  return [
    comment(msg`The light does not depend on it. \`luciole uplink test\` shows what is missing.`, say),
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

/** Breaks a long list into rows. */
function inRows(ids: readonly string[]): string[] {
  const perRow = 12;
  const rows: string[] = [];
  for (let i = 0; i < ids.length; i += perRow) rows.push(ids.slice(i, i + perRow).join(', '));
  return rows.length === 1 ? [`[${rows[0]}]`] : ['[', ...rows.map((row) => `  ${row},`), ']'];
}

/** Quotes a text for YAML; a text that YAML can only read as a text stays plain. */
function word(text = ''): string {
  const isPlain =
    /^[A-Za-z/][A-Za-z0-9 _./:@-]*$/.test(text) && !/^(true|false|null|yes|no|on|off|y|n)$/i.test(text) && !/: |:$| $/.test(text);
  return isPlain ? text : JSON.stringify(text);
}

/** Removes line breaks, so that no comment can continue as a line of YAML. */
function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}

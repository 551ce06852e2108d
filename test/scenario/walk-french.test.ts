/** Runs every command in one French session with the whole agent, and reports English text on the screen. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { COMMANDS } from '../../agent/console/commands.ts';
import { OUTSIDE } from '../../agent/console/shell/as-typed.ts';
import { type ConsoleVisit, USER, visitCabinet } from '../support/console-visit.ts';
import { createFrenchReader } from '../support/french-reader.ts';
import { SMALL_SITE } from '../support/small-site.ts';

const START_AT = '2026-12-15T23:30:00+01:00';

/** Lines for each command; the first word of a line that is no command stands for the family's. */
const LINES: Readonly<Record<string, readonly string[]>> = {
  status: ['status'],
  // Recorded texts keep the language in which they were recorded; here only successful reads.
  audit: ['audit --since 1h | exclude agent-started', 'audit --verify | exclude agent-started', 'audit --verify --head nothing'],
  devices: ['devices', 'devices nobody'],
  points: ['points L01', 'points nobody'],
  events: ['events', 'events --active', 'events --active --details'],
  'events ack': ['events ack nothing', 'events ack all --note essai', 'events ack all', 'events --active --details'],
  'events export': ['events export --open | count', 'events export --format xml'],
  'maintenance start': ['maintenance start L02 --for 5m --reason essai', 'maintenance start cabinet', 'maintenance start L99 --for 5m'],
  'maintenance list': ['maintenance list'],
  'maintenance end': ['maintenance end L02', 'maintenance end L02', 'maintenance list'],
  why: ['why L01', 'why rue', 'why L01 --at 03:00', 'why L01 --at "hier 23h40"', 'why L9'],
  tonight: ['tonight --plot'],
  zones: ['zones'],
  energy: ['energy', 'energy --by night', 'energy --by year'],
  'savings show': ['savings show', 'savings show --nights hier'],
  'savings baseline': ['savings baseline'],
  'savings freeze': ['savings freeze M9', 'savings freeze M9 --class 9'],
  'savings add': [
    'savings add outage --from 2026-12-01 --to 2026-12-02 --kwh -3,5 --zone rue --note essai',
    'savings add wattage --from 2026-12-01 --note essai',
    'savings add outages',
    'savings add void --entry 99 --note essai',
  ],
  'savings ledger': ['savings ledger | exclude agent'],
  'savings export': ['savings export'],
  'savings verify': ['savings verify', 'savings verify FOLDER/site.yaml'],
  'report night': ['report night', 'report night 2026-12-15', 'report night hier', 'report night --format html'],
  'report month': ['report month 2026-13', 'report month 2027-01', 'report month --format odd', 'report month --out FOLDER/rapport.pdf'],
  'report savings': ['report savings'],
  'report commission': ['report commission'],
  'report verify': ['report verify FOLDER/site.yaml', 'report verify FOLDER/nothing.html'],
  predict: ['predict', 'predict --all', 'predict L01', 'predict L9'],
  simulate: [
    'simulate',
    'simulate --night 2026-12-15 --suggest --need 60',
    'simulate --night hier',
    'simulate --with FOLDER/site.yaml --night 2026-12-15',
    'simulate --with FOLDER/bad.yaml',
  ],
  override: [
    'override L02 90 --for 30m --maintenance --reason essai',
    'override rue 40 --for 5m',
    'override L02 30 --for 40m',
    'release L02',
    'release rue',
    'override L01 80 --for 10m --reason essai',
    'override L01 120',
    'override L01 50 --for 5',
    'override L01',
  ],
  release: ['release L01', 'release L01', 'release L02 --at-next-step'],
  'walk-test': ['walk-test rue --for 10s'],
  hours: ['hours', 'hours L01', 'hours L01 12000', 'hours L01 x', 'hours nowhere'],
  identify: ['identify L02 --for 5s', 'identify L77'],
  'lights on': ['lights on 5m'],
  'lights auto': ['lights auto', 'lights auto'],
  'panel show': ['panel show', 'panel show P9'],
  'panel set': ['panel set P9 "Bonjour"', 'panel set P9'],
  'panel clear': ['panel clear P9'],
  'sound show': ['sound show', 'sound show square'],
  'sound play': ['sound play square birds'],
  'sound announce': ['sound announce square hello'],
  'sound stop': ['sound stop square'],
  'sound volume': ['sound volume square 40'],
  'sound emergency': ['sound emergency square leave'],
  'sound resume': ['sound resume square'],
  'test lamp': ['test lamp L03'],
  'test zone': ['test zone nowhere'],
  'commission scan': ['commission scan', 'commission scan south'],
  'commission place': [
    'commission place L01 P01',
    'commission place L02 P02 --also P04',
    'commission place L01 P9',
    'commission place L01 P9 --at x',
  ],
  'commission poles': ['commission poles'],
  'commission test': ['commission test L03', 'commission test nowhere'],
  'commission walk': ['commission walk rue --for 10s'],
  'commission report': ['commission report'],
  'commission restart': ['commission restart', 'commission restart --yes'],
  // Its questions, in French, are in commissioning.test.ts.
  commission: [],
  'bus scan': ['bus scan', 'bus scan north --from 1 --to 6', 'bus scan south', 'bus scan north --from 9 --to 3'],
  'bus registers': ['bus registers north 1 --from 2000 --to 2010', 'bus registers north L01 --from 60000 --to 60010'],
  'bus read': ['bus read north 1 2000 2', 'bus read north 99 0', 'bus read north L01 2000 --table wrong'],
  'bus write': ['bus write north 1 2000 300', 'bus write north 1 2000 300 --yes', 'bus write north 1 2000 many'],
  'bus stats': ['bus stats', 'bus stats south'],
  'bus doctor': ['bus doctor north', 'bus doctor south'],
  'bus watch': ['bus watch north --for 1s'],
  'bus sniff': [
    'bus sniff north --for 1s',
    'bus sniff north --for 1s --keep',
    'bus sniff north --baud 9600',
    'bus sniff north --exclusive --for 5m',
  ],
  'recorder list': ['recorder list'],
  'recorder freeze': ['recorder freeze', 'recorder list'],
  'recorder show': ['recorder show 1', 'recorder show 1 --last 5 --line north', 'recorder show 99'],
  'recorder export': ['recorder export 1 --format csv', 'recorder export 1 --format odd'],
  'recorder pin': ['recorder pin 1', 'recorder pin 99'],
  'recorder unpin': ['recorder unpin 1'],
  'profile list': ['profile list'],
  'profile show': ['profile show wirenboard-wb-led | begin Point', 'profile show wirenboard-wb-les'],
  'profile check': ['profile check FOLDER/nothing.yaml'],
  'profile test': ['profile test FOLDER/nothing.yaml'],
  history: [
    'history L01.level --since 10m',
    'history L01.level --since 10m --by minute',
    'history L01.power',
    'history L01.level --since 10m --plot',
  ],
  export: ['export --since 1h --to FOLDER/out.csv', 'export', 'export --since 1h --to FOLDER'],
  store: ['store'],
  'store check': ['store check'],
  'store backup': ['store backup'],
  uplink: ['uplink'],
  'uplink status': ['uplink status'],
  'uplink test': ['uplink test'],
  'uplink trace': ['uplink trace', 'uplink trace --for 5m'],
  'uplink reconnect': ['uplink reconnect'],
  'uplink renew': ['uplink renew'],
  'user list': ['user list'],
  'user add': ['user add marie', 'user add marie', 'user add Marie!'],
  'user enrol': ['user enrol marie', 'user enrol nobody'],
  'user role': ['user role marie viewer', 'user role marie boss'],
  'user totp': ['user totp on marie', 'user totp off marie', 'user totp maybe'],
  'user passwd': [],
  'user remove': ['user remove marie'],
  'user hash': ['user hash marie'],
  'user sign': ['user sign FOLDER/nothing.list --key FOLDER/office.key --cabinet c1'],
  'log watch': ['log watch --for 1s'],
  'log on': ['log on'],
  'log off': ['log off'],
  metrics: ['metrics | count'],
  config: ['config'],
  'config show': ['config show | count', 'config show --revision 99'],
  'config set': [
    'config set zones[rue].minPct 11',
    'config set zones[rue].minPct',
    'config set zones[rue].minPct 300',
    'config set zones[rus].minPct 11',
    'config set nothing',
  ],
  'config check': ['config check'],
  'config compare': ['config compare'],
  'config take': ['config take platform'],
  'config discard': ['config discard', 'config discard'],
  'config load': ['config load FOLDER/nothing.yaml'],
  'config export': ['config export | count'],
  'config commit': ['config set zones[rue].minPct 12', 'config commit --confirm 5 --comment essai', 'config'],
  'config confirm': ['config confirm', 'config confirm'],
  'config return': ['config return'],
  'config rollback': ['config rollback 1 --confirm 5', 'config return', 'config rollback 99'],
  'config history': ['config history'],
  'config import': ['config import FOLDER/nothing.csv'],
  'inventory import': ['inventory import FOLDER/nothing.csv', 'inventory import FOLDER/inventory.csv --into FOLDER/site.yaml'],
  'inventory export': ['inventory export FOLDER/site.yaml | count', 'inventory export FOLDER/nothing.yaml'],
  'config keygen': ['config keygen FOLDER/office.key'],
  'config sign': ['config sign FOLDER/site.yaml --key FOLDER/office.key --cabinet c1'],
  'config verify': ['config verify FOLDER/site.yaml --key FOLDER/office.key'],
  'update install': ['update install FOLDER/nothing.update'],
  'update status': ['update status'],
  'update revert': ['update revert'],
  check: ['check FOLDER/nothing.yaml', 'check FOLDER/site.yaml', 'check FOLDER/bad.yaml', 'check FOLDER/site.yaml --law'],
  version: ['version'],
  'tech-support': ['tech-support --to FOLDER/bundle.txt.gz', 'tech-support --to FOLDER/bundle.txt.gz'],
  help: ['help', 'help why', 'help bus', 'help config', 'help user add'],
  terminal: ['terminal'],
  'terminal type': ['terminal type dumb', 'terminal type green'],
  'terminal width': ['terminal width 80', 'terminal width 8'],
  'terminal length': ['terminal length 24'],
  'terminal charset': ['terminal charset ascii'],
  'terminal colour': ['terminal colour off'],
  'terminal status': ['terminal status off'],
  'terminal resize': ['terminal resize'],
  language: ['language', 'language de', 'language fr'],
  'agent state': [],
  'agent restart': ['agent restart'],
  speed: ['speed 300'],
  copy: ['copy nothing.gz serial', 'copy bundle.txt.gz serial --from 999999'],
  receive: ['receive ../nothing.update', 'receive nothing.update', 'receive nothing.update --remove'],
  'watch status': ['watch status'],
  'watch bus': ['watch bus'],
  'watch lamp': ['watch lamp L01'],
  'watch presence': ['watch presence'],
  recall: ['recall 0'],
  logout: ['stat | includ', 'stats', 'show version', 'bus', 'why "L01', '| count', 'config c', 'help nothing', 'logout'],
};
/** They go on until Ctrl-C. */
const GOES_ON = /^watch /;

t.test('a walk through every command in French', async (t) => {
  const wanted = COMMANDS.filter(({ name, isHidden }) => !isHidden && !OUTSIDE.has(name)).map(({ name }) => name);
  t.strictSame(Object.keys(LINES).sort(), wanted.toSorted(), 'each command has its lines here');

  const visit = await visitCabinet(t, { startAt: START_AT, speedBaud: 115_200, siteFile: `${SMALL_SITE}console: { language: fr }\n` });
  const { rig, folder } = visit;
  await rig.until('dimmed', () => rig.levels().every((level) => level === 30));
  writeFileSync(join(folder, 'site.yaml'), SMALL_SITE);
  writeFileSync(
    join(folder, 'inventory.csv'),
    'pointLumineux;typeSource;cie3;ulrNominal\nL01;LED;97;0,01\nL09;LED;1;2\nL09;LED;1;1\n;;;1\n',
  );
  writeFileSync(join(folder, 'bad.yaml'), SMALL_SITE.replace('levelPct: 100', 'levelPct: 300').replace('pole: P01', 'pole: P09'));
  const read = await readerFor(visit);
  for (const [name, lines] of Object.entries(LINES)) for (const line of lines) t.strictSame(await read(line), [], `${name}: ${line}`);
  t.strictSame(
    visit.screen.transcript().filter((row) => /~$/.test(row) && !/\d/.test(row)),
    [],
    'no heading is cut',
  );
  t.strictSame(
    visit.screen.strange.filter((letter) => letter !== '\x1b'),
    [],
    'letters only, but for the question about the size of the terminal',
  );
  t.ok(
    visit.screen.transcript().every((row) => row.length <= 80),
    'no screen wider than 80 columns',
  );
});

t.test('trouble in French: a dead driver, a reachable platform and an unreachable one', async (t) => {
  const visit = await visitCabinet(t, {
    startAt: START_AT,
    speedBaud: 115_200,
    withUplink: true,
    change: (cabinet) => ({ ...cabinet, console: { ...cabinet.console, language: 'fr' } }),
  });
  const { rig } = visit;
  await rig.until('dimmed', () => rig.levels().every((level) => level === 30));
  const unit = rig.agent.view.devices().find(({ id }) => id === 'L02')?.unit ?? 0;
  rig.street.lines.get('north')?.silence(unit);
  await rig.until(
    'the silent lamp is reported',
    async () => (await rig.status()).activeEvents.some(({ source }) => source === 'L02'),
    300_000,
  );
  await rig.until('online', async () => (await rig.status()).uplink.state === 'online', 120_000);
  const read = await readerFor(visit);
  const online = ['status', 'uplink', 'uplink test', 'uplink trace', 'uplink trace --follow --for 1s', 'uplink reconnect', 'store'];
  const dead = [
    'devices',
    'devices silent',
    'events',
    'why L02',
    'why rue',
    'zones',
    'bus stats north',
    'override L02 100 --for 5m',
    'release L02',
  ];
  const tried = [
    'test lamp L02',
    'identify L02 --for 5s',
    `bus scan north --from ${unit} --to ${unit}`,
    `bus read north ${unit} 2000`,
    'logout',
  ];
  for (const line of [...online, ...dead]) t.strictSame(await read(line), [], line);
  await rig.broker.stop();
  await rig.until('cut', async () => (await rig.status()).uplink.state !== 'online', 300_000);
  for (const line of ['status', 'uplink', 'uplink test', 'uplink trace', 'events', ...tried]) t.strictSame(await read(line), [], line);
});

/** Types a line and resolves with the parts of its answer that are not French. */
async function readerFor(visit: ConsoleVisit): Promise<(line: string) => Promise<readonly string[]>> {
  const { folder, rig } = visit;
  await visit.say('terminal length 0');
  const { zones, lines, lamps, devices } = rig.agent.view.names();
  const words = 'demo Rue des Lucioles Demo city essai luciole node test marie'.split(' ');
  const reader = createFrenchReader([USER, ...words, ...zones, ...lines, ...lamps, ...devices]);
  for (const answer of await rawAnswers(visit)) reader.meet(answer);
  return async (line) => {
    const typed = line.replaceAll('FOLDER', folder);
    const shown = GOES_ON.test(line) ? await glimpse(visit, line) : await visit.say(typed);
    // Notes and sources of a profile are its author's.
    const [, ...rows] = (shown.split(/\n(?=Notes )/)[0] ?? '').split('\n');
    const answer = rows.slice(0, rows.length > 1 ? -1 : 1).join('\n');
    // A status line is written over itself, and cut where the row ends.
    return reader.strange(answer.replaceAll(folder, '').replace(/[^\n\r]*\r/g, ''));
  };
}

/** Asked without the console: names and codes as machines say them. */
async function rawAnswers({ rig }: ConsoleVisit): Promise<readonly unknown[]> {
  const { view } = rig.agent;
  return [await view.status(), view.devices(), view.points(''), view.profiles()];
}

/** The text on the screen until Ctrl-C. */
async function glimpse(visit: ConsoleVisit, line: string): Promise<string> {
  const from = visit.bytes().length;
  visit.type(`${line}\r`);
  await visit.settled(() => visit.bytes().length > from + line.length + 200, line);
  return visit.say('\x03');
}

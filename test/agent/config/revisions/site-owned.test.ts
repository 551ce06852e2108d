import t from 'tap';
import { cabinetIn } from '../../../../agent/config/load/load.ts';
import { SITE_OWNED, siteOwnedDifferences, siteOwnedRefusal } from '../../../../agent/config/revisions/site-owned.ts';
import { cabinetJsonSchema } from '../../../../agent/config/schema/schema.ts';
import type { Cabinet } from '../../../../agent/core/cabinet.ts';
import type { JsonSchema } from '../../../../agent/core/json-schema.ts';
import { parseLineNetwork } from '../../../../agent/core/line-port.ts';
import { changed, SMALL_STREET } from '../small-street.ts';
import { PLATFORM_OWNED } from './platform-owned.ts';

const cabinet = (changes: readonly (readonly [string, string])[] = []): Cabinet => {
  const read = cabinetIn(changed(SMALL_STREET, changes));
  if (read === undefined) throw new Error('no cabinet');
  return read;
};
const keys = (candidate: Cabinet, ...allowed: readonly Cabinet[]) => siteOwnedDifferences(candidate, allowed).map(({ key }) => key);
const SITE = cabinet();

/** Keys that hold a value: `lines[].serial.baud`. */
function leaves(schema: JsonSchema, path = ''): string[] {
  const kinds = schema.anyOf?.filter(({ type }) => type !== 'null') ?? [schema];
  return kinds.flatMap(({ properties, type, items }) => {
    if (properties !== undefined)
      return Object.entries(properties).flatMap(([key, value]) => leaves(value, path === '' ? key : `${path}.${key}`));
    const item = items as JsonSchema | undefined;
    return type === 'array' && item?.properties !== undefined ? leaves(item, `${path}[]`) : [path];
  });
}

t.test('every key of cabinet.yaml has an owner, and one only', async (t) => {
  const isOwned = (key: string): boolean => SITE_OWNED.some((each) => key === each || key.startsWith(`${each}[]`));
  const all = [...new Set(leaves(cabinetJsonSchema()))];
  t.ok(all.length > 150);
  const unowned = all.filter((key) => !isOwned(key) && !PLATFORM_OWNED.includes(key));
  t.strictSame(unowned, [], 'decide whether a revision may set it, then add it to SITE_OWNED or PLATFORM_OWNED');
  t.strictSame(
    PLATFORM_OWNED.filter((key) => isOwned(key) || !all.includes(key)),
    [],
    'and none is left over',
  );
  t.strictSame(
    SITE_OWNED.filter((key) => !all.some((each) => each === key || each.startsWith(`${key}[]`))),
    [],
    'each owned key is one of the schema',
  );
});

const TO_UPLINK = 'group: Angers';
/** What a revision changes, and the keys that are named for it. */
const rows: readonly (readonly [what: string, change: readonly (readonly [string, string])[], named: readonly string[]])[] = [
  ['nothing', [], []],
  ['light and devices', [['levelPct: 30', 'levelPct: 55'], ['unit: 2, ', 'unit: 9, ']], []],
  ['how often the link is tested', [[TO_UPLINK, `${TO_UPLINK}\n  keepaliveS: 60\n  proof: platform`]], []],
  ['readings kept for longer', [[TO_UPLINK, `${TO_UPLINK}\nstore: { maxDays: 800 }`]], []],
  ['a default written out', [[TO_UPLINK, `${TO_UPLINK}\n  protocol: 5\n  otherBrokers: []\nstore: { dir: /var/lib/luciole }`]], []],
  ['the name of the cabinet', [['id: test', 'id: other']], ['cabinet.id', 'uplink.node']],
  ['another place', [['47.4736', '-36.8485']], ['cabinet.latitudeDeg']],
  ['another time zone by case alone', [['Europe/Paris', 'Europe/PARIS']], ['cabinet.timezone']],
  ['trust in the clock', [['Europe/Paris }', 'Europe/Paris, clockTrust: system }']], ['cabinet.clockTrust']],
  ['the broker', [['127.0.0.1:1883', '192.0.2.7:1883']], ['uplink.broker']],
  ['a broker that looks alike', [['mqtt://127.0.0.1:1883', 'mqtt://127.0.0．1:1883']], ['uplink.broker']],
  ['a broker by an anchor', [['broker: mqtt://127.0.0.1:1883', 'broker: *node'], ['name: Test street', 'name: &node mqtt://192.0.2.7']], ['uplink.broker']],
  ['one more broker', [[TO_UPLINK, `${TO_UPLINK}\n  otherBrokers: [mqtt://192.0.2.7]`]], ['uplink.otherBrokers']],
  ['every other key of the uplink', [[TO_UPLINK, 'group: Nantes\n  protocol: 3.1.1\n  node: n\n  primaryHost: h\n  username: u\n  passwordFile: /p\n  caFile: /c\n  certFile: /d\n  keyFile: /k']], ['uplink.protocol', 'uplink.group', 'uplink.node', 'uplink.primaryHost', 'uplink.username', 'uplink.passwordFile', 'uplink.caFile', 'uplink.certFile', 'uplink.keyFile']],
  ['no uplink', [['uplink:\n  broker: mqtt://127.0.0.1:1883\n  group: Angers\n', '']], SITE_OWNED.filter((key) => key.startsWith('uplink.'))],
  ['a file that is written', [[TO_UPLINK, `${TO_UPLINK}\nservice: { metricsFile: /etc/cron.d/x.prom }`]], ['service.metricsFile']],
  ['a folder that is read', [[TO_UPLINK, `${TO_UPLINK}\nprofileDirs: [/root]`]], ['profileDirs']],
  ['where the console answers', [[TO_UPLINK, `${TO_UPLINK}\nconsole: { socketPath: /run/luciole/login/agent.sock, language: fr }`]], ['console.socketPath']],
  ['where the readings lie', [[TO_UPLINK, `${TO_UPLINK}\nstore: { dir: /tmp }`]], ['store.dir']],
  ['a signer of its own', [[TO_UPLINK, `${TO_UPLINK}\ntrust: { revisionKeys: [{ id: eve, key: "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=" }] }`]], ['trust.revisionKeys']],
  ['a port of its own', [['/dev/ttyUSB1', '/dev/ttyUSB9'], [TO_UPLINK, `${TO_UPLINK}\ntrust: { ports: [/dev/ttyUSB9] }`]], ['trust.ports', 'lines[air].port']],
  ['a service of the machine as a line', [['/dev/ttyUSB1', 'rtu+tcp://127.0.0.1:22']], ['lines[air].port']],
  ['two lines that change their ports', [['/dev/ttyUSB1', '/dev/ttyUSB2'], ['/dev/ttyUSB0', '/dev/ttyUSB1'], ['/dev/ttyUSB2', '/dev/ttyUSB0']], []],
  ['a port by another way', [['/dev/ttyUSB1', '/dev/./ttyUSB1']], ['lines[air].port']],
]; // biome-ignore format: a table

for (const [what, change, named] of rows)
  t.test(`a revision that changes ${what}`, async (t) => {
    t.strictSame(keys(cabinet(change), SITE), named);
    t.strictSame(keys(cabinet(change), SITE, cabinet(change)), [], 'what runs already may be kept');
    t.strictSame(keys(SITE, SITE, cabinet(change)), [], 'and the file of the site be taken again');
  });

const PANEL_DEVICE = '- { id: M01,';
const withPanel = (limits: string, { id = 'square-panel', device = 'PN1', profile = 'dm36b06' } = {}): Cabinet =>
  cabinet([
    [PANEL_DEVICE, `- { id: ${device}, unit: 41, profile: ${profile} }\n      ${PANEL_DEVICE}`],
    [TO_UPLINK, `${TO_UPLINK}\npanels: [{ id: ${id}, device: ${device}, points: [text], fallback: "30"${limits} }]`],
  ]);
const STRICT = ', limits: { maxLength: 6, textFrom: [console], emergencyFrom: [] }';

t.test('the limits of a panel: a revision changes none, under whatever name it has the panel', async (t) => {
  const site = withPanel(STRICT);
  t.strictSame(keys(withPanel(STRICT), site), []);
  t.strictSame(keys(withPanel(STRICT, { id: 'info', device: 'PN9' }), site), [], 'another name alone is no other limit');
  t.strictSame(keys(cabinet(), site), [], 'a panel may be left out');
  for (const over of [{}, { id: 'info' }, { device: 'PN9' }, { id: 'info', device: 'PN9', profile: 'dm56a04' }]) {
    const id = over.id ?? 'square-panel';
    t.strictSame(
      keys(withPanel('', over), site),
      ['maxLength', 'textFrom', 'emergencyFrom'].map((key) => `panels[${id}].limits.${key}`),
    );
  }
  const changes: readonly (readonly [string, string])[] = [
    ['maxLength: 7', 'maxLength'],
    ['changesPerMin: 60', 'changesPerMin'],
    ['changesPerHour: 600', 'changesPerHour'],
    ['characters: abc', 'characters'],
    ['textFrom: [platform]', 'textFrom'],
    ['emergencyFrom: [console, platform]', 'emergencyFrom'],
  ];
  for (const [change, key] of changes)
    t.strictSame(keys(withPanel(`, limits: { ${change} }`), withPanel('')), [`panels[square-panel].limits.${key}`]);
});

t.test('a panel that the file of the site does not have: a revision may add it with the usual limits', async (t) => {
  t.strictSame(keys(withPanel(''), SITE), []);
  t.strictSame(keys(withPanel(', limits: { emergencyFrom: [platform] }'), SITE), ['panels[square-panel].limits.emergencyFrom']);
});

t.test('a port that the file of the site allows, and one endpoint in two spellings', async (t) => {
  const site = cabinet([[TO_UPLINK, `${TO_UPLINK}\ntrust: { ports: [/dev/ttyUSB9, "tcp://plc"] }`]]);
  const candidate = (port: string) => ({ ...site, lines: site.lines.map((line) => (line.id === 'air' ? { ...line, port } : line)) });
  for (const port of ['/dev/ttyUSB9', 'tcp://plc:502', 'tcp://PLC', '/dev/ttyUSB0']) t.strictSame(keys(candidate(port), site), [], port);
  for (const port of ['tcp://plc:503', 'rtu+tcp://plc:502', 'tcp://plc.evil', '/dev/ttyUSB99', '/dev/ttyusb9'])
    t.strictSame(keys(candidate(port), site), ['lines[air].port'], port);
});

t.test('a network that the file of the site allows for lines leads to its addresses at its port, and never to this machine', async (t) => {
  const allowed = [
    'tcp://10.20.0.0/24',
    'rtu+tcp://10.20.1.0/24:4001',
    'tcp://[2001:db8:1::]/64:1502',
    '"tcp://127.0.0.0/16"',
    'tcp://plc/24',
  ];
  const site = cabinet([
    [TO_UPLINK, `${TO_UPLINK}\ntrust: { ports: [${allowed.map((each) => JSON.stringify(each.replaceAll('"', ''))).join(', ')}] }`],
  ]);
  const candidate = (port: string) => ({ ...site, lines: site.lines.map((line) => (line.id === 'air' ? { ...line, port } : line)) });
  for (const port of [
    'tcp://10.20.0.7',
    'tcp://10.20.0.7:502',
    'tcp://10.20.0.255',
    'rtu+tcp://10.20.1.9:4001',
    'tcp://[2001:db8:1::9]:1502',
    'tcp://0xa.20.7',
  ])
    t.strictSame(keys(candidate(port), site), [], port);
  for (const port of [
    ...['tcp://10.20.0.7:22', 'rtu+tcp://10.20.0.7:502', 'tcp://10.20.1.9:4001', 'tcp://10.20.1.1', 'tcp://10.19.255.255'],
    ...[
      'tcp://127.0.0.1',
      'tcp://127.0.0.1:502',
      'tcp://localhost',
      'tcp://[::1]:1502',
      'tcp://[::ffff:127.0.0.1]:502',
      'tcp://2130706433',
      'tcp://0.0.0.0',
    ],
    ...['tcp://plc', 'tcp://10.20.0.7.evil.example', 'tcp://[2001:db8:1:1::9]:1502', '/dev/10.20.0.7'],
  ])
    t.strictSame(keys(candidate(port), site), ['lines[air].port'], port);
});

t.test('a network of lines that cannot be meant is refused, with what is allowed', async (t) => {
  for (const [text, why] of [
    ['tcp://10.0.0.0/8', /a network of \/16 or smaller/],
    ['tcp://0.0.0.0/0', /a network of \/16 or smaller/],
    ['tcp://[::]/0', /a network of \/48 or smaller/],
    ['tcp://10.0.0.0/33', /a network of \/16 or smaller/],
    ['tcp://999.0.0.0/24', /an address before the "\/"/],
    ['rtu+tcp://10.20.0.0/24', /a port from 1 to 65535/],
    ['tcp://10.20.0.0/24:0', /a port from 1 to 65535/],
    ['tcp://10.20.0.0/24:70000', /a port from 1 to 65535/],
    ['tcp://127.0.0.0/24', /no address of this machine itself/],
    ['tcp://[::1]/128:502', /no address of this machine itself/],
    ['tcp://169.254.0.0/16', /no address of this machine itself/],
    ['tcp://255.255.255.0/24', /no address of this machine itself/],
  ] as const)
    t.match(parseLineNetwork(text), why, text);
  for (const text of ['tcp://10.20.0.7', '/dev/ttyUSB0', 'tcp://plc/24', 'http://10.20.0.0/24', ''])
    t.equal(parseLineNetwork(text), undefined, text);
});

t.test('values of two configurations are not mixed within a section', async (t) => {
  const [file, other] = ['mqtt://127.0.0.1:1883', 'mqtt://192.0.2.7:1883'];
  const uplink = (broker: string, password: string) =>
    cabinet([[`broker: ${file}`, `broker: ${broker}\n  username: c1\n  passwordFile: ${password}`]]);
  const [site, running] = [uplink(file, '/etc/luciole/a'), uplink(other, '/etc/luciole/b')];
  t.strictSame(keys(uplink(file, '/etc/luciole/a'), site, running), []);
  t.strictSame(keys(uplink(other, '/etc/luciole/b'), site, running), []);
  t.strictSame(keys(uplink(other, '/etc/luciole/a'), site, running), ['uplink.broker'], 'the password of one to the broker of the other');
});

t.test('nothing may be compared with nothing', async (t) => {
  const single = SITE_OWNED.filter((key) => !key.startsWith('panels[]'));
  t.equal(keys(SITE).length, single.length + 1, 'every key, and the port of each line; the limits of a panel have defaults');
});

t.test('a refusal names the keys and the file where they are changed, and stays short', async (t) => {
  const sentence = (count: number) =>
    String(
      siteOwnedRefusal(
        Array.from({ length: count }, (_, i) => ({ key: `lines[l${i}].port` })),
        '/etc/luciole/cabinet.yaml',
      ),
    );
  t.equal(sentence(1), 'lines[l0].port belongs to the file of the site (/etc/luciole/cabinet.yaml): change it there');
  t.match(sentence(2), /^lines\[l0\]\.port, lines\[l1\]\.port belong to the file of the site \(.*\): change them there$/);
  t.match(sentence(1_000), /lines\[l7\]\.port and 992 more belong/);
});

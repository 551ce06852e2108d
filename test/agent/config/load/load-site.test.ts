import { execFileSync } from 'node:child_process';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { parse as load } from 'yaml';
import { checkConfig, loadSite } from '../../../../agent/config/load/load-site.ts';
import { checkProfileFile } from '../../../../agent/console/commands/lines/profile-trial.ts';
import type { LineConfig } from '../../../../agent/core/cabinet.ts';
import { formatProblem, type Problem } from '../../../../agent/core/errors.ts';
import { createManualClock } from '../../../../agent/core/manual-clock.ts';
import { type FieldLine, fieldLine } from '../../../../agent/field/line-from-config.ts';
import { siteProfileStamps } from '../../../../drivers/profile-folders.ts';
import { ACME } from '../../../drivers/acme-profile.ts';
import { createWire } from '../../../street/wire.ts';

const BROKEN = ACME.replace('level: 40', 'level: 41');
/** A cabinet of one line and one lamp on it, of this profile. */
const cabinet = (profile: string, dirs = '[mine]'): string => `
cabinet: { id: desk, name: Desk, latitudeDeg: 47.47, longitudeDeg: -0.55, timezone: Europe/Paris }
lines:
  - { id: bench, port: /dev/null, serial: { baud: 9600 }, devices: [{ id: L1, unit: 1, profile: ${profile} }] }
poles: []
lamps: []
zones: []
programmes: []
profileDirs: ${dirs}
`;

interface Site {
  readonly file: string;
  readonly path: (name: string) => string;
  check(): Promise<{ problems: string[]; warnings: string[] }>;
  /** The error with which `run` refuses it; null if it runs. */
  refusal(): string | null;
}

function site(t: Test, text: string, mine: Record<string, string>): Site {
  const dir = t.testdir({ 'cabinet.yaml': text, mine });
  const file = join(dir, 'cabinet.yaml');
  const textsOf = (problems: readonly Problem[]): string[] => problems.map((problem) => formatProblem(problem).replaceAll(`${dir}/`, ''));
  return {
    file,
    path: (name) => join(dir, name),
    async check() {
      const { problems, warnings } = await checkConfig({ configFile: file });
      return { problems: textsOf(problems), warnings: textsOf(warnings) };
    },
    refusal() {
      try {
        loadSite(file);
        return null;
      } catch (error) {
        return (error as Error).message.replaceAll(`${dir}/`, '');
      }
    },
  };
}

const WRONG_LEVEL = 'mine/broken.yaml:16:22: examples[0].expect.level: expected 41, but it decodes to 40';

t.test('a broken profile that the cabinet does not use is a warning, in check and in run', async (t) => {
  const { check, refusal, file } = site(t, cabinet('eastron-sdm630'), { 'broken.yaml': BROKEN });
  t.strictSame(await check(), { problems: [], warnings: [WRONG_LEVEL] });
  t.equal(refusal(), null);
  t.strictSame(loadSite(file).profileProblems.length, 1);
  t.match(loadSite(file).cabinet.profileDirs, [/\/mine$/], 'as seen from everywhere');
});

t.test('an irregular or oversized file in a profile folder is a warning, and loading continues', async (t) => {
  const { check, refusal, path } = site(t, cabinet('eastron-sdm630'), { 'huge.yaml': `# ${' '.repeat(2 ** 20)}` });
  execFileSync('mkfifo', [path('mine/pipe.yaml')]);
  symlinkSync('/dev/zero', path('mine/zero.yaml'));
  symlinkSync('loop.yaml', path('mine/loop.yaml'));
  const { problems, warnings } = await check();
  t.strictSame(problems, []);
  t.match(warnings, [
    /^mine\/huge.yaml:1:1: .*EFBIG/,
    /^mine\/loop.yaml:1:1: .*ELOOP/,
    /^mine\/pipe.yaml:1:1: .*not a regular file/,
    /^mine\/zero.yaml:1:1: .*not a regular file/,
  ]);
  t.equal(refusal(), null);
  t.strictSame([...siteProfileStamps([path('mine')]).keys()], [path('mine/huge.yaml')], 'of a loop there is no change to see');
});

t.test('a broken profile that is named is refused by both, with its own faults above', async (t) => {
  const { check, refusal } = site(t, cabinet('acme-lamp'), { 'broken.yaml': BROKEN, 'other.yaml': BROKEN.replace('acme-lamp', 'other') });
  const wanted = [
    WRONG_LEVEL,
    'cabinet.yaml:4:97: lines[0].devices[0].profile: profile "acme-lamp" is broken, see above: mine/broken.yaml',
  ];
  const { problems, warnings } = await check();
  t.strictSame(problems, wanted);
  t.match(warnings, [/^mine\/other.yaml:16:22/], 'another is a warning still');
  t.equal(refusal(), wanted.join('\n'));
});

const TWICE = { 'a.yaml': ACME, 'b.yaml': ACME };
const ABOUT_TWICE = /^mine\/b.yaml:1:5: id: "acme-lamp" is the id of mine\/a.yaml too/;

t.test('an id of two files is refused where it is named', async (t) => {
  const { check, refusal } = site(t, cabinet('acme-lamp'), TWICE);
  t.match(await check(), { problems: [ABOUT_TWICE, /"acme-lamp" is broken, see above: mine\/a.yaml, mine\/b.yaml$/], warnings: [] });
  t.match(refusal(), ABOUT_TWICE);
});

t.test('an id used by two files is reported at both', async (t) => {
  const { check, refusal } = site(t, cabinet('eastron-sdm630'), TWICE);
  t.match(await check(), { problems: [], warnings: [ABOUT_TWICE] });
  t.equal(refusal(), null);
});

t.test('a missing folder is a warning, and a profile that should be in it is not found', async (t) => {
  const folder = site(t, cabinet('eastron-sdm630', '[mine, gone]'), {});
  t.match(await folder.check(), { problems: [], warnings: [/profileDirs\[1\]: no such folder gone/] });
  t.equal(folder.refusal(), null);
});

t.test('a profile given as a cabinet, and a cabinet given as a profile, are reported in one line', async (t) => {
  const wrong = site(t, ACME, { 'cabinet.yaml': cabinet('eastron-sdm630') });
  const asProfile = 'cabinet.yaml:1:1: this is a device profile, not a cabinet: luciole profile check cabinet.yaml';
  t.strictSame(await wrong.check(), { problems: [asProfile], warnings: [] });
  t.equal(wrong.refusal(), asProfile);
  const { problems, profile } = checkProfileFile(wrong.path('mine/cabinet.yaml'));
  t.equal(profile, null);
  t.strictSame(
    problems.map(({ line, message }) => [line, String(message)]),
    [[1, `this is a cabinet, not a device profile: luciole check ${wrong.path('mine/cabinet.yaml')}`]],
  );
});

/** So many units of a shipped profile on as many lines as they need. */
const meters = (units: number, rest: string, profile = 'eastron-sdm630'): string => {
  const device = (line: number, unit: number): string => `{ id: M${line}-${unit}, unit: ${unit}, profile: ${profile} }`;
  const lines = Array.from({ length: Math.ceil(units / 247) }, (_, line) => {
    const devices = Array.from({ length: Math.min(247, units - line * 247) }, (_, i) => device(line, i + 1));
    return `  - { id: line${line}, port: "tcp://127.0.0.1:${502 + line}", devices: [${devices.join(', ')}] }`;
  });
  return `
cabinet: { id: desk, name: Desk, latitudeDeg: 47.47, longitudeDeg: -0.55, timezone: Europe/Paris }
lines:
${lines.join('\n')}
poles: []
lamps: []
zones: []
programmes: []
${rest}
`;
};

/** 247 gateways of 64 ballasts, each with three points, on each of two lines. */
const gateways = (heartbeatS: number): string => meters(494, `store: { heartbeatS: ${heartbeatS}, commitSeconds: 1 }`, 'intesis-inmbsdal');

t.test(
  'a store that cannot take what its points bring is refused by check, with the heartbeat that fits; it runs all the same',
  async (t) => {
    const { check, refusal } = site(t, gateways(1), {});
    const { problems } = await check();
    t.match(problems, [
      /store\.heartbeatS: \d+ points bring at least \d+ readings\/s, the store takes 10000; give heartbeatS: \d+ or more$/,
    ]);
    const fits = Number(/give heartbeatS: (\d+)/.exec(problems[0] ?? '')?.[1]);
    const given = (heartbeatS: number) => site(t, gateways(heartbeatS), {}).check();
    t.match([(await given(fits)).problems.length, (await given(fits - 1)).problems.length], [0, 1], 'and no less');
    t.equal(refusal(), null, 'the street is lit whatever the store takes');
  },
);

t.test('a commit period that needs too much memory is a warning that gives the longest possible one', async (t) => {
  const warned = async (rest: string): Promise<string[]> => (await site(t, meters(200, rest), {}).check()).warnings;
  t.strictSame(await warned(''), []);
  const [warning = ''] = await warned('store: { commitSeconds: 3600 }');
  t.match(warning, /store\.commitSeconds: \d+ points bring at least \d+ readings\/s, so that memory is written every \d+ s; more than/);
  const writtenS = Number(/commitSeconds: (\d+) has no effect/.exec(warning)?.[1]);
  t.strictSame(await warned(`store: { commitSeconds: ${writtenS} }`), []);
});

t.test('a broker that proves delivery where it can be cut off from the platform is a warning', async (t) => {
  const warned = async (uplink: string): Promise<string[]> =>
    (await site(t, meters(1, `uplink: { broker: "mqtt://b:1883", group: g, ${uplink} }`), {}).check()).warnings;
  const others = 'otherBrokers: ["mqtt://c:1883"]';
  t.strictSame(await warned(others), []);
  t.strictSame(await warned('proof: broker'), []);
  t.match(await warned(`${others}, proof: broker`), [
    /uplink\.proof: broker: a broker that is cut off from the platform confirms readings/,
  ]);
  t.match(await warned('primaryHost: scada, proof: auto'), [/uplink\.proof: auto: a broker that is cut off/]);
});

const SEVERAL = `
cabinet: { id: desk, name: Desk, latitudeDeg: 147.47, longitudeDeg: -0.55, timezone: Europe/Paris }
lines:
  - { id: bench, port: /dev/no-such-port, serial: { baud: 9601 }, devices: [{ id: L1, unit: 1, profile: wirenboard-wb-let, pole: P1 }] }
  - { id: other, port: /dev/null, serial: { baud: 9600 }, devices: [{ id: M1, unit: 1, profile: eastron-sdm630, colour: red }] }
  - { id: third, prot: /dev/null, devices: [] }
  - { id: fourth, port: /dev/null, serial: { baud: 9600 }, devices: [{ id: L2, unit: 2, profile: wirenboard-wb-led }, { unit: 3, profile: eastron-sdm630 }, { id: L3, unit: 4, profile: wirenboard-wb-led, pole: P1 }] }
poles: [{ id: P1, atM: 0 }]
lamps:
  - { id: L1, ratedPowerW: 60 }
  - { ratedPowerW: 60 }
  - { id: L3, point: levle, ratedPowerW: 60 }
zones:
  - { id: rue, lamps: [L1, L3], programme: night }
programmes:
  - { id: night, steps: [{ at: dusk, levelPct: 100 }] }
uplink: { broker: "mqtt://127.0.0.1:1883", group: Angers, username: u, passwordFile: /no/such/secret }
profileDirs: [mine]
`;

t.test('one mistake hides no other: schema, names, device types, secrets and ports are reported together', async (t) => {
  const { check, refusal } = site(t, SEVERAL, {});
  const { problems } = await check();
  const expected: [what: string, message: RegExp][] = [
    ['a value out of its range', /latitudeDeg/],
    ['a rate that no line has', /baud: found 9601/],
    ['a device type that does not exist', /lines\[0\]\.devices\[0\]\.profile: .*did you mean "wirenboard-wb-led"/],
    ['an unknown key', /unknown key "colour"/],
    ['a misspelt key, and what it leaves missing', /unknown key "prot"/],
    ['an item without its id', /lines\[3\]\.devices\[1\]\.id/],
    ['a lamp without its id', /lamps\[1\]\.id/],
    ['a point that the type does not have, behind items that were left out', /lamps\[2\]\.point: .*"levle"; did you mean "level"/],
    ['a port that is not there', /no-such-port/],
  ];
  for (const [what, message] of expected)
    t.ok(
      problems.some((problem) => message.test(problem)),
      what,
    );
  const twice = problems.filter((problem, i) => problems.indexOf(problem) !== i);
  t.same(twice, [], 'no problem is reported twice');
  const lines = SEVERAL.split('\n');
  for (const problem of problems) {
    const [, line] = /cabinet\.yaml:(\d+):/.exec(problem) ?? [];
    t.ok(Number(line) >= 1 && Number(line) <= lines.length, `has its line: ${problem.slice(0, 60)}`);
  }
  t.match(
    lines[Number(/cabinet\.yaml:(\d+):/.exec(problems.find((problem) => /levle/.test(problem)) ?? '')?.[1]) - 1],
    /levle/,
    'the right one',
  );
  t.match(refusal() ?? '', /levle/, 'to a run as well');
});

t.test('whatever is missing or of the wrong kind, a check ends with problems that have a place', async (t) => {
  const whole = load(SEVERAL) as Record<string, unknown>;
  const paths = (value: unknown, at: (string | number)[] = []): (string | number)[][] =>
    typeof value !== 'object' || value === null
      ? [at]
      : [at, ...Object.entries(value).flatMap(([key, below]) => paths(below, [...at, Array.isArray(value) ? Number(key) : key]))];
  let checked = 0;
  for (const path of paths(whole).filter(({ length }) => length > 0)) {
    for (const wrong of [undefined, null, 7, 'x', [], {}]) {
      const copy = structuredClone(whole);
      const parent = path.slice(0, -1).reduce((at: unknown, key) => (at as Record<string | number, unknown>)[key], copy);
      if (wrong === undefined) delete (parent as Record<string | number, unknown>)[path.at(-1) as string];
      else (parent as Record<string | number, unknown>)[path.at(-1) as string] = wrong;
      const { problems } = await checkConfig({ configFile: 'desk.yaml', text: JSON.stringify(copy) });
      if (!problems.every(({ line, column }) => line >= 1 && column >= 1)) t.fail(`${path.join('.')}: ${JSON.stringify(wrong)}`);
      checked++;
    }
  }
  t.ok(checked > 300, `${checked} cabinets were checked`);
});

t.test('quirks of one device go before those of its profile, and a device that sends by itself has none', async (t) => {
  const text = cabinet('wirenboard-wb-led').replace(
    'profile: wirenboard-wb-led',
    'profile: wirenboard-wb-led, quirks: { responseTimeoutMs: 900, retries: 4 }',
  );
  const { file } = site(t, text, {});
  const loaded = loadSite(file);
  const [line] = loaded.cabinet.lines as [LineConfig];
  const made = fieldLine(line, { profiles: loaded.profiles, clock: createManualClock(0), openPort: () => createWire(() => {}).port });
  const { quirks } = (made as FieldLine & { kind: 'modbus' }).driverOf('L1').profile;
  t.match(quirks, { responseTimeoutMs: 900, retries: 4, minGapMs: 0, maxReadRegisters: 125 });
  t.equal(loaded.profiles.get('wirenboard-wb-led')?.quirks.responseTimeoutMs, 200, 'the others keep those of the profile');
  const uart = cabinet('nova-sds011')
    .replace('unit: 1, profile: nova-sds011', 'profile: nova-sds011, quirks: { retries: 4 }')
    .replace('id: bench,', 'id: bench, kind: uart,');
  t.match((await site(t, uart, {}).check()).problems, [/quirks: a device of profile "nova-sds011" sends by itself/]);
  for (const wrong of ['retries: 10', 'minGapMs: 1001', 'responseTimeoutMs: 19', 'maxHole: 3'])
    t.not((await site(t, text.replace('retries: 4', wrong), {}).check()).problems.length, 0, wrong);
});

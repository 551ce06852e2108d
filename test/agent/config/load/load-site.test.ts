import { join } from 'node:path';
import t, { type Test } from 'tap';
import { checkConfig, loadSite } from '../../../../agent/config/load/load-site.ts';
import { checkProfileFile } from '../../../../agent/console/commands/lines/profile-trial.ts';
import { formatProblem, type Problem } from '../../../../agent/core/errors.ts';
import { ACME } from '../../../drivers/acme-profile.ts';

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
  /** What `run` refuses it with; null when it goes on. */
  refusal(): string | null;
}

function site(t: Test, text: string, mine: Record<string, string>): Site {
  const dir = t.testdir({ 'cabinet.yaml': text, mine });
  const file = join(dir, 'cabinet.yaml');
  const told = (problems: readonly Problem[]): string[] => problems.map((problem) => formatProblem(problem).replaceAll(`${dir}/`, ''));
  return {
    file,
    path: (name) => join(dir, name),
    async check() {
      const { problems, warnings } = await checkConfig({ configFile: file });
      return { problems: told(problems), warnings: told(warnings) };
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

t.test('a broken profile that nobody names is a warning to check and to run alike', async (t) => {
  const { check, refusal, file } = site(t, cabinet('eastron-sdm630'), { 'broken.yaml': BROKEN });
  t.strictSame(await check(), { problems: [], warnings: [WRONG_LEVEL] });
  t.equal(refusal(), null);
  t.strictSame(loadSite(file).profileProblems.length, 1);
  t.match(loadSite(file).cabinet.profileDirs, [/\/mine$/], 'as seen from everywhere');
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

t.test('an id of two files is told where it is not', async (t) => {
  const { check, refusal } = site(t, cabinet('eastron-sdm630'), TWICE);
  t.match(await check(), { problems: [], warnings: [ABOUT_TWICE] });
  t.equal(refusal(), null);
});

t.test('a missing folder is a warning, and a profile that should be in it is not found', async (t) => {
  const folder = site(t, cabinet('eastron-sdm630', '[mine, gone]'), {});
  t.match(await folder.check(), { problems: [], warnings: [/profileDirs\[1\]: no such folder gone/] });
  t.equal(folder.refusal(), null);
});

t.test('a profile given as a cabinet, and a cabinet given as a profile, are told in one line', async (t) => {
  const wrong = site(t, ACME, { 'cabinet.yaml': cabinet('eastron-sdm630') });
  const asProfile = 'cabinet.yaml:1:1: this is a device profile, not a cabinet: luciole profile check cabinet.yaml';
  t.strictSame(await wrong.check(), { problems: [asProfile], warnings: [] });
  t.equal(wrong.refusal(), asProfile);
  const { problems, profile } = checkProfileFile(wrong.path('mine/cabinet.yaml'));
  t.equal(profile, null);
  t.strictSame(
    problems.map(({ line, message }) => [line, message]),
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

t.test('a commit window that memory cannot wait for is a warning that says how long it waits', async (t) => {
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

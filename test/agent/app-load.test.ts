import { join } from 'node:path';
import t, { type Test } from 'tap';
import { checkConfig, loadSite } from '../../agent/app-load.ts';
import { checkProfileFile } from '../../agent/app-profiles.ts';
import { formatProblem, type Problem } from '../../agent/core/errors.ts';
import { ACME } from '../drivers/acme-profile.ts';

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

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { createConsoleServer } from '../../../agent/console/protocol/socket-server.ts';
import { hasAccents, personLanguage } from '../../../agent/console/terminal/person-language.ts';
import { learn } from '../../../agent/console/text/translate.ts';
import { createSystemClock } from '../../../agent/core/system-clock.ts';
import { TIMEZONE } from './fake-clock.ts';
import { createFakeView } from './fake-view.ts';
import { inProcessWith, MAIN, programFolder, run } from './program.ts';

const FRENCH_CABINET = 'cabinet:\n  id: A\nconsole:\n  language: fr\n';

t.test('a one-shot command is in French where the locale or the cabinet is', async (t) => {
  const folder = programFolder(t);
  const [french, english, broken] = ['fr', 'en', 'broken'].map((name) => join(folder, `${name}.yaml`));
  writeFileSync(french as string, FRENCH_CABINET);
  writeFileSync(english as string, 'console:\n  language: en # language: fr was before\n');
  writeFileSync(broken as string, 'console: {language: fr, : : \n');
  const cases: [environment: Record<string, string>, file: string | undefined, language: string][] = [
    [{ LC_ALL: 'fr_FR.UTF-8' }, english, 'fr'],
    [{ LC_MESSAGES: 'fr' }, english, 'fr'],
    [{ LANG: 'fr_CA' }, english, 'fr'],
    [{ LANG: 'fr_FR.UTF-8', LC_MESSAGES: 'en_GB.UTF-8' }, english, 'en'],
    [{ LANG: 'C.UTF-8' }, french, 'fr'],
    [{}, french, 'fr'],
    [{ LC_ALL: 'C' }, french, 'en'],
    [{ LANG: 'frr_DE' }, english, 'en'],
    [{}, english, 'en'],
    [{}, broken, 'en'],
    [{}, join(folder, 'none.yaml'), 'en'],
  ];
  for (const [environment, file, language] of cases)
    t.equal(await personLanguage(environment, file ?? ''), language, `${JSON.stringify(environment)} ${file}`);
  t.ok(hasAccents({ LANG: 'fr_FR.UTF-8' }));
  t.notOk(hasAccents({ LANG: 'fr_FR.UTF-8', LC_ALL: 'C' }));
});

/** Writes what is loaded to the error output. */
const WATCHED = `data:text/javascript,${encodeURIComponent(
  "import { registerHooks } from 'node:module'; import { writeSync } from 'node:fs'; registerHooks({ load: (url, context, next) => { writeSync(2, 'LOADED ' + url + '\\n'); return next(url, context); } });",
)}`;

t.test('help, version and errors are in the language of the person, and only a French one loads a catalogue', async (t) => {
  const folder = programFolder(t);
  const cabinet = join(folder, 'cabinet.yaml');
  writeFileSync(cabinet, FRENCH_CABINET);
  const luciole = (words: readonly string[], env: Record<string, string>) =>
    run([process.execPath, '--import', WATCHED, MAIN, ...words], { env: { PATH: '/usr/bin:/bin', ...env } });
  const english = await luciole(['help', 'status'], { LUCIOLE_CONFIG: join(folder, 'none.yaml') });
  t.match(english.out, /^Usage: luciole status/);
  t.match(english.err, /LOADED .*text\/translate\.ts/);
  t.notMatch(english.err, /LOADED \S*(pofile|console\/catalogue|\/yaml\/)/);
  const french = await luciole(['help', 'status'], { LUCIOLE_CONFIG: cabinet });
  t.match(french.out, /^Emploi : luciole status/);
  t.match(french.err, /LOADED \S*pofile/);
  const wrong = await luciole(['run', '--bogus'], { LANG: 'fr_FR.UTF-8' });
  t.match(wrong, { code: 64, err: /luciole: option inconnue '--bogus'/ });
  const port = await luciole(['run', '--port', 'x'], { LANG: 'fr_FR.UTF-8' });
  t.match(port, { code: 64, err: /--port "x" incorrect : écrire LINE=PATH/ });
  const missing = await luciole(['run', join(folder, 'none.yaml')], { LANG: 'fr_FR.UTF-8' });
  t.equal(missing.code, 78);
  t.match(missing.err, /LOADED \S*pofile/);
  t.match((await luciole(['--version'], { LANG: 'fr_FR.UTF-8' })).out, /^luciole /);
  t.match(await luciole(['console'], { LANG: 'fr_FR.UTF-8' }), { err: /console demande un terminal/ });
});

t.test('a message of the agent is shown in the language of its reader; its JSON has text and template', async (t) => {
  const socketPath = join(programFolder(t), 'agent.sock');
  const clock = createSystemClock({ quality: () => 'none' });
  const server = createConsoleServer({ view: createFakeView(), socketPath, log: { event() {} }, clock, timezone: TIMEZONE });
  await server.start();
  t.teardown(() => server.stop());
  await learn('fr');
  const ask = (language: 'en' | 'fr', ...words: string[]) => inProcessWith({ language, socketPath }, ...words);
  t.match(await ask('en', 'why', 'L99'), { code: 1, err: 'luciole: no lamp or zone "L99"; did you mean L09?\n' });
  t.match(await ask('fr', 'why', 'L99'), { code: 1, err: 'luciole: ni luminaire ni zone "L99" ; vouliez-vous dire L09 ?\n' });
  for (const language of ['en', 'fr'] as const) {
    const { error } = JSON.parse((await ask(language, 'why', 'L99', '--json')).out);
    t.strictSame(error, {
      code: 'unknown-name',
      message: 'no lamp or zone "L99"; did you mean L09?',
      messageTemplate: {
        id: '{0}; {1}',
        args: [
          { id: 'no lamp or zone {0}', args: ['"L99"'] },
          { id: 'did you mean {0}?', args: ['L09'] },
        ],
      },
    });
  }
  const [event] = JSON.parse((await ask('fr', 'events', '--active', '--json')).out);
  t.match(event, { text: /^L\d\d does not answer; check its supply/, textTemplate: { id: /^\{0\} does not answer/, args: [/^L\d\d$/] } });
});

/** The catalogue held against the source: no sentence without its French, no French without its sentence. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import t from 'tap';
import { COMMANDS, FAMILIES } from '../../../agent/console/commands.ts';
import { FRENCH } from '../../../agent/console/french/catalogue.ts';
import { shownTexts, sourceFiles } from '../../support/shown-texts.ts';

const ROOT = join(import.meta.dirname, '../../..');
/** These files of a room, wherever in it they are. Errors: throws TypeError for one that is none. */
function filesOf(room: string, names: readonly string[]): readonly string[] {
  const files = sourceFiles(join(ROOT, 'agent', room));
  return names.map((name) => {
    const found = files.find((file) => basename(file, '.ts') === name);
    if (found === undefined) throw new TypeError(`${name} is no file of agent/${room}`);
    return found.slice(ROOT.length + 1);
  });
}

/** Whose words reach a session. */
const ROOMS = [
  ...['access', 'app', 'config', 'console', 'control', 'core', 'diagnosis', 'field', 'lighting', 'store'].map((room) => `agent/${room}`),
  ...filesOf('commissioning', ['import-table', 'first-user', 'probe']),
  ...filesOf('service', ['chores', 'clock-steps', 'ongoing', 'platform-updates', 'run-guard', 'safe-mode', 'self-report']),
  ...filesOf('service', ['update-run', 'update-manager', 'update-file', 'update-unpack', 'release-trial', 'progress']),
  ...filesOf('service', ['unpack-request', 'release-unpacker', 'update-error']),
  ...filesOf('sync', ['failure-messages', 'broker-link', 'broker-connection', 'mqttjs-transport', 'secret-files']),
  ...filesOf('sync', ['sync-handler', 'cabinet-metrics', 'platform-view', 'certificate-watch', 'certificate-choice']),
  ...filesOf('sync', ['uplink', 'uplink-slot', 'uplink-test', 'uplink-monitor']),
  ...['modbus', 'console-ports.ts', 'serial-port.ts', 'socket-port.ts', 'rs485.ts'].map((place) => `drivers/${place}`),
];
/** And what there is never said in a session, by what it is for. */
const ELSEWHERE: readonly RegExp[] = [
  /^agent\/console\/(french\/|text\/language\.ts)/,
  // The command line outside of a session, its manual, the first start and the end, the bundle for a helper elsewhere.
  /^agent\/console\/(cli|command-line|command-line-help|terminal\/ask-line|terminal\/secret-input|protocol\/socket-server|protocol\/socket-path)\.ts/,
  /^agent\/console\/commands\/service\/(manual-page|tech-support-bundle)\.ts/,
  // Between programs.
  /^agent\/(console\/protocol\/protocol|core\/cabinet-points)\.ts/,
  // The page about the cabinet file.
  /^agent\/config\/schema\/(schema|schema-lighting|json-schema)\.ts/,
  // Errors of programming.
  /^drivers\/modbus\/(codec|modbus-driver)\.ts/,
];
/** Texts that are no sentences, or not for the technician, by their kind. */
const KINDS: readonly RegExp[] = [
  // SQL, lists of its columns, settings of its engine.
  /\b(SELECT|INSERT|CREATE|UPDATE|DELETE|ALTER|ORDER BY|WHERE|VACUUM|CASE WHEN|ELSE|AND|AS|IS NULL|FROM|WAL|STRICT|KEY)\b/,
  /_\w+ = |= (FULL|ON|OFF)|excluded\.|^\w+(, \w+)+$/,
  // Names of metrics.
  /^(Lamp|Energy)\/[A-Z]/,
  // Patterns and escapes; an answer for scripts.
  /\\|^ERR |pack\(|ioctl/,
  // Causes of errors that say more; actions and details of the audit log; facts in the bundle.
  /^(end of file|no answer in|perl ended by)$/,
  /^(audit trimmed|audit lost|audit reserved|audit head missing|audit log lost|attempts by|the disk took none|state is a copy|restored by)$/,
  /^(not to be had|free of)$/,
];

const names = [...COMMANDS, ...FAMILIES].map(({ name }) => name);
const commands = new Set(names.flatMap((name) => [name, `luciole ${name}`]));
/** A line to type: `terminal width 132`. */
const TYPED = new RegExp(`^(luciole )?(help|language|${names.filter((name) => name.includes(' ')).join('|')})( [\\w-]+){0,2}$`);

function isSentence(piece: string): boolean {
  return !commands.has(piece) && !TYPED.test(piece) && !KINDS.some((kind) => kind.test(piece));
}

/** The pieces of a text between values, line ends and the joints at which it is told part by part. */
function pieces(text: string): readonly string[] {
  return text
    .split(/\0|\n|[.?!] (?=[A-Z`])|; |: |\), | {2,}|°/)
    .map((piece) =>
      piece
        .replace(/\s+/g, ' ')
        .replace(/^[^\p{L}\d`'-]+|[^\p{L}\d`'%-]+$/gu, '')
        .trim(),
    )
    .filter((piece) => /[\p{L}\d]['"`)]? .*\p{Ll}{2}/u.test(piece));
}

const asKey = (text: string): string => text.replace(/\{\w+\}/g, '\0');
const wordsOf = (text: string): readonly string[] => text.toLowerCase().match(/[\p{L}\d-]+/gu) ?? [];
const english = FRENCH.map(([key]) => asKey(key)).join('\n');

for (const room of ROOMS) {
  t.test(`every sentence has its French: ${room}`, async (t) => {
    const files = sourceFiles(join(ROOT, room)).filter((file) => !ELSEWHERE.some((kind) => kind.test(file.slice(ROOT.length + 1))));
    const missing = files.flatMap((file) =>
      shownTexts(file).flatMap(({ line, parts }) =>
        pieces(parts.join('\0'))
          .filter((piece) => isSentence(piece) && !english.includes(piece))
          .map((piece) => `${file.slice(ROOT.length + 1)}:${line}: ${piece}`),
      ),
    );
    t.strictSame(missing, []);
  });
}

t.test('no French is left over: every sentence of the catalogue is still said somewhere', async (t) => {
  const files = ['agent', 'drivers'].flatMap((dir) => sourceFiles(join(ROOT, dir))).filter((file) => !file.includes('console/french/'));
  const profiles = readdirSync(join(ROOT, 'drivers/profiles')).map((name) => readFileSync(join(ROOT, 'drivers/profiles', name), 'utf8'));
  const text = [...files.flatMap((file) => shownTexts(file).map(({ parts }) => parts.join(' '))), ...profiles].join('\n').toLowerCase();
  const said = wordsOf(text);
  const pairs = new Set(said.map((word, at) => `${word} ${said[at + 1]}`));
  // A sentence that is put together has not every pair of its words in one literal, a short one perhaps none.
  const isSaid = (key: string): boolean => {
    const own = wordsOf(asKey(key));
    if (own.length <= 3 && own.every((word) => text.includes(word.replace(/s$/, '')))) return true;
    const ownPairs = own.slice(1).map((word, at) => `${own[at]} ${word}`);
    return ownPairs.filter((pair) => pairs.has(pair)).length * 3 >= Math.max(1, ownPairs.length);
  };
  t.strictSame(
    FRENCH.map(([key]) => key).filter((key) => !isSaid(key)),
    [],
  );
});

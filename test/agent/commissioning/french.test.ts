/** Setup, backup and erase for a person who reads French. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { runBackup } from '../../../agent/commissioning/backup/backup-run.ts';
import { runRestore } from '../../../agent/commissioning/backup/restore-run.ts';
import { cabinetText } from '../../../agent/commissioning/cabinet-text.ts';
import { runErase } from '../../../agent/commissioning/erase.ts';
import { runSetup } from '../../../agent/commissioning/first-start.ts';
import { propose } from '../../../agent/commissioning/propose.ts';
import { loadCabinet } from '../../../agent/config/load/load.ts';
import { ConsoleError } from '../../../agent/console/console-error.ts';
import type { LocalArgs, Terminal } from '../../../agent/console/terminal/terminal.ts';
import { translated } from '../../../agent/console/text/page.ts';
import { learn } from '../../../agent/console/text/translate.ts';
import { SERIAL_8N2, testPoint, testProfile, writable } from '../../support/profiles.ts';
import { SMALL_SITE } from '../../support/small-site.ts';
import { openStore } from '../store/files/open-store.ts';
import { frame, STORE_START_MS, testFolder } from '../store/fixtures/kit.ts';

const FR = { language: 'fr' } as const;

/** A person's terminal, and what stands on it. */
function frenchTerminal(folder: string) {
  const shown: string[] = [];
  const asked: string[] = [];
  const terminal: Terminal = {
    ...{ out: (text) => void shown.push(text), err: (text) => void shown.push(text), widthCols: 80, colour: false, user: 'marie' },
    ...{ version: '', status: null, socketPath: join(folder, 'no.sock'), language: 'fr' },
    askSecret: async (prompt) => {
      asked.push(translated(prompt, FR));
      return 'une rue de lucioles';
    },
    localFiles: async () => Promise.reject(new Error('not here')),
  };
  return { terminal, asked, text: () => shown.splice(0).join('').replace(/\s+/g, ' ') };
}

/** Whole English words that no name, path, key or command word has. */
const ENGLISH = /\b(the|is|are|and|of|not|with|was|which|this|that|it|from|by|to|or)\b/i;

t.before(() => learn('fr'));

t.test('every question of setup is French, and so are the answers that are understood', async (t) => {
  const folder = t.testdir();
  const { terminal, text } = frenchTerminal(folder);
  const file = join(folder, 'cabinet.yaml');
  const prompts: string[] = [];
  const answers = ['armoire-1', 'Rue des Lices', '147, 2', '47,4736 -0,5541', 'Europe/Paris'];
  const ask = async (prompt: string): Promise<string> => {
    prompts.push(prompt);
    return answers.shift() ?? '';
  };
  const args: LocalArgs = { port: ['/nonexistent/tty'] };
  const error = await runSetup(args, { terminal, configFile: file, ask, signal: new AbortController().signal }).catch(
    (each: unknown) => each,
  );
  t.ok(error instanceof ConsoleError);
  t.match(translated((error as ConsoleError).said, FR), /^aucun port utilisable : \/nonexistent\/tty : /);
  t.match(prompts[0], /^Identifiant de cette armoire.* : $/);
  t.match(prompts[1], /^Nom d'usage : rue ou lieu \[armoire-1\] : $/);
  const printed = text();
  t.match(printed, /Une réponse vide prend la valeur entre \[crochets\]/);
  t.match(printed, /trouvé "147, 2" ; admis : d'abord la latitude de -90 à 90, puis la longitude/);
  t.match(printed, /Recherche sur \/nonexistent\/tty, adresses 1 à 247/);
  for (const line of prompts) t.notMatch(line, ENGLISH);
  t.notOk(existsSync(file));
});

t.test('setup without a person names in French what it needs', async (t) => {
  const folder = t.testdir();
  const { terminal } = frenchTerminal(folder);
  const world = { terminal, configFile: join(folder, 'cabinet.yaml'), ask: null, signal: new AbortController().signal };
  const error = await runSetup({ yes: true, id: '-x' }, world).catch((each: unknown) => each);
  const said = translated((error as ConsoleError).said, FR);
  t.match(said, /^il manque ces réponses .*:\n--id : trouvé "-x" ; admis : 1 à 32 lettres/);
  t.match(said, /\n--position : Latitude, longitude en degrés/);
});

t.test('the comments of a first cabinet file are French, and it is the same cabinet', async (t) => {
  const lamp = testProfile('lamp', [testPoint('level', { semantic: 'level', write: writable() })]);
  const pir = testProfile('pir', [testPoint('motion', { semantic: 'presence', type: 'bit' })], { category: 'presence' });
  const units = Object.entries({ 1: 'lamp', 2: 'pir', 9: '' }).map(([unit, id]) => ({
    ...{ unit: Number(unit), serial: SERIAL_8N2, turnaroundMs: 5, device: null, exception: null },
    profiles: id === '' ? [] : [{ id, strength: 'strong' as const }],
  }));
  const seen = [{ port: '/dev/ttyS1', serial: SERIAL_8N2, found: units, damaged: [7], uartDevice: null }];
  const draft = propose(seen, (_, { profiles: [best] }) => [lamp, pir].find(({ id }) => id === best?.id) ?? null, 30);
  const answers = { id: 'box', name: 'box', position: '47.4, -0.5', timezone: 'Europe/Paris', spacing: '30', power: '60' };
  const facts = {
    answers: { ...answers, zone: 'rue', kind: 'street', dim: '50', broker: 'mqtts://b.example.org', group: 'g', username: '' },
    ...{ draft, keyFiles: { certFile: '/etc/c.pem', keyFile: '/etc/c.key' }, passwordFile: null, dataDir: null },
  };
  const [english, french] = [cabinetText(facts), cabinetText({ ...facts, say: (said) => translated(said, FR) })];
  t.match(french, /# Du crépuscule à l'aube ; les heures sont locales\./);
  t.match(french, /# L'adresse 9 répond, aucun profil n'est sûr/);
  for (const [, comment = ''] of french.matchAll(/# (.*)$/gm)) t.notMatch(comment, ENGLISH);
  t.strictSame(loadCabinet('cabinet.yaml', () => french).cabinet, loadCabinet('cabinet.yaml', () => english).cabinet);
});

t.test('backup, restore and erase are French', async (t) => {
  const folder = testFolder(t);
  const [configFile, dir] = [join(folder, 'cabinet.yaml'), join(folder, 'data')];
  writeFileSync(configFile, SMALL_SITE);
  writeFileSync(join(folder, 'cabinet.key'), 'a key');
  const store = openStore(t, dir);
  store.commit(frame(1, 5));
  store.close();
  const { terminal, asked, text } = frenchTerminal(folder);
  const world = { terminal, configFile, nowMs: STORE_START_MS + 3_600_000, version: '1.2.3' };
  const file = join(folder, 'b.tar.gz');
  t.equal(await runBackup({ 'data-dir': dir, to: file, keys: true }, world), 0);
  const made = text();
  t.match(made, /Contenu : data\/state\.db, site\/cabinet\.yaml, keys\.sealed/);
  t.match(made, /Scellé par la phrase secrète, sans laquelle rien ne s'ouvre : site\/cabinet\.key\./);
  t.match(made, /Non compris : les mesures\. 5 mesures ne sont pas confirmées par la plateforme/);
  t.equal(await runRestore({ 'data-dir': dir, backup: file }, world), 1);
  const planned = text();
  t.match(planned, /, complète sha256 /);
  t.match(planned, /cabinet\.yaml .* déjà identique/);
  t.match(planned, /Rien n'a été changé : --yes la restaure\./);
  t.equal(await runErase({ 'data-dir': dir, keys: true }, configFile, terminal), 1);
  const shown = text();
  t.match(shown, /Rien n'a été effacé : --yes efface \d+ \S+, .* Les mesures que la plateforme n'a pas confirmées sont alors perdues/);
  mkdirSync(join(folder, 'empty'));
  t.equal(await runErase({ 'data-dir': join(folder, 'empty'), yes: true }, configFile, terminal), 0);
  const nothing = text();
  t.match(nothing, /cabinet\.key reste : --keys l'efface aussi/);
  t.match(nothing, /ne contient aucune donnée de Luciole/);
  for (const page of [made, planned, shown, nothing]) t.notMatch(page, ENGLISH);
  t.strictSame(asked, ['Phrase secrète pour les clés de la sauvegarde']);
});

import { readFileSync } from 'node:fs';
import PO from 'pofile';
import t from 'tap';
import { eventText } from '../../../agent/console/commands/cabinet/events.ts';
import { toAscii } from '../../../agent/console/text/plain-text.ts';
import { learn, translate } from '../../../agent/console/text/translate.ts';
import { msg } from '../../../agent/core/message.ts';
import { toStoreError } from '../../../agent/store/sqlite.ts';
import { createFakeView } from './fake-view.ts';
import { openSession } from './shell/shell-session.ts';

const CATALOGUE = new URL('../../../agent/console/languages/fr.po', import.meta.url);

await learn('fr');

t.test('an event is shown as a whole sentence, or without its subject, which is in another column', async (t) => {
  const text = msg`${'L02'} does not answer; check its supply, address ${2} and ${msg`the wire to pole ${'P03'}`} (line ${'north'}); ${msg`unit ${2}: no reply in ${80} ms`}`;
  t.match(
    eventText({ source: 'L02', text }, { language: 'fr' }),
    /^ne répond pas ; vérifier son alimentation, l'adresse 2 et le fil vers le mât P03/,
  );
  t.match(eventText({ source: 'L02', text }, { language: 'en' }), /^does not answer; check its supply/);
});

t.test('a file that is damaged, full or not to be written is reported in French as a whole', async (t) => {
  const path = '/var/lib/luciole/telemetry.db';
  const found: readonly [code: string, text: string, french: RegExp][] = [
    ['SQLITE_NOTADB', 'file is not a database', /son contenu est abîmé ; vérifier la carte mémoire ; l'agent met le fichier de côté$/],
    ['SQLITE_CORRUPT_INDEX', 'database disk image is malformed', /son contenu est abîmé ; vérifier la carte/],
    ['SQLITE_FULL', 'database or disk is full', /plus de place ; libérer de la place/],
    ['ENOSPC', 'ENOSPC: no space left on device, write', /plus de place ; libérer de la place/],
    ['SQLITE_READONLY', 'attempt to write a readonly database', /l'écriture est impossible ; vérifier que son dossier/],
  ];
  for (const [code, text, french] of found) {
    const { said } = toStoreError(Object.assign(new Error(text), { code }), path);
    t.match(String(said), `${path}: ${code}: `);
    t.match(translate('fr', said), french);
  }
});

t.test('the catalogue: words keep their accents, and punctuation its spaces', async (t) => {
  for (const {
    msgstr: [french = ''],
  } of PO.parse(readFileSync(CATALOGUE, 'utf8')).items) {
    t.equal(toAscii(french).length, french.length, french);
    t.match(toAscii(french), /^[\x20-\x7e\n]*$/, french);
    t.notMatch(french, /[^ ] {2}[^ ].*[.;]|[^\s{}][;?](?!\w)|\s,|[^\s`]!$/, `${french}: a blank before ; and ?, none before a comma`);
  }
});

t.test('a session in French: the screens most used, no wider than 80 columns, in ASCII on a dumb terminal', async (t) => {
  const session = await openSession(t, { view: { ...createFakeView(), language: 'fr' } });
  await session.say('terminal length 0');
  for (const [line, shows] of [
    ['status', /Armoire +ANG-0421[\s\S]*Heure +mar 2026-12-01 22:41:07 CET, horloge synchronisee[\s\S]*Evenements/],
    ['devices', /Appareil +Ligne[\s\S]*muet[\s\S]*3 appareils, 1 muet/],
    ['why L07', /Luminaire +L07 sur le mat P07[\s\S]*Applique +80 % depuis/],
    ['tonight', /nuit du 2026-12-01 : crepuscule/],
    ['events', /Debut +Gravite[\s\S]*ne repond pas[\s\S]*2 evenements en 24 h, 1 en cours/],
    ['override L07 80', /Resultat +luminaire L07 : forcage a 80 % verifie/],
    ['stauts', /% mot inconnu : "stauts" ; le plus proche : status/],
    ['why L7', /% ni luminaire ni zone "L7" ; vouliez-vous dire L07 \?/],
    ['help override', /forcer un luminaire ou une zone a un niveau/],
    ['devices | json', /"profile":"wb-led"/],
  ] as const) {
    t.match(await session.say(line), shows, line);
  }
  t.strictSame(session.screen.strange, []);
  t.ok(session.screen.transcript().every((row) => row.length <= 80));
});

t.test('sizes, the sun and raised lamps have French words', async (t) => {
  const session = await openSession(t, { view: { ...createFakeView(), language: 'fr' } });
  await session.say('terminal length 0');
  await session.say('terminal charset utf-8');
  const said = async (line: string): Promise<string> => Buffer.from(await session.say(line), 'latin1').toString('utf8');
  const status = await said('status');
  t.match(status, /sous l'horizon[\s\S]*\b74 Mo\b[\s\S]*luminaires? au niveau relevé[\s\S]*\b1\.2 Mo\b/);
  for (const line of ['status', 'store', 'store check', 'uplink']) {
    const shown = line === 'status' ? status : await said(line);
    t.notMatch(shown, /\d [kM]B\b/, line);
    t.match(shown, /\d [kM]o\b/, line);
  }
});

t.test('language changes it for the session; UTF-8 brings the accents', async (t) => {
  const session = await openSession(t);
  t.match(await session.say('language'), /\nen\n/);
  await session.say('language fr');
  t.match(await session.say('devices'), /Appareil/);
  await session.say('terminal charset utf-8');
  t.match(Buffer.from(await session.say('devices'), 'latin1').toString('utf8'), /Mât +État/);
  await session.say('language en');
  t.match(await session.say('devices'), /Device/);
  t.match(await session.say('language de'), /% language has no "de"/);
});

t.test('the login uses the language of the cabinet before any user has logged in', async (t) => {
  const session = await openSession(t, { view: { ...createFakeView(), language: 'fr' }, hasLogin: true });
  t.match(session.bytes(), /sans s'identifier : lights on 30m[\s\S]*Utilisateur : $/);
  t.match(await session.say('marie'), /Mot de passe : $/);
  t.match(await session.say('wrong'), /% nom, mot de passe ou code incorrect/);
  t.match(await session.say('lights off'), /% sans s'identifier il n'y a que lights on/);
});

t.test('without an agent, the cabinet file sets the language', async (t) => {
  const session = await openSession(t, { view: null, fileLanguage: 'fr' });
  t.match(session.bytes(), /aucun agent ne repond/);
  t.match(session.bytes(), /luciole \(sans agent\)> $/);
  t.match(await session.say('agent state'), /Service +failed[\s\S]*Memoire +\/var\/lib\/luciole[\s\S]*Son journal :/);
});

t.test('language fr answers in French', async (t) => {
  const session = await openSession(t);
  t.match(await session.say('language fr'), /les messages sont maintenant en francais/);
  t.match(await session.say('language en'), /messages are in English now/);
});

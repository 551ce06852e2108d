import t from 'tap';
import { eventText } from '../../../agent/console/commands/cabinet/events.ts';
import { COMMANDS } from '../../../agent/console/commands.ts';
import { FRENCH } from '../../../agent/console/french/catalogue.ts';
import { OUTSIDE } from '../../../agent/console/shell/as-typed.ts';
import { learn, leftInEnglish, translate } from '../../../agent/console/text/language.ts';
import { toAscii } from '../../../agent/console/text/plain-text.ts';
import { msg } from '../../../agent/core/message.ts';
import { toStoreError } from '../../../agent/store/sqlite.ts';
import { createFakeView } from './fake-view.ts';
import { openSession } from './shell/shell-session.ts';

await learn('fr');

const sentences: readonly [english: string, french: string][] = [
  ['test needs a verb: lamp, zone', 'test veut un verbe : lamp, zone'],
  ['no such word: "wyh"; nearest: why', 'mot inconnu : "wyh" ; le plus proche : why'],
  [
    'L02 does not answer; check its supply, address 2 and the wire to pole P03 (line north); unit 2: no reply in 80 ms',
    "L02 ne répond pas ; voir son alimentation, l'adresse 2 et le fil du mât P03 (ligne north) ; adresse 2 : pas de réponse en 80 ms",
  ],
  ['night, sun 41.2 deg below the horizon', "nuit, soleil 41.2 deg sous l'horizon"],
  [
    '23:00 step of winter: 30 % (since 23:00:00; until 2 Dec 06:00, in 6 h 18 min; then 100 %)',
    "palier 23:00 de winter : 30 % (depuis 23:00:00 ; jusqu'à 2 déc 06:00, dans 6 h 18 min ; puis 100 %)",
  ],
  ['S01.motion on P02: ok, last seen someone 2 s ago', 'S01.motion sur P02 : ok, dernier passage il y a 2 s'],
  ['override of zone rue to 70 % by console:marie: essai', 'zone rue : forçage à 70 % par console:marie : essai'],
  // Words to type stay, and so does what a person wrote.
  ['bad level "foo": it is debug, info, warning, alarm', 'niveau "foo" : ce peut être debug, info, warning, alarm'],
  ['bad level "debgu": did you mean debug?', 'niveau "debgu" : vouliez-vous dire debug ?'],
  [
    'emergency: the cabinet at 100 % by console:nobody until 23:41: lights on at the console',
    "urgence : l'armoire à 100 % par console:nobody jusqu'à 23:41 : lights on à la console",
  ],
  ['override: L07 at 50 % by console:marie until 23:41: by hand', "forçage : L07 à 50 % par console:marie jusqu'à 23:41 : à la main"],
  [
    'override: L07 at 50 % by console:eve until 23:41: ok, silent: by hand',
    "forçage : L07 à 50 % par console:eve jusqu'à 23:41 : ok, silent: by hand",
  ],
  [
    'L07: emergency to 100 % by console:nobody (lights on at the console) until 23:41, in 12 min',
    "L07 : urgence à 100 % de console:nobody (lights on à la console) jusqu'à 23:41, dans 12 min",
  ],
  // Brackets and clauses.
  [
    'unknown profile "dalli"; did you mean "dali-4"? it is none of those that come with the agent, nor in /a, /b and 2 more (profileDirs); others: x, y',
    'profil inconnu : "dalli" ; vouliez-vous dire "dali-4" ? ni livré avec l\'agent, ni dans /a, /b et 2 autres (profileDirs) ; autres : x, y',
  ],
  [
    'unknown profile "zzz"; it is none of those that come with the agent, nor in /etc/luciole/profiles (profileDirs); there are: x, y',
    'profil inconnu : "zzz" ; ni livré avec l\'agent, ni dans /etc/luciole/profiles (profileDirs) ; il y a : x, y',
  ],
  ['no emergency of zone quay is in force', "pas d'urgence en cours pour zone quay"],
  ['no device is silent', "aucun appareil dans l'état muet"],
  ['something nobody translated: at all, ever', 'something nobody translated: at all, ever'],
  ['(', '('],
  ['', ''],
];
for (const [english, french] of sentences) {
  t.test(`in French: ${english}`, async (t) => {
    t.equal(translate('fr', english), french);
    t.equal(translate('en', english), english);
  });
}

t.test('an event is told as a whole sentence, then without its subject, which stands beside it', async (t) => {
  const text = msg`L02 does not answer; check its supply, address 2 and the wire to pole P03 (line north); unit 2: no reply in 80 ms`;
  t.match(
    eventText({ source: 'L02', text }, { language: 'fr' }),
    /^ne répond pas ; voir son alimentation, l'adresse 2 et le fil du mât P03/,
  );
  t.match(eventText({ source: 'L02', text }, { language: 'en' }), /^does not answer; check its supply/);
});

t.test('a file that is damaged, full or not to be written is reported in French as a whole', async (t) => {
  const path = '/var/lib/luciole/telemetry.db';
  const found: readonly [code: string, text: string, french: RegExp][] = [
    [
      'SQLITE_NOTADB',
      'file is not a database',
      /son contenu est abîmé ; vérifier la carte mémoire ; le fichier est mis de côté automatiquement$/,
    ],
    ['SQLITE_CORRUPT_INDEX', 'database disk image is malformed', /son contenu est abîmé ; vérifier la carte/],
    ['SQLITE_FULL', 'database or disk is full', /plus de place ; libérer de la place/],
    ['ENOSPC', 'ENOSPC: no space left on device, write', /plus de place ; libérer de la place/],
    ['SQLITE_READONLY', 'attempt to write a readonly database', /l'écriture est impossible ; vérifier que son dossier/],
  ];
  for (const [code, text, french] of found) {
    const { message } = toStoreError(Object.assign(new Error(text), { code }), path);
    t.match(message, `${path}: ${code}: `);
    t.match(translate('fr', message), french);
    t.strictSame(
      leftInEnglish(message).filter((part) => ![path, code].includes(part)),
      [],
      message,
    );
  }
});

t.test('the catalogue: each sentence once, every value in both languages, and no word grows or shrinks without accents', async (t) => {
  t.equal(new Set(FRENCH.map(([english]) => english)).size, FRENCH.length);
  for (const [english, french] of FRENCH) {
    const values = (text: string): string[] => [...text.matchAll(/\{\w+\}/g)].map(([name]) => name).sort();
    t.strictSame(values(french), values(english), english);
    t.equal(toAscii(french).length, french.length, french);
    t.match(toAscii(french), /^[\x20-\x7e]+$/, french);
    t.notMatch(french, /[^ ] {2}[^ ].*[.;]|\S[;?]|\s,|\S!$/, `${french}: a blank before ; and ?, none before a comma`);
  }
});

t.test('a session in French: the screens most used, no wider than 80 columns, in ASCII on a dumb terminal', async (t) => {
  const session = await openSession(t, { view: { ...createFakeView(), language: 'fr' } });
  await session.say('terminal length 0');
  for (const [line, shows] of [
    ['status', /Armoire +ANG-0421[\s\S]*Heure +mar 2026-12-01 22:41:07 CET, horloge synchronisee[\s\S]*Evenements/],
    ['devices', /Appareil +Ligne[\s\S]*muet[\s\S]*3 appareils, 1 muet/],
    ['why L07', /Luminaire +L07 sur le mat P07[\s\S]*Applique +80 % depuis/],
    ['tonight', /nuit du 2026-12-01 : coucher/],
    ['events', /Debut +Gravite[\s\S]*ne repond pas[\s\S]*2 evenements depuis 24 h, 1 en cours/],
    ['override L07 80', /Resultat +luminaire L07 : forcage a 80 % verifie/],
    ['stauts', /% mot inconnu : "stauts" ; le plus proche : status/],
    ['why L7', /% pas de luminaire ou zone "L7" ; vouliez-vous dire L07 \?/],
    ['help override', /forcer un luminaire ou une zone a un niveau/],
    ['devices | json', /"profile":"wb-led"/],
  ] as const) {
    t.match(await session.say(line), shows, line);
  }
  t.strictSame(session.screen.strange, []);
  t.ok(session.screen.transcript().every((row) => row.length <= 80));
});

t.test('sizes, the sun and raised lamps have their French words', async (t) => {
  const session = await openSession(t, { view: { ...createFakeView(), language: 'fr' } });
  await session.say('terminal length 0');
  await session.say('terminal charset utf-8');
  const said = async (line: string): Promise<string> => Buffer.from(await session.say(line), 'latin1').toString('utf8');
  const status = await said('status');
  t.match(status, /sous l'horizon[\s\S]*\b74 Mo\b[\s\S]*luminaires? rehaussés?[\s\S]*\b1\.2 Mo\b/);
  for (const line of ['status', 'store', 'store check', 'uplink']) {
    const shown = line === 'status' ? status : await said(line);
    t.notMatch(shown, /\d [kM]B\b/, line);
    t.match(shown, /\d [kM]o\b/, line);
  }
  t.equal(
    translate('fr', '1.2 MB today (UTC); 3 messages, 9 kB since the start'),
    "1.2 Mo aujourd'hui (UTC) ; 3 messages, 9 ko depuis le démarrage",
  );
  t.equal(translate('fr', 'sun 3.1 deg above the horizon'), "soleil 3.1 deg au-dessus de l'horizon");
  t.equal(translate('fr', 'sun 3.1 deg above the horizon, lit below -2 deg'), "soleil 3.1 deg au-dessus de l'horizon, allumé sous -2 deg");
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

const SAID_IN_SESSION = COMMANDS.filter(({ name, isHidden }) => !isHidden && !OUTSIDE.has(name));
/** Words to type, names of files, values and units; `fr or en` has none of ours. */
const isAsTyped = (part: string): boolean =>
  !/\p{Ll}{2,}\s+\p{Ll}{2,}/u.test(part) || /^(serial|raw|on|ascii|dumb|csv|holding|fr|night)\b/.test(part);

for (const { name, summary, arguments: args, options } of SAID_IN_SESSION) {
  t.test(`the help of ${name} is French`, async (t) => {
    t.not(translate('fr', summary), summary, summary);
    for (const each of [summary, ...[...args, ...options].map((spec) => spec.summary)]) {
      t.strictSame(
        leftInEnglish(each).filter((part) => !isAsTyped(part)),
        [],
        each,
      );
    }
  });
}

t.test('the door speaks the language of the cabinet before anybody has logged in', async (t) => {
  const session = await openSession(t, { view: { ...createFakeView(), language: 'fr' }, hasLogin: true });
  t.match(session.bytes(), /sans identification : lights on 30m[\s\S]*Utilisateur : $/);
  t.match(await session.say('marie'), /Mot de passe : $/);
  t.match(await session.say('wrong'), /% nom, mot de passe ou code faux/);
  t.match(await session.say('lights off'), /% sans identification il n'y a que lights on/);
});

t.test('where no agent answers, the file of the cabinet says the language', async (t) => {
  const session = await openSession(t, { view: null, fileLanguage: 'fr' });
  t.match(session.bytes(), /l'agent ne repond pas/);
  t.match(session.bytes(), /luciole \(sans agent\)> $/);
  t.match(await session.say('agent state'), /Service +failed[\s\S]*Memoire +\/var\/lib\/luciole[\s\S]*Son journal :/);
});

t.test('language fr answers in French', async (t) => {
  const session = await openSession(t);
  t.match(await session.say('language fr'), /les messages sont maintenant en francais/);
  t.match(await session.say('language en'), /messages are in English now/);
});

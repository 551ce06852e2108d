/**
 * The things that are counted, and days and months.
 *
 * Owns their French. Called by the catalogue.
 */
import type { Pairs } from './pairs.ts';

/** What is counted: singular and plural in French; the English plural has an s. */
const NOUNS: Readonly<Record<string, readonly [one: string, more: string]>> = {
  lamp: ['luminaire', 'luminaires'],
  reading: ['mesure', 'mesures'],
  frame: ['trame', 'trames'],
  gap: ['lacune', 'lacunes'],
  segment: ['segment', 'segments'],
  day: ['jour', 'jours'],
  night: ['nuit', 'nuits'],
  minute: ['minute', 'minutes'],
  hour: ['heure', 'heures'],
  device: ['appareil', 'appareils'],
  unit: ['appareil', 'appareils'],
  point: ['point', 'points'],
  zone: ['zone', 'zones'],
  line: ['ligne', 'lignes'],
  event: ['événement', 'événements'],
  detection: ['détection', 'détections'],
  change: ['changement', 'changements'],
  profile: ['profil', 'profils'],
  example: ['exemple', 'exemples'],
  request: ['requête', 'requêtes'],
  transaction: ['échange', 'échanges'],
  packet: ['paquet', 'paquets'],
  message: ['message', 'messages'],
  warning: ['remarque', 'remarques'],
  coil: ['bobine', 'bobines'],
  discrete: ['entrée TOR', 'entrées TOR'],
  'holding register': ['registre holding', 'registres holding'],
  'input register': ['registre input', 'registres input'],
  'more zone': ['autre zone', 'autres zones'],
  'more line': ['autre ligne', 'autres lignes'],
  'more event': ['autre événement', 'autres événements'],
};

/** `Mon 2026-12-01 ...` and `1 Dec 22:41`. */
const DAYS: Readonly<Record<string, string>> = {
  Mon: 'lun',
  Tue: 'mar',
  Wed: 'mer',
  Thu: 'jeu',
  Fri: 'ven',
  Sat: 'sam',
  Sun: 'dim',
};
const MONTHS: Readonly<Record<string, string>> = {
  Jan: 'jan',
  Feb: 'fév',
  Mar: 'mars',
  Apr: 'avr',
  May: 'mai',
  Jun: 'juin',
  Jul: 'juil',
  Aug: 'août',
  Sep: 'sep',
  Oct: 'oct',
  Nov: 'nov',
  Dec: 'déc',
};

export const WORDS: Pairs = [
  // Sizes.
  ['{n} kB', '{n} ko'],
  ['{n} MB', '{n} Mo'],
  ...Object.entries(NOUNS).flatMap(([english, [one, more]]) => [
    [`{n} ${english}`, `{n} ${one}`] as const,
    [`{n} ${english}s`, `{n} ${more}`] as const,
  ]),
  ...Object.entries(DAYS).map(([day, french]) => [`${day} {x}`, `${french} {x}`] as const),
  ...Object.entries(MONTHS).flatMap(([month, french]) => [
    [`{n} ${month} {clock}`, `{n} ${french} {clock}`] as const,
    [`{n} ${month} {m} {clock}`, `{n} ${french} {m} {clock}`] as const,
    [`{n} ${month} {clock} {code}`, `{n} ${french} {clock} {code}`] as const,
    [`{n} ${month} {m} {clock} {code}`, `{n} ${french} {m} {clock} {code}`] as const,
    [`{n} ${month}`, `{n} ${french}`] as const,
  ]),
  ['{n} d {h} h', '{n} j {h} h'],
  ['{n} d', '{n} j'],
  ['{n} and {m} more', '{n} et {m} autres'],
  ['{what} and {n} more', '{what} et {n} autres'],
];

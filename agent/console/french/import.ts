/**
 * A table of poles, devices and lamps: what is wrong in it.
 *
 * Owns the French of these sentences. Called by the catalogue.
 */
import type { Pairs } from './pairs.ts';

export const IMPORT: Pairs = [
  ['{path} is not written: write `{key}: []` there first', "{path} n'est pas écrit : y écrire d'abord `{key}: []`"],
  [
    '{id} has {key} {text} in line {n}, and {code} here: say it once',
    '{id} a {key} {text} à la ligne {n}, et {code} ici : le dire une fois',
  ],
  ['names no pole, lamp or device', 'ne nomme ni mât, ni luminaire, ni appareil'],
  ['a distance or branch is that of a pole: name the pole', "une distance ou branche est celle d'un mât : nommer le mât"],
  [
    'a line, unit or profile is that of a device: name the lamp or device',
    "une ligne, adresse ou profil est celui d'un appareil : nommer le luminaire ou l'appareil",
  ],
  ['a zone or power is that of a lamp: name the lamp', "une zone ou puissance est celle d'un luminaire : nommer le luminaire"],
  ['{id} is in {key} too, further up: say it once', '{id} est aussi dans {key}, plus haut : le dire une fois'],
  ['{what} {id} is new, so this must be said', '{what} {id} est nouveau, il faut le dire'],
  ['no line "{text}"', 'pas de ligne "{text}"'],
  ['no zone "{text}"', 'pas de zone "{text}"'],
  ['the cabinet has {words}', "l'armoire a {words}"],
  [
    'the cabinet has {words} New zones are written into the cabinet first',
    "l'armoire a {words} Les nouvelles zones s'écrivent d'abord dans l'armoire",
  ],
  ['New zones are written into the cabinet first', "Les nouvelles zones s'écrivent d'abord dans l'armoire"],
  [
    'device {id} is new, so its line must be said; the cabinet has {words}',
    "l'appareil {id} est nouveau, il faut dire sa ligne ; l'armoire a {words}",
  ],
  [
    'lamp {id} is new, so its zone must be said; the cabinet has {words}',
    "le luminaire {id} est nouveau, il faut dire sa zone ; l'armoire a {words}",
  ],
  ['the table is empty: the first line names the columns', 'la table est vide : la première ligne nomme les colonnes'],
  ['{n} rows; at most {m} at once', '{n} lignes ; au plus {m} à la fois'],
  ['no table: {key}', 'pas une table : {key}'],
  ['a quote (") is opened and never closed: close it, or take it away', 'un guillemet (") ouvert et jamais fermé : le fermer, ou l\'ôter'],
  [
    'something stands behind a closing quote ("): quote the whole cell, and write "" for a quote in it',
    'quelque chose derrière un guillemet fermant (") : mettre toute la cellule entre guillemets, et "" pour un guillemet dedans',
  ],
  [
    'a quote (") stands within a cell: quote the whole cell, and write "" for a quote in it',
    'un guillemet (") dans une cellule : mettre toute la cellule entre guillemets, et "" pour un guillemet dedans',
  ],
  ['unknown heading', 'titre inconnu'],
  ['unknown heading Write it so, or name the column otherwise', "titre inconnu : l'écrire autrement"],
  ['Write it so, or name the column otherwise', "L'écrire ainsi, ou nommer la colonne autrement"],
  ['means the same as the heading "{text}": leave one of them out', 'veut dire la même chose que le titre "{text}" : en ôter un'],
  [
    'no column names a thing: one must be pole, lamp or device (poteau, luminaire, appareil); found {words}',
    'aucune colonne ne nomme une chose : il faut pole, lamp ou device (poteau, luminaire, appareil) ; trouvé {words}',
  ],
  ['{n} cells, but {m} headings: is there a separator within a cell?', '{n} cellules, mais {m} titres : un séparateur dans une cellule ?'],
  ['a name, as luciole profile list and show give it', 'un nom, comme le donnent luciole profile list et show'],
  ['a number from {n} to {m}, without its unit', 'un nombre de {n} à {m}, sans unité'],
  ['a whole number from {n} to {m}, without its unit', 'un entier de {n} à {m}, sans unité'],
  [
    '{path} is written in a way that cannot be changed here: change it by hand',
    "{path} est écrit d'une façon qui ne se change pas ici : le changer à la main",
  ],
  ['part {n} of {m} cannot be: parts count from 1', 'partie {n} sur {m} impossible : les parties comptent de 1'],
  ['a file has 1 to {n} parts', 'un fichier a 1 à {n} parties'],
  ['a file has at least one part', 'un fichier a au moins une partie'],
  [
    'a file is "revision.sig", "cabinet.yaml" or "profiles/<name>.yaml" with small letters, digits, ".", "_" and "-"',
    'un fichier est "revision.sig", "cabinet.yaml" ou "profiles/<nom>.yaml" en minuscules, chiffres, ".", "_" et "-"',
  ],
  ['the SHA-256 of the whole file is 64 hex digits in small letters', 'le SHA-256 du fichier entier a 64 chiffres hexa en minuscules'],
];

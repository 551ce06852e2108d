/**
 * What is wrong in a cabinet file: values, names, programmes, ports.
 *
 * Owns the French of these sentences. Keys of the file stay as they are. Called by the catalogue.
 */
import type { Pairs } from './pairs.ts';

export const FINDINGS: Pairs = [
  // Of the schema.
  ['unknown key "{text}"', 'clé inconnue "{text}"'],
  ['allowed here: {words}', 'admis ici : {words}'],
  ['allowed: {what}', 'admis : {what}'],
  ['Allowed: {what}', 'Admis : {what}'],
  ['missing; needed: {what}', 'absent ; il faut : {what}'],
  ['found {text}', 'trouvé {text}'],
  ['found nothing', 'rien trouvé'],
  ['found an empty list', 'trouvé une liste vide'],
  ['found a list', 'trouvé une liste'],
  ['found a section', 'trouvé une section'],
  ['a number: write it in quotes', "un nombre : l'écrire entre guillemets"],
  ['write a decimal point', 'écrire un point décimal'],
  ['write it without quotes', "l'écrire sans guillemets"],
  ['write {text}', 'écrire {text}'],
  ['a whole number', 'un entier'],
  ['a number', 'un nombre'],
  ['a whole number from {n} to {m}', 'un entier de {n} à {m}'],
  ['a number from {n} to {m}', 'un nombre de {n} à {m}'],
  ['a whole number from {n} up', 'un entier à partir de {n}'],
  ['a number from {n} up', 'un nombre à partir de {n}'],
  ['a whole number up to {n}', "un entier jusqu'à {n}"],
  ['a number up to {n}', "un nombre jusqu'à {n}"],
  ['a number above {n}', 'un nombre au-dessus de {n}'],
  ['a number above {n} up to {m}', "un nombre au-dessus de {n} jusqu'à {m}"],
  ['true or false', 'true ou false'],
  ['text', 'du texte'],
  ['text of {n} to {m} characters', 'du texte de {n} à {m} caractères'],
  ['a section of names and values', 'une section de noms et valeurs'],
  ['a section with the keys {words}', 'une section avec les clés {words}'],
  ['a list', 'une liste'],
  ['a list of {n}', 'une liste de {n}'],
  ['a list with at least {n} entry', 'une liste de {n} élément au moins'],
  ['there are: {words}', 'il y a : {words}'],
  ['there are: {words} and {n} more', 'il y a : {words} et {n} autres'],
  ['{what} (the other is in line {n})', "{what} (l'autre est à la ligne {n})"],
  [
    '1 to 32 letters, digits, ".", "_" or "-", the first a letter or digit',
    '1 à 32 lettres, chiffres, ".", "_" ou "-", le premier une lettre ou un chiffre',
  ],
  [
    'dusk, middle (of the night), a time of day from "00:00" to "23:59", or minutes from a sun event: "sunset+30", "dawn-20", "middle-120"',
    'dusk, middle (milieu de la nuit), une heure de "00:00" à "23:59", ou des minutes autour du soleil : "sunset+30", "dawn-20", "middle-120"',
  ],
  ['a date, "2026-07-14", or of each year, "07-14"', 'une date, "2026-07-14", ou de chaque année, "07-14"'],
  ['1 to 64 characters without "+", "/" or "#"', '1 à 64 caractères sans "+", "/" ni "#"'],
  ['a point, as device.quantity: AIR1.pm25', 'un point, appareil.grandeur : AIR1.pm25'],
  ['an absolute path that ends in .prom', 'un chemin absolu qui finit par .prom'],
  // Of the file.
  [
    'the file holds no settings; start from config/example-street.yaml',
    'le fichier ne contient rien ; partir de config/example-street.yaml',
  ],
  [
    'no such file; check the path, or start from config/example-street.yaml',
    'fichier absent ; vérifier le chemin, ou partir de config/example-street.yaml',
  ],
  ['no such file; a part of the path is not a folder', "fichier absent ; une partie du chemin n'est pas un dossier"],
  ['no such file; check the path', 'fichier absent ; vérifier le chemin'],
  ['this is a folder; name the cabinet file in it', "c'est un dossier ; y nommer le fichier d'armoire"],
  ["not allowed to read it; check the file's owner and mode", 'pas le droit de le lire ; vérifier propriétaire et droits'],
  ['cannot be read ({code}); check the disk', 'illisible ({code}) ; vérifier le disque'],
  ['cannot be read: {key}', 'illisible : {key}'],
  [
    'this is a device profile, not a cabinet: luciole profile check {file}',
    "c'est un profil d'appareil, pas une armoire : luciole profile check {file}",
  ],
  ['no such folder {path}; make it, or take it out of the list', "pas de dossier {path} ; le créer, ou l'ôter de la liste"],
  ['this key stands twice in the same section; keep one of the two', 'cette clé est deux fois dans la section ; en garder une'],
  ['a second document begins here ("---"); one file holds one', 'un second document commence ici ("---") ; un seul par fichier'],
  ['not YAML: a tab stands here; indent with spaces', 'pas du YAML : tabulation ici ; indenter par des espaces'],
  ['not YAML: {key}', 'pas du YAML : {key}'],
  ['found a character that is not UTF-8; save the file as UTF-8', "caractère qui n'est pas UTF-8 ; enregistrer le fichier en UTF-8"],
  ['"*{text}" points to nothing; no "&{key}" stands before it', '"*{text}" ne renvoie à rien ; pas de "&{key}" avant'],
  [
    '"*{text}" repeats a part that itself holds "*" references; write it out',
    '"*{text}" répète une partie qui a elle-même des renvois "*" ; l\'écrire en clair',
  ],
  ['a key must be a plain word', 'une clé doit être un simple mot'],
];

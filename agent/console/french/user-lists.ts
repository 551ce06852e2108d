/** The French of lists of users that the platform sends: making, signing, taking and refusing them. */
import type { Pairs } from './pairs.ts';

export const USER_LISTS: Pairs = [
  // Commands and their options.
  ['a line for the list of users, with a password', "une ligne pour la liste d'utilisateurs, avec un mot de passe"],
  ['sign a list of users for the platform to send', "signer une liste d'utilisateurs que la plateforme enverra"],
  ['the user, in small letters', "l'utilisateur, en minuscules"],
  ['viewer, technician or admin (default: technician)', 'viewer, technician ou admin (sinon technician)'],
  ['the last day, as 2027-06-30', 'le dernier jour, comme 2027-06-30'],
  [
    'the list: its first line, then one line of user hash for each person',
    'la liste : sa première ligne, puis une ligne de user hash par personne',
  ],
  ["where it counts; '*' for every cabinet", "où elle compte ; '*' pour toute armoire"],
  ['until when a cabinet may take it, 1h to 366d (default: 30d)', "jusqu'à quand une armoire peut la prendre, 1h à 366d (sinon 30d)"],
  ['where the signed list goes (default: the file with .signed behind it)', 'où va la liste signée (sinon le fichier suivi de .signed)'],
  // Their answers.
  [
    '--until is missing: the last day of this person, as 2027-06-30',
    '--until manque : le dernier jour de cette personne, comme 2027-06-30',
  ],
  ['a password needs a terminal: run this command in one', 'un mot de passe demande un terminal : lancez cette commande dans un terminal'],
  [
    '{file} has more people than one list takes: sign lists for groups of cabinets',
    "{file} a plus de personnes qu'une liste n'en prend : signer des listes par groupe d'armoires",
  ],
  [
    'Signed for {words}, people: {n}; a cabinet takes the list until {date}: {file}',
    "Signée pour {words}, personnes : {n} ; une armoire prend la liste jusqu'au {date} : {file}",
  ],
  ['of the list, until {date}', "de la liste, jusqu'au {date}"],
  ['{name} comes with the list of the platform: it is changed there', '{name} vient de la liste de la plateforme : cela se change là-bas'],
  // What is wrong with a list.
  ['the first line must be "# luciole users 1"', 'la première ligne doit être "# luciole users 1"'],
  ['line {n}: {text}', 'ligne {n} : {text}'],
  ['{name} is in the list twice', '{name} est deux fois dans la liste'],
  [
    'a line is "name role last-day password-hash", the name in small letters',
    'une ligne est "nom rôle dernier-jour empreinte", le nom en minuscules',
  ],
  ['the role of {name} is none of {roles}', "le rôle de {name} n'est aucun de {roles}"],
  ['the last day of {name} is no date, as 2027-06-30', "le dernier jour de {name} n'est pas une date, comme 2027-06-30"],
  ['the password of {name} is no hash of `luciole user hash`', "le mot de passe de {name} n'est pas une empreinte de `luciole user hash`"],
  ['its last line is no signature of `luciole user sign`', "sa dernière ligne n'est pas une signature de `luciole user sign`"],
  ['the key that signed it is not one of trust.userKeys', "la clé qui l'a signée n'est pas de trust.userKeys"],
  ['the list was changed after it was signed', 'la liste a été changée après sa signature'],
  ['the signature has expired: sign the list again', 'la signature a expiré : signer à nouveau la liste'],
  [
    'a newer list was accepted before, or this one: sign the list again',
    'une liste plus récente, ou celle-ci, a déjà été acceptée : signer à nouveau la liste',
  ],
  ['{name} would be {role}: the key {id} gives {text} at most', '{name} serait {role} : la clé {id} donne {text} au plus'],
  ['a list has at most {n} bytes', 'une liste a au plus {n} octets'],
  ['the disk of store.dir does not answer: send it again', "le disque de store.dir ne répond pas : l'envoyer à nouveau"],
  ['it cannot be kept: check the disk of store.dir', 'elle ne peut pas être gardée : vérifier le disque de store.dir'],
  ['this run of the agent takes no list of users', "cette exécution de l'agent ne prend pas de liste d'utilisateurs"],
  ['{file} is one part, "1/1", with its SHA-256', '{file} est une seule partie, "1/1", avec son SHA-256'],
  // The cabinet file.
  ['there are two user keys "{text}"', 'il y a deux clés d\'utilisateurs "{text}"'],
  ['this user key stands twice; each person needs a key of their own', 'cette clé est deux fois ; à chacun la sienne'],
  ['The highest role that a list with this signature gives.', "Le rôle le plus haut qu'une liste de cette signature donne."],
  [
    'Keys of people who may sign the list of users that the platform sends: luciole user sign. None by default: no list is taken.',
    "Clés des personnes qui peuvent signer la liste d'utilisateurs que la plateforme envoie : luciole user sign. Aucune sinon : aucune liste.",
  ],
];

/**
 * Who may what: login, passwords, codes, users, refusals.
 *
 * Owns their French. Called by the catalogue.
 */
import type { Pairs } from './pairs.ts';

export const ACCESS: Pairs = [
  // The questions at the door.
  ['User: ', 'Utilisateur : '],
  ['Password: ', 'Mot de passe : '],
  ['Code: ', 'Code : '],
  ['Two codes in a row: ', "Deux codes l'un après l'autre : "],
  ['New password: ', 'Nouveau mot de passe : '],
  ['Current password: ', 'Mot de passe actuel : '],
  ['Once more: ', 'Encore une fois : '],
  [
    'without a login: lights on 30m (all to 100 %), lights on 30m --zone ZONE, logout',
    'sans identification : lights on 30m (tout à 100 %), lights on 30m --zone ZONE, logout',
  ],
  ['without a login there is no --socket', "sans identification il n'y a pas de --socket"],
  ['without a login there is only lights on, as lights on 30m', "sans identification il n'y a que lights on, comme lights on 30m"],
  [
    "the cabinet's clock is not to be trusted: wait for the next code, and type both with a space between",
    "l'horloge de l'armoire n'est pas sûre : attendre le code suivant, et taper les deux avec une espace entre",
  ],
  [
    'the clock of this cabinet is not to be trusted: type two codes in a row, with a space between',
    "l'horloge de cette armoire n'est pas sûre : taper deux codes de suite, avec une espace entre",
  ],
  ['this password was for one time: choose your own', 'ce mot de passe était à usage unique : choisissez le vôtre'],
  ['wrong name, password or code', 'nom, mot de passe ou code faux'],
  [
    'a code is good once; where the clock of the cabinet or of the phone was set, wait for the next code, and type both with a space between',
    "un code ne sert qu'une fois ; si l'horloge de l'armoire ou du téléphone a été réglée, attendre le code suivant et saisir les deux séparés par une espace",
  ],
  ['the next try in {span}', 'prochain essai dans {span}'],
  ['too many wrong ones', "trop d'erreurs"],
  [
    'this password was for one time and is too old; ask an admin: user enrol NAME',
    'ce mot de passe à usage unique est trop vieux ; demander à un admin : user enrol NOM',
  ],
  [
    'there are no users yet; on the machine: luciole user add NAME --role admin',
    "pas encore d'utilisateur ; sur la machine : luciole user add NOM --role admin",
  ],
  ['not let in', 'pas admis'],
  ['the agent does not answer; try again in a moment', "l'agent ne répond pas ; réessayer dans un instant"],
  ['these two are not the same', 'les deux sont différents'],
  ['no new one after three tries; nothing was changed', "rien de valable après trois essais ; rien n'a changé"],
  [
    'no agent is asked at {path}: another user could have placed it; remove it',
    "aucun agent n'est interrogé à {path} : un autre utilisateur a pu le placer ; le supprimer",
  ],
  ['Key of the console', 'Clé de la console'],
  ['Code in force, empty for none: ', 'Code en vigueur, vide sinon : '],
  [
    'the current password or code is not right, or the user is locked for a while',
    "le mot de passe ou le code actuel est faux, ou l'utilisateur est bloqué un moment",
  ],
  [
    'another admin, or the machine, gives you a new password; to choose one yourself: user passwd',
    'un autre admin, ou la machine, vous donne un nouveau mot de passe ; pour en choisir un : user passwd',
  ],
  [
    'lights on for more than 2h needs a login as technician; 2h can be repeated',
    'lights on pendant plus de 2h demande une identification comme technician ; 2h peuvent être répétées',
  ],
  ['given up; nothing was changed', "abandonné ; rien n'a changé"],
  ['the input ended; nothing was changed', "l'entrée a fini ; rien n'a changé"],
  ['the input is longer than {n} characters', "l'entrée dépasse {n} caractères"],
  ['nothing to read for: {what}; give each secret its own line of the input', 'rien à lire pour : {what} ; une ligne par secret'],
  // Refusals.
  ['no command has the name {command}', "aucune commande ne s'appelle {command}"],
  ['{command} needs a login as {role}', '{command} demande une identification comme {role}'],
  ['{command} needs the role {role}; {user} is {own}', '{command} demande le rôle {role} ; {user} est {own}'],
  ['{command} needs the role {role}; you are {own}', '{command} demande le rôle {role} ; vous êtes {own}'],
  [
    '{command} asks for a secret, and there is no terminal to ask on',
    "{command} demande un secret, et il n'y a pas de terminal pour le demander",
  ],
  ['the session is over; log in again', 'la session est terminée ; identifiez-vous à nouveau'],
  ['the agent has ended the session', "l'agent a terminé la session"],
  ['ended by its reader', 'terminé par son lecteur'],
  ['nothing typed for {span}: logged out', 'rien tapé depuis {span} : session terminée'],
  ['nothing typed for {span}: logout in {time}', 'rien tapé depuis {span} : fin de session dans {time}'],
  ['Wrong passwords at the console for {user}: wait {n} s', 'Mots de passe faux à la console pour {user} : attendre {n} s'],
  [
    'Wrong passwords at the console for a user who is not there: wait {n} s',
    'Mots de passe faux à la console pour un utilisateur inconnu : attendre {n} s',
  ],
  ['no codes were offered to {user} yet', "aucun code n'a été proposé à {user}"],
  [
    'this code is not of the last offer, or the clock here or there is off; see `luciole status`',
    "ce code n'est pas du dernier essai, ou une des deux horloges est fausse ; voir `luciole status`",
  ],
  ['this password cannot be used: {why}', 'mot de passe refusé : {why}'],
  [
    "{n} to {m} characters, some of them letters; no common word, not the user's name",
    "{n} à {m} caractères dont des lettres ; pas un mot courant, pas le nom de l'utilisateur",
  ],
  ['it has {n} characters; {m} at least', '{n} caractères ; au moins {m}'],
  ['it has {n} characters; {m} at most', '{n} caractères ; au plus {m}'],
  ['it holds a control character', 'il a un caractère de commande'],
  ['it repeats a short pattern', 'il répète un motif court'],
  ['it holds the name of the user', "il contient le nom de l'utilisateur"],
  ['it has digits and signs only', 'que des chiffres et des signes'],
  ['it is a common word with something around it', 'un mot courant, à peine habillé'],
  // Users.
  [
    'no users yet; `luciole user add NAME --role admin` makes the first one',
    'aucun utilisateur ; `luciole user add NOM --role admin` fait le premier',
  ],
  ['one-time, until {date}', "unique, jusqu'au {date}"],
  [
    '{user} ({role}) logs in once with this password, until {date}, and then chooses another:',
    "{user} ({role}) s'identifie une fois avec ce mot de passe, jusqu'au {date}, puis en choisit un autre :",
  ],
  ['It is shown this once only.', 'Il ne sera plus montré.'],
  ['Key for {user}, shown this once only:', 'Clé de {user}, qui ne sera plus montrée :'],
  [
    'Put it into an authenticator, then `user totp confirm` with its first code: from then on {user} is asked for one.',
    'La mettre dans une application de codes, puis `user totp confirm` avec le premier code : dès lors {user} en tapera un.',
  ],
  ['{user} is removed', '{user} est supprimé'],
  ['{user} is {role} now', '{user} est maintenant {role}'],
  ['{user} has a new password', '{user} a un nouveau mot de passe'],
  ['{user} is asked for a code from now on', 'un code sera demandé à {user} désormais'],
  ['{user} is asked for no code any more', 'plus de code demandé à {user}'],
  ['only an admin may change {user}; leave the name out for yourself', 'seul un admin peut changer {user} ; sans nom, pour soi-même'],
  ['bad word "{text}": write on, confirm or off', 'mot "{text}" : écrire on, confirm ou off'],
  ['bad role {text}: write {words}', 'rôle {text} : écrire {words}'],
  ['there is a user {user} already', 'il y a déjà un utilisateur {user}'],
  ['there are {n} users already; remove one first', "il y a déjà {n} utilisateurs ; en supprimer un d'abord"],
  ['no user {text}; there are none yet', "pas d'utilisateur {text} ; il n'y en a pas encore"],
  ['no user {text}; there are {words}', "pas d'utilisateur {text} ; il y a {words}"],
  [
    'bad name {text}: a small letter, then up to 30 small letters, digits, . _ -',
    "nom {text} : une minuscule, puis jusqu'à 30 minuscules, chiffres, . _ -",
  ],
  ['{user} is the last admin; make another one first', "{user} est le dernier admin ; en faire un autre d'abord"],
  [
    '{file} is damaged: put a copy back, or remove it and add the users again',
    '{file} est abîmé : remettre une copie, ou le supprimer et recréer les utilisateurs',
  ],
  ['cannot write {file}: {key}; check the disk of store.dir', "impossible d'écrire {file} : {key} ; vérifier le disque de store.dir"],
  ['cannot read {file}: {key}', 'impossible de lire {file} : {key}'],
  ['{user} ({role}) logged in at the console', '{user} ({role}) connecté à la console'],
  ['the system clock was set {how}; its quality is {quality}', "l'horloge du système a été réglée {how} ; sa qualité est {quality}"],
];

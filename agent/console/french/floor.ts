/**
 * A configuration that would give less light than the floor of the site: where, why, and who may allow it.
 *
 * Owns their French.
 */
import type { Pairs } from './pairs.ts';

export const FLOOR: Pairs = [
  ['it would give less light than the floor of the site', 'elle éclairerait moins que le plancher du site'],
  ['it would give less light than the floor of the site, and {why}', 'elle éclairerait moins que le plancher du site, et {why}'],
  [
    'sign it with `luciole config sign`, or let an admin at the cabinet commit it with --lower-floor',
    "la signer par `luciole config sign`, ou la faire valider à l'armoire par un administrateur avec --lower-floor",
  ],
  ['below the floor, allowed by {user}', 'sous le plancher, autorisé par {user}'],
  ['--lower-floor needs the role admin', '--lower-floor demande le rôle admin'],
  ['{user} is not logged in', "{user} n'a pas ouvert de session"],
  ['as an admin', "en tant qu'administrateur"],
  ['it may give less light than the file of the site', 'elle peut éclairer moins que le fichier du site'],
  ['{n} % at {date} {text}', '{n} % le {date} {text}'],
  ['under an override to 0 %', 'sous une commande à 0 %'],
  ['with presence', 'avec présence'],
  ['without presence', 'sans présence'],
  ['with programme {id}', 'avec le programme {id}'],
  ['in traffic', 'avec circulation'],
  ['a photocell that says {word}', 'une cellule qui dit {word}'],
  ['no trusted time', "pas d'heure fiable"],
  ['lamps of {n} h', 'lampes de {n} h'],
  ['the floor of the site is {n} %', 'le plancher du site est de {n} %'],
  ['the floor of the site is {n}', 'le plancher du site est de {n}'],
  ['{n} levels a second', '{n} niveaux par seconde'],
  ['{n} s without a level after a start', '{n} s sans niveau après un démarrage'],
  ['{n} ms of delays around each request', '{n} ms de délais autour de chaque requête'],
  ['{n} could hold up its line', '{n} pourrait retenir sa ligne'],
  ['the floor of the site allows {n} to {m}', 'le plancher du site permet {n} à {m}'],
  ['light would come later in a zone that may be dark', "la lumière viendrait plus tard dans une zone qui peut s'éteindre"],
  [
    'presence would give light for a shorter time in a zone that may be dark',
    'la présence éclairerait moins longtemps une zone qui peut être noire',
  ],
  ['{point} no longer gives light in a zone that may be dark', "{point} n'éclaire plus une zone qui peut être noire"],
  ['nothing drives it any more at unit {n} of {line}', "rien ne la pilote plus à l'unité {n} de {line}"],
  ['it has the register of another lamp', "elle a le registre d'une autre lampe"],
  [
    'its burning hours would make its constant light less: state them at the cabinet, luciole hours',
    "ses heures de marche réduiraient sa lumière constante : les déclarer à l'armoire, luciole hours",
  ],
  [
    'it holds a control character or a line end behind an escape: take it out',
    "elle contient un caractère de commande ou une fin de ligne derrière un échappement : l'ôter",
  ],
  ['without an agent it has {n} %', 'sans agent il a {n} %'],
  ['its type writes to the device otherwise than the one that runs', "son type écrit dans l'appareil autrement que celui en service"],
  ['its groups would reach other lamps', "ses groupes atteindraient d'autres lampes"],
  [
    'its emergency or lights-on contact would be gone, or light fewer lamps, or be read otherwise',
    "son contact d'urgence ou d'allumage disparaîtrait, allumerait moins de luminaires, ou serait lu autrement",
  ],
  [
    'other serial settings could leave a device without a failsafe unreached',
    "d'autres réglages série pourraient laisser un appareil sans repli hors d'atteinte",
  ],
  [
    'other serial settings could leave the light of this line out of reach: a technician at the cabinet, or a signed revision, may change them',
    "d'autres réglages série pourraient mettre la lumière de cette ligne hors d'atteinte : un technicien à l'armoire, ou une révision signée, peut les changer",
  ],
  [
    'its sensors would be read every {n} ms; the floor of the site is {m} ms: let fewer units have points with poll: fast, or put some on another line',
    "ses capteurs seraient lus toutes les {n} ms ; le plancher du site est de {m} ms : donner à moins d'unités des points avec poll: fast, ou en mettre sur une autre ligne",
  ],
  [
    'a device behind tcp:// may ignore its unit number and be one of those that are lit',
    "un appareil derrière tcp:// peut ignorer son numéro d'unité et être l'un de ceux qui éclairent",
  ],
  ['a broadcast to {text} that no type of what runs sends', "une diffusion vers {text} qu'aucun type en service n'envoie"],
  [
    'it would light later, or hold a wrong value for longer, than the one that runs',
    'elle allumerait plus tard, ou garderait une fausse valeur plus longtemps, que celle en service',
  ],
  [
    'its circuit would not be closed as before when its lamps are lit',
    'son circuit ne serait plus fermé comme avant quand ses lampes sont allumées',
  ],
  [
    'the file of the site switches no such point, and lamps may hang on it',
    'le fichier du site ne commute pas ce point, et des lampes peuvent en dépendre',
  ],
  [
    'there is no configuration to compare its light with: check the disk of store.dir',
    'aucune configuration à laquelle comparer son éclairage : vérifier le disque de store.dir',
  ],
];

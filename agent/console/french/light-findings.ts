/**
 * What is wrong in a cabinet file about light: levels, programmes, calendars, zones, rules, outputs.
 *
 * Owns the French of these sentences. Keys of the file stay as they are. Called by the catalogue.
 */
import type { Pairs } from './pairs.ts';

export const LIGHT_FINDINGS: Pairs = [
  // Calendars.
  ['there is no {text}; the last day of that month is {key}', "{text} n'existe pas ; le dernier jour de ce mois est {key}"],
  [
    '"{text}" has no year, from "{key}" has one; write it in both, or in neither for each year',
    '"{text}" sans année, from "{key}" avec ; l\'écrire dans les deux, ou aucun pour chaque année',
  ],
  [
    '"{text}" has a year, from "{key}" has none; write it in both, or in neither for each year',
    '"{text}" avec année, from "{key}" sans ; l\'écrire dans les deux, ou aucun pour chaque année',
  ],
  ['"{text}" comes before from "{key}"; no night would fit', '"{text}" est avant from "{key}" ; aucune nuit ne conviendrait'],
  [
    'the weekdays of this rule leave {words} out, so no night would fit; leave weekdays out',
    'les weekdays de cette règle excluent {words}, aucune nuit ne conviendrait ; ôter weekdays',
  ],
  ['this rule is never reached: {why}; put this one first', "cette règle n'est jamais atteinte : {why} ; la mettre avant"],
  ['a rule without conditions stands above it', 'une règle sans condition est au-dessus'],
  ['a rule above takes all its nights', 'une règle au-dessus prend toutes ses nuits'],
  ['eves of which days? Write holidays beside it', 'veilles de quels jours ? Écrire holidays à côté'],
  ['"{text}" is built in; give your list another id', '"{text}" existe déjà ; donner un autre id à la liste'],
  // Levels.
  [
    "{what} needs the zone's designClass, the class that 100 % gives; write it, or levels in percent",
    "{what} demande le designClass de la zone, la classe à 100 % ; l'écrire, ou des niveaux en pour cent",
  ],
  ['class {word} in programme "{text}"', 'classe {word} dans le programme "{text}"'],
  ['class {word}', 'classe {word}'],
  ['{what} is brighter than designClass {key}', '{what} est plus claire que designClass {key}'],
  ['{what} is of another family than designClass {key}', "{what} est d'une autre famille que designClass {key}"],
  [
    'programme "{text}" goes to 0 % at {time}, but this zone may not go dark; {what}',
    'le programme "{text}" va à 0 % à {time}, mais cette zone ne peut s\'éteindre ; {what}',
  ],
  ['found 0 %, but this zone may not go dark; {what}', "trouvé 0 %, mais cette zone ne peut s'éteindre ; {what}"],
  ['found 0 %, but {id} may not go dark; {what}', "trouvé 0 %, mais {id} ne peut s'éteindre ; {what}"],
  [
    'give it dark: {} for a curfew with a warning first, or write a level above 0',
    'lui donner dark: {} pour une coupure avec préavis, ou un niveau au-dessus de 0',
  ],
  ['presence would never show', 'la présence ne se verrait jamais'],
  ["boostPct {n} lies below the zone's {key}", 'boostPct {n} est sous {key} de la zone'],
  ['boostPct {n} lies below every step of programme "{text}"', 'boostPct {n} est sous tous les paliers du programme "{text}"'],
  ['boostPct {n} lies below levelPct {m} of this step', 'boostPct {n} est sous levelPct {m} de ce palier'],
  ['write more than {n}', 'écrire plus de {n}'],
  ['write {n} or more', 'écrire {n} ou plus'],
  ['write {n} % or more', 'écrire {n} % ou plus'],
  [
    'maxPct {n} lies below {key} of {id}; write maxPct {m} or more, or {what}',
    'maxPct {n} est sous {key} de {id} ; écrire maxPct {m} ou plus, ou {what}',
  ],
  ['minPct {n} or less for the zone', 'minPct {n} ou moins pour la zone'],
  ['a lower minClass for the zone', 'un minClass plus bas pour la zone'],
  [
    'maxBoostS {n} ends before stuckS {m}: people who stay would have no light, though no sensor counts as stuck; write {m} or more, or leave it out',
    "maxBoostS {n} finit avant stuckS {m} : ceux qui restent n'auraient pas de lumière, sans qu'un détecteur soit dit bloqué ; écrire {m} ou plus, ou l'ôter",
  ],
  // Programmes.
  ['found "{text}" first; the first step of a night is at dusk', '"{text}" en premier ; le premier palier d\'une nuit est à dusk'],
  ['found dusk after another step; dusk comes first, and once', 'dusk après un autre palier ; dusk vient en premier, une fois'],
  ['two steps at "{text}"; keep one', 'deux paliers à "{text}" ; en garder un'],
  [
    '"{text}" comes before dusk, where the night begins; give the zone onOffsetMin to light it earlier',
    '"{text}" est avant dusk, début de la nuit ; donner onOffsetMin à la zone pour allumer plus tôt',
  ],
  [
    '"{text}" comes after "{key}"; write the steps in the order of the night, from noon to noon',
    '"{text}" vient après "{key}" ; écrire les paliers dans l\'ordre de la nuit, de midi à midi',
  ],
  ['found levelPct and class; keep one of the two', 'levelPct et class ; en garder un'],
  [
    'this step has no level; write levelPct: 50, or class: M5 where the zone has a designClass',
    "ce palier n'a pas de niveau ; écrire levelPct: 50, ou class: M5 si la zone a un designClass",
  ],
  [
    '"{text}" is also when it begins; write an end after it: a night runs from noon to noon',
    '"{text}" est aussi son début ; écrire une fin après : une nuit va de midi à midi',
  ],
  [
    '"{text}" comes before from "{key}"; write an end after it: a night runs from noon to noon',
    '"{text}" est avant from "{key}" ; écrire une fin après : une nuit va de midi à midi',
  ],
  // Zones.
  [
    'offAboveLux {n} is not above onBelowLux {m}: {what} the zone would be lit and put out in turn; write offAboveLux {k}',
    "offAboveLux {n} n'est pas au-dessus de onBelowLux {m} : {what} la zone s'allumerait et s'éteindrait sans fin ; écrire offAboveLux {k}",
  ],
  ['at {n} lx', 'à {n} lx'],
  ['between {n} and {m} lx', 'entre {n} et {m} lx'],
  [
    'device "{device}" has no pole, so no wave can start there; give it a pole, or leave wave out',
    'l\'appareil "{device}" n\'a pas de mât, aucune onde ne peut en partir ; lui donner un mât, ou ôter wave',
  ],
  [
    'device "{device}" has no pole, so reachM cannot be measured from it; give it a pole or leave reachM out',
    "l'appareil \"{device}\" n'a pas de mât, reachM ne s'y mesure pas ; lui donner un mât ou ôter reachM",
  ],
  [
    'this zone has one lamp, so light cannot run ahead of anyone; leave wave out',
    'cette zone a un seul luminaire, la lumière ne peut précéder personne ; ôter wave',
  ],
  [
    "all lamps of this zone stand at one distance, so light cannot run ahead of anyone; write the poles' distances as atM, or leave wave out",
    'tous les luminaires de la zone sont à la même distance, la lumière ne peut précéder personne ; écrire les distances des mâts en atM, ou ôter wave',
  ],
  [
    'belowPct {n} does not rise above {m} of the step before; write the steps from the lowest share to the highest',
    'belowPct {n} ne dépasse pas {m} du palier précédent ; écrire les paliers de la plus petite part à la plus grande',
  ],
  [
    '{n} % is less than {m} % of the step before, so more traffic would have less light',
    '{n} % est moins que {m} % du palier précédent, plus de trafic aurait moins de lumière',
  ],
  // Warnings.
  [
    'windowMin {n} counts as {m}: farther from dusk and dawn no sky is dark; write {k} or less',
    "windowMin {n} compte pour {m} : plus loin du coucher et du lever, aucun ciel n'est sombre ; écrire {k} ou moins",
  ],
  [
    'blankS {n} with wave counts as {m} at most, because light rises ahead of people; leave it out, or shield the sensor from the lamp',
    "blankS {n} avec wave compte au plus pour {m}, car la lumière précède les gens ; l'ôter, ou abriter le détecteur du luminaire",
  ],
  [
    'this zone is lit up to {n} min after civil dusk, as in the night of {text}',
    "cette zone s'allume jusqu'à {n} min après le crépuscule civil, comme la nuit du {text}",
  ],
  [
    'this zone is put out up to {n} min before civil dawn, as in the night of {text}',
    "cette zone s'éteint jusqu'à {n} min avant l'aube civile, comme la nuit du {text}",
  ],
  [
    'below {n} degrees a street without lamps is dark; raise sunBelowDeg, or take the offset back',
    'sous {n} degrés une rue sans lampes est noire ; relever sunBelowDeg, ou réduire le décalage',
  ],
  [
    'in nights such as that of {text} "{key}" comes after "{word}", so it is left out, and "{near}" begins only at {time}; write two programmes and a calendar',
    'des nuits comme celle du {text}, "{key}" vient après "{word}" : il est omis, et "{near}" ne commence qu\'à {time} ; écrire deux programmes et un calendrier',
  ],
  [
    'the burning hours of {words} are not in this file; constantLight reduces no lamp before they are known: write burned, or use luciole hours',
    'les heures de marche de {words} ne sont pas dans ce fichier ; constantLight ne réduit aucun luminaire avant de les connaître : écrire burned, ou luciole hours',
  ],
  [
    'lamp "{id}" has no failsafe: with profile "{text}" it keeps its last level while no agent writes',
    'le luminaire "{id}" n\'a pas de repli : avec le profil "{text}" il garde son dernier niveau tant qu\'aucun agent n\'écrit',
  ],
];

/**
 * Figures over time: energy and savings, the history of a point, exports.
 *
 * Owns their French. Called by the catalogue.
 */
import type { Pairs } from './pairs.ts';

export const FRENCH_ENERGY: Pairs = [
  // Energy.
  ['the night of {date}', 'la nuit du {date}'],
  ['{what}, the night of {date}', '{what}, la nuit du {date}'],
  ['{what}, {date} to {until}', '{what}, du {date} au {until}'],
  ['{date} to {until}', 'du {date} au {until}'],
  ['the last one goes on', 'la dernière est en cours'],
  [
    'no night of {zone} was counted; counting begins with the first start of the agent, once the time is known',
    "aucune nuit de {zone} n'est comptée ; le compte commence au premier démarrage de l'agent, une fois l'heure connue",
  ],
  [
    'no night of this time was counted; counting begins with the first start of the agent, once the time is known',
    "aucune nuit de cette période n'est comptée ; le compte commence au premier démarrage de l'agent, une fois l'heure connue",
  ],
  ['no hour at a level that is known', 'aucune heure à un niveau connu'],
  ['For EN 13201-5:', 'Pour EN 13201-5 :'],
  [
    'from the rated power and the level of each lamp, not measured; {n} kWh of it standby by day',
    'de la puissance nominale et du niveau de chaque luminaire, pas mesuré ; dont {n} kWh de veille le jour',
  ],
  ['the baseline of the zone in cabinet.yaml, for the same nights', 'la référence de la zone dans cabinet.yaml, pour les mêmes nuits'],
  ['presence and traffic took {n} kWh of it', 'dont {n} kWh pour la présence et le trafic'],
  [
    'nothing: no meter of this cabinet has counted one of these nights whole',
    "rien : aucun compteur de cette armoire n'a compté une de ces nuits en entier",
  ],
  [
    '{device} {n} kWh in {what}, noon to noon, all that hangs on it; computed for the zones in the same nights {m}',
    '{device} {n} kWh en {what}, de midi à midi, tout ce qui y est raccordé ; calculé pour les zones des mêmes nuits {m}',
  ],
  [
    '{n} lamp hours without an answer, taken at the level they were told; {m} kWh of the saving rests on that',
    '{n} heures de luminaire sans réponse, prises au niveau demandé ; {m} kWh du gain en dépendent',
  ],
  ['{n} h: the agent did not run, nothing is counted for them', "{n} h : l'agent ne tournait pas, rien n'y est compté"],
  [
    '{n} h were counted before the time was known, in the night in which it was',
    "{n} h comptées avant que l'heure soit connue, dans la nuit où elle l'a été",
  ],
  [
    'the nights could not be read from the disk; `luciole store` says what is wrong',
    'les nuits sont illisibles sur le disque ; `luciole store` dit pourquoi',
  ],
  // The history of a point.
  ['{point} in {unit}, {step}, {date} to {y}, {key}', '{point} en {unit}, {step}, du {date} au {y}, {key}'],
  ['{point}, {step}, {date} to {y}, {key}', '{point}, {step}, du {date} au {y}, {key}'],
  ['each reading', 'chaque mesure'],
  ['by the minute', 'par minute'],
  ['by the hour', 'par heure'],
  [
    'of it is kept from these {span}: `luciole store` tells how far back readings go, `luciole points` whether it is read at all',
    "n'en est gardé sur ces {span} : `luciole store` dit jusqu'où remontent les mesures, `luciole points` si ce point est lu",
  ],
  ['{n} without a value', '{n} sans valeur'],
  ['no reading of this time has a value', "aucune mesure de cette période n'a de valeur"],
  ['{what}, {n} to {m}; --by {a} or {b} tells it otherwise', '{what}, de {n} à {m} ; --by {a} ou {b} le dit autrement'],
  ['{what}, -; --by {a} or {b} tells it otherwise', '{what}, - ; --by {a} ou {b} le dit autrement'],
  [
    'taken before the clock was right; its time was put right afterwards',
    "prise avant que l'horloge soit juste ; horodatage corrigé ensuite",
  ],
  [
    'there are more before these; ask for less time, or use `luciole export` for all of {point}',
    "il y en a d'autres avant ; demander moins de temps, ou `luciole export` pour tout {point}",
  ],
  ['--plot or --csv, not both', '--plot ou --csv, pas les deux'],
  ['no point "{text}"; did you mean {near}?', 'pas de point "{text}" ; vouliez-vous dire {near} ?'],
  ['no point "{text}"; did you mean {near} or another?', 'pas de point "{text}" ; vouliez-vous dire {near} ou un autre ?'],
  ['no point "{text}": {id} has {words}; {what}', 'pas de point "{text}" : {id} mesure {words} ; {what}'],
  ['no device here measures that', 'aucun appareil ici ne le mesure'],
  ['{key} is measured by {words}', '{key} est mesuré par {words}'],
  ['no point "{text}"; `luciole points` names them all', 'pas de point "{text}" ; `luciole points` les nomme tous'],
  ['bad --by "{text}": it is {words}', '--by "{text}" : écrire {words}'],
  ['bad --format "{text}": {words}', '--format "{text}" : écrire {words}'],
  ['bad --format "{text}": it is {words}', '--format "{text}" : écrire {words}'],
  ['bad --format "{text}": did you mean {near}?', '--format "{text}" : vouliez-vous dire {near} ?'],
  ['bad --by "{text}": did you mean {near}?', '--by "{text}" : vouliez-vous dire {near} ?'],
  ['nothing lies between {x} and {y}: --since must be before {time}', 'rien entre {x} et {y} : --since doit être avant {time}'],
  [
    'bad time "{text}": write how far back, as 30m, 24h or 7d, or a time, as 2026-12-01, 2026-12-01T22:00 or 2026-12-01T21:00Z',
    'heure "{text}" : écrire depuis combien de temps, 30m, 24h ou 7d, ou un instant, 2026-12-01, 2026-12-01T22:00 ou 2026-12-01T21:00Z',
  ],
  [
    'bad time "{text}": write a time of day, as 23:30 (the next one), or a day and time, as 2026-12-01T23:30 or 2026-12-01T22:30Z',
    'heure "{text}" : écrire une heure, 23:30 (la prochaine), ou jour et heure, 2026-12-01T23:30 ou 2026-12-01T22:30Z',
  ],
  // Exports.
  ['say from when on: --since 24h, or --since 2026-12-01', 'dire depuis quand : --since 24h, ou --since 2026-12-01'],
  ['say into which file: --to today.csv, or --to - to print it', "dire dans quel fichier : --to today.csv, ou --to - pour l'afficher"],
  [
    '{what}: end the name in .csv or .jsonl, or say --format csv or jsonl',
    '{what} : finir le nom par .csv ou .jsonl, ou indiquer --format csv ou jsonl',
  ],
  ['no format', 'pas de format'],
  ['no format "{text}"', 'pas de format "{text}"'],
  [
    'the store has been begun anew since this export began, so it cannot go on: remove what is there and begin anew',
    "la mémoire a été recommencée depuis le début de cet export, il ne peut continuer : l'effacer et recommencer",
  ],
  ['the agent gives the same page again; see its log', "l'agent redonne la même page ; voir son journal"],
  ['{file}.part is kept: the same command goes on from there', '{file}.part est gardé : la même commande reprend là'],
  ['{what} in {more}, {date} to {until}, store {id}', '{what} en {more}, du {date} au {until}, mémoire {id}'],
  ['{file} is a folder; name a file in it', '{file} est un dossier ; y nommer un fichier'],
  ['to begin anew remove {file} and {path}', 'pour recommencer, effacer {file} et {path}'],
  ['{file} is there and not the beginning of an export', "{file} existe et n'est pas le début d'un export"],
  [
    '{file} is the beginning of an export {text}: give the same to go on with it',
    "{file} est le début d'un export {text} : redonner la même chose pour continuer",
  ],
  ['{file} is shorter than it was left', "{file} est plus court qu'il n'a été laissé"],
  ['cannot write {file}: {why}', "impossible d'écrire {file} : {why}"],
  ['its disk is full; make room, or write to another one', 'son disque est plein ; faire de la place, ou écrire ailleurs'],
  [
    'your share of its disk is full; make room, or write to another one',
    'votre part de son disque est pleine ; faire de la place, ou écrire ailleurs',
  ],
  ['you may not write there; choose another folder, or use sudo', "pas le droit d'y écrire ; choisir un autre dossier, ou sudo"],
  ['its disk is read-only; choose another folder', 'son disque est en lecture seule ; choisir un autre dossier'],
  ['there is no such folder; make it first', "ce dossier n'existe pas ; le créer d'abord"],
  ['its disk fails; is it still plugged in?', 'son disque est en panne ; est-il encore branché ?'],
  ['stopped', 'arrêté'],
];

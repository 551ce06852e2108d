/**
 * What the lines say of themselves: silent units, refused writes, and the bus doctor's advice.
 *
 * Owns their French. Called by the catalogue.
 */
import type { Pairs } from './pairs.ts';

export const FIELD: Pairs = [
  // Silent units.
  ['does not answer', 'ne répond pas'],
  [
    'does not answer; check its supply, address {n} and the wire to pole {pole} (line {line}); {what}',
    "ne répond pas ; voir son alimentation, l'adresse {n} et le fil du mât {pole} (ligne {line}) ; {what}",
  ],
  [
    'does not answer; check its supply, address {n} and {what} (line {line}); {why}',
    "ne répond pas ; voir son alimentation, l'adresse {n} et {what} (ligne {line}) ; {why}",
  ],
  ['its wire', 'son fil'],
  ['its cable behind the gateway', 'son câble derrière la passerelle'],
  [
    '{id} does not answer; check its supply, address {n} and the wire to pole {pole} (line {line}); {what}',
    "{id} ne répond pas ; voir son alimentation, l'adresse {n} et le fil du mât {pole} (ligne {line}) ; {what}",
  ],
  [
    '{id} does not answer; check its supply, address {n} and {what} (line {line}); {why}',
    "{id} ne répond pas ; voir son alimentation, l'adresse {n} et {what} (ligne {line}) ; {why}",
  ],
  ['the wire to pole {pole}', 'le fil du mât {pole}'],
  ['the wire to pole {pole} behind the gateway', 'le fil du mât {pole} derrière la passerelle'],
  ['the cable to pole {pole}', 'le câble du mât {pole}'],
  ['the cable to pole {pole} behind the gateway', 'le câble du mât {pole} derrière la passerelle'],
  ['its wires and what its port leads to', 'ses fils et ce qui suit son port'],
  ['wires A and B, the adapter', "les fils A et B, l'adaptateur"],
  ['the gateway, its address and what is behind it', 'la passerelle, son adresse et ce qui est derrière'],
  ['its supply, {what}', 'son alimentation, {what}'],
  [
    'no unit on line {line} answers; check {what} (its port is reopened now and then)',
    'aucun appareil de la ligne {line} ne répond ; voir {what} (son port est rouvert de temps en temps)',
  ],
  ['no device {id} on any line', "pas d'appareil {id} sur aucune ligne"],
  ['line {line} has no device', "la ligne {line} n'a pas d'appareil"],
  ['not opened yet', 'pas encore ouvert'],
  ['the agent is stopping', "l'agent s'arrête"],
  ['the line went down', 'la ligne est tombée'],
  ['line {line} is down', 'la ligne {line} est coupée'],
  ['no such port', 'port absent'],
  ['is the adapter plugged in?', "l'adaptateur est-il branché ?"],
  ['{device} is silent: {why}', '{device} est muet : {why}'],
  ['its port is gone', 'son port a disparu'],
  [
    'it answers but gives no measurement, check that it has warmed up and has no fault',
    "il répond sans mesure, voir s'il est chaud et sans défaut",
  ],
  [
    'bytes come but no sound frame, check baud rate, parity and that the profile fits',
    'des octets mais pas de trame valable, voir vitesse, parité et profil',
  ],
  [
    'no answer when asked, check power, wiring (TX and RX crossed?) and baud rate',
    'pas de réponse, voir alimentation, câblage (TX et RX croisés ?) et vitesse',
  ],
  ['no sound frame, check power, wiring and baud rate', 'pas de trame valable, voir alimentation, câblage et vitesse'],
  ['{what} goes on from {n} {unit}, the device now says {m} {word}', "{what} continue de {n} {unit}, l'appareil dit maintenant {m} {word}"],
  ['{what} was reset or replaced: {more}', '{what} remis à zéro ou remplacé : {more}'],
  // Writes.
  ['sent, but not read back: {why}', 'envoyé, mais pas relu : {why}'],
  ['a newer level took its place', 'un niveau plus récent a pris sa place'],
  [
    'not sent in time, {id} does not answer: check power, address and wiring',
    'pas envoyé à temps, {id} ne répond pas : voir alimentation, adresse et câblage',
  ],
  [
    'not sent in time, the line had no room: see how busy it is with `luciole bus stats`',
    'pas envoyé à temps, ligne saturée : voir son occupation par `luciole bus stats`',
  ],
  ['check that the profile fits the device', "vérifier que le profil est celui de l'appareil"],
  ['check that the profile fits the device and its mode', "vérifier que le profil est celui de l'appareil et de son mode"],
  ['check the limits set in the device', "vérifier les limites réglées dans l'appareil"],
  ['check the lamp and its driver', 'vérifier le luminaire et son driver'],
  ['it was busy each time, check what else writes to it', "occupé à chaque fois, chercher qui d'autre y écrit"],
  [
    "{word} of {id} cannot be written: check the lamp's point against profile {profile}",
    "{word} de {id} ne s'écrit pas : comparer le point du luminaire au profil {profile}",
  ],
  [
    '{word} of {id} is dangerous by profile {profile}: give the lamp another point',
    '{word} de {id} est dangereux selon le profil {profile} : donner un autre point au luminaire',
  ],
  [
    '{value} is outside {code} of {word} of {id}: check the limits of the lamp',
    '{value} est hors de {code} de {word} de {id} : vérifier les limites du luminaire',
  ],
  [
    "reads back {value}, wrote {code}: check the driver's limits, its mode and what else writes to it",
    "relu {value}, écrit {code} : voir les limites du driver, son mode et qui d'autre y écrit",
  ],
  [
    'its channel is off and does not switch on (coil {value}): check the buttons at the driver and its mode',
    "son canal est éteint et ne s'allume pas (coil {value}) : voir les boutons du driver et son mode",
  ],
  ['reads back {value}, wrote {code}', 'relu {value}, écrit {code}'],
  [
    '{id} is not set up, {what}; check that its profile fits its model and firmware',
    '{id} pas réglé, {what} ; vérifier que le profil est celui du modèle et du micrologiciel',
  ],
  [
    'reads back {value}, was written {n} times within 24 h: it is in flash and is not written again today',
    "relu {value}, écrit {n} fois en 24 h : il est en mémoire flash et n'est plus écrit aujourd'hui",
  ],
  [
    '{id} answers twice: two units may have the address {n}; see "bus stats"',
    '{id} répond deux fois : deux appareils ont peut-être l\'adresse {n} ; voir "bus stats"',
  ],
  ['{id} no longer answers twice', '{id} ne répond plus deux fois'],
  [
    'its presence input has not been read for {n} s, replies could be late or repeated ones',
    "son entrée de présence n'a pas été lue depuis {n} s, les réponses peuvent être tardives ou répétées",
  ],
  ['{id} answers, but gives no data: {why}', '{id} répond, mais sans donnée : {why}'],
  [
    'its replies take {n} ms, longer than it is waited for: raise responseTimeoutMs in its profile',
    "ses réponses prennent {n} ms, plus que l'attente : augmenter responseTimeoutMs dans son profil",
  ],
  [
    '{id} cannot be read, whether its lamp follows is not known; {what}; check its profile, model and firmware',
    '{id} ne se lit pas, si son luminaire suit est inconnu ; {what} ; voir son profil, son modèle et son micrologiciel',
  ],
  ['the device answers other requests, not this one', "l'appareil répond aux autres requêtes, pas à celle-ci"],
  ["{why}: check the output's device and its profile", "{why} : vérifier l'appareil de la sortie et son profil"],
  [
    'reads back {value}, wrote {code}: check for a switch at the device, its mode and what else writes to it',
    "relu {value}, écrit {code} : chercher un interrupteur à l'appareil, son mode et qui d'autre y écrit",
  ],
  [
    "{word} of {id} cannot be written: check the output's point against profile {profile}",
    "{word} de {id} ne s'écrit pas : comparer le point de la sortie au profil {profile}",
  ],
  [
    '{word} of {id} is dangerous by profile {profile}: give the output another point',
    '{word} de {id} est dangereux selon le profil {profile} : donner un autre point à la sortie',
  ],
  [
    '{value} is outside {code} of {word} of {id}: check the values of the output',
    '{value} est hors de {code} de {word} de {id} : vérifier les valeurs de la sortie',
  ],
];

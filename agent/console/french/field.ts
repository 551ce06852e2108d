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
  ['reads back {value}, wrote {code}', 'relu {value}, écrit {code}'],
  [
    '{id} is not set up, {what}; check that its profile fits its model and firmware',
    '{id} pas réglé, {what} ; vérifier que le profil est celui du modèle et du micrologiciel',
  ],
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
  // The doctor.
  ['the line is down: {what}', 'la ligne est coupée : {what}'],
  ['no unit answers: {what}', 'aucun appareil ne répond : {what}'],
  ['{who} have never answered: {what}', "{who} n'ont jamais répondu : {what}"],
  ['{who} has never answered: {what}', "{who} n'a jamais répondu : {what}"],
  ['{who} has stopped answering: {what}', '{who} ne répond plus : {what}'],
  ['{who} have stopped answering: {what}', '{who} ne répondent plus : {what}'],
  ['damaged replies from {n} of {m} units: {what}', 'réponses abîmées de {n} appareils sur {m} : {what}'],
  ['{n} damaged reply from {id} (unit {m}) alone: {what}', '{n} réponse abîmée de {id} seul (adresse {m}) : {what}'],
  ['{n} damaged replies from {id} (unit {m}) alone: {what}', '{n} réponses abîmées de {id} seul (adresse {m}) : {what}'],
  ['{n} frames of somebody else: {what}', "{n} trames d'un autre : {what}"],
  ['{n} bytes nobody asked for: {what}', '{n} octets que personne ne demandait : {what}'],
  [
    '{what} of {who} came after its {n} ms were over in the last {m} minutes: raise responseTimeoutMs in its profile',
    '{what} de {who} arrivées après ses {n} ms depuis {m} minutes : augmenter responseTimeoutMs dans son profil',
  ],
  [
    '{what} of {who} came after their {value} ms were over in the last {m} minutes: raise responseTimeoutMs in their profiles',
    '{what} de {who} arrivées après leurs {value} ms depuis {m} minutes : augmenter responseTimeoutMs dans leurs profils',
  ],
  [
    '{what} of {who} came late in the last {m} minutes, most come in time: look for what else keeps the unit or its gateway busy',
    "{what} de {who} en retard depuis {m} minutes, la plupart à temps : chercher ce qui occupe l'appareil ou sa passerelle",
  ],
  ['{n} reply', '{n} réponse'],
  ['{n} replies', '{n} réponses'],
  [
    '{who} misses {value} % of its questions in the last {m} minutes: {what}',
    '{who} manque {value} % de ses requêtes depuis {m} minutes : {what}',
  ],
  [
    '{who} miss {value} % of their questions in the last {m} minutes: {what}',
    '{who} manquent {value} % de leurs requêtes depuis {m} minutes : {what}',
  ],
  [
    '{who} reports failures of its own: see the manual for exceptions 4 to 6, then restart',
    '{who} signale ses propres pannes : voir la notice pour les exceptions 4 à 6, puis redémarrer',
  ],
  [
    '{who} report failures of their own: see the manual for exceptions 4 to 6, then restart',
    '{who} signalent leurs propres pannes : voir la notice pour les exceptions 4 à 6, puis redémarrer',
  ],
  [
    '{who} refuses {words}: check that its profile fits model and firmware',
    '{who} refuse {words} : vérifier que son profil est celui du modèle et du micrologiciel',
  ],
  [
    '{who} refuse {words}: check that their profile fits model and firmware',
    '{who} refusent {words} : vérifier que leur profil est celui du modèle et du micrologiciel',
  ],
  ['its units take their time: poll less often or split the line', 'ses appareils sont lents : lire moins souvent ou partager la ligne'],
  ['the line is {n} % busy: {what}', 'la ligne est occupée à {n} % : {what}'],
  ['the line is {n} % busy, {m} polls came late: {what}', 'la ligne est occupée à {n} %, {m} scrutations en retard : {what}'],
  [
    'the adapter holds each reply back for up to {n} ms: write 1 to {path}, for good by a udev rule',
    "l'adaptateur retient chaque réponse jusqu'à {n} ms : écrire 1 dans {path}, durablement par une règle udev",
  ],
  ['latency_timer of the adapter', "latency_timer de l'adaptateur"],
  [
    'check the supply of the line, A and B swapped, {n} baud and parity, and that {path} is the right port',
    "voir l'alimentation de la ligne, A et B croisés, {n} bauds et parité, et si {path} est le bon port",
  ],
  [
    'check its address, its supply and its baud rate; "bus scan" finds it elsewhere',
    'voir son adresse, son alimentation et sa vitesse ; "bus scan" le trouve ailleurs',
  ],
  [
    'check their addresses, supply and baud rate; "bus scan" finds them elsewhere',
    'voir adresses, alimentation et vitesse ; "bus scan" les trouve ailleurs',
  ],
  ['check its supply and its wires', 'voir son alimentation et ses fils'],
  ['check their supply and wires', 'voir leur alimentation et leurs fils'],
  [
    'check termination (120 ohm at both ends), biasing, shield and baud rate',
    'voir terminaisons (120 ohm aux deux bouts), polarisation, blindage et vitesse',
  ],
  [
    'check its stub and its transceiver, and for a second unit with address {n}',
    "voir sa dérivation et son transceiver, et s'il y a un second appareil à l'adresse {n}",
  ],
  [
    'the adapter hears what it sends: harmless, but switch off its local echo (RE with DE) to spare the line',
    "l'adaptateur entend ce qu'il envoie : sans danger, mais couper son écho local (RE avec DE) pour ménager la ligne",
  ],
  [
    'look for a second master on the line, or two units with one address',
    'chercher un second maître sur la ligne, ou deux appareils à la même adresse',
  ],
  [
    'look for a second master on the line, for missing biasing, or for a unit that talks by itself',
    'chercher un second maître, une polarisation absente, ou un appareil qui parle tout seul',
  ],
  ['check its connectors and its supply', 'voir ses connecteurs et son alimentation'],
  ['check their connectors and supply, and the wire they share', "voir connecteurs, alimentation, et le fil qu'ils partagent"],
  ['raise {n} baud, poll less often or split the line', 'monter au-dessus de {n} bauds, lire moins souvent ou partager la ligne'],
  [
    'check that {path} is the right gateway, its own serial settings and what is behind it',
    'voir si {path} est la bonne passerelle, ses réglages série et ce qui est derrière',
  ],
  [
    'check its address, its supply and its cable behind the gateway; "bus scan" finds it elsewhere',
    'voir adresse, alimentation et câble derrière la passerelle ; "bus scan" le trouve ailleurs',
  ],
  [
    'check their addresses, supply and cable behind the gateway; "bus scan" finds them elsewhere',
    'voir adresses, alimentation et câble derrière la passerelle ; "bus scan" les trouve ailleurs',
  ],
  ['check its supply and its cable behind the gateway', 'voir son alimentation et son câble derrière la passerelle'],
  ['check their supply and cable behind the gateway', 'voir alimentation et câble derrière la passerelle'],
  ['check the serial settings of the gateway and the cable behind it', 'voir les réglages série de la passerelle et le câble derrière'],
  [
    'check its cable behind the gateway, and for a second unit with address {n}',
    "voir son câble derrière la passerelle, et s'il y a un second appareil à l'adresse {n}",
  ],
  [
    'the gateway sends back what it is sent: harmless, but switch off its local echo to spare the line behind it',
    "la passerelle renvoie ce qu'on lui envoie : sans danger, mais couper son écho local pour ménager la ligne derrière",
  ],
  [
    'look for another client of the gateway, or two units with one address behind it',
    'chercher un autre client de la passerelle, ou deux appareils à la même adresse derrière',
  ],
  [
    'look for another client of the gateway, and for a unit behind it that talks by itself',
    'chercher un autre client de la passerelle, et un appareil derrière qui parle tout seul',
  ],
  [
    'check the network to the gateway, and its cable and supply behind it',
    'voir le réseau vers la passerelle, câble et alimentation derrière',
  ],
  [
    'check the network to the gateway, and their cable and supply behind it',
    'voir le réseau vers la passerelle, câbles et alimentation derrière',
  ],
  [
    'raise {n} baud, here and in the gateway, poll less often or split the line',
    'monter au-dessus de {n} bauds, ici et dans la passerelle, lire moins souvent ou partager la ligne',
  ],
];

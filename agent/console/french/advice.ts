/**
 * The bus doctor: what is wrong with a line, and where to look.
 *
 * Owns the French of its advice. Called by the catalogue.
 */
import type { Pairs } from './pairs.ts';

export const ADVICE: Pairs = [
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
  [
    '{who} does not answer for {words}, but for others: check that its profile fits model and firmware',
    '{who} ne répond pas pour {words}, mais pour le reste : vérifier que son profil est celui du modèle et du micrologiciel',
  ],
  [
    '{who} do not answer for {words}, but for others: check that their profile fits model and firmware',
    '{who} ne répondent pas pour {words}, mais pour le reste : vérifier que leur profil est celui du modèle et du micrologiciel',
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
    '{id} (unit {n}) answers twice: two units may have the address {n}; {why}',
    "{id} (appareil {n}) répond deux fois : deux appareils ont peut-être l'adresse {n} ; {why}",
  ],
  ['replies of most units come twice: {why}', 'les réponses de la plupart des appareils arrivent deux fois : {why}'],
  ['switch one unit after the other off until it answers once', "couper un appareil après l'autre jusqu'à ce qu'il réponde une fois"],
  [
    'switch one unit behind the gateway after the other off until it answers once',
    "couper un appareil après l'autre derrière la passerelle jusqu'à ce qu'il réponde une fois",
  ],
  ['look for a repeater that passes them on twice', 'chercher un répéteur qui les transmet deux fois'],
  ['look for a repetition in the settings of the gateway', 'chercher une répétition dans les réglages de la passerelle'],
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

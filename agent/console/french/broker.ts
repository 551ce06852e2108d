/**
 * Why the way to the broker is blocked, and what to check.
 *
 * Owns the French of these reasons. Called by the catalogue.
 */
import type { Pairs } from './pairs.ts';

export const BROKER: Pairs = [
  ['{broker} refused the connection ({text}): {why}', '{broker} a refusé la connexion ({text}) : {why}'],
  [
    '{broker} ended the session: another client uses this client id. Look for a second agent with the same cabinet id, or a tool that was left running',
    "{broker} a fini la session : un autre client a cet identifiant. Chercher un second agent au même identifiant d'armoire, ou un outil resté ouvert",
  ],
  ['{broker} ended the session ({text}): {why}', '{broker} a fini la session ({text}) : {why}'],
  [
    '{broker} took the connection, but did not answer CONNECT within {n} s: check the broker',
    '{broker} a pris la connexion sans répondre à CONNECT en {n} s : vérifier le broker',
  ],
  [
    '{broker} took the connection, but did not finish TLS within {n} s: check port, broker and firewalls on the way',
    '{broker} a pris la connexion sans finir TLS en {n} s : vérifier port, broker et pare-feu',
  ],
  [
    '{broker} did not answer within {n} s: check the network, modem and SIM, and firewalls on the way',
    "{broker} n'a pas répondu en {n} s : vérifier réseau, modem et SIM, et pare-feu",
  ],
  ['TLS with {broker} failed: {why}', 'TLS avec {broker} a échoué : {why}'],
  [
    '{broker} hung up before it answered CONNECT: look into the log of the broker',
    '{broker} a raccroché avant de répondre à CONNECT : voir le journal du broker',
  ],
  ['or it wants a client certificate', 'ou il veut un certificat client'],
  [
    '{broker} hung up during TLS: check that it speaks TLS on that port, and firewalls on the way',
    "{broker} a raccroché pendant TLS : vérifier qu'il parle TLS sur ce port, et les pare-feu",
  ],
  ['{broker} cannot be reached: {why}', '{broker} est injoignable : {why}'],
  [
    '{broker}: nothing was heard for {n} s, a question included: the link is dead. Check the network',
    '{broker} : rien entendu depuis {n} s, question comprise : la liaison est morte. Vérifier le réseau',
  ],
  ['{broker}: given up before it answered', '{broker} : abandonné avant sa réponse'],
  ['the broker hung up', 'le broker a raccroché'],
  [
    '{broker} cannot be opened ({code}): check caFile, certFile and keyFile',
    "{broker} ne s'ouvre pas ({code}) : vérifier caFile, certFile et keyFile",
  ],
  ['not sent: {why}', 'pas envoyé : {why}'],
  ['the link is broken', 'la liaison est coupée'],
  [
    '{broker} takes packets of {n} bytes at most, {word} needs {m}: raise its packet limit',
    '{broker} prend des paquets de {n} octets au plus, {word} en demande {m} : augmenter sa limite',
  ],
  ['{broker} takes nothing any more: check the network', '{broker} ne prend plus rien : vérifier le réseau'],
  ['{broker}: ended by us', '{broker} : fini par nous'],
  [
    '{broker}: the link broke: check the network and that the broker runs',
    '{broker} : liaison coupée : vérifier le réseau et que le broker tourne',
  ],
  ['{broker} did not subscribe us to {key} ({code}): {why}', '{broker} ne nous a pas abonnés à {key} ({code}) : {why}'],
  ['check its rules for this client', 'vérifier ses règles pour ce client'],
  [
    'check its rules for this client, and its log: it may have failed itself',
    'vérifier ses règles pour ce client, et son journal : il a pu échouer lui-même',
  ],
  [
    'it does not speak this protocol version: check uplink.protocol',
    'il ne parle pas cette version du protocole : vérifier uplink.protocol',
  ],
  [
    'it does not like our client id: check its rules for client ids',
    "notre identifiant client ne lui va pas : vérifier ses règles d'identifiants",
  ],
  ['its service is not available: check the broker', "son service n'est pas disponible : vérifier le broker"],
  [
    'user name or password are malformed: check uplink.username and uplink.passwordFile',
    'nom ou mot de passe mal formés : vérifier uplink.username et uplink.passwordFile',
  ],
  [
    'not authorised: check uplink.username, the password, the client certificate and its rules for this client',
    'pas autorisé : vérifier uplink.username, le mot de passe, le certificat client et ses règles pour ce client',
  ],
  ['no reason given: look into its log', 'sans raison : voir son journal'],
  ['it found our packet malformed: look into its log', 'il trouve notre paquet mal formé : voir son journal'],
  ['protocol error: look into its log', 'erreur de protocole : voir son journal'],
  ['it does not allow this: look into its log', 'il ne permet pas cela : voir son journal'],
  [
    'bad user name or password: check uplink.username and uplink.passwordFile',
    'nom ou mot de passe faux : vérifier uplink.username et uplink.passwordFile',
  ],
  ['it is not available now: check the broker', "il n'est pas disponible : vérifier le broker"],
  ['it is busy: nothing to do here, it is tried again', 'il est occupé : rien à faire ici, nouvel essai automatique'],
  ['this client is banned: ask who runs the broker', "ce client est banni : demander à l'exploitant du broker"],
  [
    'it wants another way to log in: check its authentication settings',
    "il veut une autre identification : vérifier ses réglages d'authentification",
  ],
  [
    'it refuses the topic of our last will: check its rules for spBv1.0 topics',
    'il refuse le topic de notre last will : vérifier ses règles des topics spBv1.0',
  ],
  ['our CONNECT is too large for it: check its packet limit', 'notre CONNECT est trop grand pour lui : vérifier sa limite de paquet'],
  ['a quota is used up: ask who runs the broker', "un quota est épuisé : demander à l'exploitant du broker"],
  ['it takes no retained messages: look into its settings', 'il ne prend pas de messages retained : voir ses réglages'],
  [
    'it does not take QoS 1 for our last will, which Sparkplug needs: check its settings',
    'il refuse QoS 1 pour notre last will, que Sparkplug exige : vérifier ses réglages',
  ],
  ['use another server for now: check uplink.broker', 'prendre un autre serveur pour le moment : vérifier uplink.broker'],
  ['it has moved to another server: correct uplink.broker', 'il a changé de serveur : corriger uplink.broker'],
  [
    'too many connect at once: nothing to do here, it is tried again',
    "trop de connexions d'un coup : rien à faire ici, nouvel essai automatique",
  ],
  ['without a reason', 'sans raison'],
  ['without a reason: look into its log', 'sans raison : voir son journal'],
  ['not authorised any more: check its rules for this client', 'plus autorisé : vérifier ses règles pour ce client'],
  ['it is busy', 'il est occupé'],
  ['it shuts down', "il s'arrête"],
  [
    'it heard nothing from us within the keepalive: check the network',
    "il n'a rien entendu de nous pendant le keepalive : vérifier le réseau",
  ],
  ['another client came with our id', 'un autre client est venu avec notre identifiant'],
  [
    'a subscription is not allowed: check its rules for spBv1.0 topics',
    'un abonnement est refusé : vérifier ses règles des topics spBv1.0',
  ],
  ['a topic is not allowed: check its rules for spBv1.0 topics', 'un topic est refusé : vérifier ses règles des topics spBv1.0'],
  ['we sent more at once than it takes', "envoyé plus d'un coup qu'il ne prend"],
  ['a packet was too large for it: check its packet limit', 'un paquet était trop grand pour lui : vérifier sa limite de paquet'],
  ['we send too often for it: check its rate limit', 'nous envoyons trop souvent pour lui : vérifier sa limite de débit'],
  ['somebody ended it there on purpose', "quelqu'un l'a finie là-bas exprès"],
  ['too many connect at once', "trop de connexions d'un coup"],
  ['the longest time of a connection is over', 'durée maximale de connexion atteinte'],
];

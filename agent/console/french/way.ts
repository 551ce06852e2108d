/**
 * What is wrong on the way to the broker: network, TLS, certificates, and the files of the secrets.
 *
 * Owns the French of these reasons. Called by the catalogue.
 */
import type { Pairs } from './pairs.ts';

export const WAY: Pairs = [
  [
    'its name is not known: check the spelling in uplink.broker, and the name server of this machine',
    'son nom est inconnu : vérifier uplink.broker, et le serveur DNS de cette machine',
  ],
  [
    'the name server does not answer: check the network, modem and SIM, then /etc/resolv.conf',
    'le serveur DNS ne répond pas : vérifier réseau, modem et SIM, puis /etc/resolv.conf',
  ],
  [
    'the machine is there, but nothing listens on that port: check the port in uplink.broker, and that the broker runs',
    "la machine est là, mais rien n'écoute sur ce port : vérifier le port dans uplink.broker, et que le broker tourne",
  ],
  ['there is no way to it: check the network, modem and SIM', 'pas de route vers lui : vérifier réseau, modem et SIM'],
  ['this machine has no network: check cable, modem and SIM', "cette machine n'a pas de réseau : vérifier câble, modem et SIM"],
  ['nobody answers there: check the network, and firewalls on the way', 'personne ne répond là-bas : vérifier réseau et pare-feu'],
  [
    'the connection was cut: check firewalls on the way, and the log of the broker',
    'la connexion a été coupée : vérifier les pare-feu et le journal du broker',
  ],
  [
    'it wants a client certificate: set uplink.certFile and uplink.keyFile',
    'il veut un certificat client : donner uplink.certFile et uplink.keyFile',
  ],
  [
    'it says that our client certificate has expired: renew uplink.certFile',
    'il dit notre certificat client expiré : renouveler uplink.certFile',
  ],
  [
    'it says that our client certificate was revoked: renew uplink.certFile',
    'il dit notre certificat client révoqué : renouveler uplink.certFile',
  ],
  [
    'it does not know who signed our client certificate: check uplink.certFile, and the authority set in the broker',
    "il ne connaît pas le signataire de notre certificat client : vérifier uplink.certFile, et l'autorité réglée dans le broker",
  ],
  ['it refuses our client certificate: check uplink.certFile', 'il refuse notre certificat client : vérifier uplink.certFile'],
  [
    'it refuses our client certificate: check its rules for this client',
    'il refuse notre certificat client : vérifier ses règles pour ce client',
  ],
  [
    'it refuses our client certificate: check that uplink.certFile and uplink.keyFile belong together',
    'il refuse notre certificat client : vérifier que uplink.certFile et uplink.keyFile vont ensemble',
  ],
  [
    'both ends have no cipher in common, or it wants a client certificate: check its TLS settings and uplink.certFile',
    'aucun chiffrement commun, ou il veut un certificat client : vérifier ses réglages TLS et uplink.certFile',
  ],
  ['it speaks no TLS 1.2 or 1.3: check its TLS settings', 'il ne parle ni TLS 1.2 ni 1.3 : vérifier ses réglages TLS'],
  [
    'both ends cannot agree: check that it speaks TLS 1.2 or 1.3 on that port, and look into its log',
    "les deux bouts ne s'accordent pas : vérifier qu'il parle TLS 1.2 ou 1.3 sur ce port, et voir son journal",
  ],
  [
    'it does not speak TLS on that port: check the port; plain MQTT is mqtt://',
    'il ne parle pas TLS sur ce port : vérifier le port ; MQTT simple est mqtt://',
  ],
  ['a reason that no standard knows: look into its log', "une raison qu'aucune norme ne connaît : voir son journal"],
  ['a reason that no standard knows', "une raison qu'aucune norme ne connaît"],
  ['{broker} {what}; the connection was ended', '{broker} {what} ; la connexion est finie'],
  ['sent a packet larger than we take (128 KB)', 'a envoyé un paquet plus grand que permis (128 Ko)'],
  [
    'sent bytes that are no MQTT: check that a broker listens on that port',
    "a envoyé des octets qui ne sont pas MQTT : vérifier qu'un broker écoute sur ce port",
  ],
  ['sent a message of a QoS that was not asked for', "a envoyé un message d'un QoS pas demandé"],
  ['check the network', 'vérifier le réseau'],
  [
    "the broker's certificate is not for {id}: check the name in uplink.broker",
    "le certificat du broker n'est pas pour {id} : vérifier le nom dans uplink.broker",
  ],
  [
    "nobody whom we trust signed the broker's certificate: check uplink.caFile ({path})",
    "personne de confiance n'a signé le certificat du broker : vérifier uplink.caFile ({path})",
  ],
  ['check uplink.caFile, the certificates, and the log of the broker', 'vérifier uplink.caFile, les certificats, et le journal du broker'],
  ["the broker's certificate has expired", 'le certificat du broker a expiré'],
  ["the broker's certificate is not valid yet", "le certificat du broker n'est pas encore valable"],
  ['valid {date} to {until}', 'valable du {date} au {until}'],
  ['{text}, signed by {who}', '{text}, signé par {who}'],
  ['whoever runs the broker must renew it', "l'exploitant du broker doit le renouveler"],
  ['here it is {time}', 'ici il est {time}'],
  ['check the clock of this machine, else the certificate', "vérifier l'horloge de cette machine, sinon le certificat"],
  [
    "the clock is the problem: by it the broker's certificate {what}, but it {why} (clock {state}, {time}). Check the time server, or set the clock; it is tried again by itself",
    "l'horloge est en cause : selon elle le certificat du broker {what}, mais elle {why} (horloge {state}, {time}). Vérifier le serveur de temps, ou régler l'horloge ; nouvel essai automatique",
  ],
  ['has expired', 'a expiré'],
  ['is not valid yet', "n'est pas encore valable"],
  ['was never set', "n'a jamais été réglée"],
  ['goes on from the last shutdown', 'continue du dernier arrêt'],
  [
    'is a name without a folder, so a credential of the service, and none were handed over: add LoadCredential= to the service, or write the whole path',
    "est un nom sans dossier, donc un secret du service, et aucun n'est fourni : ajouter LoadCredential= au service, ou écrire le chemin entier",
  ],
  [
    "lies in the agent's own data ({path}), where no secret is read: move it to the folder of the site's file",
    "est dans les données de l'agent ({path}), où aucun secret n'est lu : le mettre dans le dossier du fichier du site",
  ],
  [
    'lies outside of {path} and is no credential of the service: move it there',
    "est hors de {path} et n'est pas une donnée confiée au service : l'y mettre",
  ],
  [
    '{url} is never used: broker is mqtts://, and a password must not travel in the clear; write mqtts://',
    "{url} n'est jamais utilisé : broker est en mqtts://, et un mot de passe ne circule pas en clair ; écrire mqtts://",
  ],
  [
    'can be read by others (its mode is {n}): run chmod 0400 on it, and if they may have read it, renew it',
    "peut être lu par d'autres (mode {n}) : faire chmod 0400, et le renouveler s'il a pu être lu",
  ],
  ['is a pipe or a device: put the file itself there', 'est un tube ou un périphérique : y mettre le fichier lui-même'],
  ['is larger than 1 MB: check that it is the right file', "dépasse 1 Mo : vérifier que c'est le bon fichier"],
  [
    'uplink.keyFile {file} is not the key of uplink.certFile {path}: replace both together',
    "uplink.keyFile {file} n'est pas la clé de uplink.certFile {path} : remplacer les deux ensemble",
  ],
  [
    '{words}: the disk does not answer; see dmesg, and df for the folder',
    '{words} : le disque ne répond pas ; voir dmesg, et df pour le dossier',
  ],
  ['is not there: check the path, or copy the file to it', "n'est pas là : vérifier le chemin, ou y copier le fichier"],
  [
    'may not be read: give it to the user of the agent (chown luciole), then chmod 0400',
    "n'est pas lisible : le donner à l'utilisateur de l'agent (chown luciole), puis chmod 0400",
  ],
  [
    'cannot be read ({code}): check that it is there and readable for the agent',
    "n'est pas lisible ({code}) : vérifier qu'il est là et lisible par l'agent",
  ],
];

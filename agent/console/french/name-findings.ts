/**
 * What is wrong in a cabinet file about names, places, lines and the uplink.
 *
 * Owns the French of these sentences. Keys of the file stay as they are. Called by the catalogue.
 */
import type { Pairs } from './pairs.ts';

export const NAME_FINDINGS: Pairs = [
  // Names.
  ['unknown {what} "{text}"', '{what} inconnu : "{text}"'],
  ['unknown device "{text}"', 'appareil inconnu : "{text}"'],
  ['unknown profile "{text}"', 'profil inconnu : "{text}"'],
  ['it is none of those that come with the agent, nor in {words} (profileDirs)', "ni livré avec l'agent, ni dans {words} (profileDirs)"],
  ['others: {words}', 'autres : {words}'],
  ['others: {words} and {n} more', 'autres : {words} et {n} autres'],
  ['profile "{text}" is broken, see above: {words}', 'profil "{text}" fautif, voir plus haut : {words}'],
  [
    'profile "{text}" speaks {word}, but line "{line}" is of kind {key}',
    'le profil "{text}" parle {word}, mais la ligne "{line}" est de genre {key}',
  ],
  [
    'profile "{text}" states no factory settings: give serial: on the line, as set in the vendor\'s tool or on the device',
    "le profil \"{text}\" n'a pas de réglages d'usine : donner serial: sur la ligne, comme réglé dans l'outil du fabricant ou sur l'appareil",
  ],
  [
    'profile "{text}" leaves the factory with {what}, a line without serial: has {more}: give serial: on the line',
    'le profil "{text}" sort d\'usine en {what}, une ligne sans serial: a {more} : donner serial: sur la ligne',
  ],
  // Store and proof.
  ['{n} points bring at least {m} readings/s, the store takes {k}', '{n} points donnent au moins {m} mesures/s, la mémoire en prend {k}'],
  ['give heartbeatS: {n} or more', 'donner heartbeatS: {n} ou plus'],
  [
    '{n} points bring at least {m} readings/s, so that memory is written every {k} s',
    '{n} points donnent au moins {m} mesures/s, la mémoire est donc écrite toutes les {k} s',
  ],
  ['more than commitSeconds: {n} has no effect', "plus que commitSeconds: {n} n'a pas d'effet"],
  [
    '{key}: a broker that is cut off from the platform confirms readings that the platform never gets',
    "{key} : un broker coupé de la plateforme confirme des mesures qu'elle ne reçoit jamais",
  ],
  ['leave it out where the platform writes Sync/Ack', "l'omettre là où la plateforme écrit Sync/Ack"],
  ['baud {n}, parity {word}', '{n} bauds, parité {word}'],
  ['profile "{text}" has no {what} "{key}"', 'le profil "{text}" n\'a pas de {what} "{key}"'],
  ['device', 'appareil'],
  ['line', 'ligne'],
  ['point', 'point'],
  ['zone', 'zone'],
  ['profile', 'profil'],
  ['pole', 'mât'],
  ['branch', 'branche'],
  ['sensor', 'détecteur'],
  ['sensor device', 'appareil détecteur'],
  ['photocell device', 'appareil cellule'],
  ['counting device', 'appareil compteur'],
  ['event night', 'soirée'],
  ['output', 'sortie'],
  [
    'unit {n} stands twice on line "{line}"; each device of a line needs its own',
    'adresse {n} deux fois sur la ligne "{line}" ; une par appareil',
  ],
  [
    'port "{path}" already belongs to another line; one line owns a port',
    'le port "{path}" est déjà à une autre ligne ; un port par ligne',
  ],
  [
    'this lamp has no pole, nor has its device "{device}"; give one of them a pole',
    'ce luminaire n\'a pas de mât, ni son appareil "{device}" ; en donner un à l\'un des deux',
  ],
  ['a device that does not drive this lamp', 'un appareil qui ne commande pas ce luminaire'],
  ['"{text}" already drives another lamp', '"{text}" commande déjà un autre luminaire'],
  [
    'lamp "{lamp}" is in this zone already; alsoLamps is for lamps of other zones',
    'le luminaire "{lamp}" est déjà dans cette zone ; alsoLamps est pour ceux d\'autres zones',
  ],
  [
    '{word} has no role emergency or lights-on, so it lights no zone; write it under roles',
    "{word} n'a pas le rôle emergency ou lights-on, il n'allume aucune zone ; l'écrire sous roles",
  ],
  [
    'lamp "{lamp}" is already in a zone; a lamp belongs to one: take it out of the other',
    'le luminaire "{lamp}" est déjà dans une zone ; une seule par luminaire : l\'ôter de l\'autre',
  ],
  [
    'lamp "{lamp}" is in no zone and would never be lit; add it to the lamps of a zone',
    "le luminaire \"{lamp}\" n'est dans aucune zone et ne serait jamais allumé ; l'ajouter aux lamps d'une zone",
  ],
  ['sensor "{text}" stands twice in this zone', 'le détecteur "{text}" est deux fois dans cette zone'],
  ['lists of holidays', 'listes de holidays'],
  ['there are two {what} "{text}"', 'il y a deux {what} "{text}"'],
  ['{what} "{text}" differs from "{key}" only in upper and lower case', '{what} "{text}" ne diffère de "{key}" que par les majuscules'],
  [
    '"{text}" is also the id of {what}; the platform could not tell them apart',
    '"{text}" est aussi l\'id de {what} ; la plateforme ne pourrait les distinguer',
  ],
  [
    'no such device file "{path}"; what exists: {words}. Is the adapter plugged in?',
    'pas de fichier de port "{path}" ; existent : {words}. L\'adaptateur est-il branché ?',
  ],
  [
    'a console is enabled on this port ({key}): take another port for the line, or disable the console',
    'une console est activée sur ce port ({key}) : prendre un autre port pour la ligne, ou désactiver la console',
  ],
  ['unknown time zone "{text}"', 'fuseau horaire inconnu : "{text}"'],
  ['allowed: an IANA name such as Europe/Paris', 'admis : un nom IANA, Europe/Paris'],
  [
    'latitude {n} and longitude {m} look swapped: {key} lies elsewhere, and fits the other way round',
    "latitude {n} et longitude {m} semblent inversées : {key} est ailleurs, et convient dans l'autre sens",
  ],
  ['latitude and longitude look swapped', 'latitude et longitude semblent inversées'],
  ['"{text}" is this cabinet itself; write the edge node of the other one', '"{text}" est cette armoire ; écrire l\'edge node de l\'autre'],
  [
    'neighbours are reached through the uplink, and there is none; write uplink, or leave neighbours out',
    "les voisines passent par la liaison, et il n'y en a pas ; écrire uplink, ou ôter neighbours",
  ],
  [
    'pole "{pole}" stands on branch "{text}" itself; write the pole of the street from which the branch leaves',
    'le mât "{pole}" est sur la branche "{text}" elle-même ; écrire le mât de la rue d\'où part la branche',
  ],
  [
    'branches {text} leave from each other; let one of them leave from a pole of the main street',
    "les branches {text} partent l'une de l'autre ; en faire partir une d'un mât de la rue principale",
  ],
  // Values of lines and uplink.
  ['found {n} devices; a uart line has exactly one', '{n} appareils ; une ligne uart en a exactement un'],
  [
    'a device on a uart line has no unit; leave it out, or make the line kind modbus',
    "un appareil de ligne uart n'a pas de unit ; l'ôter, ou faire une ligne modbus",
  ],
  ['missing; needed on a modbus line: a whole number from 1 to 247', 'absent ; il faut sur une ligne modbus : un entier de 1 à 247'],
  ['found 7; a modbus line needs 8', 'trouvé 7 ; une ligne modbus en veut 8'],
  ['has no effect with {what}; leave it out', "sans effet avec {what} ; l'ôter"],
  ['rtu+tcp://, the serial server switches the direction', 'rtu+tcp://, le serveur série gère le sens'],
  ['tcp://, the gateway has its own settings', 'tcp://, la passerelle a ses propres réglages'],
  [
    'found tcp:// on a uart line, which speaks no Modbus; a serial server that passes bytes on is rtu+tcp://host:port',
    'tcp:// sur une ligne uart, qui ne parle pas Modbus ; un serveur série qui passe les octets est rtu+tcp://host:port',
  ],
  ['minPct {n} lies above maxPct {m}', 'minPct {n} est au-dessus de maxPct {m}'],
  ['needs {key} beside it', 'demande aussi {key}'],
  [
    'has no effect with mqtt://; write mqtts:// in broker, or leave it out',
    "sans effet avec mqtt:// ; écrire mqtts:// dans broker, ou l'ôter",
  ],
  ['mqtt://host:port or mqtts://host:port', 'mqtt://host:port ou mqtts://host:port'],
  [
    'found a user or password in the address; write username and passwordFile instead',
    "utilisateur ou mot de passe dans l'adresse ; écrire plutôt username et passwordFile",
  ],
  ['an address before the "/", as tcp://10.20.0.0/24', 'une adresse avant le « / », comme tcp://10.20.0.0/24'],
  ['a network of {prefix} or smaller, as tcp://10.20.0.0/24', 'un réseau {prefix} ou plus petit, comme tcp://10.20.0.0/24'],
  ['a port from 1 to 65535, as rtu+tcp://10.20.0.0/24:4001', 'un port de 1 à 65535, comme rtu+tcp://10.20.0.0/24:4001'],
  ['no address of this machine itself', 'aucune adresse de cette machine même'],
  ['a device file, tcp://host:port or rtu+tcp://host:port', 'un fichier de port, tcp://host:port ou rtu+tcp://host:port'],
  ['{key}://host:port, the port from 1 to 65535 and nothing behind it', '{key}://host:port, le port de 1 à 65535 et rien derrière'],
  [
    'rtu+tcp://host:port; a serial server has no usual port, so it must be given',
    "rtu+tcp://host:port ; un serveur série n'a pas de port usuel, il faut le donner",
  ],
];

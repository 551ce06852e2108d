/**
 * What a port, a gateway or a unit answers instead of a value, and what to check.
 *
 * Owns the French of these sentences of the drivers. Called by the catalogue.
 */
import type { Pairs } from './pairs.ts';

export const WIRE: Pairs = [
  // A unit.
  ['no reply in {n} ms', 'pas de réponse en {n} ms'],
  ['no reply in {n} ms, {what}', 'pas de réponse en {n} ms, {what}'],
  ['no reply in {n} ms, but frames of others: {what}', "pas de réponse en {n} ms, mais des trames d'autres : {what}"],
  ['no reply in {n} ms, only noise: {what}', 'pas de réponse en {n} ms, seulement du bruit : {what}'],
  ['damaged reply, {what}', 'réponse abîmée, {what}'],
  ['its reply broke off, {what}', 'réponse coupée, {what}'],
  [
    'its reply could be a late or repeated one, no value was taken from it',
    'sa réponse peut être tardive ou répétée, aucune valeur n’en a été tirée',
  ],
  ['check power, address and wiring', 'voir alimentation, adresse et câblage'],
  [
    'check wiring, termination and baud rate, and that no second unit has its address',
    "voir câblage, terminaison et vitesse, et s'il n'y a pas un second appareil à son adresse",
  ],
  ['check wiring, supply of the unit and a loose contact', "voir câblage, alimentation de l'appareil et faux contact"],
  ['check that no second master is on the line', "voir s'il n'y a pas un second maître sur la ligne"],
  ['check baud rate, parity, polarity (A/B) and bias of the line', 'voir vitesse, parité, polarité (A/B) et polarisation de la ligne'],
  [
    'check the serial settings of the gateway and the cable behind it, and that no second unit has its address',
    "voir les réglages série de la passerelle et le câble derrière, et s'il n'y a pas un second appareil à son adresse",
  ],
  [
    'check the network, the gateway, and supply and cable of the unit behind it',
    "voir le réseau, la passerelle, alimentation et câble de l'appareil derrière",
  ],
  ['check that no second client uses the gateway', "voir si un second client n'utilise pas la passerelle"],
  [
    'check the serial settings of the gateway and that its port passes raw bytes on',
    'voir les réglages série de la passerelle et si son port passe les octets bruts',
  ],
  [
    'check the unit behind the gateway: power, address and cable',
    "voir l'appareil derrière la passerelle : alimentation, adresse et câble",
  ],
  ['check the unit behind the gateway, its address and its cable', "voir l'appareil derrière la passerelle, son adresse et son câble"],
  [
    'answered something else than was asked, check that no second unit has its address',
    "réponse à autre chose, voir s'il n'y a pas un second appareil à son adresse",
  ],
  [
    'the gateway answered something else than was asked, check its addresses and firmware',
    'la passerelle répond à autre chose, voir ses adresses et son micrologiciel',
  ],
  ['reply does not fit the request', 'la réponse ne va pas avec la requête'],
  ['unit {n} answered with exception {m}: {what}', "l'adresse {n} a répondu l'exception {m} : {what}"],
  ['it does not know this function: check the profile', 'il ne connaît pas cette fonction : voir le profil'],
  [
    'it has no such register: check the profile against its manual and firmware',
    "il n'a pas ce registre : comparer le profil à sa notice et son micrologiciel",
  ],
  [
    'it does not take this value or this many registers: check the limits in the profile',
    'il refuse cette valeur ou autant de registres : voir les limites du profil',
  ],
  ['it could not do it: check the device itself', "il n'a pas pu : voir l'appareil lui-même"],
  ['it needs more time', 'il lui faut plus de temps'],
  ['it is busy with something else', 'il est occupé à autre chose'],
  ['it refuses this: check the device itself', "il refuse : voir l'appareil lui-même"],
  ['its memory is damaged: replace the device', "sa mémoire est abîmée : remplacer l'appareil"],
  [
    'the gateway cannot reach its line: check the serial settings of the gateway',
    "la passerelle n'atteint pas sa ligne : voir ses réglages série",
  ],
  [
    'the gateway got no answer from it: check power, address and cable behind the gateway',
    "la passerelle n'a pas de réponse de lui : voir alimentation, adresse et câble derrière la passerelle",
  ],
  ['a code of its own: check its manual', 'un code à lui : voir sa notice'],
  // A port.
  ['the line is closed', 'la ligne est fermée'],
  ['the line was closed', 'la ligne a été fermée'],
  [
    'this line cannot be retuned: set the speed in the serial server itself',
    'cette ligne ne se règle pas : mettre la vitesse dans le serveur série',
  ],
  [
    'a network line has no speed: scan with the settings of the gateway behind it',
    "une ligne réseau n'a pas de vitesse : scan avec les réglages de la passerelle",
  ],
  [
    'the far end does not speak Modbus TCP: check its port number and mode (rtu+tcp:// for raw frames)',
    "l'autre bout ne parle pas Modbus TCP : voir son numéro de port et son mode (rtu+tcp:// pour des trames brutes)",
  ],
  ['{path} went away: check the plug and the adapter', "{path} a disparu : voir la prise et l'adaptateur"],
  ['{path} is closed', '{path} est fermé'],
  ['{path} does not take bytes: check the plug and the adapter', "{path} ne prend pas d'octets : voir la prise et l'adaptateur"],
  [
    'there is no such port: check the cable, the adapter and the name in cabinet.yaml',
    "ce port n'existe pas : voir le câble, l'adaptateur et le nom dans cabinet.yaml",
  ],
  [
    'another program holds this port: stop it (try `fuser -v` on the port)',
    "un autre programme tient ce port : l'arrêter (essayer `fuser -v` sur le port)",
  ],
  [
    'the service may not open this kind of port: allow it with DeviceAllow (docs/install.md, "Other kinds of ports")',
    "le service n'a pas le droit d'ouvrir ce genre de port : le permettre par DeviceAllow (docs/install.md, « Other kinds of ports »)",
  ],
  [
    "the port cannot be used ({key}): check that the agent's user is in group dialout",
    "le port ne va pas ({key}) : voir si l'utilisateur de l'agent est du groupe dialout",
  ],
  [
    'rs485 cannot be switched on: {key}; the package perl-base is needed',
    'rs485 ne se met pas en marche : {key} ; il faut le paquet perl-base',
  ],
  [
    'this port has no RS-485 mode in the kernel: leave rs485 out for an adapter that switches by itself (most USB ones), or enable it in the device tree (linux,rs485-enabled-at-boot-time)',
    "ce port n'a pas de mode RS-485 dans le noyau : ôter rs485 pour un adaptateur automatique (la plupart des USB), ou l'activer dans le device tree (linux,rs485-enabled-at-boot-time)",
  ],
  [
    'the kernel refuses these rs485 settings (errno {n}): try other delays, or rtsHighOnSend the other way round',
    "le noyau refuse ces réglages rs485 (errno {n}) : essayer d'autres délais, ou rtsHighOnSend inversé",
  ],
  ['{path} cannot be used ({key}): check address and network', '{path} ne va pas ({key}) : voir adresse et réseau'],
  ['{path} has no address: check the host name and the name server', "{path} n'a pas d'adresse : voir le nom et le serveur DNS"],
  [
    '{path} does not answer: check cable, address and power of the gateway',
    '{path} ne répond pas : voir câble, adresse et alimentation de la passerelle',
  ],
  [
    '{path} refuses the connection: check the port number and that its Modbus server is switched on',
    '{path} refuse la connexion : voir le numéro de port et si son serveur Modbus est activé',
  ],
  [
    '{path} hangs up at once: it may serve one client only, and another is connected',
    '{path} raccroche aussitôt : peut-être un seul client admis, et un autre est connecté',
  ],
  [
    '{path} broke the connection: check network and power of the gateway',
    '{path} a coupé la connexion : voir réseau et alimentation de la passerelle',
  ],
  [
    '{path} closed the connection: check the gateway and how many clients it allows',
    '{path} a fermé la connexion : voir la passerelle et combien de clients elle admet',
  ],
  [
    '{path} is gone: it acknowledges nothing any more, check network and power of the gateway',
    "{path} n'est plus là : plus rien n'est acquitté, voir réseau et alimentation de la passerelle",
  ],
];

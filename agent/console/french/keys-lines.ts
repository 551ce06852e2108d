/**
 * The keys of the cabinet file about site, lines, devices, poles and lamps.
 *
 * Owns their French, as help on a value of `config set` tells it. Called by the catalogue.
 */
import type { Pairs } from './pairs.ts';

export const KEYS_LINES: Pairs = [
  ['The site.', 'Le site.'],
  [
    'Name of this cabinet, unique in the fleet; also the Sparkplug edge node unless uplink.node says otherwise.',
    'Nom de cette armoire, unique dans le parc ; aussi le noeud Sparkplug sauf si uplink.node dit autre chose.',
  ],
  ['For people: street or place.', 'Pour les gens : rue ou place.'],
  ['Degrees, north positive. Angers: 47.47', 'Degrés, nord positif. Angers : 47.47'],
  ['Degrees, east positive. Angers: -0.55', 'Degrés, est positif. Angers : -0.55'],
  ['IANA name, for example Europe/Paris.', 'Nom IANA, par exemple Europe/Paris.'],
  [
    'auto: believe the clock once it is synchronised or battery-backed. system: something else keeps it right.',
    "auto : croire l'horloge une fois synchronisée ou sur pile. system : autre chose la tient à l'heure.",
  ],
  [
    'After mains return no level is written for so long: drivers start up first.',
    "Au retour du secteur, aucun niveau n'est écrit pendant ce temps : les drivers démarrent d'abord.",
  ],
  ['Serial ports and network endpoints, and the devices on them.', 'Ports série et accès réseau, et les appareils dessus.'],
  ['Name of the line: luciole bus scan NAME.', 'Nom de la ligne : luciole bus scan NOM.'],
  [
    'modbus: many units on the wire. uart: one device that talks by itself.',
    'modbus : plusieurs appareils sur le fil. uart : un seul, qui parle de lui-même.',
  ],
  [
    'Device file, best a stable name under /dev/serial/by-path; or tcp://host:502 (Modbus TCP), rtu+tcp://host:port (serial server).',
    'Fichier du port, au mieux un nom stable sous /dev/serial/by-path ; ou tcp://host:502 (Modbus TCP), rtu+tcp://host:port (serveur série).',
  ],
  [
    'All devices of a line share these settings; also those of the line behind rtu+tcp://.',
    "Tous les appareils d'une ligne ont ces réglages ; ceux de la ligne derrière rtu+tcp:// aussi.",
  ],
  ['Bits per second.', 'Bits par seconde.'],
  ['As set in every device of the line.', 'Comme réglé dans chaque appareil de la ligne.'],
  ['Most devices without parity take either.', 'Sans parité, la plupart acceptent les deux.'],
  ['A modbus line needs 8.', 'Une ligne modbus demande 8.'],
  [
    'Let the kernel switch the transceiver; left out, the adapter or the device tree does.',
    "Le noyau commute l'émetteur ; sinon c'est l'adaptateur ou le device tree.",
  ],
  ['False for a transceiver wired the other way round.', "false pour un émetteur câblé à l'envers."],
  [
    'From switching the transceiver on to the first bit, in milliseconds.',
    "De la commutation de l'émetteur au premier bit, en millisecondes.",
  ],
  ['From the last bit to switching it off, in milliseconds.', 'Du dernier bit à sa coupure, en millisecondes.'],
  ['Hear oneself; the echo is taken off.', "S'entendre soi-même ; l'écho est retiré."],
  [
    'Send one level to the whole line at once where all its units are known to obey or ignore it.',
    "Envoyer un niveau à toute la ligne d'un coup là où l'on sait que tous obéissent ou l'ignorent.",
  ],
  ['Levels written in a second at most, urgent ones excepted.', 'Niveaux écrits par seconde au plus, sauf les urgents.'],
  [
    'Who is on it. An empty list, [], on a modbus line: it is opened, so that it can be scanned and read.',
    'Qui est dessus. Une liste vide, [], sur une ligne modbus : elle est ouverte, pour y chercher et lire.',
  ],
  ['Unique in the cabinet; its points are named after it, L07.level.', "Unique dans l'armoire ; ses points portent son nom, L07.level."],
  ['Modbus address. Left out on a uart line.', 'Adresse Modbus. Absente sur une ligne uart.'],
  [
    'Device type: the id of a profile, as luciole profile list names it.',
    "Type d'appareil : l'id d'un profil, comme luciole profile list le nomme.",
  ],
  ['Where it stands; left out for gear in the cabinet.', "Où il est ; absent pour ce qui est dans l'armoire."],
  [
    'The zone that an emergency or lights-on contact lights: { input_1: quay }; all zones by default.',
    "La zone qu'un contact emergency ou lights-on allume : { input_1: quay } ; toutes par défaut.",
  ],
  [
    'What its contacts are wired to, by point: { input_1: door }. emergency: all at 100 % while closed; lights-on: for two hours.',
    'À quoi ses contacts sont reliés, par point : { input_1: door }. emergency : tout à 100 % tant que fermé ; lights-on : deux heures.',
  ],
  [
    'Which of its repeated parts are there: { ecg: [0, 1, 2] }; all by default.',
    'Lesquelles de ses parties répétées sont là : { ecg: [0, 1, 2] } ; toutes par défaut.',
  ],
  [
    'Level points that belong to each of its groups: { group0: [ecg0_level, ecg1_level] }.',
    'Points de niveau de chacun de ses groupes : { group0: [ecg0_level, ecg1_level] }.',
  ],
  [
    'For this device alone, in place of what its profile says: a long cable, a slow gateway.',
    'Pour cet appareil seul, à la place de ce que dit son profil : un long câble, une passerelle lente.',
  ],
  [
    'Longest wait for a reply until its own pace is known, in milliseconds.',
    "Attente la plus longue d'une réponse tant que son rythme n'est pas connu, en millisecondes.",
  ],
  ['Silence it needs before its next request, in milliseconds.', 'Silence nécessaire avant la demande suivante, en millisecondes.'],
  [
    'A lost level is sent again so often; one lost reply more in a row and the device counts as silent.',
    "Un niveau perdu est renvoyé autant de fois ; une réponse perdue de plus d'affilée et l'appareil compte comme muet.",
  ],
  ['Along the street; may be empty, [].', 'Le long de la rue ; peut être vide, [].'],
  ['As painted on it, for the person who looks for it.', 'Comme peint dessus, pour qui le cherche.'],
  [
    'Distance along its street from the start, in metres; on a branch from where it leaves.',
    'Distance le long de sa rue depuis le début, en mètres ; sur une branche depuis son départ.',
  ],
  ['The side street that it stands on; left out, the main street.', 'La rue latérale où il se trouve ; sinon la rue principale.'],
  ['Side streets.', 'Rues latérales.'],
  ['The name that poles give.', 'Le nom que les poteaux donnent.'],
  ['The pole where it leaves its street.', 'Le poteau où elle quitte sa rue.'],
  ['Light points; may be empty.', 'Points lumineux ; peut être vide.'],
  ['May be that of the device that drives it, of no other.', "Peut être celui de l'appareil qui le pilote, d'aucun autre."],
  ['The device that drives it; the one of the same id by default.', "L'appareil qui le pilote ; par défaut celui du même id."],
  ['The quantity of the device that sets the level.', "La grandeur de l'appareil qui règle le niveau."],
  ["Its device's pole by default; one of the two is needed.", "Le poteau de son appareil par défaut ; l'un des deux est nécessaire."],
  ['Power at 100 %, in watts.', 'Puissance à 100 %, en watts.'],
  ['Lowest level while lit.', 'Niveau le plus bas, allumé.'],
  ['Burning hours of the lamp,', 'Heures de marche du luminaire,'],
  [
    'on this day. A statement is taken once; hours that have passed since its day are added.',
    'ce jour. Une déclaration vaut une fois ; les heures passées depuis ce jour sont ajoutées.',
  ],
  [
    'What is known of a lamp older than its agent, for constantLight; luciole hours says it at the console.',
    "Ce qu'on sait d'un luminaire plus vieux que son agent, pour constantLight ; luciole hours le dit à la console.",
  ],
  ['Highest level.', 'Niveau le plus haut.'],
];

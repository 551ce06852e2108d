/**
 * The keys of the cabinet file about zones: night, photocell, presence, traffic, savings.
 *
 * Owns their French, as help on a value of `config set` tells it. Called by the catalogue.
 */
import type { Pairs } from './pairs.ts';

export const KEYS_ZONES: Pairs = [
  ['Lamps that act together; may be empty where there is no lamp.', 'Luminaires qui agissent ensemble ; peut être vide sans luminaire.'],
  ['Not that of a lamp or device.', "Pas celui d'un luminaire ou d'un appareil."],
  ['Each lamp is in exactly one zone.', 'Chaque luminaire est dans une zone et une seule.'],
  ['What kind of place it is; sets what else is left out.', "Quel genre de lieu ; règle ce qui n'est pas dit ailleurs."],
  ['What it does over the night.', "Ce qu'elle fait de la nuit."],
  ['Chooses another programme for some nights.', 'Choisit un autre programme certaines nuits.'],
  ['Never darker at night, whoever asks.', 'Jamais plus sombre la nuit, qui que ce soit qui demande.'],
  ['EN 13201 class that 100 % gives.', 'Classe EN 13201 que donnent 100 %.'],
  ['Class that nobody may undercut; needs designClass.', 'Classe sous laquelle nul ne descend ; demande designClass.'],
  ['Lit while the sun stands below this altitude, in degrees.', 'Allumé tant que le soleil est sous cette hauteur, en degrés.'],
  [
    'Lit so many minutes later than the sun says; negative: earlier.',
    'Allumé tant de minutes après ce que dit le soleil ; négatif : avant.',
  ],
  ['Put out so many minutes later; negative: earlier.', 'Éteint tant de minutes après ; négatif : avant.'],
  [
    'Other offsets in parts of the year; the first that fits counts.',
    "D'autres décalages à des moments de l'année ; le premier qui convient compte.",
  ],
  ['First night, of each year.', 'Première nuit, chaque année.'],
  ['Last night; may lie after the turn of the year.', 'Dernière nuit ; peut être après le nouvel an.'],
  ["In place of the zone's own; its own by default.", 'À la place de celui de la zone ; le sien par défaut.'],
  [
    'Lamps of other zones that it raises too, as those of a crosswalk; they keep the programme of their own zone.',
    "Luminaires d'autres zones qu'elle relève aussi, comme ceux d'un passage piéton ; ils gardent le programme de leur zone.",
  ],
  [
    "A daylight sensor that may speak around the sun's own times; left out, the sun alone.",
    'Un capteur de jour qui compte autour des heures du soleil ; sinon le soleil seul.',
  ],
  ['The device that measures daylight.', "L'appareil qui mesure le jour."],
  ['Its quantity, in lux.', 'Sa grandeur, en lux.'],
  ['Lit below this.', 'Allumé en dessous.'],
  ['Put out above this; higher than onBelowLux.', 'Éteint au-dessus ; plus haut que onBelowLux.'],
  ['A value counts once it has lasted so long, in seconds.', "Une valeur compte une fois qu'elle a duré autant, en secondes."],
  [
    "How far from the sun's own times it may speak, in minutes; more than 120 counts as 120.",
    'À quelle distance des heures du soleil il compte, en minutes ; plus de 120 compte pour 120.',
  ],
  ['An older value counts as none.', 'Une valeur plus vieille ne compte pas.'],
  [
    "It sees the zone's own lamps: heard only while they are dark.",
    'Il voit les luminaires de la zone : écouté seulement quand ils sont éteints.',
  ],
  [
    'A step or rule may put it to 0 % at night, after a warning level; left out, minPct holds. Write {} for the usual.',
    "Un palier ou une règle peut la mettre à 0 % la nuit, après un préavis ; sinon minPct tient. Écrire {} pour l'usuel.",
  ],
  ['Level that warns before the dark.', 'Niveau du préavis avant le noir.'],
  ['For so long, in seconds.', 'Pendant ce temps, en secondes.'],
  ['More light while someone is there; left out, none.', "Plus de lumière tant que quelqu'un est là ; sinon rien."],
  ['Who says that someone is there.', "Qui dit que quelqu'un est là."],
  [
    'The device that senses; it needs a pole where reachM or a wave is given.',
    "L'appareil qui détecte ; il lui faut un poteau avec reachM ou une vague.",
  ],
  ['The quantity that says someone is there.', "La grandeur qui dit que quelqu'un est là."],
  [
    'counter: each rise is a detection, so that none is lost between polls; button: someone asks for light.',
    "counter : chaque hausse est une détection, aucune perdue entre deux lectures ; button : quelqu'un demande la lumière.",
  ],
  ["Present at or above this, in the point's own unit.", "Présent à partir de là, dans l'unité du point."],
  ['How long the sensor itself keeps saying so; taken off holdS.', 'Combien de temps le capteur lui-même le dit encore ; retiré de holdS.'],
  ['Shorter presence is none.', "Une présence plus courte n'en est pas une."],
  [
    'A shorter pause is none, so that chatter is one detection.',
    "Une pause plus courte n'en est pas une : des rebonds sont une détection.",
  ],
  ["Deaf for so long after the zone's own light has changed.", 'Sourd pendant ce temps après un changement de la lumière de la zone.'],
  [
    'Present for longer means stuck; by default path 1800, street 3600, road 7200, leisure 14400. A counter is never stuck.',
    "Présent plus longtemps veut dire bloqué ; par défaut path 1800, street 3600, road 7200, leisure 14400. Un compteur n'est jamais bloqué.",
  ],
  [
    'More detections an hour are an event, and a counter that counts more is ignored; by default path and leisure 170, street and road 300, a counter 7200.',
    'Plus de détections par heure sont un événement, et un compteur qui compte plus est ignoré ; par défaut path et leisure 170, street et road 300, un compteur 7200.',
  ],
  [
    'group: badly placed, it follows the others and is not heard itself.',
    "group : mal placé, il suit les autres et n'est pas écouté lui-même.",
  ],
  [
    'Level while someone is there; a step of the programme may say another.',
    "Niveau tant que quelqu'un est là ; un palier du programme peut en dire un autre.",
  ],
  ['How long after the last movement, in seconds.', 'Combien de temps après le dernier mouvement, en secondes.'],
  [
    'How long a lamp takes to get brighter, in seconds; for lamps that ramp by themselves.',
    "Temps d'un luminaire pour monter, en secondes ; pour ceux qui le font d'eux-mêmes.",
  ],
  ['How long to get darker, in seconds.', 'Temps pour descendre, en secondes.'],
  [
    "Raise lamps within this distance of the sensor's pole; the whole zone if left out.",
    'Monter les luminaires à cette distance du poteau du capteur ; sinon toute la zone.',
  ],
  [
    'Longest raise of the zone without a pause, then the programme until its sensors have been still; no less than their stuckS. By default 14400, road and leisure 28800, or the longest stuckS.',
    "Plus longue montée de la zone sans pause, puis le programme jusqu'au repos de ses capteurs ; au moins leur stuckS. Par défaut 14400, road et leisure 28800, ou le plus long stuckS.",
  ],
  ['Light ahead of who moves; left out, only around the sensors.', 'Lumière devant qui se déplace ; sinon autour des capteurs seulement.'],
  [
    'poles: pole by pole; section: the whole zone. By default section for a road, else poles.',
    'poles : poteau par poteau ; section : toute la zone. Par défaut section pour road, sinon poles.',
  ],
  [
    'Speed assumed until two sensors have told it; by default path 15, street 25, road 50, leisure 8.',
    'Vitesse supposée avant que deux capteurs la disent ; par défaut path 15, street 25, road 50, leisure 8.',
  ],
  [
    'Light is there this long before who comes: sensing, bus and ramp together.',
    'La lumière est là tant de temps avant qui arrive : détection, bus et rampe ensemble.',
  ],
  ['Lit ahead at least, in metres.', 'Éclairé devant au moins, en mètres.'],
  ['Lit behind, in metres.', 'Éclairé derrière, en mètres.'],
  [
    'Level when a neighbour cabinet says that someone comes; left out, it is not heard.',
    "Niveau quand une armoire voisine annonce quelqu'un ; sinon elle n'est pas écoutée.",
  ],
  [
    'More light as more vehicles pass. The programme then gives the level of the quiet night, and traffic raises it.',
    'Plus de lumière avec plus de véhicules. Le programme donne le niveau de la nuit calme, et le trafic le monte.',
  ],
  ['Who counts vehicles.', 'Qui compte les véhicules.'],
  ['The device that counts.', "L'appareil qui compte."],
  ['Its counter.', 'Son compteur.'],
  ['Flow for which the road was designed, vehicles an hour.', 'Débit pour lequel la route est conçue, véhicules par heure.'],
  [
    'Lowest share first. Above all of them, and when a counter fails, the light of the design class (100 %).',
    "La part la plus basse d'abord. Au-dessus de toutes, et si un compteur lâche, la classe nominale (100 %).",
  ],
  ['Below this share of the design flow, in percent.', 'Sous cette part du débit nominal, en pour cent.'],
  ['This level,', 'Ce niveau,'],
  ['or this class, computed from designClass.', 'ou cette classe, calculée depuis designClass.'],
  [
    'What savings are counted against; by default 100 % all night with the lamps of today.',
    "À quoi les économies se comparent ; par défaut 100 % toute la nuit avec les luminaires d'aujourd'hui.",
  ],
  ['Level it had all night.', "Niveau qu'elle avait toute la nuit."],
  [
    "Power of one old lamp in watts; today's rated power by default.",
    "Puissance d'un ancien luminaire en watts ; celle d'aujourd'hui par défaut.",
  ],
  [
    'Constant light over the life of the lamps; leave it out where the driver does it.',
    'Flux constant sur la vie des luminaires ; à omettre si le driver le fait.',
  ],
  ['A new lamp needs only this for its full light.', "Un luminaire neuf n'a besoin que de cela pour sa pleine lumière."],
  ['Burning hours at which it needs 100 %.', 'Heures de fonctionnement auxquelles il faut 100 %.'],
];

/**
 * The keys of the cabinet file about programmes, calendars, rules, outputs, the platform, store and console.
 *
 * Owns their French, as help on a value of `config set` tells it. Called by the catalogue.
 */
import type { Pairs } from './pairs.ts';

export const KEYS_OTHER: Pairs = [
  ['What zones do over the night; may be empty where there is no zone.', 'Ce que les zones font de la nuit ; peut être vide sans zone.'],
  ['The name that zones give.', 'Le nom que les zones donnent.'],
  ['In the order of the night, dusk first.', "Dans l'ordre de la nuit, dusk d'abord."],
  ['From when; in quotes. The first step is dusk.', 'À partir de quand ; entre guillemets. Le premier palier est dusk.'],
  ['In percent of full light,', 'En pour cent de la pleine lumière,'],
  ["or an EN 13201 class, computed from the zone's designClass.", 'ou une classe EN 13201, calculée depuis designClass de la zone.'],
  [
    "Level while someone is there from now on; the zone's own by default.",
    "Niveau tant que quelqu'un est là dès ce palier ; celui de la zone par défaut.",
  ],
  ['Which programme on which night.', 'Quel programme quelle nuit.'],
  [
    'The first that fits wins; where none does, the programme of the zone.',
    'La première qui convient gagne ; si aucune, le programme de la zone.',
  ],
  ['The programme of nights that fit.', 'Le programme des nuits qui conviennent.'],
  ['Nights that begin on these days: [fri, sat].', 'Nuits qui commencent ces jours : [fri, sat].'],
  ['First night.', 'Première nuit.'],
  ['Last night.', 'Dernière nuit.'],
  ['Each first Friday of a month: { nth: 1, weekday: fri }.', 'Chaque premier vendredi du mois : { nth: 1, weekday: fri }.'],
  ['Which of the month; -1 the last.', 'Lequel du mois ; -1 le dernier.'],
  ['Of this day.', 'De ce jour.'],
  [
    'Public holidays: fr of France, fr-alsace-moselle of its three departments there, or a list of holidays.',
    'Jours fériés : fr de France, fr-alsace-moselle de ses trois départements là, ou une liste de holidays.',
  ],
  [
    'also: the nights before these days as well; only: those in place of their own. Needs holidays.',
    'also : leurs veilles aussi ; only : leurs veilles à leur place. Demande holidays.',
  ],
  ['Lists of public holidays that are not built in.', 'Listes de jours fériés qui ne sont pas intégrées.'],
  ['The name that rules of calendars give.', 'Le nom que donnent les règles des calendriers.'],
  ['In this month.', 'En ce mois.'],
  [
    'Dates, days from Easter Sunday (easter+1), or weekdays of a month: { nth: -1, weekday: mon, month: 5 }.',
    "Dates, jours depuis Pâques (easter+1), ou jours de semaine d'un mois : { nth: -1, weekday: mon, month: 5 }.",
  ],
  ['Nights with a level of their own for a time: fireworks, a market.', "Nuits avec un niveau à elles un moment : feu d'artifice, marché."],
  ['Name of the event.', "Nom de l'événement."],
  ['The night that begins on this day.', 'La nuit qui commence ce jour.'],
  ['From when.', 'À partir de quand.'],
  ['Until when.', "Jusqu'à quand."],
  ['At this level.', 'À ce niveau.'],
  ['In these zones; all by default.', 'Dans ces zones ; toutes par défaut.'],
  [
    'What holds when: a measured value beyond a threshold, presence, traffic.',
    "Ce qui tient quand : une mesure au-delà d'un seuil, présence, trafic.",
  ],
  ['The name that outputs give.', 'Le nom que les sorties donnent.'],
  ['A measured point,', 'Un point mesuré,'],
  ['holds above this', 'tient au-dessus'],
  ['or below this,', 'ou en dessous,'],
  ['until it is back at this: the hysteresis, always given.', "jusqu'au retour ici : l'hystérésis, toujours donnée."],
  ['Once it has lasted so long.', 'Une fois que cela a duré autant.'],
  ['Or: someone is in this zone.', "Ou : quelqu'un est dans cette zone."],
  ['Or: traffic in this zone', 'Ou : le trafic de cette zone'],
  ['is above this share of its design flow.', 'est au-dessus de cette part de son débit nominal.'],
  ['More light while it holds.', 'Plus de lumière tant que cela tient.'],
  ['These zones', 'Ces zones'],
  ['to at least this level.', 'au moins à ce niveau.'],
  [
    'Relay circuits, info panels, sound: points that follow zones and rules.',
    'Circuits à relais, panneaux, son : points qui suivent zones et règles.',
  ],
  ['For the trace.', 'Pour la trace.'],
  ['The device that is written.', "L'appareil qui est écrit."],
  ['Its point: a relay, a message number, a volume.', 'Son point : un relais, un numéro de message, un volume.'],
  [
    'Value, or its name in the profile, while nothing else is wanted.',
    "Valeur, ou son nom dans le profil, tant que rien d'autre n'est demandé.",
  ],
  [
    'For contactors of circuits. An output needs litWith or rules.',
    'Pour les contacteurs de circuits. Une sortie demande litWith ou rules.',
  ],
  ['While one of these zones is lit,', "Tant qu'une de ces zones est allumée,"],
  ['this value.', 'cette valeur.'],
  ['The first that holds goes before all.', 'La première qui tient passe avant tout.'],
  ['While this rule holds,', 'Tant que cette règle tient,'],
  ['this value, or its name in the profile.', 'cette valeur, ou son nom dans le profil.'],
  ['Stays at a value other than idle for at least so long.', 'Reste à une valeur autre que idle au moins ce temps.'],
  [
    'Stays idle for at least so long; 2 s at most where a zone of litWith is lit again.',
    'Reste à idle au moins ce temps ; 2 s au plus si une zone de litWith se rallume.',
  ],
  ['Cabinets where the street goes on.', 'Armoires où la rue continue.'],
  ['Sparkplug edge node of the other cabinet.', "Noeud Sparkplug de l'autre armoire."],
  ['Where the street goes on there.', 'Où la rue continue là-bas.'],
  [
    'Detections within this distance of the pole are told, in metres.',
    'Les détections à cette distance du poteau sont annoncées, en mètres.',
  ],
  ["The city's platform; left out, the cabinet works alone.", "La plateforme de la ville ; sinon l'armoire travaille seule."],
  ['mqtt://host:1883 or mqtts://host:8883', 'mqtt://host:1883 ou mqtts://host:8883'],
  [
    'Where else the platform may be; walked in this order when the host is offline or a server cannot be reached.',
    'Où la plateforme peut être aussi ; dans cet ordre quand elle est absente ou un serveur injoignable.',
  ],
  ['MQTT version.', 'Version de MQTT.'],
  ['Sparkplug group.', 'Groupe Sparkplug.'],
  ['Sparkplug edge node; the id of the cabinet by default.', "Noeud Sparkplug ; l'id de l'armoire par défaut."],
  ['Wait for this host to be online before sending.', "Attendre que cet hôte soit en ligne avant d'envoyer."],
  ['Of this cabinet at the broker.', 'De cette armoire chez le broker.'],
  [
    'The password is the content of this file (chmod 0400), never stands here; a name without a folder is a credential of the service.',
    'Le mot de passe est le contenu de ce fichier (chmod 0400), jamais ici ; un nom sans dossier est un secret du service.',
  ],
  ["Who vouches for the broker; the system's authorities by default.", 'Qui garantit le broker ; les autorités du système par défaut.'],
  ['Client certificate; needs keyFile. Read anew at each connection.', 'Certificat client ; demande keyFile. Relu à chaque connexion.'],
  [
    'Its key (chmod 0400, or a credential of the service); needs certFile.',
    'Sa clé (chmod 0400, ou un secret du service) ; demande certFile.',
  ],
  [
    'A quiet link is asked after three quarters of this; one that does not answer is given up 10 s later.',
    'Une liaison calme est interrogée aux trois quarts ; muette, elle est abandonnée 10 s plus tard.',
  ],
  [
    'Longest random wait before a birth, so that a fleet does not arrive at once.',
    "Plus longue attente au hasard avant une annonce, pour qu'un parc n'arrive pas d'un coup.",
  ],
  [
    'Who proves delivery. broker: it has read it. platform: it has stored it and says so (Sync/Ack); the default with otherBrokers or primaryHost. auto: platform once it does; the default else.',
    "Qui prouve la livraison. broker : il a lu. platform : elle a rangé et le dit (Sync/Ack) ; par défaut avec otherBrokers ou primaryHost. auto : platform dès qu'elle le fait ; par défaut sinon.",
  ],
  [
    'Data by alias, without names. False for a host that mishandles aliases; costs twice the bytes.',
    'Données par alias, sans noms. false pour un hôte qui les traite mal ; coûte deux fois les octets.',
  ],
  ['Repeat each type in data, for a host that cannot do without.', 'Répéter chaque type dans les données, pour un hôte qui en a besoin.'],
  [
    'No random waits, for a conformance checker. Never in a fleet.',
    "Pas d'attente au hasard, pour un contrôle de conformité. Jamais dans un parc.",
  ],
  [
    'The backlog waits for the next day (UTC) once so much was sent; live data goes on. Units: 1,000,000 bytes. No bound by default.',
    'Le retard attend le lendemain (UTC) une fois autant envoyé ; le direct continue. Unité : 1 000 000 octets. Sans limite par défaut.',
  ],
  ['Where readings are kept.', 'Où les mesures sont gardées.'],
  ['Folder of the databases.', 'Dossier des bases.'],
  [
    'At most this much is lost at a power cut; 10,000 readings are written sooner.',
    'Au plus autant est perdu à une coupure ; 10 000 mesures sont écrites plus tôt.',
  ],
  [
    'When it is full, readings are thinned, then the oldest go.',
    "Quand c'est plein, les mesures sont éclaircies, puis les plus vieilles partent.",
  ],
  [
    'Readings older than this go; 400 days compare a season with the last.',
    'Les mesures plus vieilles partent ; 400 jours comparent une saison à la précédente.',
  ],
  ['An unchanged reading is kept this often all the same.', 'Une mesure inchangée est gardée quand même à ce rythme.'],
  ["The technician's door.", 'La porte du technicien.'],
  [
    'Where the console answers; /run/luciole/agent.sock of the service, else a folder of the user by default.',
    "Où la console répond ; /run/luciole/agent.sock du service, sinon un dossier de l'utilisateur par défaut.",
  ],
  [
    'Of the messages in a session of luciole console; a person may choose another there.',
    'Des messages dans une session de luciole console ; on peut en choisir une autre là.',
  ],
  [
    'What revisions from platform and console may do beyond this file, and who may approve it from a distance.',
    'Ce que les révisions de la plateforme et de la console peuvent faire de plus, et qui peut les approuver à distance.',
  ],
  [
    'Keys of people who may sign revisions offline: luciole config sign',
    'Clés de qui peut signer des révisions hors ligne : luciole config sign',
  ],
  ['Only the file of the site may name them.', 'Seul le fichier du site peut les nommer.'],
  [
    'Ports that a line of a revision may use beside those of the lines here, as lines[].port: a spare adapter, a new gateway; a network as tcp://10.20.0.0/24 or rtu+tcp://10.20.0.0/24:4001.',
    "Ports qu'une ligne d'une révision peut utiliser en plus de ceux des lignes d'ici, comme lines[].port : un adaptateur de réserve, une nouvelle passerelle ; un réseau, comme tcp://10.20.0.0/24 ou rtu+tcp://10.20.0.0/24:4001.",
  ],
  ['on this day', 'à ce jour'],
  [
    'A statement is taken once; hours that have passed since its day are added.',
    'Une déclaration est prise une fois ; les heures passées depuis son jour sont ajoutées.',
  ],
  ['What the agent does for whoever watches the gateway.', "Ce que l'agent fait pour qui surveille la passerelle."],
  [
    "Written anew each minute for node_exporter's textfile collector, as /var/lib/prometheus/node-exporter/luciole.prom.",
    'Réécrit chaque minute pour le collecteur textfile de node_exporter, comme /var/lib/prometheus/node-exporter/luciole.prom.',
  ],
  [
    'Folders of your own device profiles, as seen from the folder of this file; /etc/luciole/profiles by default.',
    'Dossiers de vos propres profils, vus du dossier de ce fichier ; /etc/luciole/profiles par défaut.',
  ],
];

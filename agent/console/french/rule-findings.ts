/**
 * What is wrong in a cabinet file about rules, points of profiles and outputs.
 *
 * Owns the French of these sentences. Keys of the file stay as they are. Called by the catalogue.
 */
import type { Pairs } from './pairs.ts';

export const RULE_FINDINGS: Pairs = [
  // Rules.
  [
    'this rule looks at nothing; write point (a measured value), presenceIn or trafficIn (a zone)',
    'cette règle ne regarde rien ; écrire point (une mesure), presenceIn ou trafficIn (une zone)',
  ],
  ['found {words}; a rule looks at one of them, write a rule for each', '{words} : une règle en regarde un, écrire une règle pour chacun'],
  ['found above and below; a rule has one, write two rules', 'above et below : une règle en a un, écrire deux règles'],
  ['this rule has no threshold; write above or below', "cette règle n'a pas de seuil ; écrire above ou below"],
  [
    'zone "{zone}" has no {key}, so this rule would never hold; give it one',
    'la zone "{zone}" n\'a pas de {key}, cette règle ne tiendrait jamais ; lui en donner',
  ],
  [
    'this rule has no threshold; write flowPct, the share of the design flow in percent',
    "cette règle n'a pas de seuil ; écrire flowPct, la part du débit nominal en pour cent",
  ],
  [
    'this rule has no hysteresis; write clearsAt, where it is over again, {side} {key}',
    "cette règle n'a pas d'hystérésis ; écrire clearsAt, où elle finit, {side} {key}",
  ],
  ['{n}, for example', '{n}, par exemple'],
  [
    'clearsAt {n} is not {side} {key}, so the rule would come and go with each reading; write a value {end} it',
    "clearsAt {n} n'est pas {side} {key}, la règle irait et viendrait à chaque mesure ; écrire une valeur {end}",
  ],
  ['above', 'au-dessus de'],
  ['below', 'au-dessous de'],
  [
    '{n} % does not lie above {key} of zone "{zone}", so it would never show; write more than {m}',
    '{n} % n\'est pas au-dessus de {key} de la zone "{zone}", cela ne se verrait jamais ; écrire plus de {m}',
  ],
  // Points of profiles.
  ['"{text}" of profile "{profile}" cannot be written', '"{text}" du profil "{profile}" ne s\'écrit pas'],
  ['"{text}" of profile "{profile}" does not set a level', '"{text}" du profil "{profile}" ne règle pas de niveau'],
  ['points that set a level: {words}', 'points qui règlent un niveau : {words}'],
  [
    '"{text}" of profile "{profile}" is never polled, so it cannot {what}',
    '"{text}" du profil "{profile}" n\'est jamais lu, il ne peut {what}',
  ],
  ['be a sensor', 'être un détecteur'],
  ['be a photocell', 'être une cellule'],
  ['count vehicles', 'compter des véhicules'],
  ['be looked at by a rule', 'être regardé par une règle'],
  [
    '"{text}" of profile "{profile}" measures no light; points that do, in lux: {words}',
    '"{text}" du profil "{profile}" ne mesure pas la lumière ; points qui le font, en lux : {words}',
  ],
  [
    'found {n}, but "{text}" of profile "{profile}" never goes {side} {m}; give {what}',
    'trouvé {n}, mais "{text}" du profil "{profile}" ne va jamais {side} {m} ; donner {what}',
  ],
  ['profile "{profile}" numbers {key} from 0 to {n}, found {m}', 'le profil "{profile}" numérote {key} de 0 à {n}, trouvé {m}'],
  ['{n} stands twice', '{n} deux fois'],
  [
    'a device of profile "{profile}" talks by itself and is sent no requests; leave quirks out',
    'un appareil du profil "{profile}" parle tout seul et ne reçoit pas de demandes ; ôter quirks',
  ],
  [
    'group "{text}" of profile "{profile}" has fixed members; leave it out',
    'le groupe "{text}" du profil "{profile}" a des membres fixes ; l\'ôter',
  ],
  [
    '"{text}" is not among the {key} of this device; add its number to instances.{word}',
    '"{text}" n\'est pas parmi les {key} de cet appareil ; ajouter son numéro à instances.{word}',
  ],
  ['repeated part', 'partie répétée'],
  ['point that sets a level', 'point qui règle un niveau'],
  // Outputs.
  ['this output follows nothing; write litWith for zones, or rules', 'cette sortie ne suit rien ; écrire litWith pour des zones, ou rules'],
  [
    '{value} is also the idle value, so nothing would change; write another, or another idle',
    '{value} est aussi la valeur de repos, rien ne changerait ; en écrire une autre, ou un autre idle',
  ],
  ['rule "{text}" stands twice; only the first would count', 'règle "{text}" deux fois ; seule la première compterait'],
  [
    'zone "{text}" may go dark and presence lights it: its circuit would open behind each passer-by and close late for the next; leave the zone out of litWith, or give it no dark',
    "la zone \"{text}\" peut s'éteindre et la présence l'allume : son circuit s'ouvrirait après chaque passant et se fermerait tard pour le suivant ; l'ôter de litWith, ou ne pas lui donner dark",
  ],
  [
    'found 0; a circuit that follows lamps needs a rest: write 60, or leave it out',
    "trouvé 0 ; un circuit qui suit des luminaires veut un repos : écrire 60, ou l'ôter",
  ],
  [
    '"{text}" already belongs to another output; give one output both their rules',
    '"{text}" est déjà à une autre sortie ; donner les deux jeux de règles à une seule',
  ],
  [
    '"{text}" drives a lamp; a lamp follows its zone, not an output',
    '"{text}" commande un luminaire ; un luminaire suit sa zone, pas une sortie',
  ],
  ['points that can be written: {words}', "points qui s'écrivent : {words}"],
  ['profile "{profile}" has no point "{text}"', 'le profil "{profile}" n\'a pas de point "{text}"'],
  [
    '"{text}" of profile "{profile}" is dangerous to write, no output may',
    '"{text}" du profil "{profile}" est dangereux à écrire, interdit aux sorties',
  ],
  [
    '"{text}" already sets the level of lamp "{lamp}"; raise a zone by a rule instead',
    '"{text}" règle déjà le niveau du luminaire "{lamp}" ; relever plutôt une zone par une règle',
  ],
  [
    '"{text}" has no names for its values; give a number from {n} to {m}',
    '"{text}" n\'a pas de noms pour ses valeurs ; donner un nombre de {n} à {m}',
  ],
  ['"{text}" is no value of "{key}"', '"{text}" n\'est pas une valeur de "{key}"'],
  ['{value} is outside {n} to {m}, which the profile lets "{text}" take', '{value} est hors de {n} à {m}, permis à "{text}" par le profil'],
  [
    'is the same as idle, so the output would never change; give the value while lit',
    'égal à idle, la sortie ne changerait jamais ; donner la valeur allumé',
  ],
  [
    'rule "{text}" may not put a circuit of lit zones to idle; leave it out or give another value',
    'la règle "{text}" ne peut mettre au repos un circuit de zones allumées ; l\'ôter ou donner une autre valeur',
  ],
];

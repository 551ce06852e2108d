/**
 * What the flags of the shipped device types mean; their events carry these words.
 *
 * Owns their French. Notes and sources of a profile stay as its author wrote them. Called by the catalogue.
 */
import type { Pairs } from './pairs.ts';

export const PROFILES: Pairs = [
  // How a scan recognises them.
  ['by its frames, which it sends without a request', 'à ses trames, émises sans demande'],
  ['nothing: a scan does not recognise it, name it in the cabinet', "rien : un scan ne le reconnaît pas, le nommer dans l'armoire"],
  ['certain', 'certain'],
  ['likely', 'probable'],
  // Flags.
  ['the dust sensor reports a fault of its own', 'le capteur de poussières signale une panne'],
  [
    'overcurrent at the outputs; look for a short circuit or too many strips',
    'surintensité aux sorties ; chercher un court-circuit ou trop de rubans',
  ],
  [
    'overcurrent at the outputs; look for a short circuit or too many lamps',
    'surintensité aux sorties ; chercher un court-circuit ou trop de luminaires',
  ],
  ['the supply reports an error of its memory', "l'alimentation signale une erreur de mémoire"],
  ['the supply reports an error at its start', "l'alimentation signale une erreur au démarrage"],
  ['the supply is too hot', "l'alimentation est trop chaude"],
  ['the supply is overloaded', "l'alimentation est en surcharge"],
  ['the output is off', 'la sortie est coupée'],
  ['the level asked for lies outside what the ballast allows', 'le niveau demandé sort de ce que le ballast permet'],
  ['the gateway reports a fault of its DALI line', 'la passerelle signale un défaut de sa ligne DALI'],
  ['the gateway does not see this ballast', 'la passerelle ne voit pas ce ballast'],
  ['the current protector is at work', 'la protection de courant agit'],
  ['the battery is too hot', 'la batterie est trop chaude'],
  ['the ballast was without power since its last level', 'le ballast a perdu le secteur depuis son dernier niveau'],
  ['the ballast reports that its lamp has failed', 'le ballast signale sa lampe en panne'],
  ['the ballast reports that it has failed', 'le ballast se signale en panne'],
  ["the ballast is in its reset state, its settings are the factory's", "le ballast est réinitialisé, aux réglages d'usine"],
  ['the ballast has no short address', "le ballast n'a pas d'adresse courte"],
  ['the LED module is not connected', "le module LED n'est pas raccordé"],
  ['the LED load has risen', 'la charge LED a augmenté'],
  ['the LED load has fallen', 'la charge LED a baissé'],
  ['switched off because it is too hot', 'coupé car trop chaud'],
  ['short circuit at the output', 'court-circuit en sortie'],
  ['short circuit at the LED module', 'court-circuit au module LED'],
  ["power above the meter's own threshold (holding register 1)", 'puissance au-dessus du seuil du compteur (registre holding 1)'],
  ['output voltage too high', 'tension de sortie trop haute'],
  ['no mains at the dimmer; its lamps are dark', 'pas de secteur au gradateur ; ses luminaires sont éteints'],
  ['no battery, the next mains failure stops the cabinet', "pas de batterie, la prochaine coupure arrête l'armoire"],
  ['mains lost, running from the battery', 'secteur coupé, sur batterie'],
  ['its reference measurement has failed', 'sa mesure de référence a échoué'],
  ['dimmed by itself because it is too hot', 'abaissé de lui-même car trop chaud'],
];

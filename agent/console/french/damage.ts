/**
 * What a file of the store has suffered, as a check of it tells.
 *
 * Owns the French of these sentences. Called by the catalogue.
 */
import type { Pairs } from './pairs.ts';

export const DAMAGE: Pairs = [
  ['frames up to {n}: no bytes', "trames jusqu'à {n} : pas d'octets"],
  ['frames up to {n}: checksum {key}, expected {code}', "trames jusqu'à {n} : somme {key} au lieu de {code}"],
  ['frames up to {n}: {what}', "trames jusqu'à {n} : {what}"],
  ['segment up to {n}: no bytes', "segment jusqu'à {n} : pas d'octets"],
  ['segment up to {n}: checksum {key}, expected {code}', "segment jusqu'à {n} : somme {key} au lieu de {code}"],
  ['segment up to {n}: {what}', "segment jusqu'à {n} : {what}"],
  ['stored bytes: they do not unpack', 'octets gardés : ne se décompressent pas'],
  ['stored bytes: {n} of {m} left over', 'octets gardés : {n} sur {m} en trop'],
  ['stored bytes: {what}', 'octets gardés : {what}'],
  ['layout {n}, this program knows {m}', 'forme {n}, ce programme connaît {m}'],
  ['segment layout {n}, this program knows {m}', 'forme de segment {n}, ce programme connaît {m}'],
  ['{n} readings announced', '{n} mesures annoncées'],
  ['{n} readings announced in {m} bytes', '{n} mesures annoncées en {m} octets'],
  ['series {n} is not known', 'la série {n} est inconnue'],
  ['frame {n} of {m}', 'trame {n} sur {m}'],
  ['parts up to {n} in {m} bytes', "parties jusqu'à {n} en {m} octets"],
  ['a number at byte {n} is larger than {m}', "un nombre à l'octet {n} dépasse {m}"],
  ['end after {n}, more were announced', 'fin après {n}, plus étaient annoncés'],
  ['end after {n}, a double was announced at {m}', 'fin après {n}, un double était annoncé à {m}'],
  ['{x} at byte {n} is out of range', "{x} à l'octet {n} hors limites"],
  ['a run of {n} times {x}, {m} values are left', 'une suite de {n} fois {x}, il reste {m} valeurs'],
  ['{n} things announced in {m} bytes', '{n} éléments annoncés en {m} octets'],
  ['the database is closed', 'la base est fermée'],
];

/**
 * The catalogue: English as it stands in the code, and what a French technician reads instead.
 *
 * Owns the joining of its parts, one a room or screen. `{x}` stands for a value, which is told in turn or stays as it is typed
 * (`language.ts` says which); `{n}`, `{m}`, `{h}` and `{k}` for a number, `{clock}` for a time of day. Accents are dropped where the
 * terminal has none, so no word stands here whose letters would become more or fewer by that. Called by `language.ts` alone.
 */
import { ACCESS } from './access.ts';
import { ADVICE } from './advice.ts';
import { BROKER } from './broker.ts';
import { FRENCH_BUS } from './bus.ts';
import { FRENCH_CONFIG } from './config.ts';
import { DAMAGE } from './damage.ts';
import { FRENCH_ENERGY } from './energy.ts';
import { FIELD } from './field.ts';
import { FINDINGS } from './findings.ts';
import { FLOOR } from './floor.ts';
import { IMPORT } from './import.ts';
import { KEYS_LINES } from './keys-lines.ts';
import { KEYS_OTHER } from './keys-other.ts';
import { KEYS_ZONES } from './keys-zones.ts';
import { LIGHT } from './light.ts';
import { LIGHT_FINDINGS } from './light-findings.ts';
import { LOOK } from './look.ts';
import { NAME_FINDINGS } from './name-findings.ts';
import { OPTIONS } from './options.ts';
import type { Pairs } from './pairs.ts';
import { PROFILES } from './profiles.ts';
import { PROGRAM } from './program.ts';
import { RULE_FINDINGS } from './rule-findings.ts';
import { SHELL } from './shell.ts';
import { SIGNING } from './signing.ts';
import { STATE_WORDS } from './states.ts';
import { FRENCH_STORE } from './store.ts';
import { SUMMARIES } from './summaries.ts';
import { TITLE_WORDS } from './titles.ts';
import { FRENCH_UPLINK } from './uplink.ts';
import { USER_LISTS } from './user-lists.ts';
import { WAY } from './way.ts';
import { WIRE } from './wire.ts';
import { WORDS } from './words.ts';

export const FRENCH: Pairs = [
  ...TITLE_WORDS,
  ...STATE_WORDS,
  ...WORDS,
  ...LOOK,
  ...LIGHT,
  ...FRENCH_ENERGY,
  ...FRENCH_BUS,
  ...FIELD,
  ...ADVICE,
  ...WIRE,
  ...FRENCH_STORE,
  ...DAMAGE,
  ...FRENCH_UPLINK,
  ...BROKER,
  ...WAY,
  ...FRENCH_CONFIG,
  ...FLOOR,
  ...KEYS_LINES,
  ...KEYS_ZONES,
  ...KEYS_OTHER,
  ...FINDINGS,
  ...NAME_FINDINGS,
  ...LIGHT_FINDINGS,
  ...RULE_FINDINGS,
  ...IMPORT,
  ...ACCESS,
  ...SIGNING,
  ...USER_LISTS,
  ...PROFILES,
  ...PROGRAM,
  ...SHELL,
  ...SUMMARIES,
  ...OPTIONS,
];

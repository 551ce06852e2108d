/**
 * Every command of `luciole`, one row each.
 *
 * Owns the table that command line, help and socket server share. Holds no row itself.
 */

import type { Command } from './command-spec.ts';
import type { Family } from './command-tree.ts';
import { AUDIT_COMMANDS } from './commands/access/audit.ts';
import { LOGIN_COMMANDS } from './commands/access/login.ts';
import { USER_COMMANDS } from './commands/access/user.ts';
import { LOOK_COMMANDS } from './commands/cabinet/look-commands.ts';
import { GREETING, NAMES } from './commands/cabinet/names.ts';
import { CONFIG_COMMANDS } from './commands/config/config-commands.ts';
import { SIGNING_COMMANDS } from './commands/config/signing-commands.ts';
import { ENERGY_COMMANDS } from './commands/light/energy.ts';
import { HOURS_COMMANDS } from './commands/light/hours.ts';
import { LIGHT_ACT_COMMANDS, LIGHT_LOOK_COMMANDS } from './commands/light/light-commands.ts';
import { LIGHTS_COMMANDS } from './commands/light/lights.ts';
import { ACT_COMMANDS } from './commands/light/override.ts';
import { TEST_COMMANDS } from './commands/light/test.ts';
import { BUS_COMMANDS } from './commands/lines/bus-commands.ts';
import { PROFILE_COMMANDS } from './commands/lines/profile-commands.ts';
import { LOCAL_COMMANDS } from './commands/service/local-commands.ts';
import { LOG_COMMANDS } from './commands/service/log.ts';
import { METRICS_COMMANDS } from './commands/service/metrics.ts';
import { SETUP_COMMANDS } from './commands/service/setup.ts';
import { UPDATE_COMMANDS } from './commands/service/update.ts';
import { SHELL_COMMANDS } from './commands/session/session.ts';
import { STORE_COMMANDS } from './commands/store/store-commands.ts';
import { UPLINK_COMMANDS } from './commands/uplink/uplink-commands.ts';

/** In the order of the help. */
export const COMMANDS: readonly Command[] = [
  ...LOOK_COMMANDS,
  ...LIGHT_LOOK_COMMANDS,
  ...ENERGY_COMMANDS,
  ...ACT_COMMANDS,
  ...LIGHT_ACT_COMMANDS,
  ...LIGHTS_COMMANDS,
  ...HOURS_COMMANDS,
  ...TEST_COMMANDS,
  ...BUS_COMMANDS,
  ...PROFILE_COMMANDS,
  ...STORE_COMMANDS,
  ...UPLINK_COMMANDS,
  ...USER_COMMANDS,
  ...LOGIN_COMMANDS,
  ...AUDIT_COMMANDS,
  ...LOG_COMMANDS,
  ...METRICS_COMMANDS,
  ...CONFIG_COMMANDS,
  ...SIGNING_COMMANDS,
  ...UPDATE_COMMANDS,
  ...LOCAL_COMMANDS,
  ...SETUP_COMMANDS,
  ...SHELL_COMMANDS,
  GREETING,
  NAMES,
];

/** The first words of commands of two that are no command themselves, as `store` is. */
export const FAMILIES: readonly Family[] = [
  { name: 'agent', group: 'Session:', summary: 'the agent from outside: state, restart' },
  { name: 'watch', group: 'Session:', summary: 'a picture that goes on: status, bus, lamp, presence' },
  { name: 'lights', group: 'Act:', summary: 'all of the street: on for an emergency, auto' },
  { name: 'test', group: 'Act:', summary: 'try a lamp or a zone: ramp, read-back, power' },
  { name: 'user', group: 'Access:', summary: 'users of the console: list, add, enrol, role, passwd' },
  { name: 'bus', group: 'Lines:', summary: 'a line: scan, registers, read, write, stats, watch' },
  { name: 'profile', group: 'Lines:', summary: 'device types: list, show, check, test' },
  { name: 'log', group: 'Agent:', summary: "the agent's log as it is written: on, off, watch" },
  { name: 'update', group: 'Agent:', summary: 'the program itself: install, status, revert' },
];

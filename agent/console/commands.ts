/** Lists every command of `luciole` in the order of the help. Command line, shell, help and socket server use this table. */
import { msg } from '../core/message.ts';
import type { ConsoleCommand } from './command-spec.ts';
import type { Family } from './command-tree.ts';
import { AUDIT } from './commands/access/audit.ts';
import { LOGIN_COMMANDS } from './commands/access/login.ts';
import { USER_COMMANDS } from './commands/access/user.ts';
import { USER_LIST_COMMANDS } from './commands/access/user-list.ts';
import { EVENTS_ACK } from './commands/alarms/events-ack.ts';
import { EVENTS_EXPORT } from './commands/alarms/events-export.ts';
import { MAINTENANCE_COMMANDS } from './commands/alarms/maintenance.ts';
import { DEVICES, POINTS, STATUS } from './commands/cabinet/devices.ts';
import { EVENTS } from './commands/cabinet/events.ts';
import { GREETING, NAMES } from './commands/cabinet/names.ts';
import { COMMISSION } from './commands/commission/commission.ts';
import { COMMISSION_PLACE } from './commands/commission/commission-place.ts';
import { COMMISSION_POLES } from './commands/commission/commission-poles.ts';
import { COMMISSION_REPORT, COMMISSION_RESTART } from './commands/commission/commission-report.ts';
import { COMMISSION_SCAN } from './commands/commission/commission-scan.ts';
import { COMMISSION_TEST } from './commands/commission/commission-test.ts';
import { COMMISSION_WALK } from './commands/commission/commission-walk.ts';
import { CONFIG_COMMIT, CONFIG_CONFIRM, CONFIG_RETURN, CONFIG_ROLLBACK } from './commands/config/config-commit.ts';
import {
  CONFIG_DISCARD,
  CONFIG_EXPORT,
  CONFIG_IN_FORCE,
  CONFIG_LOAD,
  CONFIG_PLACES,
  CONFIG_PUT,
  CONFIG_SET,
  CONFIG_TAKE,
} from './commands/config/config-edit.ts';
import { CONFIG, CONFIG_CHECK, CONFIG_COMPARE, CONFIG_HISTORY, CONFIG_SHOW } from './commands/config/config-view.ts';
import { TRIAL_HOLD } from './commands/config/lost-trial.ts';
import { SIGNING_COMMANDS } from './commands/config/sign.ts';
import { ENERGY } from './commands/light/energy.ts';
import { HOURS } from './commands/light/hours.ts';
import { IDENTIFY } from './commands/light/identify.ts';
import { LIGHTS_COMMANDS } from './commands/light/lights.ts';
import { OVERRIDE, RELEASE } from './commands/light/override.ts';
import { PREDICT } from './commands/light/predict.ts';
import { RECORD_PAGE } from './commands/light/record-page.ts';
import { SIMULATE } from './commands/light/simulate.ts';
import { TEST_COMMANDS } from './commands/light/test.ts';
import { TONIGHT } from './commands/light/tonight.ts';
import { WALK_TEST } from './commands/light/walk-test.ts';
import { WHY } from './commands/light/why.ts';
import { ZONES } from './commands/light/zones.ts';
import { BUS_DOCTOR } from './commands/lines/bus-doctor.ts';
import { BUS_READ, BUS_REGISTERS } from './commands/lines/bus-read.ts';
import { BUS_SCAN } from './commands/lines/bus-scan.ts';
import { BUS_SNIFF } from './commands/lines/bus-sniff.ts';
import { BUS_STATS } from './commands/lines/bus-stats.ts';
import { BUS_WATCH } from './commands/lines/bus-watch.ts';
import { BUS_WRITE } from './commands/lines/bus-write.ts';
import { PROFILE_COMMANDS } from './commands/lines/profile.ts';
import { PANEL_COMMANDS } from './commands/panels/panel.ts';
import { RECORDER_COMMANDS } from './commands/recorder/recorder.ts';
import { REPORT_COMMANDS } from './commands/report/report.ts';
import { SAVINGS_COMMANDS } from './commands/savings/savings.ts';
import { LOG_WATCH } from './commands/service/log.ts';
import { METRICS } from './commands/service/metrics.ts';
import { PROGRAM_COMMANDS } from './commands/service/program.ts';
import { UPDATE_COMMANDS } from './commands/service/update.ts';
import { SHELL_COMMANDS } from './commands/session/session.ts';
import { SOUND_COMMANDS } from './commands/sound/sound.ts';
import { BACKUP, RESTORE } from './commands/store/backup.ts';
import { EXPORT, EXPORT_PAGE } from './commands/store/export.ts';
import { HISTORY } from './commands/store/history.ts';
import { STORE, STORE_BACKUP, STORE_CHECK } from './commands/store/store.ts';
import { UPLINK, UPLINK_RECONNECT, UPLINK_RENEW, UPLINK_STATUS, UPLINK_TEST } from './commands/uplink/uplink.ts';
import { UPLINK_TRACE } from './commands/uplink/uplink-trace.ts';

/** All commands of `luciole` and of its sessions, in the order of the help, with those that it hides. */
export const COMMANDS: readonly ConsoleCommand[] = [
  STATUS,
  DEVICES,
  POINTS,
  EVENTS,
  EVENTS_ACK,
  EVENTS_EXPORT,
  ...MAINTENANCE_COMMANDS,
  WHY,
  TONIGHT,
  ZONES,
  ENERGY,
  ...SAVINGS_COMMANDS,
  ...REPORT_COMMANDS,
  PREDICT,
  SIMULATE,
  RECORD_PAGE,
  OVERRIDE,
  RELEASE,
  WALK_TEST,
  IDENTIFY,
  ...LIGHTS_COMMANDS,
  HOURS,
  ...TEST_COMMANDS,
  COMMISSION,
  COMMISSION_SCAN,
  COMMISSION_PLACE,
  COMMISSION_POLES,
  COMMISSION_TEST,
  COMMISSION_WALK,
  COMMISSION_REPORT,
  COMMISSION_RESTART,
  ...SOUND_COMMANDS,
  ...PANEL_COMMANDS,
  BUS_SCAN,
  BUS_REGISTERS,
  BUS_READ,
  BUS_WRITE,
  BUS_STATS,
  BUS_DOCTOR,
  BUS_WATCH,
  BUS_SNIFF,
  ...RECORDER_COMMANDS,
  ...PROFILE_COMMANDS,
  HISTORY,
  EXPORT,
  EXPORT_PAGE,
  STORE,
  STORE_CHECK,
  STORE_BACKUP,
  BACKUP,
  RESTORE,
  UPLINK,
  UPLINK_STATUS,
  UPLINK_TEST,
  UPLINK_TRACE,
  UPLINK_RECONNECT,
  UPLINK_RENEW,
  ...USER_COMMANDS,
  ...LOGIN_COMMANDS,
  AUDIT,
  LOG_WATCH,
  METRICS,
  CONFIG,
  CONFIG_SHOW,
  CONFIG_HISTORY,
  CONFIG_SET,
  CONFIG_PLACES,
  CONFIG_IN_FORCE,
  CONFIG_PUT,
  CONFIG_LOAD,
  CONFIG_EXPORT,
  CONFIG_COMPARE,
  CONFIG_CHECK,
  CONFIG_COMMIT,
  CONFIG_CONFIRM,
  CONFIG_RETURN,
  CONFIG_ROLLBACK,
  CONFIG_TAKE,
  CONFIG_DISCARD,
  TRIAL_HOLD,
  ...SIGNING_COMMANDS,
  ...USER_LIST_COMMANDS,
  ...UPDATE_COMMANDS,
  ...PROGRAM_COMMANDS,
  ...SHELL_COMMANDS,
  GREETING,
  NAMES,
];

/** First words of two-word commands that are no commands by themselves, such as `bus`, with their text in the help. */
export const FAMILIES: readonly Family[] = [
  { name: 'agent', group: 'Session:', summary: msg`the agent from outside: state, restart` },
  { name: 'watch', group: 'Session:', summary: msg`a live view: status, bus, lamp, presence` },
  { name: 'lights', group: 'Act:', summary: msg`all of the street: on for an emergency, auto` },
  { name: 'test', group: 'Act:', summary: msg`try a lamp or a zone: ramp, read-back, power` },
  { name: 'sound', group: 'Act:', summary: msg`sound: show, play, announce, stop, volume, emergency, resume` },
  { name: 'panel', group: 'Act:', summary: msg`the information panels: show, set a text, clear it` },
  { name: 'savings', group: 'Look:', summary: msg`proven savings: show, ledger, add, export, verify` },
  { name: 'report', group: 'Look:', summary: msg`a report: night, month, savings, commission, verify` },
  { name: 'maintenance', group: 'Act:', summary: msg`alarms recorded, not raised: start, end, list` },
  { name: 'user', group: 'Access:', summary: msg`users of the console: list, add, enrol, role, passwd` },
  { name: 'bus', group: 'Lines:', summary: msg`a line: scan, read, write, stats, watch, sniff` },
  { name: 'recorder', group: 'Lines:', summary: msg`flight recorder: list, show, export, freeze, pin` },
  { name: 'profile', group: 'Lines:', summary: msg`device types: list, show, check, test` },
  { name: 'log', group: 'Agent:', summary: msg`the agent's log as it is written: on, off, watch` },
  { name: 'inventory', group: 'Agent:', summary: msg`data of the luminaires: import, export` },
  { name: 'update', group: 'Agent:', summary: msg`the program itself: install, status, revert` },
];

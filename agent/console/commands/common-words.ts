/** What many commands share: usual arguments, options and waits. */
import type { OptionSpec } from '../command-spec.ts';

/** Longest silence before an answer from memory. Units: ms. Source: assumed; a serial operator gives up after 10 s. */
export const LOOK_TIMEOUT_MS = 10_000;
/** Longest wait for a verified command. Units: ms. Source: the agent ends a command after 60 s with a reason for each lamp; 15 s more for that to arrive. */
export const ACT_TIMEOUT_MS = 75_000;
export const JSON_OPTION: OptionSpec = { name: 'json', value: null, summary: 'print the raw answer on one line, for scripts' };

/** The option that every command has which speaks to an agent, or is one. */
export const SOCKET_OPTION: OptionSpec = {
  name: 'socket',
  value: 'PATH',
  summary: 'where the agent answers (default: LUCIOLE_SOCKET, else the usual places)',
};

export const CABINET_FILE = {
  name: 'file',
  summary: 'the cabinet (default: LUCIOLE_CONFIG, else /etc/luciole/cabinet.yaml)',
  required: false,
} as const;

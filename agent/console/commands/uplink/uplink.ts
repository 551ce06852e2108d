/** `uplink`: shows the connection to the platform, tests each of its stages, reconnects. */
import { msg } from '../../../core/message.ts';
import { brokerFlaw } from '../../../core/secrets.ts';
import type { UplinkStep, UplinkTest, UplinkTools } from '../../../core/uplink-tools.ts';
import type { AgentView, UplinkView } from '../../../core/views.ts';
import { agentCommand, JSON_OPTION } from '../../agent-command.ts';
import type { LocalCommand } from '../../command-spec.ts';
import { ConsoleError } from '../../console-error.ts';
import type { Page } from '../../text/page.ts';

const looking = {
  group: 'Uplink:' as const,
  answer: (view: AgentView): Promise<UplinkView> => view.uplink(),
  render: async (result: UplinkView, page: Page) => (await import('./uplink-page.ts')).renderUplink(result, page),
};

/** `uplink`: answers with the state of the connection to the platform and of the backlog. */
export const UPLINK = agentCommand({
  ...looking,
  name: 'uplink',
  role: 'viewer',
  summary: msg`connection to the platform and its backlog`,
  examples: ['luciole uplink', 'luciole uplink test', 'luciole uplink --json'],
});

/** `uplink status`: answers as `uplink` does, with the state of the connection to the platform and of the backlog. */
export const UPLINK_STATUS = agentCommand({
  ...looking,
  name: 'uplink status',
  role: 'viewer',
  summary: msg`the same as without a verb`,
  examples: ['luciole uplink status', 'luciole uplink status --json'],
});

/**
 * `uplink test`: tests the stages of the connection to the broker in order until one fails, and answers with their results. Exit code 1: a
 * stage failed, or the test was not possible.
 */
export const UPLINK_TEST = agentCommand<{ broker: string | null }, UplinkTest, UplinkStep>({
  name: 'uplink test',
  role: 'technician',
  group: 'Uplink:',
  summary: msg`try every stage of the way to the platform`,
  options: [{ name: 'broker', value: 'URL', summary: msg`another broker, as mqtts://host:8883; no password is sent to it` }],
  examples: ['luciole uplink test', 'luciole uplink test --broker mqtts://broker.example:8883', 'luciole uplink test --json'],
  read: ({ broker }) => ({ broker: readBroker(broker) }),
  answer: async (view, { broker }, { report, signal }) =>
    configured(await view.testUplink({ broker, signal }, (step) => void report(step))),
  alone: async (files, { broker }, report) => configured(await files.testUplink({ broker, signal: new AbortController().signal }, report)),
  render: async (result, page) => (await import('./uplink-page.ts')).renderTest(result, page),
  succeeded: ({ ok }) => ok,
  progress: {
    isLasting: false,
    load: async () => (await import('./uplink-page.ts')).renderStepDone,
  },
});

/**
 * `uplink reconnect`: requests a new connection to the broker, without waiting for it. An attempt to connect that has begun continues.
 * Fails if the uplink is off or not configured.
 */
export const UPLINK_RECONNECT = agentCommand({
  name: 'uplink reconnect',
  role: 'technician',
  group: 'Uplink:',
  summary: msg`connect again, with the present certificates`,
  examples: ['luciole uplink reconnect', 'luciole uplink reconnect --json'],
  answer: (view, _args, { source }) => {
    if (!uplinkToolsOf(view).reconnect(source)) throw new ConsoleError('failed', msg`the uplink is off: nothing to connect`);
    return { asked: true };
  },
  render: async (_result, page) => (await import('./uplink-page.ts')).renderReconnect(page),
  audit: () => ({}),
});

/**
 * Name, arguments and options of `uplink renew`, which creates a new key and its certificate request. If an earlier call has created the
 * key, it creates only the request again.
 */
export const UPLINK_RENEW: LocalCommand = {
  kind: 'local',
  hasSocket: false,
  name: 'uplink renew',
  role: 'admin',
  group: 'Uplink:',
  summary: msg`a new key and its certificate request`,
  arguments: [{ name: 'file', summary: msg`the cabinet (default: LUCIOLE_CONFIG, else /etc/luciole/cabinet.yaml)`, required: false }],
  options: [JSON_OPTION],
  examples: ['luciole uplink renew', 'luciole uplink renew cabinet.yaml --json'],
};

/** Returns the functions for trace, test and reconnect of the uplink. Errors: throws ConsoleError 'failed' if there is no uplink. */
export function uplinkToolsOf(view: AgentView): UplinkTools {
  return configured(view.uplinkTools ?? undefined);
}

function configured<T>(found: T | undefined): T {
  if (found === undefined) throw new ConsoleError('failed', msg`no uplink is configured: see uplink: in the cabinet file`);
  return found;
}

/** Rejects a password in the address, as the cabinet file does: it would appear in line histories and logs. */
function readBroker(typed: string | boolean | undefined): string | null {
  if (typed === undefined) return null;
  const flaw = brokerFlaw(String(typed));
  if (flaw === 'no-address') throw new ConsoleError('usage', msg`bad --broker: write mqtt://host:1883 or mqtts://host:8883`);
  if (flaw === 'password')
    throw new ConsoleError(
      'usage',
      msg`bad --broker: no user or password in the address; the password is sent only to a broker of the configuration`,
    );
  return String(typed);
}

/** `events ack`: records that a person has seen an event. */
import type { AcknowledgeAnswer } from '../../../core/alarm-tools.ts';
import { count } from '../../../core/counts.ts';
import { type Message, msg } from '../../../core/message.ts';
import type { AgentEvent } from '../../../core/words.ts';
import { agentCommand, textArg } from '../../agent-command.ts';
import { clockTime, type Page } from '../../text/page.ts';
import { labelled } from '../../text/text-lines.ts';
import { onStreet } from '../light/light-args.ts';
import { noteArg, notSavedLines } from './alarm-args.ts';

/** Events that are named; the others are counted. Source: a screen. */
const NAMED = 10;

/**
 * `events ack`: acknowledges one warning or alarm by its id, or the open ones of a source, also only those with one code. With `all`: all
 * open ones that are not acknowledged yet and that maintenance does not suppress. Fails if it finds none, or if it is not saved.
 */
export const EVENTS_ACK = agentCommand({
  name: 'events ack',
  role: 'technician',
  group: 'Act:',
  summary: msg`acknowledge an event: you have seen it`,
  arguments: [{ name: 'event', summary: msg`its id, what it is about such as L07, or all`, required: true }],
  options: [{ name: 'note', value: 'TEXT', summary: msg`what you will do about it, for the record` }],
  examples: ['luciole events ack L07', 'luciole events ack all --note "on the round of Tuesday"', 'luciole events ack lamp-out:L07'],
  read: (args) => ({ event: textArg(args, 'event'), note: noteArg(args, 'note') }),
  answer: (view, { event, note }, { source }): Promise<AcknowledgeAnswer> =>
    onStreet(() => view.alarms.acknowledge({ event, note, source })),
  render: renderAcknowledgement,
  succeeded: ({ isSaved }) => isSaved,
});

/** Renders which events were acknowledged, which had been before and by whom, and whether a restart forgets it. */
function renderAcknowledgement({ acknowledged, before, isSaved }: AcknowledgeAnswer, page: Page): string {
  const rows = acknowledged.slice(0, NAMED).map(({ code, source, endMs }) => {
    return endMs === null ? msg`${code} ${source}: acknowledged, active until it ends` : msg`${code} ${source}: acknowledged; it has ended`;
  });
  const more = acknowledged.length - rows.length;
  return [
    ...rows.flatMap((row) => labelled(msg`Event`, row, page)),
    ...(more > 0 ? labelled(msg`Also`, count(more, 'more event'), page) : []),
    ...before.slice(0, NAMED).flatMap((event) => labelled(msg`Before`, beforeText(event, page), page)),
    ...notSavedLines(isSaved, page),
  ].join('\n');
}

function beforeText({ code, source, acknowledged }: AgentEvent, page: Page): Message {
  const { by = '', atMs = 0 } = acknowledged ?? {};
  return msg`${code} ${source}: acknowledged by ${by} at ${clockTime(atMs, page)}; that stays`;
}

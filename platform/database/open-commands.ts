/** The commands in the database that are on their way. */
import type { OpenCommand, WrittenValue } from '../core/command.ts';
import type { RunQuery } from './postgres.ts';

/**
 * A command with its cabinet. `device`: empty for the cabinet itself. `types`: the Sparkplug types of its metrics by name, from the
 * last birth, as far as known.
 */
export interface AddressedCommand extends OpenCommand {
  readonly group: string;
  readonly node: string;
  readonly device: string;
  readonly types: Readonly<Record<string, number>>;
}

interface CommandRow {
  readonly id: string;
  readonly group_name: string;
  readonly node: string;
  readonly device: string;
  readonly metrics: Record<string, WrittenValue>;
  readonly expires_ms: number;
  readonly published_ms: number | null;
  readonly attempts: number;
  readonly types: Record<string, number> | null;
}

/** Commands of one pass. Source: assumed; a command to each cabinet of a city is sent within seconds. Confirmed by: the time of a citywide command. */
const MOST_COMMANDS = 2_000;

/** How long after its expiry the end of an answered command is awaited. Units: min. Source: assumed; the cabinet withdraws what has not happened by then, and its link may be away for some minutes. Confirmed by: times to the end over the links of a city. */
const END_WITHIN_MIN = 10;
/** The same for a command with `Config/Action`, which may begin a trial. Units: min. Source: docs/platform.md, "Configuration": a trial takes 168 min at most. */
const TRIAL_WITHIN_MIN = 168 + END_WITHIN_MIN;

/**
 * Ends, as `expired`, commands that were not answered by their expiry, and answered ones whose end is still missing some time after it.
 * Their cabinet may have carried them out: a final outcome that arrives later still replaces this end.
 */
export async function expireCommands(query: RunQuery): Promise<void> {
  await query(
    `update command set state = 'expired', ended_at = now(), reason = case state when 'new' then 'it was not sent in time'
       when 'published' then 'the cabinet did not answer in time' else 'the cabinet answered, but did not report the end in time' end
     where state in ('new', 'published', 'received', 'queued', 'sent') and expires_at <= now() and (state in ('new', 'published')
       or expires_at <= now() - make_interval(mins => case when metrics ? 'Config/Action' then ${TRIAL_WITHIN_MIN} else ${END_WITHIN_MIN} end))`,
  );
}

/**
 * Returns at most `MOST_COMMANDS` commands that have no answer yet. New ones are first, then those that were sent longest ago, so that
 * silent cabinets do not hold up the others. A new command is refused if no known cabinet has its name and group, or if it has no group
 * and several cabinets have its name.
 *
 * `nowMs` is the time of the database, which also decides when they expire: the clock of this machine may differ.
 */
export async function openCommands(query: RunQuery): Promise<{ readonly commands: readonly AddressedCommand[]; readonly nowMs: number }> {
  const [clock] = await query<{ now_ms: number }>('select extract(epoch from now())::float8 * 1000 as now_ms');
  await query(
    `update command c set state = 'refused', ended_at = now(), reason = 'there is no cabinet "' || c.cabinet || '"' ||
       case when exists (select from node n where n.node = c.cabinet) then ' in this group, or it is in several groups: set group_name' else '' end
     where c.state = 'new' and 1 <> (select count(*) from node n where n.node = c.cabinet and (c.group_name is null or n.group_name = c.group_name))`,
  );
  const rows = await query<CommandRow>(
    `select c.id, n.group_name, n.node, c.device, c.metrics, c.attempts, extract(epoch from c.expires_at)::float8 * 1000 as expires_ms,
       extract(epoch from c.published_at)::float8 * 1000 as published_ms,
       (select jsonb_object_agg(a.value ->> 0, (a.value ->> 1)::int) from birth b cross join lateral jsonb_each(b.last_aliases) a
         where b.node_id = n.id and b.epoch = n.epoch and b.device = c.device and c.metrics ? (a.value ->> 0)) as types
     from command c join node n on n.node = c.cabinet and (c.group_name is null or n.group_name = c.group_name)
     where c.state in ('new', 'published') order by c.published_at nulls first, c.created_at limit ${MOST_COMMANDS}`,
  );
  const commands = rows.map(({ id, group_name: group, node, device, metrics, expires_ms, published_ms, attempts, types }) => ({
    ...{ id, group, node, device, metrics, attempts },
    ...{ expiresMs: Math.round(expires_ms), sentMs: published_ms, types: types ?? {} },
  }));
  return { commands, nowMs: clock?.now_ms ?? 0 };
}

/**
 * Records an attempt to send the commands, its time, and their group: a cabinet of the same name that appears later in another group
 * gets none of them. An outcome that has arrived stays.
 */
export async function markPublished(query: RunQuery, commands: readonly Pick<AddressedCommand, 'id' | 'group'>[]): Promise<void> {
  await query(
    `update command c set state = case when c.state = 'new' then 'published' else c.state end, published_at = now(),
       attempts = attempts + 1, group_name = u.g from unnest($1::text[], $2::text[]) u (id, g) where c.id = u.id`,
    [commands.map(({ id }) => id), commands.map(({ group }) => group)],
  );
}

/** Refuses a command that cannot be written as a message; no effect on one that was answered or has ended. */
export async function refuseCommand(query: RunQuery, id: string, reason: string): Promise<void> {
  await query(`update command set state = 'refused', ended_at = now(), reason = $2 where id = $1 and state in ('new', 'published')`, [
    id,
    reason,
  ]);
}

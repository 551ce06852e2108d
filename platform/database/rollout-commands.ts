/** The commands of a rollout in the table `command`, and the cabinets that it may reach. */
import type { CommandMetrics } from '../core/config-upload.ts';
import type { RunQuery } from './postgres.ts';

/** A node whose last birth named an epoch, so that a rollout may address it. It may be offline. */
export interface KnownCabinet {
  readonly group: string;
  readonly node: string;
  readonly isOnline: boolean;
}

/**
 * A `put` or `apply` of a rollout, to one cabinet itself and not to a device of it. `metrics`: without `Command/Id` and `Command/Expires`.
 */
export interface RolloutCommand {
  readonly group: string;
  readonly node: string;
  readonly metrics: CommandMetrics;
}

/**
 * How far a command is. `state`: one of `COMMAND_STATES`. `reason`: empty for none. `isEnd`: it is verified, refused or failed. An expired
 * one has an end too, but a cabinet may still report another.
 * Units: `seconds` from its insertion to its end; null without one.
 */
export interface CommandState {
  readonly id: string;
  readonly state: string;
  readonly reason: string;
  readonly isEnd: boolean;
  readonly seconds: number | null;
}

const ENDS = ['verified', 'refused', 'failed'];

/**
 * The cabinets whose last birth named an epoch, as each agent's does, sorted by group and name. `groups`: only of these; `+` for all, none
 * if it is empty. `names`: only these; all if it is empty.
 */
export async function cabinetsOf(query: RunQuery, groups: readonly string[], names: readonly string[]): Promise<KnownCabinet[]> {
  const rows = await query<{ group_name: string; node: string; is_online: boolean }>(
    `select group_name, node, is_online from node where epoch <> '' and ('+' = any($1) or group_name = any($1))
       and (cardinality($2::text[]) = 0 or node = any($2)) order by 1, 2`,
    [groups, names],
  );
  return rows.map(({ group_name: group, node, is_online: isOnline }) => ({ group, node, isOnline }));
}

/** Inserts the commands as new, all or none. They expire `expiresS` seconds from now. Returns their ids, in their order. */
export async function insertCommands(query: RunQuery, commands: readonly RolloutCommand[], expiresS: number): Promise<string[]> {
  const rows = await query<{ id: string; i: string }>(
    `with given as (
       select 'c-' || gen_random_uuid() as id, g, n, m::jsonb as metrics, i from unnest($1::text[], $2::text[], $3::text[]) with ordinality u (g, n, m, i)
     ), made as (
       insert into command (id, group_name, cabinet, metrics, expires_at)
       select id, g, n, metrics, now() + make_interval(secs => $4) from given
     ) select id, i from given order by i`,
    [
      ...[commands.map(({ group }) => group), commands.map(({ node }) => node)],
      ...[commands.map(({ metrics }) => JSON.stringify(metrics)), expiresS],
    ],
  );
  return rows.map(({ id }) => id);
}

/** Returns the states of the commands with these ids, in no particular order; an unknown id is left out. */
export async function statesOf(query: RunQuery, ids: readonly string[]): Promise<CommandState[]> {
  const rows = await query<Omit<CommandState, 'isEnd'>>(
    'select id, state, reason, extract(epoch from ended_at - created_at)::float8 as seconds from command where id = any($1)',
    [ids],
  );
  return rows.map((row) => ({ ...row, isEnd: ENDS.includes(row.state) }));
}

/**
 * Ends, as `expired`, those of the commands that no cabinet has answered. A send that is in progress is completed, but not repeated. A
 * cabinet may have received them: a final outcome that arrives later still replaces this end.
 */
export async function withdrawCommands(query: RunQuery, ids: readonly string[]): Promise<void> {
  await query(
    `update command set state = 'expired', ended_at = now(), expires_at = now(), reason = 'the rollout was stopped'
     where id = any($1) and state in ('new', 'published')`,
    [ids],
  );
}

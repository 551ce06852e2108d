/**
 * Who may do what at the cabinet.
 *
 * Owns the roles and their order. Knows no user and no command; the table of commands names the least role of each.
 */

/** Each may all that the one before may. Source: IEC 62443-4-2 CR 2.1; look, work at the street, own the machine. */
export const ROLES = ['viewer', 'technician', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** What a command asks for at least; `anyone` needs no login. */
export type LeastRole = 'anyone' | Role;

/** Whether someone may, who is logged in as `role`, or not at all. */
export function mayUse(role: Role | null, least: LeastRole): boolean {
  if (least === 'anyone') return true;
  return role !== null && ROLES.indexOf(role) >= ROLES.indexOf(least);
}

/**
 * Where a request comes in: `agent`, the socket of those who own the machine; `login`, the socket of consoles that anyone can reach.
 *
 * Who may open the first is the group's business; on the second a session says who asks.
 */
export type Door = 'agent' | 'login';

/** Who asks. `role` null: not logged in. */
export interface Caller {
  readonly user: string;
  readonly role: Role | null;
  readonly door: Door;
}

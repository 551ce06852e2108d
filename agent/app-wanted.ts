/**
 * What `config set` wants at a place, for a session.
 *
 * Owns nothing; loaded when somebody asks, as the schema and its library take a while. Called by `console-run.ts`.
 */
export { wantedAt } from './config/wanted-value.ts';

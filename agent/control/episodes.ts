/**
 * Events that begin and end, each told once.
 *
 * Owns which of control's conditions last. Called by the parts of this room; tells whoever listens.
 */
import type { Clock } from '../core/clock.ts';
import type { AgentEvent } from '../core/words.ts';

/** What happened, without its times. */
type Happening = Pick<AgentEvent, 'code' | 'source' | 'severity' | 'text'>;

export interface Episodes {
  /** Begins or ends a lasting condition; saying the same again does nothing. `text` is that of the edge. */
  set(lasting: boolean, happening: Happening): void;
  /** Something that is over as soon as it is told. */
  notice(happening: Happening): void;
}

export function createEpisodes({ clock, onEvent }: { readonly clock: Clock; readonly onEvent: (event: AgentEvent) => void }): Episodes {
  const open = new Map<string, AgentEvent>();
  const begin = (happening: Happening, lasting: boolean): AgentEvent => {
    const startMs = clock.wallMs();
    return { ...happening, id: `${happening.code}:${happening.source}:${startMs}`, startMs, endMs: lasting ? null : startMs };
  };
  return {
    set(lasting, happening) {
      const key = `${happening.code}:${happening.source}`;
      const running = open.get(key);
      if (lasting === (running !== undefined)) return;
      const event = running === undefined ? begin(happening, true) : { ...running, text: happening.text, endMs: clock.wallMs() };
      if (running === undefined) open.set(key, event);
      else open.delete(key);
      onEvent(event);
    },
    notice: (happening) => onEvent(begin(happening, false)),
  };
}

/**
 * Requests and answers as they pass between the threads. A structured clone loses classes, so messages are passed as their JSON.
 *
 * Only the parts that can contain a message are converted; frames and history pass unchanged.
 */
import { type DataRefusal, StoreError } from '../core/errors.ts';
import type { Message } from '../core/message.ts';
import { withMessages, withTexts } from '../core/message-wire.ts';
import type { FoundHeld, StateWork, StoreAnswer, StoreRequest } from './messages.ts';

/** Returns a copy of the request with its messages as texts and templates, for the storage thread. Only a `commit` has any. */
export function packedRequest(request: StoreRequest): StoreRequest {
  return withState(request, withTexts);
}

/** Returns the request of `packedRequest` with its messages restored: texts that can be translated. Only a `commit` has any. */
export function unpackedRequest(request: StoreRequest): StoreRequest {
  return withState(request, withMessages);
}

/** Returns a copy of the answer with the messages in it and in its notices as texts and templates, for the main thread. */
export function packedAnswer(answer: StoreAnswer): StoreAnswer {
  return inAnswer(answer, withTexts);
}

/** Returns the answer of `packedAnswer` with its messages restored: texts that can be translated. */
export function unpackedAnswer(answer: StoreAnswer): StoreAnswer {
  return inAnswer(answer, withMessages);
}

/**
 * The storage thread may not use the data. `cause`: why; a message, or its text after `packedRefusal`. `foundHeld`: given if the thread
 * must stay to keep the lines locked.
 */
export interface ThreadRefusal {
  readonly refused: DataRefusal;
  readonly cause: unknown;
  readonly foundHeld?: FoundHeld;
}

/** Returns a copy of the refusal with its message as text and template, for the main thread. */
export function packedRefusal(refusal: ThreadRefusal): ThreadRefusal {
  return withTexts(refusal) as ThreadRefusal;
}

/** Returns the error for a refusal that the storage thread has posted: its code, and its restored message. */
export function refusalIn(packed: ThreadRefusal): StoreError {
  return new StoreError(packed.refused, (withMessages(packed) as { readonly cause: Message }).cause);
}

type Walk = (value: unknown) => unknown;

function withState(request: StoreRequest, walk: Walk): StoreRequest {
  return request.kind === 'commit' ? { ...request, state: walk(request.state) as StateWork | null } : request;
}

function inAnswer({ answer, notices }: StoreAnswer, walk: Walk): StoreAnswer {
  return { answer: inResults(answer, walk) as StoreAnswer['answer'], notices: walk(notices) as StoreAnswer['notices'] };
}

/** A commit has a result for each file, any other request has one. */
function inResults(answer: StoreAnswer['answer'], walk: Walk): unknown {
  if (answer === null) return null;
  if (!('ok' in answer)) return { telemetry: inResult(answer.telemetry, walk), state: inResult(answer.state, walk) };
  return inResult(answer, walk);
}

function inResult(result: { readonly ok: boolean; readonly value?: unknown } | null, walk: Walk): unknown {
  return result === null || (result.ok && !mayHoldMessages(result.value)) ? result : walk(result);
}

/** Events, a check and a page of the audit log contain messages. */
function mayHoldMessages(value: unknown): boolean {
  if (Array.isArray(value))
    return value.some((item) => typeof item === 'object' && item !== null && ('text' in item || 'textTemplate' in item));
  return typeof value === 'object' && value !== null && ('files' in value || 'verdict' in value);
}

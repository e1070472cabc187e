import type { Content, MessageMode } from '@holdfast/contracts';
import { v7 as uuidv7 } from 'uuid';
import type { Caller } from './caller.ts';
import type { Speech } from './speak.ts';

export interface Message {
  readonly id: string;
  readonly mode: MessageMode;
  readonly content: Content;
}

/** A message with its own id, by which its delivery can be followed in the log. */
export const newMessage = (content: Content, mode: MessageMode): Message => ({ id: uuidv7(), mode, content });

/** Durable once spoken: the run cannot succeed before it was delivered. The rules refuse it with `run_ended`. */
export const sendMessage =
  (caller: Caller, message: Message): Speech =>
  (_state, at) => ({ type: 'send_message', at, ...message, by: caller.by });

import type { AgentVersion, BodyOf, Content, DataOf, RunEvent, SaidBefore } from '@holdfast/contracts';
import { text } from '@holdfast/contracts';
import { rejection } from './output.ts';
import type { PromptMessage } from './prompt-message.ts';
import { answerContent, childContent, duplicateContent, resolvedContent, waitEndedContent } from './result-content.ts';
import { prefixMessages } from './thread-prefix.ts';
import { summaryContent } from './summary.ts';

/** What the model is shown, and what has been said to the run but not delivered yet. */
export interface Transcript {
  readonly messages: readonly PromptMessage[];
  readonly undelivered: readonly { readonly id: string; readonly content: Content }[];
}

/** The transcript before the first event. */
export const beginTranscript = (version: AgentVersion): Transcript => ({
  messages: version.instructions === '' ? [] : [{ role: 'system', block: 0, text: version.instructions }],
  undelivered: [],
});

/** Extends the transcript by what one event says to the model; most say nothing. */
export function prompt(transcript: Transcript, event: RunEvent): Transcript {
  switch (event.type) {
    case 'run.created':
      return say(transcript, { role: 'user', block: 0, content: event.data.input });
    case 'run.admitted':
      return after(transcript, event.data.thread?.said ?? []);
    case 'run.forked':
      return forked(transcript, event.data.input);
    case 'message.received': {
      const { id, content } = event.data;
      return { ...transcript, undelivered: [...transcript.undelivered, { id, content }] };
    }
    case 'message.delivered':
      return deliver(transcript, event);
    case 'model.answered':
      if (event.data.purpose === 'summary') return transcript;
      return say(transcript, {
        role: 'assistant',
        block: event.seq,
        content: event.data.content,
        toolCalls: event.data.tool_calls,
      });
    case 'answer.rejected':
      return say(transcript, { role: 'user', block: event.seq, content: rejection(event.data) });
    case 'model.interrupted':
      if (event.data.content.length === 0) return transcript;
      return say(transcript, { role: 'assistant', block: event.seq, content: event.data.content, toolCalls: [] });
    case 'approval.changed':
      return changeCall(transcript, event);
    case 'tool.returned':
      return result(transcript, event.data.call, event.data.content, event.data.is_error);
    case 'tool.not_run':
      return result(transcript, event.data.call, text(event.data.message), true);
    case 'tool.resolved': {
      const { call, how, is_error } = event.data;
      if (how === 'retry') return transcript;
      return result(transcript, call, resolvedContent(event.data), how === 'fail' || (is_error ?? false));
    }
    case 'wait.ended':
      return result(transcript, event.data.call, waitEndedContent(event.data), false);
    case 'child.ended':
      return result(transcript, event.data.call, childContent(event.data), event.data.status !== 'succeeded');
    case 'question.answered':
      return result(transcript, event.data.call, answerContent(event.data), false);
    case 'duplicate.decided': {
      const { call, decision, is_error } = event.data;
      if (decision === 'call') return transcript;
      return result(transcript, call, duplicateContent(event.data), decision === 'skip' || (is_error ?? false));
    }
    case 'context.compacted':
      return cut(transcript, event.data);
    default:
      return transcript;
  }
}

const say = (transcript: Transcript, message: PromptMessage): Transcript => ({
  ...transcript,
  messages: [...transcript.messages, message],
});

/** What was said in the thread stands before the first input. */
function after(transcript: Transcript, said: readonly SaidBefore[]): Transcript {
  if (said.length === 0) return transcript;
  const { messages } = transcript;
  const system = messages.filter((message) => message.role === 'system');
  const own = messages.filter((message) => message.role !== 'system');
  return { ...transcript, messages: [...system, ...prefixMessages(said), ...own] };
}

/** The first input may be another; what was said to the source and not delivered was not said to the fork. */
const forked = ({ messages }: Transcript, input: Content): Transcript => ({
  messages: messages.map((message) =>
    message.role === 'user' && message.block === 0 ? { ...message, content: input } : message,
  ),
  undelivered: [],
});

/** The first input is never dropped; a summary stands where the dropped messages were. */
function cut(transcript: Transcript, { kept_from, summary }: DataOf<'context.compacted'>): Transcript {
  const first = transcript.messages.filter(({ block }) => block === 0);
  const kept = transcript.messages.filter(({ block }) => block >= kept_from);
  const words: PromptMessage[] =
    summary === undefined ? [] : [{ role: 'user', block: kept_from, content: summaryContent(summary) }];
  return { ...transcript, messages: [...first, ...words, ...kept] };
}

function deliver(transcript: Transcript, { seq, data }: RunEvent & BodyOf<'message.delivered'>): Transcript {
  const delivered = transcript.undelivered.filter((message) => data.ids.includes(message.id));
  return {
    messages: [
      ...transcript.messages,
      ...delivered.map(({ content }): PromptMessage => ({ role: 'user', block: seq, content })),
    ],
    undelivered: transcript.undelivered.filter((message) => !data.ids.includes(message.id)),
  };
}

/** The model is shown the arguments that were really used. */
function changeCall(transcript: Transcript, { data }: BodyOf<'approval.changed'>): Transcript {
  const [answer, changed] = data.call.split('.').map(Number);
  return {
    ...transcript,
    messages: transcript.messages.map((message) => {
      if (message.role !== 'assistant' || message.block !== answer) return message;
      const toolCalls = message.toolCalls.map((call, index) =>
        index === changed ? { ...call, arguments: data.arguments } : call,
      );
      return { ...message, toolCalls };
    }),
  };
}

/** The result of call `<answer>.<index>`, in the block of the answer that asked for it. */
function result(transcript: Transcript, call: string, content: Content, isError: boolean): Transcript {
  const [answer, index] = call.split('.').map(Number);
  const asked = transcript.messages.findLast((message) => message.role === 'assistant' && message.block === answer);
  const requested = asked?.role === 'assistant' && index !== undefined ? asked.toolCalls[index] : undefined;
  if (answer === undefined || requested === undefined) return transcript;
  return say(transcript, { role: 'tool', block: answer, id: requested.id, name: requested.name, content, isError });
}

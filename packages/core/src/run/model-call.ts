import type { BodyOf } from '@holdfast/contracts';
import { type Action, record } from './action.ts';
import { isCovered } from './budgets.ts';
import { compaction, promptBound } from './context.ts';
import { deliverable, delivery, interrupted } from './inbox.ts';
import { cost, limitReached, reserve, roomOf } from './limits.ts';
import { modelFor } from './models.ts';
import { type PriceList, pricesOf } from './price-list.ts';
import { bytesOf } from './sizes.ts';
import type { LiveRun, ModelCall } from './state.ts';
import { newSummary, summaryRequest, type SummaryTurn } from './summary.ts';

type ModelTurn = Extract<LiveRun['turn'], { at: 'model' }>;

/** What happens to the call of the model now: the next answer, or a summary that makes room for it. */
export function modelActions(state: LiveRun, turn: ModelTurn | SummaryTurn, now: number, prices: PriceList): Action[] {
  const { call } = turn;
  if (call.phase.is === 'open') return interrupted(state) ? [{ do: 'abort', call: call.id }] : [];
  if (deliverable(state).length > 0) return [record(delivery(state))];
  if (call.phase.is === 'exhausted' || (call.phase.is === 'scheduled' && now < call.phase.at)) return [];
  if (turn.at === 'summary') return callModel(state, call, now, turn.keptFrom, prices);
  const compact = compaction(state.version, state.context);
  if (compact === null) return callModel(state, call, now, null, prices);
  if (state.version.context.then === 'drop') return [record(compact)];
  return callModel(state, newSummary(state), now, compact.data.kept_from, prices);
}

/** `keptFrom`: it is a summary of what comes before; null = an answer. */
function callModel(state: LiveRun, call: ModelCall, now: number, keptFrom: number | null, list: PriceList): Action[] {
  if (state.limit !== null || state.shortage !== null) return [];
  const intent = modelIntent(state, call, keptFrom, list);
  const { prices, reservation } = intent.data;
  const reserved = reserve(roomOf(state, now), { ...reservation, steps: call.attempt === 0 ? 1 : 0 }, now);
  if ('reached' in reserved) return [record(limitReached(reserved.reached))];
  const { tokens, cost_usd_micros: costUsdMicros } = reservation;
  const need = { tokens, costUsdMicros, priced: prices !== null };
  return isCovered(state, need, now) ? [{ do: 'call-model', intent }] : [{ do: 'take-allowance', need }];
}

function modelIntent(
  state: LiveRun,
  call: ModelCall,
  keptFrom: number | null,
  list: PriceList,
): BodyOf<'model.called'> {
  const { model, retries, context } = state.version;
  const asked = modelFor(state.version, call);
  const { prices, version } = pricesOf(list, asked);
  // A summary that fills the context would have to be summarised at once.
  const maxOutputTokens =
    keptFrom === null ? model.max_output_tokens : Math.min(model.max_output_tokens, Math.floor(context.max_tokens / 4));
  const promptTokens = promptBound(state.context) + (keptFrom === null ? 0 : bytesOf(summaryRequest));
  return {
    type: 'model.called',
    data: {
      call: call.id,
      attempt: call.attempt + 1,
      ...(keptFrom === null ? { purpose: 'answer' } : { purpose: 'summary', kept_from: keptFrom }),
      model: asked.name,
      prices,
      price_version: version,
      max_output_tokens: maxOutputTokens,
      timeout_ms: retries.timeout,
      reservation: {
        tokens: promptTokens + maxOutputTokens,
        cost_usd_micros: cost(prices, promptTokens, maxOutputTokens),
        active_ms: retries.timeout,
      },
    },
  };
}

import type { ModelPrice } from '@holdfast/sdk';
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { showPage } from '../output.ts';
import { type Paged, paged } from './arguments.ts';

export function models(program: Command, { client, output }: Context): void {
  const group = program
    .command('models')
    .description('the models that agents may name, and how they are')
    .action(async () => {
      showPage(
        output(),
        await client().models.list(),
        ['name', 'kind', 'health', 'context', 'can', 'prices in/out per million tokens'],
        ({ name, kind, health, context_tokens, capabilities, prices }) => [
          name,
          kind,
          health.detail === null ? health.status : `${health.status}: ${health.detail}`,
          context_tokens === null ? '' : String(context_tokens),
          Object.entries(capabilities)
            .flatMap(([what, can]) => (can ? [what] : []))
            .join(' '),
          prices === null ? '' : both(prices),
        ],
      );
    });
  paged(
    group
      .command('prices')
      .description('every version of their prices, newest first')
      .argument('[model]', 'of this one alone'),
  ).action(async (model: string | undefined, query: Paged) => {
    showPage(
      output(),
      await client()
        .models.prices({ ...query, model })
        .page(),
      ['model', 'version', 'from', 'prices in/out per million tokens'],
      (price) => [price.model, String(price.version), price.valid_from, both(price.prices)],
    );
  });
}

const both = ({ input_per_mtok: input, output_per_mtok: written }: ModelPrice['prices']): string =>
  `$${input / 1e6} / $${written / 1e6}`;

import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { showPage } from '../output.ts';

export function models(program: Command, { client, output }: Context): void {
  program
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
          prices === null ? '' : `$${prices.input_per_mtok / 1e6} / $${prices.output_per_mtok / 1e6}`,
        ],
      );
    });
}

import { toolServerBody } from '@holdfast/contracts';
import type { ToolServerBody } from '@holdfast/sdk';
import type { Command } from 'commander';
import type { Context } from '../context.ts';
import { exitCodes, Failure } from '../failure.ts';
import { show, showJson, showPage, showRows } from '../output.ts';
import { confirmed, type Paged, paged, pairs, readText } from './arguments.ts';

interface Options {
  readonly url?: string;
  readonly header?: string[];
  readonly file?: string;
  readonly openapi?: string;
  readonly baseUrl?: string;
  readonly offline?: boolean;
}

export function tools(program: Command, { client, output }: Context): void {
  const group = program.command('tools').description('tool servers that agents may name');
  paged(group.command('list').description("the tenant's own, and those of the platform")).action(
    async (query: Paged) => {
      showPage(output(), await client().tools.list(query).page(), ['name', 'type', 'url', 'updated'], (server) => [
        server.name,
        server.type,
        server.url ?? '',
        server.updated_at ?? '',
      ]);
    },
  );
  group
    .command('show')
    .description('its tools, as it lists them now')
    .argument('<name>')
    .action(async (name: string) => {
      const server = await client().tools.get(name);
      if (output().json) return showJson(output(), server);
      if (server.error !== null) throw new Failure(`${name} does not answer: ${server.error}`);
      showRows(
        output(),
        ['tool', 'description'],
        (server.tools ?? []).map((tool) => [tool.name, tool.description]),
      );
    });
  group
    .command('set')
    .description('register a tool server, or replace what has its name')
    .argument('<name>')
    .option('--url <url>', 'an MCP server over Streamable HTTP')
    .option('--openapi <file>', 'an OpenAPI document, JSON or YAML: its operations become tools')
    .option('--base-url <url>', "of --openapi: instead of the document's first server")
    .option('--file <file>', 'the whole registration, JSON or YAML; - = standard input')
    .option('--header <name=value...>', 'sent with each call; the value may contain secret://<name>')
    .option('--offline', 'do not ask it for its tools first')
    .action(async (name: string, options: Options) => {
      const set = await client().tools.set(name, await bodyOf(options), { offline: options.offline });
      show(output(), set, () => `${set.name} (${set.type})`);
    });
  group
    .command('delete')
    .description('agents that name it cannot call it any more')
    .argument('<name>')
    .option('--yes', 'really')
    .action(async (name: string, { yes }: { yes?: boolean }) => {
      confirmed(yes, `This deletes tool server ${name}.`);
      await client().tools.delete(name);
      show(output(), { name, deleted: true }, () => `${name} is deleted`);
    });
}

async function bodyOf({ url, openapi, baseUrl, file, header = [] }: Options): Promise<ToolServerBody> {
  const headers = pairs(header, '--header');
  if (file !== undefined && url === undefined && openapi === undefined) return checked(await fromFile(file), file);
  if (url !== undefined && openapi === undefined && file === undefined) return { type: 'mcp', url, headers };
  if (openapi !== undefined && url === undefined && file === undefined)
    return checked(
      {
        type: 'openapi',
        document: await fromFile(openapi),
        headers,
        ...(baseUrl === undefined ? {} : { base_url: baseUrl }),
      },
      openapi,
    );
  throw new Failure('Give exactly one of --url, --openapi, --file.', exitCodes.usage);
}

/** What is sent is the file's own value; this only says early, and by place, what is wrong. */
function checked(value: unknown, file: string): ToolServerBody {
  const fit = toolServerBody.safeParse(value);
  if (fit.success) return value as ToolServerBody;
  const places = fit.error.issues.map(({ path, message }) => `\n  /${path.join('/')}: ${message}`).join('');
  throw new Failure(`${file} is no registration of a tool server:${places}`);
}

async function fromFile(file: string): Promise<unknown> {
  const { parse } = await import('yaml');
  try {
    return parse(readText(file), { maxAliasCount: 50, logLevel: 'silent' });
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure(`${file} is neither JSON nor YAML: ${error instanceof Error ? error.message : String(error)}`);
  }
}

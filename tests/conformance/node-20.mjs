// The conformance tool imports `globSync`, which Node has since 22. Its client scenarios never call it.
//   node --import ./node-20.mjs <the tool>
import { register } from 'node:module';

const hook = `
  export async function load(url, context, next) {
    const loaded = await next(url, context);
    if (!/@modelcontextprotocol[/]conformance[/]dist[/]index[.]js$/.test(url) || loaded.source == null) return loaded;
    return { ...loaded, source: String(loaded.source).replace(/\\bglobSync as (\\w+),/, 'existsSync as $1,') };
  }`;
register(`data:text/javascript,${encodeURIComponent(hook)}`);

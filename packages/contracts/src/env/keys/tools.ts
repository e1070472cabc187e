import { allowList, path } from '../env-values.ts';
import { everywhere } from '../key-meta.ts';

/** What tools are, and may reach. */
export const toolsKeys = {
  TOOL_SERVERS_FILE: path.optional().meta({
    description:
      'The JSON file of the tool servers that run as child processes: `{ "servers": { "<name>": { "command", "args", "env", "cwd" } } }`. They inherit HOME, PATH, SHELL and TERM, and what `env` names.',
    example: '/etc/holdfast/tool-servers.json',
    default: null,
    used: everywhere,
    secret: false,
  }),
  OUTBOUND_ALLOW: allowList.optional().meta({
    description:
      'Private destinations that tools and webhooks may call all the same: a comma list of `host`, `host:port`, addresses and ranges (`10.1.0.0/16`). Without it only the public internet can be called.',
    example: 'crm.internal:8080,10.1.0.0/16',
    default: null,
    used: everywhere,
    secret: false,
  }),
} as const;

import { AuditFileUnreadable, type AuditVerdict, type VerifiedExport, verifyExport } from '@holdfast/core';
import type { Holdfast } from '@holdfast/sdk';
import { Failure } from './failure.ts';

/** A chain that is whole. */
export interface Outcome {
  readonly tenant: string;
  readonly state: 'whole';
  readonly lines: number;
  /** The last line that is not here any more; 0 = it begins with the first. */
  readonly from: number;
  readonly head: { readonly number: number; readonly hash: string };
  /** What the server was found to have of the same chain; left out: it was not asked. */
  readonly server?: string;
}

export const said = ({ lines, from, head, server }: Outcome): string =>
  [
    `The chain is whole: ${lines} lines${from === 0 ? '' : ` after number ${from}`}, up to ${head.number} ${head.hash}.`,
    ...(server === undefined ? [] : [server]),
  ].join('\n');

/** Follows the server's chain here, as its export comes. @throws Failure when it is broken. */
export const verifyServer = async (client: Holdfast): Promise<Outcome> =>
  whole(await readable(verifyExport(linesOf(client.audit.export()))));

/** Follows an export, by itself or also against what a server has. @throws Failure when it is broken. */
export async function verifyFile(file: AsyncIterable<string>, client: Holdfast | null): Promise<Outcome> {
  const checkpoint = client === null ? null : (await client.audit.head()).checkpoint;
  const verified = await readable(verifyExport(linesOf(file), checkpoint?.number ?? null));
  const outcome = whole(verified);
  return client === null
    ? outcome
    : { ...outcome, server: await compared(client, outcome, checkpoint, verified.hashAt) };
}

/** Where the server has a line of which the file has the hash, too, both must be the same. */
async function compared(
  client: Holdfast,
  { tenant, head }: Outcome,
  checkpoint: { readonly number: number; readonly hash: string } | null,
  hashAt: string | null,
): Promise<string> {
  const opening = JSON.parse(await firstLine(linesOf(client.audit.export({ after: head.number })))) as {
    readonly tenant: string;
    readonly from: { readonly number: number; readonly hash: string };
  };
  if (opening.tenant !== tenant)
    throw new Failure(`The file is of tenant ${tenant}, the server's lines of ${opening.tenant}.`);
  if (head.number === 0) return 'There is nothing in the file that the server could have.';
  if (checkpoint !== null && checkpoint.number > head.number)
    return 'The server has removed all lines of the file since: nothing to compare.';
  if (checkpoint !== null && hashAt !== null && checkpoint.hash !== hashAt) throw differs(checkpoint.number);
  if (opening.from.number !== head.number)
    throw new Failure(
      `The file ends at number ${head.number}; the server has no such line: its newest ones were cut off.`,
    );
  if (opening.from.hash !== head.hash) throw differs(head.number);
  return `The server's lines go on from number ${head.number}.`;
}

const differs = (number: number): Failure =>
  new Failure(`Line ${number} of the file and of the server are not the same: one of the two chains was written anew.`);

async function readable(verifying: Promise<VerifiedExport>): Promise<VerifiedExport> {
  try {
    return await verifying;
  } catch (error) {
    if (error instanceof AuditFileUnreadable) throw new Failure(error.message);
    throw error;
  }
}

function whole({ tenant, verdict }: { readonly tenant: string; readonly verdict: AuditVerdict }): Outcome {
  if (verdict.type === 'broken')
    throw new Failure(
      `The chain is broken at number ${verdict.number}: ${verdict.problem}. Found there: ${verdict.found}.`,
    );
  return { tenant, state: 'whole', lines: verdict.lines, from: verdict.from, head: verdict.to };
}

async function* linesOf(pieces: AsyncIterable<string>): AsyncGenerator<string> {
  let rest = '';
  for await (const piece of pieces) {
    const lines = (rest + piece).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  if (rest !== '') yield rest;
}

async function firstLine(lines: AsyncIterable<string>): Promise<string> {
  for await (const line of lines) return line;
  throw new Failure('The server sent nothing.');
}

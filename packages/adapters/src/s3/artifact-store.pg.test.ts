import { Agent } from 'node:http';
import {
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import type { RunRef } from '@holdfast/core';
import { artifactStoreConformance, type OpenedArtifactStore } from '@holdfast/testing';
import { describeProgram, describeSeaweedFs, type MotoServer, startMoto } from '@holdfast/testing/servers';
import { afterAll, beforeAll } from 'vitest';
import { S3ArtifactStore } from './artifact-store.ts';
import { makeBucket } from './make-bucket.ts';
import type { S3Settings } from './settings.ts';
import { removeUnder } from './stored-files.ts';
import { testBucket } from './test-bucket.suite.ts';

/** An agent that finds every name on this machine, as a resolver would for the names of buckets. */
const local = (): Agent =>
  new Agent({
    lookup: (_name, _options, found) => found(null, [{ address: '127.0.0.1', family: 4 }]),
  });

interface Kind {
  /** S3 tells no time of its own choice, so the answers are made older. */
  readonly agent?: () => Agent;
  /** A multipart upload; else, where the server has no time for these, bytes that came by a link. */
  readonly parts: boolean;
}

/** A bucket of its own. */
async function open(settings: S3Settings, { agent, parts }: Kind): Promise<OpenedArtifactStore> {
  const options = agent === undefined ? {} : { agent: agent() };
  await makeBucket(settings, options.agent);
  const aged = new Map<string, number>();
  const opened: S3ArtifactStore[] = [];
  const openOne = (): S3ArtifactStore => {
    const store = new S3ArtifactStore(settings, { ...options, streamWaitMs: 500 });
    makeOlder(store, aged);
    opened.push(store);
    return store;
  };
  const store = openOne();
  const at = ({ tenant, run }: RunRef, name: string) => ({
    Bucket: settings.bucket,
    Key: `${tenant}/${run}/${name}`,
  });
  const { main } = store.clients;
  return {
    store,
    reopen: () => Promise.resolve(openOne()),
    age: (ref, name, ms) => Promise.resolve(void aged.set(at(ref, name).Key, ms)),
    interrupt: async (ref, digest) => {
      if (!parts)
        return void (await main.send(new PutObjectCommand({ ...at(ref, `.${digest}.incoming`), Body: 'half' })));
      const { UploadId } = await main.send(new CreateMultipartUploadCommand(at(ref, digest)));
      await main.send(new UploadPartCommand({ ...at(ref, digest), UploadId, PartNumber: 1, Body: 'half' }));
    },
    damage: async (ref, digest, bytes) => {
      await main.send(new PutObjectCommand({ ...at(ref, digest), Body: bytes }));
    },
    close: async () => {
      // A server has room for so many buckets.
      await removeUnder(main, settings.bucket, '');
      await main.send(new DeleteBucketCommand({ Bucket: settings.bucket }));
      await Promise.all(opened.map((each) => each.close()));
    },
  };
}

/** What is read of a file's age is older by as much as `aged` says, until the file is written again. */
function makeOlder(store: S3ArtifactStore, aged: Map<string, number>): void {
  const older = (key: string | undefined, at: Date | undefined): Date | undefined =>
    at === undefined ? undefined : new Date(at.getTime() - (aged.get(key ?? '') ?? 0));
  for (const client of [store.clients.main, store.clients.copying])
    client.middlewareStack.add(
      (next, { commandName }) =>
        async (args) => {
          const answer = await next(args);
          const { Key } = args.input as { Key?: string };
          const output = answer.output as {
            LastModified?: Date | undefined;
            Contents?: { Key?: string; LastModified?: Date | undefined }[];
          };
          if (['PutObjectCommand', 'CopyObjectCommand', 'CompleteMultipartUploadCommand'].includes(commandName ?? ''))
            aged.delete(Key ?? '');
          if (output.LastModified !== undefined) output.LastModified = older(Key, output.LastModified);
          for (const each of output.Contents ?? []) each.LastModified = older(each.Key, each.LastModified);
          return answer;
        },
      { step: 'initialize', name: 'makeOlder' },
    );
}

describeSeaweedFs('SeaweedFS', (server) => {
  artifactStoreConformance('a bucket in the path', () => open(testBucket(server().endpoint), { parts: true }));
  artifactStoreConformance('a bucket in the host name', () =>
    open(testBucket(server().virtualHost, { pathStyle: false }), { parts: true, agent: local }),
  );
});

describeProgram('moto', 'moto', (bin) => {
  let server: MotoServer;
  beforeAll(async () => {
    server = await startMoto(bin);
  });
  afterAll(() => server.stop());
  artifactStoreConformance('a bucket as AWS has it', () =>
    open(testBucket(server.endpoint, { region: 'eu-central-1', encryption: { type: 'aws:kms', keyId: null } }), {
      parts: false,
    }),
  );
});

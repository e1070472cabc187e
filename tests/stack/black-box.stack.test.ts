import { Holdfast } from '@holdfast/sdk';
import { freePort } from '@holdfast/testing/servers';
import { describe, test } from 'vitest';
import { edgeSuite } from '../edge/edge.suite.ts';
import { cases } from '../sdk/client/cases.ts';
import { describeStack } from './harness/describe-stack.ts';
import { killsSuite } from './kills/kills.suite.ts';
import { loginSuite } from './suites/login.suite.ts';
import { operatorSuite } from './suites/operator.suite.ts';
import { runSuite } from './suites/run.suite.ts';
import { temporalPagesSuite } from './suites/temporal-pages.suite.ts';

describeStack('the core stack', (stack, chromium) => {
  loginSuite(stack, chromium);
  runSuite(stack);
  operatorSuite(stack);
  temporalPagesSuite(stack, chromium);

  describe('the client through the edge', () => {
    test.each(cases.filter(({ inside }) => inside !== true))('$name', async ({ run }) => {
      const { edge: url, key } = stack();
      await run(new Holdfast({ url, key, validate: true }), {
        url,
        key,
        deadUrl: `http://127.0.0.1:${await freePort()}`,
      });
    });
  });

  // It ends with a flood.
  describe('the edge', () => {
    edgeSuite(() => ({ url: stack().edge, key: stack().key }));
  });

  // Last, since nothing is promised to those who follow when it fails.
  killsSuite(stack);
});

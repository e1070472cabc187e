import type { TemporalServer } from '@holdfast/testing/servers';
import { z } from 'zod';

const described = z.object({
  workflowExecutionInfo: z.object({ status: z.string() }),
  pendingActivities: z.array(z.object({ attempt: z.number() })).default([]),
});

/** The workflow of a run, as whoever has Temporal's command line sees it and lays hands on it. */
export class Workflow {
  readonly #server: TemporalServer;
  readonly #run: string;

  constructor(server: TemporalServer, run: string) {
    this.#server = server;
    this.#run = run;
  }

  /** Of its last execution: RUNNING, COMPLETED, TERMINATED, … */
  async status(): Promise<string> {
    const { workflowExecutionInfo } = described.parse(JSON.parse(await this.describe()));
    return workflowExecutionInfo.status.replace('WORKFLOW_EXECUTION_STATUS_', '');
  }

  /** Of the activity that is under way, the one of now included; 0 = none is. */
  async attempts(): Promise<number> {
    const { pendingActivities } = described.parse(JSON.parse(await this.describe()));
    return Math.max(0, ...pendingActivities.map(({ attempt }) => attempt));
  }

  async terminate(): Promise<void> {
    await this.#cli('terminate');
  }

  async cancel(): Promise<void> {
    await this.#cli('cancel');
  }

  /** JSON. */
  describe(): Promise<string> {
    return this.#cli('describe', '--output', 'json');
  }

  /** JSON. */
  history(): Promise<string> {
    return this.#cli('show', '--output', 'json');
  }

  #cli(command: string, ...more: readonly string[]): Promise<string> {
    return this.#server.cli('workflow', command, '--workflow-id', this.#run, ...more);
  }
}

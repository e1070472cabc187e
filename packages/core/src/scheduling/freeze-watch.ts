import type { Log } from '../executor/log.ts';
import { Periodic } from './periodic.ts';

/** The log may know less than happened, so nothing begins for the tenants of that time until `holdfast thaw`. */
export interface Freeze {
  /** ms since 1970 */
  readonly at: number;
  /** In words. */
  readonly because: string;
}

/** What `/readyz` says of it. */
export const frozenInWords = ({ because }: Freeze): string =>
  `frozen: nothing begins before holdfast thaw (${because})`;

export interface FreezePorts {
  /** Both may throw `DatabaseUnavailable`; they are asked again. */
  readonly freeze: () => Promise<Freeze | null>;
  readonly installation: () => Promise<string>;
  readonly log: Log;
}

/**
 * Says in the log that the installation is frozen, once; and when it is so no longer. Each freeze gives it another id:
 * whoever uses that is told it at each look.
 */
export class FreezeWatch {
  readonly #periodic: Periodic;

  constructor(
    { freeze: read, installation, log }: FreezePorts,
    tellId: (installation: string) => void,
    everyMs = 15_000,
  ) {
    let said: number | null = null;
    const look = async (): Promise<number> => {
      tellId(await installation());
      const freeze = await read();
      if (freeze !== null && freeze.at !== said)
        log.warn(
          { since: new Date(freeze.at).toISOString(), because: freeze.because },
          'the installation is frozen: no run, schedule or webhook of its tenants begins before `holdfast thaw`; see the runbook on restores',
        );
      if (freeze === null && said !== null) log.info({}, 'the installation is frozen no longer');
      said = freeze?.at ?? null;
      return everyMs;
    };
    // That the database is away is told by others.
    this.#periodic = new Periodic(look, everyMs, () => undefined);
  }

  begin(): void {
    this.#periodic.soon();
  }

  close(): Promise<void> {
    return this.#periodic.stop();
  }
}

import type { Dispatcher } from 'undici';

/** The request may not begin any more. */
export class NotBegun extends Error {
  override readonly name = 'NotBegun';
}

/** Knows whether a byte of its one request may have left. */
export class Beginning {
  #begun = false;
  readonly #mayBegin: () => boolean;

  constructor(mayBegin: () => boolean) {
    this.#mayBegin = mayBegin;
  }

  /** From here on the other side may have acted. */
  get begun(): boolean {
    return this.#begun;
  }

  /** For `compose`: asks right before the request is written, and lets no library write it a second time. */
  readonly interceptor: Dispatcher.DispatcherComposeInterceptor = (dispatch) => (options, handler) =>
    dispatch(
      options,
      beginFirst(handler, () => this.#begin()),
    );

  #begin(): Error | null {
    if (this.#begun) return new Error('the request was sent before');
    if (!this.#mayBegin()) return new NotBegun('the worker may not begin it any more');
    this.#begun = true;
    return null;
  }
}

/** Everything as `handler` does it, but its beginning. */
const beginFirst = (handler: Dispatcher.DispatchHandler, begin: () => Error | null): Dispatcher.DispatchHandler => ({
  onRequestStart(controller, context) {
    const problem = begin();
    if (problem === null) handler.onRequestStart?.(controller, context);
    else controller.abort(problem);
  },
  onRequestUpgrade: (...told) => handler.onRequestUpgrade?.(...told),
  onResponseStart: (...told) => handler.onResponseStart?.(...told),
  onResponseData: (...told) => handler.onResponseData?.(...told),
  onResponseEnd: (...told) => handler.onResponseEnd?.(...told),
  onResponseError: (...told) => handler.onResponseError?.(...told),
});

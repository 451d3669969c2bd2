// observed-promise.ts: a promise that knows whether anybody looks at it.

export class ObservedPromise<T> extends Promise<T> {
  /** Somebody awaits it, returns it from an async function, or has a callback on it. */
  isObserved = false;

  // What then() and the like return are plain promises.
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  override then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    this.isObserved = true;
    return super.then(onFulfilled, onRejected);
  }
}

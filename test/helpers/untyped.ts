// untyped.ts: calls that TypeScript forbids and JavaScript does not.

type AnyFunction = (...args: readonly unknown[]) => unknown;

/** Calls a method with arguments that its types do not allow. */
export function callUntyped(object: object, method: string, ...args: readonly unknown[]): unknown {
  return (object as Record<string, AnyFunction>)[method]!(...args);
}

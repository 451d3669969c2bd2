// cannot-run.ts: the error that ends the bench with one sentence for the user instead of a stack.

/** Something the bench needs is missing on this machine, or was asked for wrongly. Exit code 2. */
export class CannotRun extends Error {
  override readonly name = 'CannotRun';
}

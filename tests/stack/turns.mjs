/**
 * One at a time, in the order of asking.
 *
 * PGlite is a single session. Two requests at once would share one transaction, and with it one
 * identity, so whoever uses that session takes a turn first.
 */
export class Turns {
  #last = Promise.resolve();

  /** Waits for the turn; the answer gives it back. */
  async take() {
    const { promise, resolve } = Promise.withResolvers();
    const before = this.#last;
    this.#last = before.then(() => promise);
    await before;
    return resolve;
  }

  /** Runs `work` in a turn of its own. */
  async run(work) {
    const giveBack = await this.take();
    try {
      return await work();
    } finally {
      giveBack();
    }
  }
}

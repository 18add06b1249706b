/** What a function gives, or throws, as a promise: that of the function, if it gives one. */
export function promised<T>(fn: () => T | PromiseLike<T>): Promise<T> {
  try {
    return Promise.resolve(fn());
  } catch (error) {
    return new Promise(() => {
      throw error;
    });
  }
}

// Counts what real work is under way (disk, key agreement), so that virtual time stands still meanwhile.

export class Busy {
  #count = 0

  get isIdle(): boolean {
    return this.#count === 0
  }

  async track<T>(work: Promise<T>): Promise<T> {
    this.#count++
    try {
      return await work
    } finally {
      this.#count--
    }
  }

  /** The same object, with every promise it returns counted. */
  watch<T extends object>(target: T): T {
    return new Proxy(target, {
      get: (object, name) => {
        const value: unknown = Reflect.get(object, name, object)
        if (typeof value !== 'function') return value
        return (...args: unknown[]) => {
          const result: unknown = value.apply(object, args)
          return result instanceof Promise ? this.track(result) : result
        }
      },
    })
  }
}

// The node's figures while somebody looks at them, and the rates of the last minute for the small graph.

import { type Api, type Health } from '../../preload/contract.ts'

const REMEMBERED = 60

export interface RateSample {
  sentBytesPerSecond: number
  receivedBytesPerSecond: number
}

export class HealthModel {
  readonly #api: Api
  current = $state.raw<Health | null>(null)
  rates = $state.raw<RateSample[]>([])
  #watchers = 0

  constructor(api: Api) {
    this.#api = api
  }

  /** Watches until the returned function is called. */
  watch(): () => void {
    this.#watchers += 1
    if (this.#watchers === 1) void this.#switch(true)
    return () => {
      this.#watchers -= 1
      if (this.#watchers === 0) void this.#switch(false)
    }
  }

  put(health: Health): void {
    this.current = health
    const { sentBytesPerSecond, receivedBytesPerSecond } = health.rate
    this.rates = [...this.rates, { sentBytesPerSecond, receivedBytesPerSecond }].slice(-REMEMBERED)
  }

  async #switch(on: boolean): Promise<void> {
    try {
      if (on) this.put(await this.#api.call('health.get'))
      await this.#api.call('health.watch', { on })
    } catch {
      // The page keeps saying that it waits for figures; there is nothing the person could do about it.
    }
  }
}

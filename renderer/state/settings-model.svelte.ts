// What the person has chosen. A switch shows what the node has stored, not what was clicked.

import { type Api, type Settings } from '../../preload/contract.ts'

export class SettingsModel {
  readonly #api: Api
  current = $state.raw<Settings | null>(null)

  constructor(api: Api) {
    this.#api = api
  }

  async load(): Promise<void> {
    this.current = await this.#api.call('settings.get')
  }

  put(settings: Settings): void {
    this.current = settings
  }

  async change(change: Partial<Settings>): Promise<void> {
    this.current = await this.#api.call('settings.set', change)
  }
}

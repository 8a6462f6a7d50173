// Something a person asked for on a page of its own: while it runs, and in words why it failed. (What fails without a
// page to say so becomes a toast: AppModel.attempt.)

import { errorWords, type Task } from '../words/error-words.ts'

export class Attempt {
  readonly #task: Task | undefined
  isBusy = $state(false)
  problem = $state('')

  constructor(task?: Task) {
    this.#task = task
  }

  /** True if it succeeded. One at a time: a second press does nothing. */
  async run(work: () => Promise<unknown>): Promise<boolean> {
    if (this.isBusy) return false
    this.isBusy = true
    this.problem = ''
    try {
      await work()
      return true
    } catch (error) {
      this.problem = errorWords(error, this.#task)
      return false
    } finally {
      this.isBusy = false
    }
  }
}

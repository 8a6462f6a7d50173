// The list on the left: every conversation, newest first, as the node last told it.

import { type Api, type Conversation } from '../../preload/contract.ts'
import { Drafts } from './drafts.svelte.ts'

export class Conversations {
  readonly drafts: Drafts
  readonly #api: Api
  #all = $state.raw<Conversation[]>([])
  isLoaded = $state(false)

  /** Requests first, since they ask for an answer; then by the time of the last message. */
  list = $derived([...this.#all].sort(newestFirst))
  unreadTotal = $derived(this.#all.reduce((sum, conversation) => sum + countedUnread(conversation), 0))

  constructor(api: Api) {
    this.#api = api
    this.drafts = new Drafts(api)
  }

  async load(): Promise<void> {
    const loaded = await this.#api.call('conversations.list')
    // What events have brought meanwhile is newer than the reply.
    const known = new Set(this.#all.map(({ id }) => id))
    this.#all = [...this.#all, ...loaded.filter(({ id }) => !known.has(id))]
    this.isLoaded = true
  }

  get(id: string | null): Conversation | null {
    return this.#all.find((conversation) => conversation.id === id) ?? null
  }

  put(conversation: Conversation): void {
    this.#all = [...this.#all.filter(({ id }) => id !== conversation.id), conversation]
  }

  drop(id: string): void {
    this.#all = this.#all.filter((conversation) => conversation.id !== id)
  }

  draftOf(conversation: Conversation): string {
    return this.drafts.textOf(conversation.id) ?? conversation.draft
  }

  /** The conversation before or after one in the list; the first where there is none. */
  neighbour(id: string | null, step: 1 | -1): Conversation | null {
    const index = this.list.findIndex((conversation) => conversation.id === id)
    if (index === -1) return this.list[0] ?? null
    return this.list[index + step] ?? null
  }
}

function newestFirst(a: Conversation, b: Conversation): number {
  const requests = Number(b.contact?.relation === 'request') - Number(a.contact?.relation === 'request')
  return requests || b.lastAtMs - a.lastAtMs || a.id.localeCompare(b.id)
}

/** A request counts as one thing to look at, whatever was said in it. */
function countedUnread(conversation: Conversation): number {
  if (conversation.contact?.relation === 'blocked') return 0
  return conversation.contact?.relation === 'request' ? Math.max(1, conversation.unread) : conversation.unread
}

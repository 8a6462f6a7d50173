// The messages of one conversation: what has been loaded, and the stretch of it that is drawn.
//
//   all:      [ 0 ........ from ~~~~~~~~~~~~ to ........ n ]     loaded, growing position
//   visible:               from ~~~~~~~~~~~~ to                  at most MOST_DRAWN, moved by scrolling
//
// However long a conversation is, the window draws a bounded number of rows. Nothing is added on sending: a message
// appears when the node has stored it and says so.

import { type Api, type Message } from '../../preload/contract.ts'

/** First page: fills a tall window. Later pages: few calls while scrolling fast. */
const FIRST_PAGE = 60
const LATER_PAGE = 100
/** Rows added at an edge per step, and rows drawn at most: three tall screens, so that an edge is never in sight. */
const STEP = 50
const MOST_DRAWN = 180

export class Messages {
  readonly conversationId: string
  readonly #api: Api
  all = $state.raw<Message[]>([])
  from = $state(0)
  to = $state(0)
  status = $state<'empty' | 'loading' | 'ready' | 'failed'>('empty')
  hasOlder = $state(true)
  /** The first message that was unread when the conversation was opened. */
  unreadFrom = $state<number | null>(null)
  visible = $derived(this.all.slice(this.from, this.to))
  #loading: Promise<boolean> | null = null
  /** What events brought while a page was on its way: at least as new as the page. */
  #arrived: Message[] = []
  #markedPosition = -1

  constructor(api: Api, conversationId: string) {
    this.#api = api
    this.conversationId = conversationId
  }

  get isAtNewest(): boolean {
    return this.to === this.all.length
  }

  /** Loads the newest page where that has not been done, and notes where the unread ones begin. */
  async open(unread: number): Promise<void> {
    if (this.status !== 'ready') await this.#loadOnce(FIRST_PAGE)
    while (unread > this.#receivedCount() && this.hasOlder && (await this.#loadOnce(LATER_PAGE))) continue
    this.jumpToNewest()
    this.unreadFrom = unread > 0 ? this.#firstUnread(unread) : null
    if (this.unreadFrom !== null) this.#reveal(this.unreadFrom)
  }

  leave(): void {
    this.unreadFrom = null
  }

  /** Makes more older messages visible: from memory, else from the node. */
  async revealOlder(): Promise<void> {
    if (this.from === 0 && this.hasOlder) await this.#loadOnce(LATER_PAGE)
    this.from = Math.max(0, this.from - STEP)
    this.to = Math.min(this.to, this.from + MOST_DRAWN)
  }

  revealNewer(): void {
    this.to = Math.min(this.all.length, this.to + STEP)
    this.from = Math.max(this.from, this.to - MOST_DRAWN)
  }

  jumpToNewest(): void {
    this.to = this.all.length
    this.from = Math.max(0, this.to - FIRST_PAGE)
  }

  /** A message that is new or has changed. Whoever looks at the newest keeps looking at the newest. */
  put(message: Message): void {
    if (this.#loading !== null) this.#arrived.push(message)
    if (this.status !== 'ready') return // the first page will hold it
    const index = this.all.findIndex(({ id }) => id === message.id)
    if (index !== -1) {
      this.all = this.all.with(index, message)
      return
    }
    // Older than all that is loaded: it comes with its page.
    if (this.hasOlder && message.position < (this.all[0]?.position ?? 0)) return
    const wasAtNewest = this.isAtNewest
    this.all = inOrder([...this.all, message])
    if (wasAtNewest) this.#follow()
  }

  /** Resolves when stored. Until then nothing is shown. */
  async send(text: string): Promise<void> {
    const message = await this.#api.call('messages.send', { conversationId: this.conversationId, text })
    this.put(message)
    this.unreadFrom = null
    this.jumpToNewest()
  }

  /** Tells the node what has been seen; each position once. */
  async markSeen(position: number): Promise<void> {
    if (position <= this.#markedPosition) return
    this.#markedPosition = position
    try {
      await this.#api.call('conversations.markRead', { conversationId: this.conversationId, position })
    } catch {
      this.#markedPosition = -1 // asked again at the next look; nothing is lost but a badge
    }
  }

  /** True if something was added. One call at a time. */
  #loadOnce(limit: number): Promise<boolean> {
    this.#loading ??= this.#load(limit).finally(() => this.#finishLoading())
    return this.#loading
  }

  async #load(limit: number): Promise<boolean> {
    const isFirst = this.status !== 'ready'
    if (isFirst) this.status = 'loading'
    const before = isFirst ? undefined : this.all[0]?.position
    try {
      const page = await this.#api.call('messages.page', {
        conversationId: this.conversationId,
        limit,
        ...(before === undefined ? {} : { before }),
      })
      const added = this.#merge(page)
      // A page of nothing new would be asked for again and again.
      this.hasOlder = page.length === limit && added > 0
      this.status = 'ready'
      return added > 0
    } catch {
      // The view offers to try again; the cause is told by the call that the person makes next.
      if (isFirst) this.status = 'failed'
      return false
    }
  }

  #finishLoading(): void {
    const arrived = this.#arrived
    this.#arrived = []
    this.#loading = null
    for (const message of arrived) this.put(message)
  }

  /** Puts a page in front, and keeps the drawn stretch on the same messages. Returns how many were new. */
  #merge(page: Message[]): number {
    const known = new Set(this.all.map(({ id }) => id))
    const added = page.filter(({ id }) => !known.has(id))
    const anchor = this.all[this.from]
    this.all = inOrder([...added, ...this.all])
    const moved = anchor === undefined ? 0 : this.all.indexOf(anchor) - this.from
    this.from += moved
    this.to += moved
    return added.length
  }

  #follow(): void {
    this.to = this.all.length
    if (this.to - this.from > MOST_DRAWN) this.from = this.to - MOST_DRAWN
  }

  #reveal(position: number): void {
    const index = this.all.findIndex((message) => message.position === position)
    if (index < this.from) {
      this.from = Math.max(0, index - 20)
      this.to = Math.min(this.all.length, this.from + MOST_DRAWN)
    }
  }

  #receivedCount(): number {
    return this.all.reduce((count, { fromSelf }) => count + Number(!fromSelf), 0)
  }

  #firstUnread(unread: number): number | null {
    let left = unread
    for (const message of this.all.toReversed()) {
      if (!message.fromSelf) left -= 1
      if (left === 0) return message.position
    }
    return this.all[0]?.position ?? null
  }
}

function inOrder(messages: Message[]): Message[] {
  return messages.sort((a, b) => a.position - b.position)
}

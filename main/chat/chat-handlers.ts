// The bridge's calls, each one line towards the part that answers it.

import { type CallArgument, type CallName, type CallResult, type Handlers } from '../../preload/contract.ts'
import { BanyanError } from '../overlay/base/errors.ts'
import { type Chat } from './chat.ts'
import { accountOf } from './conversations/rows.ts'

export function chatHandlers(chat: Chat): Handlers {
  return watchDamage(chat, {
    ...accountHandlers(chat),
    ...contactHandlers(chat),
    ...conversationHandlers(chat),
    ...nodeHandlers(chat),
  })
}

/** Handlers, where answering nothing may be said by returning nothing. */
type Answers = {
  [N in CallName]: (
    argument: CallArgument<N>,
  ) => Promise<CallResult<N> extends undefined ? void : CallResult<N>>
}
type Some<Prefix extends string> = Pick<Answers, Extract<CallName, `${Prefix}.${string}`>>

function accountHandlers(chat: Chat): Some<'app' | 'account' | 'profile'> {
  return {
    'app.state': async () => chat.state,
    'app.repair': () => chat.repair(),
    'account.create': ({ name, passphrase }) => chat.create(name, passphrase),
    'account.restore': ({ name, phrase, passphrase }) => chat.restore(name, phrase, passphrase),
    'account.phrase': async () => chat.phrase(),
    'account.confirmPhrase': () => chat.confirmPhrase(),
    'account.unlock': ({ passphrase }) => chat.unlock(passphrase),
    'profile.get': async () => chat.opened.views.profile(),
    'profile.rename': async ({ name }) => {
      await chat.opened.core.own.rename(name)
      await chat.opened.contacts.tellName()
      chat.opened.announcer.profile()
      return chat.opened.views.profile()
    },
  }
}

function contactHandlers(chat: Chat): Some<'invitation' | 'contacts'> {
  return {
    'invitation.get': async () => chat.opened.invitation.get(),
    'invitation.renew': async () => chat.opened.invitation.renew(),
    'contacts.preview': async ({ link }) => chat.opened.contacts.preview(link),
    'contacts.add': async ({ link, name }) => {
      const id = await chat.opened.contacts.add(link, name)
      return chat.opened.conversations.view(id)
    },
    'contacts.accept': async ({ conversationId }) => chat.opened.contacts.accept(contactOf(conversationId)),
    'contacts.block': async ({ conversationId, blocked }) =>
      chat.opened.contacts.block(contactOf(conversationId), blocked),
    'contacts.remove': async ({ conversationId }) => chat.opened.contacts.remove(contactOf(conversationId)),
    'contacts.rename': async ({ conversationId, name }) =>
      chat.opened.contacts.rename(contactOf(conversationId), name),
    'contacts.safetyNumber': async ({ conversationId }) =>
      chat.opened.contacts.safetyNumber(contactOf(conversationId)),
    'contacts.setVerified': async ({ conversationId, isVerified }) =>
      chat.opened.contacts.setVerified(contactOf(conversationId), isVerified),
  }
}

function conversationHandlers(chat: Chat): Some<'topics' | 'conversations' | 'messages'> {
  return {
    'topics.subscribe': async ({ topic }) => {
      const id = await chat.opened.topics.subscribe(topic)
      return chat.opened.conversations.view(id)
    },
    'topics.leave': async ({ conversationId }) => chat.opened.topics.leave(topicOf(conversationId)),
    'conversations.list': async () => {
      chat.watched()
      return chat.opened.conversations.list()
    },
    'conversations.setDraft': async ({ conversationId, draft }) =>
      chat.opened.conversations.setDraft(conversationId, draft),
    'conversations.markRead': async ({ conversationId, position }) =>
      chat.opened.messages.markRead(conversationId, position),
    'messages.page': async ({ conversationId, before, limit }) =>
      chat.opened.conversations.page(conversationId, before, limit),
    'messages.send': async ({ conversationId, text }) => chat.opened.messages.send(conversationId, text),
  }
}

function nodeHandlers(chat: Chat): Some<'network' | 'health' | 'settings'> {
  return {
    'network.state': async () => chat.network,
    'health.get': async () => chat.opened.health.get(),
    'health.watch': async ({ on }) => chat.opened.health.watch(on),
    'settings.get': async () => chat.settings.current,
    'settings.set': async (changes) => chat.settings.set(changes),
  }
}

function contactOf(conversationId: string): string {
  if (!conversationId.startsWith('contact:'))
    throw new BanyanError('not-found', 'This is a topic, no contact.')
  return accountOf(conversationId)
}

function topicOf(conversationId: string): string {
  if (!conversationId.startsWith('topic:')) throw new BanyanError('not-found', 'This is a contact, no topic.')
  return conversationId
}

/** A damaged table shows itself in the call that reads it: the stage changes, and the window offers to repair. */
function watchDamage(chat: Chat, answers: Answers): Handlers {
  const watched = Object.entries(answers).map(([name, handler]) => [
    name,
    async (argument: never) => {
      try {
        return await (handler as (argument: never) => Promise<unknown>)(argument)
      } catch (error) {
        chat.noticed(error)
        throw error
      }
    },
  ])
  return Object.fromEntries(watched) as unknown as Handlers
}

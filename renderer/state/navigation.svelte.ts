// Where the person is: which view, which conversation, which dialog. One of each at a time.

export type SettingsSection =
  'profile' | 'appearance' | 'startup' | 'notifications' | 'privacy' | 'help' | 'health' | 'about'

export type Place = { view: 'home' } | { view: 'settings'; section: SettingsSection }

export type OpenDialog =
  | { kind: 'none' }
  | { kind: 'add-contact'; link: string }
  | { kind: 'join-topic' }
  | { kind: 'details'; conversationId: string }

export class Navigation {
  place = $state.raw<Place>({ view: 'home' })
  conversationId = $state<string | null>(null)
  dialog = $state.raw<OpenDialog>({ kind: 'none' })

  openConversation(id: string | null): void {
    this.place = { view: 'home' }
    this.conversationId = id
    this.dialog = { kind: 'none' }
  }

  openSettings(section: SettingsSection = 'profile'): void {
    this.place = { view: 'settings', section }
    this.dialog = { kind: 'none' }
  }

  openHome(): void {
    this.place = { view: 'home' }
  }

  open(dialog: OpenDialog): void {
    this.dialog = dialog
  }

  closeDialog(): void {
    this.dialog = { kind: 'none' }
  }
}

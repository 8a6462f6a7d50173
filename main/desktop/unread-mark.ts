/** What the tray shows of so many unread messages. */
export function unreadMark(count: number): { icon: 'plain' | 'unread'; toolTip: string } {
  return count > 0
    ? { icon: 'unread', toolTip: `Banyan: ${count} unread` }
    : { icon: 'plain', toolTip: 'Banyan' }
}
